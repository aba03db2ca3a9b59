"""The exchange that every driver holds with the models: one leg of `duel` and three ballots, as the engine asks them.

A driver is given it as JSON, so that all send the same words. Where what was said before belongs, there is a mark.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: Stands in a message for the reply to the speech of this number.
MARK = "⟦{}⟧"

#: Words of a reply.
WORDS = 80
SPEECHES = 8
JUDGES = 3
CALLS = SPEECHES + JUDGES


def script(spec: Any) -> dict[str, Any]:
    """Returns `speeches` and `ballots`, each a list of calls: `messages` (role and content), `room` and `schema`."""
    import asyncio

    from debate.core.contestant import Contestant
    from debate.core.debate import Matchup
    from debate.core.panel import ModelJudge
    from debate.judges.model_judge import judge_leg
    from debate.models.protocol import Reply, Request
    from debate.rounds.moderator import debate

    a, b = spec.contestants[:2]
    judges = [judge for judge in spec.panel.judges if isinstance(judge, ModelJudge)][:JUDGES]
    matchup = Matchup(
        id="m00001", batch=0, motion=spec.motions[0], a=a.id, b=b.id, judges=tuple(j.id for j in judges), why="", seed=1
    )
    asked: list[Request] = []
    said = [" ".join([chr(ord("a") + n) * 5] * WORDS) for n in range(SPEECHES)]

    async def ask(request: Request, on_text: Any = None) -> Reply:
        asked.append(request)
        return Reply(request.key, "ok", said[len(asked) - 1] if len(asked) <= SPEECHES else "{}")

    async def play() -> None:
        sides: dict[Any, Contestant] = {"pro": a, "con": b}
        end = await debate(
            format=spec.format, language=spec.language, matchup=matchup, leg="a", contestants=sides, ask=ask,
            record=lambda draft: None, live=None, heard=(),
        )  # fmt: skip
        assert end.transcript is not None
        for judge in judges:
            await judge_leg(judge, end.transcript, spec.rubric, (), ask, 1)

    asyncio.run(play())

    def marked(request: Request) -> dict[str, Any]:
        messages = []
        for message in request.messages:
            text = message.text
            for number, words in enumerate(said):
                text = text.replace(words, MARK.format(number))
            messages.append({"role": message.role, "content": text})
        return {"messages": messages, "room": request.max_tokens, "schema": request.schema}

    ballots = {request.who: marked(request) for request in reversed(asked[SPEECHES:])}
    return {"speeches": [marked(request) for request in asked[:SPEECHES]], "ballots": list(ballots.values())}


def filled(messages: list[dict[str, str]], replies: list[str]) -> list[dict[str, str]]:
    """Returns `messages` with what was said in place of the marks."""
    found = []
    for message in messages:
        text = message["content"]
        if "⟦" in text:
            for number, reply in enumerate(replies):
                text = text.replace(MARK.format(number), reply)
        found.append({"role": message["role"], "content": text})
    return found


def written(path: Path) -> dict[str, Any]:
    """Returns the exchange that was written to `path`."""
    import json

    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
