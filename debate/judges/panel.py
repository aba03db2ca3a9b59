"""Who judges whom. No judge sits where a model of its own family debates: judges favour their kin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from debate.core.contestant import Contestant
from debate.core.errors import UserError
from debate.core.noun import seed_of
from debate.core.panel import Judge, Panel


def seat(
    panel: Panel, contestants: tuple[Contestant, Contestant], load: Mapping[str, int], seed: int
) -> tuple[str, ...]:
    """Returns the ids of the judges of a matchup, at most as many as the panel has seats, in the panel's order.

    Seats are filled one by one: first by a judge whose family has no seat yet, then by the one with the least `load`
    (how many matchups it judges already), then by lot from `seed`. Where recusal leaves nobody there are none;
    `check_panel` rules that out.
    """
    free = eligible(panel, contestants)
    lot = {judge.id: seed_of(seed, "seat", judge.id) for judge in free}
    chosen: list[Judge] = []
    while free and len(chosen) < panel.seats:
        seated = [_family(judge) for judge in chosen]
        best = min(free, key=lambda j: (seated.count(_family(j)), load.get(j.id, 0), lot[j.id], j.id))
        chosen.append(best)
        free.remove(best)
    ids = {judge.id for judge in chosen}
    return tuple(judge.id for judge in panel.judges if judge.id in ids)


def eligible(panel: Panel, contestants: Sequence[Contestant]) -> list[Judge]:
    """Returns the judges of the panel that share a family with none of the contestants, in the panel's order."""
    families = {contestant.family.strip().casefold() for contestant in contestants}
    return [judge for judge in panel.judges if _family(judge) not in families]


def _family(judge: Judge) -> str:
    return judge.family.strip().casefold()


def check_panel(panel: Panel, contestants: Sequence[Contestant]) -> None:
    """Makes sure that every pair of contestants has a judge.

    Raises:
        UserError: recusal leaves a pair without one.
    """
    for pair in combinations(contestants, 2):
        if not eligible(panel, pair):
            one, two = pair
            families = " and ".join(dict.fromkeys(contestant.family for contestant in pair))
            raise UserError(
                f"judges: nobody may judge {one.id} against {two.id}, since every judge is of the family {families}; "
                "add a judge of another family, a person, or {id: checklist, kind: checklist}"
            )


def recused(panel: Panel, contestants: Sequence[Contestant]) -> tuple[str, ...]:
    """Returns a line for each judge that steps aside somewhere, and one where that leaves the checklist alone.

    Each says what would mend it. There are none where nothing is amiss.
    """
    lines = []
    for judge in panel.judges:
        kin = [contestant.id for contestant in contestants if judge not in eligible(panel, [contestant])]
        if len(contestants) - len(kin) < 2:
            mend = "to add a judge, name a model of another family or a person in the panel's file"
            lines.append(
                f"judge {judge.id} never sits: a model of its family ({judge.family}) is in every pair; {mend}"
            )
        elif kin:
            lines.append(f"judge {judge.id} does not judge {', '.join(kin)} (family {judge.family})")
    pairs = list(combinations(contestants, 2))
    alone = [pair for pair in pairs if all(judge.kind == "checklist" for judge in eligible(panel, pair))]
    if 0 < len(alone) < len(pairs):
        one, two = alone[0]
        lines.append(
            f"in {len(alone)} of {len(pairs)} pairs, such as {one.id} and {two.id}, the checklist judges alone, which "
            "decides only what can be checked; a judge of one more family would mend it, see judges/mixed.yaml"
        )
    elif alone:
        families = ", ".join(sorted({contestant.family for contestant in contestants}))
        lines.append(
            "the checklist judges alone, and decides only what can be checked; models of the debaters' own family "
            f"({families}) may not judge; to add a model of another family or a person, see judges/checklist.yaml"
        )
    return tuple(lines)
