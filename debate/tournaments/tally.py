"""From ballots to standings: what a tournament, `rate`, `verify` and the report all count by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from debate.core.ballot import Ballot, Verdict
from debate.core.debate import LEGS
from debate.core.motion import CATEGORIES
from debate.core.rating import Standings
from debate.judges.agreement import effects
from debate.judges.verdict import Bench, verdicts
from debate.ratings.ladder import Ladder


class Tally:
    """Verdicts, ratings and effects of the matchups folded in so far.

    What a draw is and how far a verdict moves the ratings depend on the matchups before it. Folded in the natural order
    of their ids, matchups give what `tally` gives of their ballots; `tally` itself does not mind the order.

    `unpaired` are the matchups left out because one of their legs has no ballot.
    """

    def __init__(self, contestants: Iterable[str], categories: Iterable[str], weights: Mapping[str, float]) -> None:
        self._weights = dict(weights)
        self._ladder = Ladder(sorted(set(contestants)), _in_order(categories))
        self._bench = Bench(weights)
        self._ballots: list[Ballot] = []
        self._by_matchup: dict[str, Verdict] = {}
        self._standings: Standings | None = None
        self.unpaired: list[str] = []

    @property
    def verdicts(self) -> list[Verdict]:
        """Returns the verdicts so far, in the order in which their matchups were folded in."""
        return list(self._by_matchup.values())

    def fold(self, matchup: str, ballots: Sequence[Ballot]) -> Verdict:
        """Returns the verdict on a matchup and counts it. One that was folded before keeps its verdict.

        `ballots` are all of the matchup, one at least.

        Raises:
            UserError: the ballots contradict each other.
            KeyError: a contestant is not among those of the tally.
        """
        known = self._by_matchup.get(matchup)
        if known:
            return known
        verdict = self._bench.decide(ballots)
        self._count(verdict, ballots)
        return verdict

    def fold_all(self, ballots: Iterable[Ballot]) -> None:
        """Counts all ballots there are, into a tally that has none yet.

        Raises:
            UserError: ballots contradict each other.
        """
        cast = list(ballots)
        decided, self.unpaired = verdicts(cast, self._weights)
        for verdict in decided:
            self._count(verdict, ())
        self._ballots = cast

    def _count(self, verdict: Verdict, ballots: Iterable[Ballot]) -> None:
        self._ladder.fold(verdict)
        self._by_matchup[verdict.matchup] = verdict
        self._ballots += ballots
        self._standings = None

    def standings(self) -> Standings:
        """Returns the tables and effects so far: what `standings.json` holds.

        `effects` has `side` and `judges` (see `debate.judges.agreement`), `draws` (`matchups`, `drawn`, `share`),
        the `unpaired` matchups, and `notes`: in words, what these ballots cannot tell.
        """
        if self._standings is None:
            self._standings = Standings(
                overall=self._ladder.standings(),
                categories={category: self._ladder.standings(category) for category in self._ladder.categories},
                effects={**effects(self._ballots, self._weights), **self._draws(), **self._limits()},
            )
        return self._standings

    def _draws(self) -> dict[str, Any]:
        drawn = sum(verdict.winner == "draw" for verdict in self._by_matchup.values())
        matchups = len(self._by_matchup)
        return {"draws": {"matchups": matchups, "drawn": drawn, "share": drawn / matchups if matchups else None}}

    def _limits(self) -> dict[str, Any]:
        ladder, decided = self._ladder, self.verdicts
        groups = components(ladder.contestants, ((verdict.a, verdict.b) for verdict in decided))
        idle = [group[0] for group in groups if len(group) == 1]
        compared = [group for group in groups if len(group) > 1]
        empty = [c for c in ladder.categories if not any(ladder.matchups(name, c) for name in ladder.contestants)]
        notes = []
        if decided and all(len(verdict.legs) < len(LEGS) for verdict in decided):
            notes.append("no matchup has both legs, so single legs are rated and the advantage of a side is in them")
        if idle:
            notes.append(f"without a rated matchup: {', '.join(idle)}")
        if len(compared) > 1:
            named = " | ".join(", ".join(group) for group in compared)
            notes.append(f"no chain of matchups compares these groups, so which of them is better is unknown: {named}")
        if empty:
            notes.append(f"categories without a rated matchup: {', '.join(empty)}")
        return {"unpaired": self.unpaired, "notes": notes}


def tally(
    ballots: Iterable[Ballot],
    weights: Mapping[str, float],
    contestants: Iterable[str] = (),
    categories: Iterable[str] = (),
) -> Standings:
    """Returns the standings that follow from ballots, in whatever order they come.

    `contestants` and `categories` are listed even where no ballot names them.

    Raises:
        UserError: ballots contradict each other.
    """
    return tallied(ballots, weights, contestants, categories).standings()


def tallied(
    ballots: Iterable[Ballot],
    weights: Mapping[str, float],
    contestants: Iterable[str] = (),
    categories: Iterable[str] = (),
) -> Tally:
    """Returns the tally behind `tally`, which has the verdicts too."""
    cast = list(ballots)
    names = {*contestants, *(ballot.pro for ballot in cast), *(ballot.con for ballot in cast)}
    fields = {*categories, *(ballot.category for ballot in cast if ballot.category)}
    found = Tally(names, fields, weights)
    found.fold_all(cast)
    return found


def components(contestants: Iterable[str], pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Returns the groups of contestants that chains of `pairs` hold together, each sorted, the largest first."""
    group = {name: {name} for name in contestants}
    for a, b in pairs:
        if group[a] is not group[b]:
            small, large = sorted((group[a], group[b]), key=len)
            large.update(small)
            group.update(dict.fromkeys(small, large))
    found = {id(members): sorted(members) for members in group.values()}
    return sorted(found.values(), key=lambda members: (-len(members), members))


def _in_order(categories: Iterable[str]) -> list[str]:
    """Returns the house's categories in their own order, then others by name, so that tables always come alike."""
    known: dict[str, int] = {category: n for n, category in enumerate(CATEGORIES)}
    return sorted(set(categories), key=lambda category: (known.get(category, len(known)), category))
