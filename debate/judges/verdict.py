"""From ballots to verdicts. Pure: the same ballots give the same verdicts, in whatever order they come.

All margins are in steps of preference, from -2 to 2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from debate.core.ballot import MODERATOR, Ballot, Verdict, contradiction
from debate.core.debate import LEGS, Leg
from debate.core.errors import UserError
from debate.core.noun import natural

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

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = dict(weights)
        self._squares = PRIOR_MATCHUPS * PRIOR_RMS**2
        self._count = PRIOR_MATCHUPS

    def decide(self, ballots: Iterable[Ballot]) -> Verdict:
        """Returns the verdict on one matchup by its `counted` ballots; there is at least one.

        Raises:
            UserError: the ballots contradict each other.
        """
        ((matchup, cast),) = by_leg(ballots).items()
        first = next(iter(cast.values()))[0]
        legs = {leg: leg_margin(found, self._weights) for leg, found in counted(cast).items()}
        margin = math.fsum(value if leg == "a" else -value for leg, value in legs.items()) / len(legs)
        self._squares += margin**2
        self._count += 1
        epsilon = DRAW_SHARE * math.sqrt(self._squares / self._count)
        winner: Literal["a", "b", "draw"] = "draw"
        if abs(margin) > epsilon:
            winner = "a" if margin > 0 else "b"
        return Verdict(
            matchup=matchup,
            a=first.pro if first.leg == "a" else first.con,
            b=first.con if first.leg == "a" else first.pro,
            category=next((ballot.category for found in cast.values() for ballot in found if ballot.category), None),
            legs=legs,
            margin=margin,
            epsilon=epsilon,
            winner=winner,
        )


class Decided(NamedTuple):
    """Verdicts in the order of the matchups, and the matchups left out because one of their legs is missing.

    A verdict rests on the ballots that `counted` keeps: where a judge's ballot on one leg is void, its ballot on the
    other is in the log and in `ballots.jsonl`, but not in the verdict, as long as a panel mate judged both.
    """

    verdicts: list[Verdict]
    unpaired: list[str]


def verdicts(ballots: Iterable[Ballot], weights: Mapping[str, float]) -> Decided:
    """Returns the verdict of every matchup, decided in the natural order of their ids (m9 before m10).

    Where some matchup has both legs, those with one are left out: a single leg holds the side's advantage. Where none
    has, the single legs count. Within a matchup the same judges count on both legs, see `counted`.

    Raises:
        UserError: ballots of a matchup disagree on who debates or on what, or a judge has two ballots on one leg.
    """
    grouped = by_leg(ballots)
    paired = any(len(legs) == len(LEGS) for legs in grouped.values())
    bench = Bench(weights)
    decided, unpaired = [], []
    for matchup, legs in grouped.items():
        if paired and len(legs) < len(LEGS):
            unpaired.append(matchup)
        else:
            decided.append(bench.decide(ballot for cast in legs.values() for ballot in cast))
    return Decided(decided, unpaired)


def counted(legs: Mapping[Leg, Sequence[Ballot]]) -> dict[Leg, Sequence[Ballot]]:
    """Returns the ballots of one matchup that its verdict rests on, leg a first; no leg is left without one.

    Only the judges with a ballot on both legs count, so that each judge's lean to a side cancels. Where there is none,
    all count. A leg with a ballot of the moderator was forfeited: that ballot alone decides it, and all count on the
    other leg, since nobody judged both.
    """
    kept = {leg: [b for b in legs[leg] if b.judge == MODERATOR] or legs[leg] for leg in LEGS if leg in legs}
    both = set.intersection(*({ballot.judge for ballot in cast} for cast in kept.values()))
    if not both:
        return kept
    return {leg: [ballot for ballot in cast if ballot.judge in both] for leg, cast in kept.items()}


def by_leg(ballots: Iterable[Ballot]) -> dict[str, dict[Leg, list[Ballot]]]:
    """Returns the ballots by matchup in natural order, and by leg, leg a first, each leg's by judge.

    Raises:
        UserError: as for `verdicts`.
    """
    grouped: dict[str, dict[Leg, list[Ballot]]] = {}
    for ballot in sorted(ballots, key=lambda ballot: (natural(ballot.matchup), ballot.leg, ballot.judge)):
        legs = grouped.setdefault(ballot.matchup, {})
        if legs:
            first = next(iter(legs.values()))[0]
            fault = contradiction(first, ballot)
            if fault:
                raise UserError(
                    f"ballots: that of judge {ballot.judge} on matchup {ballot.matchup} leg {ballot.leg} {fault} than "
                    f"that of judge {first.judge} on leg {first.leg}"
                )
        cast = legs.setdefault(ballot.leg, [])
        if cast and cast[-1].judge == ballot.judge:
            raise UserError(
                f"ballots: judge {ballot.judge} has two ballots on matchup {ballot.matchup} leg {ballot.leg}; keep one"
            )
        cast.append(ballot)
    return grouped
