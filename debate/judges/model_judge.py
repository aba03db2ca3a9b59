"""A model that fills in a ballot.

It reads an anonymised leg once and answers in a fixed form. What cannot be read as a ballot is asked for once more and
is then void: no score is ever invented. Text that instructs the judge is taken out and the ballot is taken again; where
that changes the side preferred, the ballot is void.

A model of the `local` provider is too small for that form: the numbers it puts into it carry nothing. It is asked for
the rating from 1 to 9 that it expects after a few examples, once for each side, and only the digits' probabilities are
read. That tells speech from gibberish (10 of 10 pairs, SmolLM2-135M) but hardly a good speech from a vague one (6 of
10): its ballots say so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from debate.core.ballot import Ballot
from debate.core.debate import Transcript
from debate.core.event import Call
from debate.core.format import SIDES, Side
from debate.core.noun import seed_of
from debate.core.panel import ModelJudge, Rubric
from debate.core.words import word_ends
from debate.judges import injection, prompts
from debate.judges.anonymous import BlindTranscript, blind
from debate.models.protocol import Ask, CallFatal, Fault, Message, Reply, Request, Stage, as_call

#: Room for an answer, with what a reasoning model thinks before it; doubled where it was cut.
MAX_TOKENS = 4000

#: What the ballot of a small local model says of itself.
WEAKNESS = "small local judge: tells speech from gibberish, little more"
#: How many words of each side a small local model reads, spread over its speeches, and the digits' least mass.
_LOCAL_WORDS = 240
_DIGITS_MASS = 0.05
#: How many steps of preference one step of the expected rating is worth. The ratings crowd together: with
#: SmolLM2-135M a good side and gibberish lie .3 apart, a loop .4, two good sides less than .01.
_PER_DIGIT = 3.0

_FENCED = re.compile(r"\s*```(?:json)?\s*(\{.*\})\s*```\s*", re.DOTALL)


class Judged(NamedTuple):
    """What became of one judge's ballot on one leg. Without a ballot, `cause` says in words why it is void.

    `faults` come with the key of their call.

    `notes` go with the ballot's event: `prompt` (the SHA-256 of its templates), `redacted` names by side, and, where
    text that instructs the judge was found, `injection` with its sentences by side.
    """

    ballot: Ballot | None
    cause: str
    calls: tuple[Call, ...]
    faults: tuple[tuple[str, Fault], ...]
    notes: dict[str, Any]


class _Scores(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    pro: dict[str, int]
    con: dict[str, int]


class _Answer(BaseModel):
    """A ballot as a model writes it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    reason: str
    preference: Literal["pro_clearly", "pro_narrowly", "even", "con_narrowly", "con_clearly"]
    scores: _Scores


class _Void(Exception):
    """There is no ballot; the text says why."""


async def judge_leg(
    judge: ModelJudge,
    transcript: Transcript,
    rubric: Rubric,
    names: Collection[str],
    ask: Ask,
    seed: int,
) -> Judged:
    """Returns the ballot of `judge` on this leg, or why it is void. The ballot's `at` is left open.

    `names` are all that could tell the judge who debates; `seed` is the run's, and every call's seed follows from it.

    Raises:
        CallFatal: the judge's model cannot be asked at all until a person mends something.
    """
    sitting = _Sitting(judge, transcript, rubric, ask, seed)
    leg = blind(transcript, names, seed_of(seed, transcript.matchup, transcript.leg, judge.id))
    marked = [injection.find(speech.text, rubric.weights) for speech in leg.speeches]
    clear = leg._replace(
        speeches=tuple(
            speech._replace(text=injection.without(speech.text, spans))
            for speech, spans in zip(leg.speeches, marked, strict=True)
        )
    )
    digits = judge.provider == "local"
    notes: dict[str, Any] = {
        "prompt": prompts.prompt_hash("digits" if digits else "leg", transcript.language),
        "redacted": dict(leg.redacted),
    }
    if any(marked):
        notes["injection"] = {
            side: [
                speech.text[span.start : span.end].strip()
                for speech, spans in zip(leg.speeches, marked, strict=True)
                if speech.side == side
                for span in spans
            ]
            for side in SIDES
        }
    take = sitting.digits if digits else sitting.ballot
    try:
        decided = await take(leg, 0)
        if any(marked):
            first, decided = decided, await take(clear, 2)
            if _sign(first["preference"]) != _sign(decided["preference"]):
                sides = " and ".join(side.upper() for side in SIDES if notes["injection"][side])
                raise _Void(f"the verdict changed when text of {sides} that instructs the judge was taken out")
    except _Void as void:
        return Judged(None, str(void), tuple(sitting.calls), tuple(sitting.faults), notes)
    ballot = Ballot(
        matchup=transcript.matchup,
        leg=transcript.leg,
        motion=transcript.motion.id,
        category=transcript.motion.category,
        pro=transcript.sides["pro"],
        con=transcript.sides["con"],
        judge=judge.id,
        judge_kind="model",
        family=judge.family,
        **decided,
    )
    return Judged(ballot, "", tuple(sitting.calls), tuple(sitting.faults), notes)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


