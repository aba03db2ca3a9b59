"""The draw: balanced, connected, explained, within the budget, and the same for the same history."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import Any

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from debate.core.ballot import Verdict
from debate.core.contestant import Contestant
from debate.core.debate import Matchup
from debate.core.format import Format, Step
from debate.core.motion import CATEGORIES, Motion
from debate.core.noun import seed_of
from debate.core.panel import ChecklistJudge, Criterion, Panel, Rubric
from debate.core.spec import Budget, Cluster, Stop, Store, TournamentSpec
from debate.ratings.ladder import Ladder
from debate.tournaments.scheduler import draw_batch, enough


def make_spec(contestants: int, categories: int = 1, motions: int = 5, **changes: Any) -> TournamentSpec:
    names = CATEGORIES[:categories]
    values: dict[str, Any] = {
        "name": "test",
        "seed": 7,
        "language": "en",
        "format": Format(
            name="short",
            steps=(
                Step(id="p1", side="pro", kind="constructive", words=100),
                Step(id="c1", side="con", kind="constructive", words=100),
            ),
        ),
        "contestants": tuple(Contestant(id=f"x{i}", provider="scripted", model="scripted") for i in range(contestants)),
        "panel": Panel(seats=1, judges=(ChecklistJudge(id="checklist", kind="checklist"),)),
        "rubric": Rubric(name="r", criteria=(Criterion(name="logic", weight=1, question={"en": "Sound?"}),)),
        "motions": tuple(
            Motion(id=f"{name}-{i}", text={"en": f"{name} {i}"}, category=name)
            for name in names
            for i in range(motions)
        ),
        "categories": names,
        "budget": Budget(),
        "stop": Stop(),
        "cluster": Cluster(),
        "store": Store(),
        **changes,
    }
    return TournamentSpec(**values)


def new_ladder(spec: TournamentSpec) -> Ladder:
    return Ladder([c.id for c in spec.contestants], spec.categories)


def verdict(matchup: Matchup, winner: str = "a") -> Verdict:
    margin = {"a": 1.0, "b": -1.0, "draw": 0.0}[winner]
    return Verdict(
        matchup=matchup.id,
        a=matchup.a,
        b=matchup.b,
        category=matchup.motion.category,
        legs={"a": margin, "b": -margin},
        margin=margin,
        epsilon=0.4,
        winner=winner,  # type: ignore[arg-type]
    )


def stronger_wins(matchup: Matchup) -> str:
    return "a" if int(matchup.a[1:]) < int(matchup.b[1:]) else "b"


def seat(a: str, b: str, seed: int) -> tuple[str, ...]:
    return ("checklist",)


def play(spec: TournamentSpec, batches: int, room: int = 1) -> tuple[list[Matchup], Ladder]:
    """Plays `batches`; the contestant with the lower number wins."""
    ladder, drawn = new_ladder(spec), []
    for batch in range(1, batches + 1):
        new = draw_batch(
            spec=spec, batch=batch, first_index=len(drawn) + 1, ladder=ladder, drawn=drawn, room=room, seat=seat
        )
        if not new:
            break
        for matchup in new:
            ladder.fold(verdict(matchup, stronger_wins(matchup)))
        drawn = drawn + new
    return drawn, ladder


sizes = st.tuples(st.integers(2, 12), st.integers(1, 12), st.integers(1, 6))


@settings(max_examples=30, deadline=None)
@given(sizes, st.integers(1, 20), st.integers(1, 12))
def test_a_long_draw_is_balanced_everywhere(size: tuple[int, int, int], batches: int, room: int) -> None:
    contestants, categories, motions = size
    spec = make_spec(contestants, categories, motions)
    drawn, _ = play(spec, batches, room)
    names = [c.id for c in spec.contestants]
    assert [m.id for m in drawn] == [f"m{i:05d}" for i in range(1, len(drawn) + 1)]
    in_category = Counter(m.motion.category for m in drawn)
    counts = [in_category[c] for c in spec.categories]
    assert max(counts) - min(counts) <= contestants // 2
    for category in spec.categories:
        here = [m for m in drawn if m.motion.category == category]
        met = Counter(frozenset((m.a, m.b)) for m in here)
        meetings = [met[frozenset(pair)] for pair in itertools.combinations(names, 2)]
        assert max(meetings) - min(meetings) <= 1, "a rematch while another pair had not met"
        used = Counter(m.motion.id for m in here)
        uses = [used[m.id] for m in spec.motions if m.category == category]
        assert max(uses) - min(uses) <= 1, "a motion used again while another was fresher"
    played = Counter(name for m in drawn for name in (m.a, m.b))
    assert max(played[n] for n in names) - min(played[n] for n in names) <= 4
    lead = Counter(m.a for m in drawn)
    lead.subtract(m.b for m in drawn)
    assert max(abs(lead[n]) for n in names) <= 4


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 12), st.integers(1, 12))
def test_the_comparison_graph_is_connected_after_few_rounds(contestants: int, categories: int) -> None:
    spec = make_spec(contestants, categories)
    drawn, _ = play(spec, math.ceil(math.log2(contestants)) + 1)
    graph = nx.Graph()
    graph.add_nodes_from(c.id for c in spec.contestants)
    graph.add_edges_from((m.a, m.b) for m in drawn)
    assert nx.is_connected(graph)


def test_whoever_sits_out_changes() -> None:
    drawn, _ = play(make_spec(5), 5)
    assert sorted(Counter(name for m in drawn for name in (m.a, m.b)).values()) == [4, 4, 4, 4, 4]


def test_once_meets_every_pair_once_in_each_category_and_ends() -> None:
    spec = make_spec(5, 3, schedule="once")
    drawn, ladder = play(spec, 1000)
    assert len(drawn) == 10 * 3
    assert set(Counter((frozenset((m.a, m.b)), m.motion.category) for m in drawn).values()) == {1}
    assert not draw_batch(spec=spec, batch=99, first_index=31, ladder=ladder, drawn=drawn, room=8, seat=seat)


def test_the_budget_is_never_passed_and_always_used_up() -> None:
    spec = make_spec(6, 4, budget=Budget(matchups=10))
    drawn, _ = play(spec, 100, room=7)
    assert len(drawn) == 10


def test_room_spans_categories_and_a_round_is_kept_whole() -> None:
    spec = make_spec(4, 3)
    new = draw_batch(spec=spec, batch=1, first_index=1, ladder=new_ladder(spec), drawn=[], room=3, seat=seat)
    assert [m.motion.category for m in new] == ["politics", "politics", "international", "international"]
    assert {m.batch for m in new} == {1}


def test_the_same_history_draws_the_same_and_another_seed_draws_otherwise() -> None:
    spec = make_spec(8, 4)
    assert play(spec, 6)[0] == play(spec, 6)[0]
    other = make_spec(8, 4, seed=8)
    assert play(spec, 6)[0] != play(other, 6)[0]


def test_other_names_draw_the_same_places() -> None:
    spec = make_spec(7, 3)
    names = {c.id: f"y{9 - i}" for i, c in enumerate(spec.contestants)}
    renamed = spec.model_copy(
        update={"contestants": tuple(c.model_copy(update={"id": names[c.id]}) for c in spec.contestants)}
    )
    drawn: list[Matchup] = []
    twins: list[Matchup] = []
    ladder, twin = new_ladder(spec), new_ladder(renamed)
    for batch in range(6):
        new = draw_batch(
            spec=spec, batch=batch, first_index=len(drawn) + 1, ladder=ladder, drawn=drawn, room=4, seat=seat
        )
        also = draw_batch(
            spec=renamed, batch=batch, first_index=len(drawn) + 1, ladder=twin, drawn=twins, room=4, seat=seat
        )
        assert [(names[m.a], names[m.b], m.motion, m.why) for m in new] == [(m.a, m.b, m.motion, m.why) for m in also]
        for one, other in zip(new, also, strict=True):
            winner = stronger_wins(one)
            ladder.fold(verdict(one, winner))
            twin.fold(verdict(other, winner))
        drawn, twins = drawn + new, twins + also


def test_seats_and_seeds_come_with_the_matchup() -> None:
    spec = make_spec(2)
    asked = []

    def note(a: str, b: str, seed: int) -> tuple[str, ...]:
        asked.append((a, b, seed))
        return ("j2", "j1")

    (matchup,) = draw_batch(spec=spec, batch=3, first_index=41, ladder=new_ladder(spec), drawn=[], room=1, seat=note)
    assert matchup.id == "m00041"
    assert matchup.batch == 3
    assert matchup.seed == seed_of(7, "m00041")
    assert matchup.judges == ("j2", "j1")
    assert asked == [(matchup.a, matchup.b, matchup.seed)]


def test_neighbours_meet_rather_than_the_first_and_the_last() -> None:
    spec = make_spec(8)
    ladder = new_ladder(spec)
    for n, (a, b) in enumerate(itertools.combinations([c.id for c in spec.contestants], 2)):
        ladder.fold(Verdict(matchup=f"f{n}", a=a, b=b, category=None, legs={}, margin=1, epsilon=0.1, winner="a"))
    new = draw_batch(spec=spec, batch=1, first_index=1, ladder=ladder, drawn=[], room=4, seat=seat)
    gaps = [abs(int(m.a[1:]) - int(m.b[1:])) for m in new]
    assert gaps == [1, 1, 1, 1]


def test_why_says_what_is_so() -> None:
    spec = make_spec(2, 1, motions=2)
    drawn, _ = play(spec, 3)
    first, second, third = (m.why for m in drawn)
    assert (
        first
        == "nothing is known of either yet, in politics (quality 0.44, sigma 8.6); not met before here; fresh motion"
    )
    assert second.startswith("closest and least certain pair in politics (quality ")
    assert second.endswith("met once before here; fresh motion")
    assert third.endswith("met 2 times before here; motion used once before here")


def test_a_link_between_groups_is_named() -> None:
    spec = make_spec(4)
    drawn, _ = play(spec, 2)
    assert not any("links" in m.why for m in drawn[:2])
    assert all("links contestants not compared so far" in m.why for m in drawn[2:])


def test_enough_names_the_largest_sigma() -> None:
    open_ended = make_spec(2, 2)
    assert enough(open_ended, new_ladder(open_ended)) is None
    spec = make_spec(2, 2, stop=Stop(sigma=6.5))
    assert enough(spec, new_ladder(spec)) is None
    _, ladder = play(spec, 6)
    widest = max(ladder.rating(c.id, category).sigma for c in spec.contestants for category in spec.categories)
    assert widest <= 6.5
    assert enough(spec, ladder) == (
        f"every rating is as certain as asked: the largest sigma is {widest:.2f}, stop.sigma is 6.5"
    )


def test_fifty_contestants_in_twelve_categories_are_drawn_at_once() -> None:
    spec = make_spec(50, 12)
    new = draw_batch(spec=spec, batch=1, first_index=1, ladder=new_ladder(spec), drawn=[], room=25, seat=seat)
    assert len(new) == 25
    assert len({name for m in new for name in (m.a, m.b)}) == 50
