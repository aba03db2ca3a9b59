"""What the ballots say of the sides and of the judges themselves. Pure functions; margins run from -2 to 2."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from debate.core.ballot import Ballot
from debate.judges.verdict import ballot_margin, by_leg, leg_margin

_Z95 = 1.959963984540054


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Returns the 95% interval of a share by Wilson's score (1927); (0, 1) where nothing was counted."""
    if not of:
        return 0.0, 1.0
    share, z2 = hits / of, _Z95**2
    centre = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z95 / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, centre - half), min(1.0, centre + half)


def side_effect(ballots: Iterable[Ballot], weights: Mapping[str, float]) -> dict[str, Any]:
    """Returns how far PRO is favoured, over legs.

    `legs` counts them, `decided` those whose margin is not 0; `pro_share` is PRO's share of the decided (None without
    any) with its 95% interval `low` to `high`; `margin` is the mean over all legs (None without any).
    """
    margins = [leg_margin(cast, weights) for legs in by_leg(ballots).values() for cast in legs.values()]
    decided = [margin for margin in margins if margin]
    won = sum(margin > 0 for margin in decided)
    low, high = wilson(won, len(decided))
    return {
        "legs": len(margins),
        "decided": len(decided),
        "pro_share": won / len(decided) if decided else None,
        "low": low,
        "high": high,
        "margin": _mean(margins),
    }


def judge_effects(
    ballots: Iterable[Ballot], weights: Mapping[str, float], void: Mapping[str, int] | None = None
) -> dict[str, dict[str, Any]]:
    """Returns by judge, in alphabetical order, what its ballots show. `void` counts the ballots it could not give.

    `kind`; `ballots`; `pro_share` of its ballots that favour a side; `lean`, the mean of its margin less the mean of
    its panel mates' on the same leg; `agreement`, the share of comparisons with a mate in which both favour the same
    side (ballots that favour none are left out); `void`. None stands where there is nothing to compare. A judge with
    void ballots only has `kind` None.
    """
    missing = dict(void or {})
    own: dict[str, list[float]] = defaultdict(list)
    kinds: dict[str, str] = {}
    leans: dict[str, list[float]] = defaultdict(list)
    same: dict[str, list[bool]] = defaultdict(list)
    for legs in by_leg(ballots).values():
        for cast in legs.values():
            margins = {ballot.judge: ballot_margin(ballot, weights) for ballot in cast}
            for ballot in cast:
                judge, margin = ballot.judge, margins[ballot.judge]
                kinds[judge] = ballot.judge_kind
                own[judge].append(margin)
                mates = [other for name, other in margins.items() if name != judge]
                if mates:
                    leans[judge].append(margin - math.fsum(mates) / len(mates))
                same[judge] += [(margin > 0) == (other > 0) for other in mates if margin and other]
    effects = {}
    for judge in sorted({*own, *missing}):
        decided = [margin for margin in own[judge] if margin]
        effects[judge] = {
            "kind": kinds.get(judge),
            "ballots": len(own[judge]),
            "pro_share": sum(margin > 0 for margin in decided) / len(decided) if decided else None,
            "lean": _mean(leans[judge]),
            "agreement": sum(same[judge]) / len(same[judge]) if same[judge] else None,
            "void": missing.get(judge, 0),
        }
    return effects


def effects(
    ballots: Iterable[Ballot], weights: Mapping[str, float], void: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Returns what `standings.json` holds under `effects`: `side` and `judges`."""
    cast = list(ballots)
    return {"side": side_effect(cast, weights), "judges": judge_effects(cast, weights, void)}


def _mean(values: list[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
