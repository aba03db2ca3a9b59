"""A leg of a debate between speakers whose every reply is known."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from debate.content import ROOT
from debate.core.contestant import Contestant
from debate.core.debate import Leg, Matchup
from debate.core.event import Draft
from debate.core.format import Format, Side
from debate.core.motion import Motion
from debate.core.noun import Language
from debate.core.words import count_words
from debate.models.protocol import Fault, OnText, Reply, Request, Usage
from debate.rounds.moderator import LegEnd, debate

MOTION = Motion(
    id="soc-7",
    text={"en": "Public libraries should abolish fines.", "zh": "公共图书馆应当取消罚款。"},
    info={"en": "A fine is a charge for a late return.", "zh": "罚款是对逾期归还收取的费用。"},
    category="society",
)
MATCHUP = Matchup(id="m0001", batch=0, motion=MOTION, a="anna", b="bert", judges=("j",), why="first", seed=11)

_ENGLISH = (
    "because the readers whom every library serves would lose their only free place to learn while those with money "
    "keep borrowing and that exclusion lasts longer than any delay which a reminder or a suspended loan can already "
    "prevent without the burden that families carry when charges accumulate"
)
_CHINESE = "因为读者会失去唯一免费的学习场所而有钱的人照样借书这种排斥比任何延迟都更长久提醒和停借已经足够防止"


def format_named(name: str) -> Format:
    text = Path(ROOT / "conf" / "format" / f"{name}.yaml").read_text(encoding="utf-8")
    return Format.model_validate(yaml.safe_load(text))


def contestants(provider: str = "scripted", strategy: str | None = None) -> dict[Side, Contestant]:
    def one(id: str) -> Contestant:
        model = "smollm2-135m" if provider == "local" else f"{id}-9b"
        return Contestant.model_validate({"id": id, "provider": provider, "model": model, "strategy": strategy})

    return {"pro": one("anna"), "con": one("bert")}


def speech_of(words: int, language: Language, seed: int, cite: Sequence[str] = ()) -> str:
    """Returns paragraphs of about 45 words that use up `words` and cite each id of `cite` once."""
    rng = random.Random(seed)
    paragraphs, left, citations = [], words, list(cite)
    length = 45 if language == "en" else 75
    while left:
        size = left if left < 1.5 * length else length
        left -= size
        head = citations.pop(0) if citations and size > 10 else ""
        size -= count_words(head)
        if language == "en":
            chosen = [rng.choice(_ENGLISH.split()) for _ in range(size)]
            text = " ".join(word + ("." if i % 15 == 14 else "") for i, word in enumerate(chosen, 1)) + "."
        else:
            text = "".join(rng.choice(_CHINESE) + ("，" if i % 12 == 11 else "") for i in range(size)) + "。"
        paragraphs.append(f"[{head}] {text}" if head else text)
    return "\n\n".join(paragraphs)


class Speakers:
    """Answers calls. `says` maps how a request's key ends (`con_opening/0`, `con_opening`) to a reply or its text."""

    def __init__(self, language: Language = "en", says: dict[str, Reply | str] | None = None, notes: str = "") -> None:
        self.language = language
        self.says = says or {}
        self.notes = notes
        self.requests: list[Request] = []

    async def __call__(self, request: Request, on_text: OnText | None = None) -> Reply:
        self.requests.append(request)
        _, _, turn, n = request.key.split("/")
        said = self.says.get(f"{turn}/{n}", self.says.get(turn))
        if said is None:
            text = speech_of(request.stage.words, self.language, request.seed or 0, request.stage.citable)
            said = f"<notes>{self.notes}</notes>\n{text}" if self.notes else text
        reply = said if isinstance(said, Reply) else Reply(request.key, "ok", said, Usage(9, 3, 5), 1.5, 0.25)
        if on_text is not None:
            for start in range(0, len(reply.text), 7):
                on_text(reply.text[start : start + 7])
        return reply


def reply(status: Any, text: str = "", *faults: Fault) -> Reply:
    return Reply("", status, text, Usage(9, 3, 5), 1.5, 0.25, faults=faults)


async def hold(
    ask: Speakers,
    format: Format | None = None,
    *,
    leg: Leg = "a",
    between: dict[Side, Contestant] | None = None,
    heard: Sequence[dict[str, Any]] = (),
    live: Any = None,
) -> tuple[LegEnd, list[Draft]]:
    events: list[Draft] = []
    end = await debate(
        format=format or format_named("duel"),
        language=ask.language,
        matchup=MATCHUP,
        leg=leg,
        contestants=between or contestants(),
        ask=ask,
        record=events.append,
        live=live,
        heard=heard,
    )
    return end, events
