"""Which matchups come next, and when enough is known. Pure: the same history gives the same draw."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

from debate.core.debate import Matchup
from debate.core.motion import Motion
from debate.core.noun import seed_of
from debate.core.spec import TournamentSpec
from debate.ratings.ladder import Ladder

#: Returns the judges of a matchup of these two contestants, given its seed.
Seat = Callable[[str, str, int], Sequence[str]]

#: Steps in which the worth of a pair is told apart, and seeded places within a step that decide what is left.
_STEPS = 10**6
_PLACES = 10**3


def draw_batch(
    *,
    spec: TournamentSpec,
    batch: int,
    first_index: int,
    ladder: Ladder,
    drawn: Sequence[Matchup],
    room: int,
    seat: Seat,
) -> list[Matchup]:
    """Returns the next matchups, numbered from `first_index`: at least `room` of them unless the end is near.

    The category with the fewest matchups draws a round of pairs, then the next, until there are `room`. Never more
    come than `budget.matchups` leaves beside those `drawn`, which are all that ever were, played or not. With the
    schedule `once` each pair meets once in each category and then the draw is empty.
    """
    if spec.budget.matchups is not None:
        room = min(room, spec.budget.matchups - len(drawn))
        most = spec.budget.matchups - len(drawn)
    else:
        most = None
    history = _History(spec, drawn)
    matchups: list[Matchup] = []
    while len(matchups) < room:
        pairs = _next_round(spec, ladder, history)
        if not pairs:
            break
        for pair in pairs:
            if most is not None and len(matchups) == most:
                break
            matchup = _matchup(spec, batch, first_index + len(matchups), pair, history, seat)
            history.add(matchup)
            matchups.append(matchup)
    return matchups


def enough(spec: TournamentSpec, ladder: Ladder) -> str | None:
    """Returns in words that all ratings by category are as certain as `stop.sigma` asks, or None while they are not."""
    if spec.stop.sigma is None:
        return None
    widest = max(ladder.rating(c.id, category).sigma for c in spec.contestants for category in spec.categories)
    if widest > spec.stop.sigma:
        return None
    return f"every rating is as certain as asked: the largest sigma is {widest:.2f}, stop.sigma is {spec.stop.sigma:g}"


class _Pair(NamedTuple):
    a: str
    b: str
    category: str
    why: str


class _Edge(NamedTuple):
    a: str
    b: str
    worth: float
    quality: float
    sigma: float
    links: bool


class _History:
    """What has been drawn so far, counted."""

    def __init__(self, spec: TournamentSpec, drawn: Sequence[Matchup]) -> None:
        self.contestants = [c.id for c in spec.contestants]
        self.motions: dict[str, list[Motion]] = {category: [] for category in spec.categories}
        for motion in spec.motions:
            self.motions.setdefault(motion.category, []).append(motion)
        self.in_category: Counter[str] = Counter()
        self.played: Counter[str] = Counter()
        self.played_in: Counter[tuple[str, str]] = Counter()
        self.met: Counter[tuple[frozenset[str], str]] = Counter()
        self.used: Counter[str] = Counter()
        self.heard: Counter[tuple[str, str]] = Counter()
        self.first: Counter[str] = Counter()
        self.group = {c: c for c in self.contestants}
        for matchup in drawn:
            self.add(matchup)

    def add(self, matchup: Matchup) -> None:
        category, motion = matchup.motion.category, matchup.motion.id
        self.in_category[category] += 1
        self.met[frozenset((matchup.a, matchup.b)), category] += 1
        self.used[motion] += 1
        self.first[matchup.a] += 1
        self.first[matchup.b] -= 1
        for contestant in (matchup.a, matchup.b):
            self.played[contestant] += 1
            self.played_in[contestant, category] += 1
            self.heard[contestant, motion] += 1
        old, new = self.group.get(matchup.b), self.group.get(matchup.a)
        if old is not None and new is not None and old != new:
            self.group = {c: new if g == old else g for c, g in self.group.items()}


def _next_round(spec: TournamentSpec, ladder: Ladder, history: _History) -> list[_Pair]:
    """Returns a round of pairs in the category with the fewest matchups in which any pair may meet."""
    for category in sorted(spec.categories, key=lambda c: history.in_category[c]):
        times = {(a, b): history.met[frozenset((a, b)), category] for a, b in combinations(history.contestants, 2)}
        fewest = min(times.values())
        if spec.schedule == "once" and fewest:
            continue
        edges = [_edge(ladder, history, a, b, category) for (a, b), met in times.items() if met == fewest]
        return [
            _Pair(edge.a, edge.b, category, _why(edge, edges, category, fewest, history))
            for edge in _match(spec, history, category, edges)
        ]
    return []


def _edge(ladder: Ladder, history: _History, a: str, b: str, category: str) -> _Edge:
    """Returns the pair with what its matchup is worth: how even it is times how uncertain the difference is."""
    sigma_a, sigma_b = ladder.rating(a, category).sigma, ladder.rating(b, category).sigma
    quality = ladder.quality(a, b, category)
    worth = quality * math.hypot(sigma_a, sigma_b)
    return _Edge(a, b, worth, quality, max(sigma_a, sigma_b), history.group[a] != history.group[b])


def _match(spec: TournamentSpec, history: _History, category: str, edges: list[_Edge]) -> list[_Edge]:
    """Returns a maximum-weight matching of `edges`, the pairs of a category that have met least.

    As many contestants play as can. Then in this order: those who have played least in the category, and in all; pairs
    that link contestants no chain of matchups has yet compared; the worth of the pairs; the seed. Each outweighs all
    that follow it, in whole numbers so that the matching is exact.
    """
    import networkx as nx

    n = len(history.contestants)
    most = max(history.played[c] for c in history.contestants)
    most_in = max(history.played_in[c, category] for c in history.contestants)
    due = {
        c: (most_in - history.played_in[c, category]) * (n * most + 1) + most - history.played[c]
        for c in history.contestants
    }
    top = max(edge.worth for edge in edges) or 1.0
    rng = random.Random(seed_of(spec.seed, "pairs", category, history.in_category[category]))
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(history.contestants)
    weights: dict[frozenset[str], int] = {}
    for edge in edges:
        worth = int(edge.worth / top * _STEPS) * _PLACES + int(rng.random() * _PLACES)
        rank = (due[edge.a] + due[edge.b]) * (n + 1) + edge.links
        weight = rank * n * (_STEPS + 1) * _PLACES + worth
        weights[frozenset((edge.a, edge.b))] = weight
        graph.add_edge(edge.a, edge.b, weight=weight)
    chosen = {frozenset(pair) for pair in nx.max_weight_matching(graph, maxcardinality=True)}
    matched = [edge for edge in edges if frozenset((edge.a, edge.b)) in chosen]
    return sorted(matched, key=lambda edge: -weights[frozenset((edge.a, edge.b))])


def _why(edge: _Edge, edges: list[_Edge], category: str, met: int, history: _History) -> str:
    numbers = f"(quality {edge.quality:.2f}, sigma {edge.sigma:.1f})"
    worths = [other.worth for other in edges]
    if not history.played[edge.a] and not history.played[edge.b]:
        pair = f"nothing is known of either yet, in {category} {numbers}"
    elif edge.worth >= max(worths):
        pair = f"closest and least certain pair in {category} {numbers}"
    elif edge.worth >= sorted(worths)[len(worths) // 2]:
        pair = f"close and uncertain pair in {category} {numbers}"
    else:
        pair = f"completes the round in {category} {numbers}"
    words = [pair, _times("met", met, "not met before here")]
    counts = [history.played_in[c, category] for c in history.contestants]
    if max(history.played_in[edge.a, category], history.played_in[edge.b, category]) == min(counts) < max(counts):
        words.append("both have played least here")
    if edge.links and any(history.played.values()):
        words.append("links contestants not compared so far")
    return "; ".join(words)


def _times(verb: str, times: int, never: str) -> str:
    return never if not times else f"{verb} {'once' if times == 1 else f'{times} times'} before here"


def _matchup(spec: TournamentSpec, batch: int, index: int, pair: _Pair, history: _History, seat: Seat) -> Matchup:
    name = f"m{index:05d}"
    seed = seed_of(spec.seed, name)
    motion, words = _motion(pair, history, seed)
    a, b = pair.a, pair.b
    # Both legs are played, so only who begins as PRO is at stake.
    lead = history.first[a] - history.first[b]
    if lead > 0 or (lead == 0 and seed % 2):
        a, b = b, a
    return Matchup(
        id=name,
        batch=batch,
        motion=motion,
        a=a,
        b=b,
        judges=tuple(seat(a, b, seed)),
        why=f"{pair.why}; {words}",
        seed=seed,
    )


def _motion(pair: _Pair, history: _History, seed: int) -> tuple[Motion, str]:
    """Returns the motion used least, among those the one these two have debated least, then a seeded one."""
    motions = list(history.motions[pair.category])
    random.Random(seed).shuffle(motions)

    def heard(motion: Motion) -> int:
        return history.heard[pair.a, motion.id] + history.heard[pair.b, motion.id]

    motion = min(motions, key=lambda m: (history.used[m.id], heard(m)))
    if not history.used[motion.id]:
        return motion, "fresh motion"
    if not heard(motion):
        return motion, "motion new to both"
    return motion, _times("motion used", history.used[motion.id], "")
