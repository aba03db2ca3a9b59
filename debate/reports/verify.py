"""Recomputes a run from its log and says what differs from what was published."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from debate.core.event import Event
from debate.motions.draw import commitment
from debate.reports.files import standings_of, tables, transcripts
from debate.store.log import broken_link
from debate.store.run import Manifest
from debate.tournaments.state import RunState
from debate.tournaments.tally import Tally

#: Ratings are floats: another processor may round their last digits otherwise.
TOLERANCE = 1e-9


def differences(folder: Path, manifest: Manifest, events: Sequence[Event]) -> Iterator[str]:
    """Yields a line for each thing that does not agree: chain, manifest, motions, verdicts, and files, in this order.

    Where the chain is broken nothing after it can be trusted, so nothing more is compared.
    """
    if broken := broken_link(events):
        yield f"log: {broken}"
        return
    if not events or events[0].body.get("manifest") != manifest.sha256:
        yield "manifest.json: was changed after the run began"
        return
    for motion in manifest.spec.motions:
        if manifest.motions.get(motion.id) != commitment(motion):
            yield f"manifest.json: motion {motion.id} does not fit its commitment"
    state = RunState(manifest.spec)
    for event in events:
        try:
            state.apply(event)
        except (KeyError, ValueError):
            yield f"log: event {event.seq} ({event.kind}) does not fit those before it"
            return
    yield from _verdicts(state)
    if state.stopped is None:
        yield "log: it does not end with the end of a run: it was cut short, or the run is still being played"
        return
    yield from _files(folder, state)


def _verdicts(state: RunState) -> Iterator[str]:
    tally = Tally([c.id for c in state.spec.contestants], state.spec.categories, state.spec.rubric.weights)
    for matchup in state.in_order():
        found = matchup.verdict.model_dump(mode="json") if matchup.verdict else None
        expected = None
        if matchup.rateable:
            expected = tally.fold(matchup.matchup.id, matchup.ballots()).model_dump(mode="json")
        if words := difference(found, expected):
            yield f"log: the verdict on {matchup.matchup.id} {words}"


def _files(folder: Path, state: RunState) -> Iterator[str]:
    expected = tables(state, standings_of(state)) | transcripts(state)
    for name, text in expected.items():
        try:
            found = (folder / name).read_text("utf-8")
        except FileNotFoundError:
            yield f"{name}: is missing"
            continue
        except UnicodeDecodeError:
            yield f"{name}: is not UTF-8 text"
            continue
        if found == text:
            continue
        if name.endswith(".md"):
            line = next(n for n, pair in enumerate(_lines(found, text), 1) if pair[0] != pair[1])
            yield f"{name}: line {line} differs from the log"
        elif name.endswith(".jsonl"):
            yield from _differing_line(name, found, text)
        else:
            words = difference(_parsed(found), json.loads(text))
            if words:
                yield f"{name}: {words}"
    for path in sorted((folder / "transcripts").glob("*")):
        if f"transcripts/{path.name}" not in expected and not path.name.startswith("."):
            yield f"transcripts/{path.name}: the log knows nothing of it"


def _lines(found: str, expected: str) -> list[tuple[str | None, str | None]]:
    a: list[str | None] = [*found.splitlines(keepends=True)]
    b: list[str | None] = [*expected.splitlines(keepends=True)]
    longest = max(len(a), len(b))
    return list(zip([*a, *[None] * (longest - len(a))], [*b, *[None] * (longest - len(b))], strict=True))


def _differing_line(name: str, found: str, expected: str) -> Iterator[str]:
    for number, (a, b) in enumerate(_lines(found, expected), 1):
        if a != b:
            if a is None:
                yield f"{name}: line {number} is missing"
            elif b is None:
                yield f"{name}: line {number} is not in the log"
            else:
                words = difference(_parsed(a), json.loads(b)) or "is written otherwise than the log has it"
                yield f"{name}: line {number}: {words}"
            return


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def difference(found: Any, expected: Any, path: str = "") -> str | None:
    """Returns words for the first place where two JSON values differ by more than rounding, or None."""
    number = (int, float)
    if isinstance(found, number) and isinstance(expected, number) and not isinstance(found, bool):
        return None if abs(found - expected) <= TOLERANCE * max(1.0, abs(expected)) else _words(path, found, expected)
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in [*expected, *(key for key in found if key not in expected)]:
            inner = f"{path}.{key}" if path else str(key)
            if key not in found or key not in expected:
                return f"{inner} is {'missing' if key not in found else 'not known to the log'}"
            if words := difference(found[key], expected[key], inner):
                return words
        return None
    if isinstance(found, list) and isinstance(expected, list):
        if len(found) != len(expected):
            return f"{path or 'it'} has {len(found)} entries, recomputed {len(expected)}"
        for n, pair in enumerate(zip(found, expected, strict=True)):
            if words := difference(*pair, f"{path}[{n}]"):
                return words
        return None
    return None if found == expected else _words(path, found, expected)


def _words(path: str, found: Any, expected: Any) -> str:
    shown = [json.dumps(value, ensure_ascii=False) for value in (found, expected)]
    a, b = (text if len(text) <= 80 else text[:77] + "..." for text in shown)
    return f"{path or 'it'} is {a}, recomputed {b}"
