"""From ballots to verdicts. Pure: the same ballots give the same verdicts, in whatever order they come.

All margins are in steps of preference, from -2 to 2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from debate.core.ballot import Ballot, Verdict
from debate.core.debate import LEGS, Leg
from debate.core.errors import UserError

#: A matchup is drawn within this share of the root mean square of the margins. With 29% of draws it predicted held-out
#: results best, among none, .21 and .85, on 764 side-swapped matchups of frontier models.
DRAW_SHARE = 0.43
#: What is known of the margins before the first matchup: as if this many had a root mean square of 1.
PRIOR_MATCHUPS, PRIOR_RMS = 5, 1.0


def ballot_margin(ballot: Ballot, weights: Mapping[str, float]) -> float:
    """Returns the margin of one ballot with PRO's sign.

    Half is the preference. Half are the scores: the weighted mean, over the criteria that the ballot scores, of PRO's
    score less CON's, halved, since scores from 1 to 5 differ by up to 4, and held within -2..2. Where only one of the
    two is there, it is all of the margin. `margin`, whose scale is the judge's own, counts only where both are missing,
    and is held within -2..2. Criteria without a weight are left out; with no weights at all, all weigh the same.

    Raises:
        UserError: the ballot scores only criteria that have no weight, and has nothing else.
    """
    parts = []
    if ballot.preference is not None:
        parts.append(ballot.preference)
    if ballot.scores is not None:
        pro, con = ballot.scores["pro"], ballot.scores["con"]
        known = [name for name in pro if name in weights or not weights]
        counted = [(weights.get(name, 1.0), pro[name] - con[name]) for name in known]
        if counted:
            total = math.fsum(weight for weight, _ in counted)
            parts.append(_held(math.fsum(weight * gap for weight, gap in counted) / total / 2))
    if parts:
        return math.fsum(parts) / len(parts)
    if ballot.margin is not None:
        return _held(ballot.margin)
    scored = ", ".join(ballot.scores["pro"]) if ballot.scores else "nothing"
    raise UserError(
        f"ballot of {ballot.judge} on {ballot.matchup} leg {ballot.leg}: it scores {scored or 'nothing'}, but "
        f"the rubric weighs {', '.join(weights)}; give these weights, or the ballot a preference"
    )


def _held(margin: float) -> float:
    return max(-2.0, min(2.0, margin))


def leg_margin(ballots: Sequence[Ballot], weights: Mapping[str, float]) -> float:
    """Returns the mean margin of the panel on one leg, with PRO's sign. There is at least one ballot."""
    return math.fsum(ballot_margin(ballot, weights) for ballot in ballots) / len(ballots)


class Bench:
    """Decides matchups one after the other.

    How close is a draw follows from the margins so far, so a verdict depends on the matchups decided before it.
    """

    def __init__(self) -> None:
        self._squares = PRIOR_MATCHUPS * PRIOR_RMS**2
        self._count = PRIOR_MATCHUPS

    def decide(self, matchup: str, a: str, b: str, category: str | None, legs: Mapping[Leg, float]) -> Verdict:
        """Returns the verdict. `legs` has the margin of each leg with PRO's sign: `a` is PRO on leg a, CON on leg b."""
        margin = math.fsum(value if leg == "a" else -value for leg, value in legs.items()) / len(legs)
        self._squares += margin**2
        self._count += 1
        epsilon = DRAW_SHARE * math.sqrt(self._squares / self._count)
        winner: Literal["a", "b", "draw"] = "draw"
        if abs(margin) > epsilon:
            winner = "a" if margin > 0 else "b"
        return Verdict(
            matchup=matchup,
            a=a,
            b=b,
            category=category,
            legs={leg: legs[leg] for leg in LEGS if leg in legs},
            margin=margin,
            epsilon=epsilon,
            winner=winner,
        )


class Decided(NamedTuple):
    """Verdicts in the order of the matchups, and the matchups left out because one of their legs is missing."""

    verdicts: list[Verdict]
    unpaired: list[str]


def verdicts(ballots: Iterable[Ballot], weights: Mapping[str, float]) -> Decided:
    """Returns the verdict of every matchup, decided in the natural order of their ids (m9 before m10).

    Where some matchup has both legs, those with one are left out: a single leg holds the side's advantage. Where none
    has, the single legs count.

    Raises:
        UserError: ballots of a matchup disagree on who debates or on what, or a judge has two ballots on one leg.
    """
    grouped = by_leg(ballots)
    paired = any(len(legs) == len(LEGS) for legs in grouped.values())
    bench = Bench()
    decided, unpaired = [], []
    for matchup in sorted(grouped, key=natural):
        legs = grouped[matchup]
        if paired and len(legs) < len(LEGS):
            unpaired.append(matchup)
            continue
        first = next(iter(legs.values()))[0]
        a, b = (first.pro, first.con) if first.leg == "a" else (first.con, first.pro)
        category = next((ballot.category for leg in legs.values() for ballot in leg if ballot.category), None)
        margins = {leg: leg_margin(cast, weights) for leg, cast in legs.items()}
        decided.append(bench.decide(matchup, a, b, category, margins))
    return Decided(decided, unpaired)


def by_leg(ballots: Iterable[Ballot]) -> dict[str, dict[Leg, list[Ballot]]]:
    """Returns the ballots by matchup and leg, leg a first, each leg's by judge.

    Raises:
        UserError: as for `verdicts`.
    """
    grouped: dict[str, dict[Leg, list[Ballot]]] = {}
    for ballot in sorted(ballots, key=lambda ballot: (natural(ballot.matchup), ballot.leg, ballot.judge)):
        legs = grouped.setdefault(ballot.matchup, {})
        if legs:
            _agree(next(iter(legs.values()))[0], ballot)
        cast = legs.setdefault(ballot.leg, [])
        if cast and cast[-1].judge == ballot.judge:
            raise UserError(
                f"ballots: judge {ballot.judge} has two ballots on matchup {ballot.matchup} leg {ballot.leg}; keep one"
            )
        cast.append(ballot)
    return grouped


def _agree(first: Ballot, ballot: Ballot) -> None:
    """Raises UserError where two ballots cannot be of one matchup."""
    where = f"ballots: matchup {ballot.matchup}"
    seats = (first.pro, first.con) if first.leg == ballot.leg else (first.con, first.pro)
    if (ballot.pro, ballot.con) != seats:
        raise UserError(
            f"{where}: judge {first.judge} has {first.pro} as PRO against {first.con} on leg {first.leg}, judge "
            f"{ballot.judge} has {ballot.pro} against {ballot.con} on leg {ballot.leg}; the legs swap the sides"
        )
    if ballot.motion != first.motion:
        raise UserError(f"{where}: it has the motions {first.motion} and {ballot.motion}; a matchup has one")
    if ballot.category and first.category and ballot.category != first.category:
        raise UserError(f"{where}: it has the categories {first.category} and {ballot.category}; a motion has one")


def natural(text: str) -> list[tuple[int, int, str]]:
    """Returns a sorting key in which the numbers inside a text count as numbers."""
    parts = re.split(r"(\d+)", text)
    return [(1, int(part), part) if i % 2 else (0, 0, part) for i, part in enumerate(parts)]
