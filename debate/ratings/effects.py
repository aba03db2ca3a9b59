"""Which effects a ballot's latent margin is the sum of, and where each stands in a vector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from debate.core.ballot import Ballot
from debate.ratings.field import Ints

#: The shared effects that a ballot sees, in this order, and with what sign. An offset is a contestant's in a category,
#: a side_contestant how much more than others it gains from being PRO (as CON it loses that).
SEEN: tuple[tuple[str, float], ...] = (
    ("skill", 1.0),
    ("skill", -1.0),
    ("side", 1.0),
    ("side_contestant", 1.0),
    ("side_contestant", 1.0),
    ("lean", 1.0),
    ("taste", 1.0),
    ("taste", -1.0),
    ("offset", 1.0),
    ("offset", -1.0),
    ("side_category", 1.0),
)
SIGNS = tuple(sign for _, sign in SEEN)

#: So many judges, those with the most ballots, have a lean and noise of their own; the others count as typical.
JUDGES = 1000

#: A judge has tastes when it cast so many ballots for each contestant there is; there are at most so many tastes.
TASTED, TASTES = 2, 2000


class Layout(NamedTuple):
    """The names that the ballots of a fit have. Each kind of effect stands in one piece, in the order of the names.

    `judges` are those with effects of their own, `tasting` those of them who have tastes.
    """

    contestants: tuple[str, ...]
    judges: tuple[str, ...]
    tasting: tuple[str, ...]
    categories: tuple[str, ...]
    motions: tuple[str, ...]

    @property
    def sizes(self) -> dict[str, int]:
        """Returns how many shared effects there are of each kind, in the order in which they stand.

        A single category has no effects beside those of its contestants.
        """
        contestants, categories = len(self.contestants), len(self.categories) if len(self.categories) > 1 else 0
        return {
            "skill": contestants,
            "side": 1,
            "side_contestant": contestants,
            "lean": len(self.judges),
            "taste": len(self.tasting) * contestants,
            "offset": contestants * categories,
            "side_category": categories,
        }

    @property
    def starts(self) -> dict[str, int]:
        """Returns where each kind of shared effect begins."""
        sizes = self.sizes
        return dict(zip(sizes, np.cumsum([0, *sizes.values()]).tolist(), strict=False))

    @property
    def kinds(self) -> list[str]:
        """Returns the kind of each shared effect."""
        return [kind for kind, size in self.sizes.items() for _ in range(size)]

    def at(self, kind: str, *names: str) -> int:
        """Returns where a shared effect stands, such as `"skill", contestant` or `"offset", contestant, category`.

        Raises:
            KeyError: there is no such effect.
        """
        lists = {
            "skill": [self.contestants],
            "side": [],
            "side_contestant": [self.contestants],
            "lean": [self.judges],
            "taste": [self.tasting, self.contestants],
            "offset": [self.contestants, self.categories],
            "side_category": [self.categories],
        }[kind]
        index = 0
        for among, name in zip(lists, names, strict=True):
            if name not in among:
                raise KeyError((kind, *names))
            index = index * len(among) + among.index(name)
        if not self.sizes[kind]:
            raise KeyError((kind, *names))
        return self.starts[kind] + index

    def columns(self, ballots: Sequence[Ballot]) -> Ints:
        """Returns where the effects that each ballot sees stand (ballot, SEEN), -1 where it is not among them."""
        contestant, taste, category = _places(self.contestants), _places(self.tasting), _places(self.categories)
        pro = np.array([contestant.get(ballot.pro, -1) for ballot in ballots])
        con = np.array([contestant.get(ballot.con, -1) for ballot in ballots])
        judge = self.judge(ballots)
        tasting = np.array([taste.get(ballot.judge, -1) for ballot in ballots])
        field = np.array([category.get(ballot.category or "", -1) for ballot in ballots])
        if len(self.categories) < 2:
            field[:] = -1
        start, contestants, fields = self.starts, len(self.contestants), len(self.categories)

        def at(kind: str, index: Ints, *needed: Ints) -> Ints:
            known = np.all([part >= 0 for part in needed], axis=0)
            return np.where(known, start[kind] + index, -1)

        return np.stack(
            [
                at("skill", pro, pro),
                at("skill", con, con),
                np.full(len(ballots), start["side"]),
                at("side_contestant", pro, pro),
                at("side_contestant", con, con),
                at("lean", judge, judge),
                at("taste", tasting * contestants + pro, tasting, pro),
                at("taste", tasting * contestants + con, tasting, con),
                at("offset", pro * fields + field, pro, field),
                at("offset", con * fields + field, con, field),
                at("side_category", field, field),
            ],
            axis=1,
        )

    def judge(self, ballots: Sequence[Ballot]) -> Ints:
        """Returns the number of each ballot's judge, -1 where it is not among them."""
        place = _places(self.judges)
        return np.array([place.get(ballot.judge, -1) for ballot in ballots])

    def motion(self, ballots: Sequence[Ballot]) -> Ints:
        """Returns the number of each ballot's motion, -1 where it is not among them."""
        place = _places(self.motions)
        return np.array([place.get(ballot.motion, -1) for ballot in ballots])


def layout(ballots: Sequence[Ballot]) -> Layout:
    """Returns the names that ballots have, each kind sorted."""
    contestants = sorted({b.pro for b in ballots} | {b.con for b in ballots})
    cast = Counter(b.judge for b in ballots).items()
    often = sorted(cast, key=lambda item: (-item[1], item[0]))[:JUDGES]
    tasting = [judge for judge, count in often if count >= TASTED * len(contestants)][: TASTES // len(contestants)]
    return Layout(
        contestants=tuple(contestants),
        judges=tuple(sorted(judge for judge, _ in often)),
        tasting=tuple(sorted(tasting)),
        categories=tuple(sorted({b.category for b in ballots if b.category})),
        motions=tuple(sorted({b.motion for b in ballots})),
    )


def _places(names: Sequence[str]) -> dict[str, int]:
    return {name: n for n, name in enumerate(names)}