class _Sitting:
    """One judge at work on one leg: the calls it makes and the faults it meets."""

    def __init__(self, judge: ModelJudge, transcript: Transcript, rubric: Rubric, ask: Ask, seed: int) -> None:
        self.judge, self.transcript, self.rubric, self._ask, self.seed = judge, transcript, rubric, ask, seed
        self.calls: list[Call] = []
        self.faults: list[tuple[str, Fault]] = []

    async def ballot(self, leg: BlindTranscript, n: int) -> dict[str, Any]:
        """Returns what the judge decides, asked at most twice, by the calls `n` and `n + 1`. Raises _Void."""
        language = self.transcript.language
        system = Message("system", prompts.system_prompt(self.rubric, language), cache=True)
        schema = prompts.ballot_schema(self.rubric)
        place = (self.seed, self.transcript.matchup, self.transcript.leg, self.judge.id)
        nonce = f"{seed_of('fence', *place):08x}{seed_of('post', *place):08x}"
        cause, room = "", MAX_TOKENS
        for turn in (n, n + 1):
            question = Message("user", prompts.leg_prompt(leg, self.rubric, language, nonce, cause))
            reply = await self.ask(turn, (system, question), room, schema=schema)
            if reply.status == "ok":
                try:
                    return self._read(reply.text)
                except _Void as void:
                    cause = str(void)
            else:
                cause = f"the answer was {reply.status}"
                room *= 2 if reply.status == "truncated" else 1
        raise _Void(f"{cause}, also when asked again")

    async def digits(self, leg: BlindTranscript, n: int) -> dict[str, Any]:
        """Returns the preference that follows from the rating expected for each side, by two calls. Raises _Void."""
        language = self.transcript.language
        expected: dict[Side, float] = {}
        for turn, side in enumerate(SIDES, start=n):
            texts = [speech.text for speech in leg.speeches if speech.side == side and speech.text]
            excerpt = " ".join(_head(text, _LOCAL_WORDS // max(1, len(texts))) for text in texts)
            text = prompts.digits_prompt(leg.motion, " ".join(excerpt.split()), language)
            reply = await self.ask(turn, (Message("user", text),), 1, digits=True)
            mass = sum((reply.digits or {}).values())
            if not reply.digits or mass < _DIGITS_MASS:
                raise _Void("the model expects no rating where one should stand")
            expected[side] = sum(digit * p for digit, p in reply.digits.items()) / mass
        preference = (expected["pro"] - expected["con"]) * _PER_DIGIT
        said = ", ".join(f"{side.upper()} {expected[side]:.2f}" for side in SIDES)
        return {
            "preference": max(-2.0, min(2.0, round(preference, 4))),
            "reason": f"{WEAKNESS}. Expected rating from 1 to 9: {said}.",
        }

    async def ask(
        self,
        turn: int,
        messages: tuple[Message, ...],
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
        digits: bool = False,
    ) -> Reply:
        """Returns a reply that a provider gave. Raises _Void for one that could not be had, CallFatal for none ever."""
        matchup, leg = self.transcript.matchup, self.transcript.leg
        request = Request(
            key=f"{matchup}/{leg}/judge:{self.judge.id}/{turn}",
            who=self.judge.id,
            messages=messages,
            max_tokens=max_tokens,
            schema=dict(schema) if schema else None,
            seed=seed_of(self.seed, leg, self.judge.id, turn) & 0x7FFFFFFF,
            digits=digits,
            stage=Stage(motion=self.transcript.motion.id, step="ballot"),
        )
        reply = await self._ask(request)
        self.faults += ((request.key, fault) for fault in reply.faults)
        detail = reply.faults[-1].detail if reply.faults else "no reason was given"
        if reply.status == "fatal":
            raise CallFatal(f"judge {self.judge.id!r}: {detail}")
        if reply.status == "failed":
            raise _Void(f"the model could not be reached: {detail}")
        self.calls.append(as_call(request, reply))
        return reply

    def _read(self, text: str) -> dict[str, Any]:
        """Returns what the answer decides. Raises _Void where it is not a ballot by this rubric."""
        fenced = _FENCED.fullmatch(text)
        try:
            answer = _Answer.model_validate_json(fenced[1] if fenced else text)
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(map(str, fault["loc"])) or "the answer"
            raise _Void(f"it is not a ballot ({place}: {fault['msg']})") from None
        names = set(self.rubric.weights)
        scores: dict[Side, dict[str, int]] = {"pro": answer.scores.pro, "con": answer.scores.con}
        for side, given in scores.items():
            if set(given) != names:
                wrong = sorted(names - set(given)) or sorted(set(given) - names)
                what = "is missing" if wrong[0] in names else "is no criterion"
                raise _Void(f"it is not a ballot (scores.{side}.{wrong[0]} {what})")
            for name, score in given.items():
                if not 1 <= score <= 5:
                    raise _Void(f"it is not a ballot (scores.{side}.{name}: {score} is not from 1 to 5)")
        return {
            "preference": prompts.PREFERENCES[answer.preference],
            "scores": {side: {name: float(scores[side][name]) for name in self.rubric.weights} for side in SIDES},
            "reason": answer.reason.strip(),
        }


def _head(text: str, words: int) -> str:
    ends = word_ends(text)
    return text if len(ends) <= words else text[: ends[words - 1]]
