"""Events: the only record of what happened. Each is chained to the one before by its hash."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

from debate.core.noun import Noun, digest

#: run_started   manifest (its SHA-256)
#: scheduled     the Matchup
#: speech        leg, speech (a Speech), notes (private planning), calls (a list of Call)
#: forfeit       leg, side, cause
#: leg_void      leg, cause, calls: a technical failure, never scored
#: ballot        leg, ballot (a Ballot), calls
#: ballot_void   leg, judge, cause, calls
#: awaiting      leg, judge: a person's ballot that is still to come
#: leg_done      leg
#: fault         leg, step, who, key (of the call), fault, attempt, wait, detail: one for each key and attempt
#: verdict       the Verdict
#: stopped       reason
#: resumed       budget: what the run may use from now on, over all its starts
EventKind = Literal[
    "run_started", "scheduled", "speech", "forfeit", "leg_void", "ballot", "ballot_void", "awaiting",
    "leg_done", "fault", "verdict", "stopped", "resumed",
]  # fmt: skip
EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)

#: What the first event's `prev` holds.
GENESIS = "0" * 64


class Event(Noun):
    """One thing that happened. `at` is an ISO 8601 time in UTC; `matchup` is empty for what concerns the whole run."""

    seq: int
    at: str
    kind: EventKind
    matchup: str
    body: dict[str, Any]
    prev: str
    hash: str


class Draft(NamedTuple):
    """An event before the log has given it its number, time and hash."""

    kind: EventKind
    matchup: str
    body: dict[str, Any]


def event_hash(seq: int, at: str, kind: str, matchup: str, body: dict[str, Any], prev: str) -> str:
    """Returns the SHA-256 that seals an event, over the canonical JSON of all its other fields."""
    return digest({"seq": seq, "at": at, "kind": kind, "matchup": matchup, "body": body, "prev": prev})


class Call(Noun):
    """One call that a provider answered: who caused it, what it used and cost. Tokens `cached` are part of `input`."""

    who: str
    key: str
    input: int
    cached: int
    output: int
    usd: float
    seconds: float
