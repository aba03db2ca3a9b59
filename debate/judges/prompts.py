"""The words in which model judges are asked: the templates in judges/prompts/, filled in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from debate import content
from debate.core.noun import Language
from debate.core.panel import Rubric
from debate.judges.anonymous import BlindSpeech, BlindTranscript

_FOLDER = content.ROOT / "judges" / "prompts"

#: What a judge may answer when asked which side debated better, and what each counts in a ballot.
PREFERENCES: dict[str, int] = {"pro_clearly": 2, "pro_narrowly": 1, "even": 0, "con_narrowly": -1, "con_clearly": -2}


class _Asked(NamedTuple):
    """A criterion in one language."""

    name: str
    question: str
    anchors: list[tuple[int, str]]
    checks: list[str]


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=False,
        auto_reload=False,
    )


@cache
def prompt_hash(kind: str, language: Language) -> str:
    """Returns the SHA-256 of the templates that ask for a ballot (`leg`) or for digits (`digits`), in hexadecimal."""
    names = ("system", "leg") if kind == "leg" else (kind,)
    texts = [(_FOLDER / f"{name}.{language}.jinja").read_bytes() for name in names]
    return hashlib.sha256(b"\x1f".join(texts)).hexdigest()


def system_prompt(rubric: Rubric, language: Language) -> str:
    """Returns what every ballot by this rubric begins with: how to judge, the rubric, the ballot's form."""
    return _render(f"system.{language}", criteria=_asked(rubric, language), words=list(PREFERENCES))


def leg_prompt(leg: BlindTranscript, rubric: Rubric, language: Language, nonce: str, cause: str = "") -> str:
    """Returns the leg behind its fence and the question once more. `cause` says why an earlier answer was of no use."""
    return _render(
        f"leg.{language}",
        motion=leg.motion,
        names=leg.names,
        nonce=nonce,
        speeches=[_line(speech, leg.names) for speech in leg.speeches],
        words=list(PREFERENCES),
        criteria=_asked(rubric, language),
        cause=cause,
    )


def digits_prompt(motion: str, speech: str, language: Language) -> str:
    """Returns a plain text after which a digit from 1 to 9 is to be expected."""
    return _render(f"digits.{language}", motion=motion, speech=speech)


def ballot_schema(rubric: Rubric) -> dict[str, Any]:
    """Returns the JSON schema of a ballot by this rubric, in the subset that all providers take."""
    names = [criterion.name for criterion in rubric.criteria]
    score = {"type": "integer", "minimum": 1, "maximum": 5}
    side = _object({name: score for name in names})
    return _object(
        {
            "reason": {"type": "string"},
            "preference": {"type": "string", "enum": list(PREFERENCES)},
            "scores": _object({"pro": side, "con": side}),
        }
    )


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _render(name: str, **values: Any) -> str:
    return _environment().get_template(f"{name}.jinja").render(**values).strip()


def _asked(rubric: Rubric, language: Language) -> list[_Asked]:
    return [
        _Asked(
            criterion.name,
            _words(criterion.question, language),
            [(score, _words(words, language)) for score, words in sorted(criterion.anchors.items())],
            [_words(check, language) for check in criterion.checks],
        )
        for criterion in rubric.criteria
    ]


def _words(words: Mapping[Language, str], language: Language) -> str:
    """Returns the words in `language`, or in the one language that a rubric has."""
    return words.get(language) or next(iter(words.values()), "")


def _line(speech: BlindSpeech, names: Mapping[Any, str]) -> str:
    line: dict[str, Any] = {
        "step": speech.step,
        "side": speech.side.upper(),
        "name": names[speech.side],
        "kind": speech.kind,
    }
    if speech.cut:
        line["cut"] = True
    if speech.status != "spoken":
        line["status"] = speech.status
    return json.dumps({**line, "text": speech.text}, ensure_ascii=False)
