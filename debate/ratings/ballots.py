"""Reading ballot files: JSON lines, one ballot a line."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from debate.core.ballot import Ballot, contradiction
from debate.core.debate import Leg
from debate.core.errors import UserError

_BOM = b"\xef\xbb\xbf"


class _Seen(NamedTuple):
    line: int
    ballot: Ballot


def read_ballots(path: Path | str) -> list[Ballot]:
    """Returns the ballots of a file in its order. Blank lines are skipped, keys that a ballot has not are ignored.

    Raises:
        UserError: the file cannot be read, holds no ballot, or has a line that is no ballot or contradicts another:
            one judge twice on a leg, or a matchup whose ballots name different motions, categories or sides. The
            text names the file and the line.
    """
    path = Path(path)
    try:
        lines = path.read_bytes().removeprefix(_BOM).split(b"\n")
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; give a file of ballots, one JSON object a line") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error}); give a file of ballots") from None
    ballots: list[Ballot] = []
    judged: dict[tuple[str, Leg, str], int] = {}
    matchups: dict[str, _Seen] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        ballot = _parse(line, where)
        key = (ballot.matchup, ballot.leg, ballot.judge)
        before = judged.setdefault(key, number)
        if before != number:
            raise UserError(
                f"{where}: judge {ballot.judge!r} has already judged leg {ballot.leg} of matchup {ballot.matchup!r} "
                f"on line {before}; keep one of the two"
            )
        first = matchups.setdefault(ballot.matchup, _Seen(number, ballot))
        fault = contradiction(first.ballot, ballot)
        if fault:
            raise UserError(f"{where}: matchup {ballot.matchup!r} {fault} than on line {first.line}")
        ballots.append(ballot)
    if not ballots:
        raise UserError(f"{path}: holds no ballots; it needs one JSON object a line")
    return ballots


def _parse(line: bytes, where: str) -> Ballot:
    try:
        # Strict: a number written as a text or as true is a mistake to be told, not to be guessed at.
        return Ballot.model_validate_json(line, strict=True)
    except ValidationError as error:
        raise UserError(f"{where}: {_reason(error, line)}") from None


def _reason(error: ValidationError, line: bytes) -> str:
    """Returns in words the first fault that pydantic found."""
    fault = error.errors(include_url=False)[0]
    message = fault["msg"]
    key = ".".join(map(str, fault["loc"]))
    match fault["type"]:
        case "json_invalid" if not _is_utf8(line):
            return "is not UTF-8 text; save the file as UTF-8"
        case "json_invalid":
            return f"is not JSON ({message.removeprefix('Invalid JSON: ').replace('at line 1 column', 'at column')})"
        case "model_type":
            return 'is not a JSON object; each line is one, like {"matchup": ...}'
        case "missing":
            words = f"the key {key!r} is missing"
        case "finite_number":
            words = f"{key} is not a finite number"
        case "value_error":
            words = message.removeprefix("Value error, ")
        case "string_too_short":
            words = f"{key} is empty"
        case _:
            rule = message.removeprefix("Input ").replace("should", "must", 1)
            words = f"{key} is {_short(fault['input'])}: it {rule}"
    return words


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
