"""From ballots to standings: the order of lines does not matter, and what cannot be known is said."""

from __future__ import annotations

import itertools
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from debate.core.ballot import Ballot
from debate.core.errors import UserError
from debate.judges.verdict import by_leg, verdicts
from debate.ratings.ballots import read_ballots
from debate.tournaments.tally import Tally, components, tallied, tally

FRONTIER = Path("/work/shared/data/frontier_ballots.jsonl")


def ballot(matchup: str, leg: str, pro: str, con: str, preference: float, judge: str = "j", **more: object) -> Ballot:
    return Ballot.model_validate(
        {"matchup": matchup, "leg": leg, "motion": f"about {matchup}", "pro": pro, "con": con, "judge": judge}
        | {"preference": preference}
        | more
    )


def both(matchup: str, a: str, b: str, margin: float, judge: str = "j", **more: object) -> list[Ballot]:
    """Returns ballots on both legs that favour contestant a by `margin`."""
    return [
        ballot(matchup, "a", a, b, margin, judge, **more),
        ballot(matchup, "b", b, a, -margin, judge, **more),
    ]


cast = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(0, 4),
        st.integers(-2, 2),
        st.integers(-2, 2),
        st.sampled_from(["law", "arts", None]),
    ).filter(lambda r: r[0] != r[1]),
    max_size=25,
)


def ballots_of(drawn: list[tuple[int, int, int, int, str | None]]) -> list[Ballot]:
    found = []
    for n, (i, j, on_a, on_b, category) in enumerate(drawn, 1):
        found.append(ballot(f"m{n}", "a", f"x{i}", f"x{j}", on_a, category=category))
        found.append(ballot(f"m{n}", "b", f"x{j}", f"x{i}", on_b, category=category))
    return found


@settings(max_examples=40, deadline=None)
@given(cast, st.randoms(use_true_random=False))
def test_any_order_of_ballots_gives_the_same_bytes(
    drawn: list[tuple[int, int, int, int, str | None]], rng: random.Random
) -> None:
    ballots = ballots_of(drawn)
    shuffled = list(ballots)
    rng.shuffle(shuffled)
    assert tally(shuffled, {}).model_dump_json() == tally(ballots, {}).model_dump_json()


@settings(max_examples=40, deadline=None)
@given(cast)
def test_folding_matchup_by_matchup_gives_the_same(drawn: list[tuple[int, int, int, int, str | None]]) -> None:
    ballots = ballots_of(drawn)
    whole = tallied(ballots, {}, ["x0", "spare"], ["law", "health"])
    names = {"x0", "spare"} | {b.pro for b in ballots}
    fields = {"law", "health"} | {b.category for b in ballots if b.category}
    running = Tally(names, fields, {})
    for matchup in by_leg(ballots):
        cast = [b for b in ballots if b.matchup == matchup]
        verdict = running.fold(matchup, cast)
        assert running.fold(matchup, cast) == verdict
        running.standings()
    assert running.verdicts == whole.verdicts == verdicts(ballots, {}).verdicts
    assert running.standings().model_dump_json() == whole.standings().model_dump_json()


def test_folding_gives_the_same_where_ballots_are_void_or_a_leg_is_forfeited() -> None:
    ballots = [
        *both("m1", "x", "y", 1, "j"),
        ballot("m1", "a", "x", "y", 2, "k"),
        ballot("m2", "a", "x", "z", -2, "moderator"),
        *[ballot("m2", "b", "z", "x", preference, judge) for judge, preference in (("j", 1), ("k", -1))],
        ballot("m3", "a", "y", "z", 1, "j"),
        ballot("m3", "b", "z", "y", 1, "k"),
    ]
    whole = tallied(ballots, {})
    running = Tally({"x", "y", "z"}, (), {})
    for matchup in ("m1", "m2", "m3"):
        running.fold(matchup, [b for b in ballots if b.matchup == matchup])
    assert running.verdicts == whole.verdicts
    assert [v.legs for v in whole.verdicts] == [{"a": 1, "b": -1}, {"a": -2, "b": 0}, {"a": 1, "b": 1}]
    assert running.standings().model_dump_json() == whole.standings().model_dump_json()


@settings(max_examples=40, deadline=None)
@given(cast)
def test_swapping_pro_and_con_of_everything_changes_no_rating(
    drawn: list[tuple[int, int, int, int, str | None]],
) -> None:
    ballots = ballots_of(drawn)
    mirrored = [b.model_copy(update={"pro": b.con, "con": b.pro, "preference": -(b.preference or 0)}) for b in ballots]
    one, two = tally(ballots, {}), tally(mirrored, {})
    assert [r.contestant for r in one.overall] == [r.contestant for r in two.overall]
    for row, twin in zip(one.overall, two.overall, strict=True):
        assert row.mu == pytest.approx(twin.mu, abs=1e-6)
        assert row.sigma == pytest.approx(twin.sigma, abs=1e-6)


def test_a_small_file_by_hand() -> None:
    found = tally(
        [*both("m1", "x", "y", 2, category="law"), *both("m2", "x", "y", 0), ballot("m3", "a", "y", "x", 2)], {}
    )
    assert [(r.contestant, r.matchups, r.provisional) for r in found.overall] == [("x", 2, True), ("y", 2, True)]
    assert found.overall[0].mu > 25 > found.overall[1].mu
    assert list(found.categories) == ["law"]
    assert [r.matchups for r in found.categories["law"]] == [1, 1]
    assert found.effects["draws"] == {"matchups": 2, "drawn": 1, "share": 0.5}
    assert found.effects["unpaired"] == ["m3"]
    assert found.effects["side"]["legs"] == 5
    assert found.effects["judges"]["j"]["ballots"] == 5
    assert found.effects["notes"] == []


def test_what_cannot_be_known_is_said() -> None:
    found = tally([*both("m1", "a", "b", 1), *both("m2", "c", "d", 1), *both("m3", "d", "e", 1)], {}, ["f"], ["law"])
    assert found.effects["notes"] == [
        "without a rated matchup: f",
        "no chain of matchups compares these groups, so which of them is better is unknown: c, d, e | a, b",
        "categories without a rated matchup: law",
    ]
    assert {(r.rank_low, r.rank_high) for r in found.categories["law"]} == {(1, 6)}


def test_single_legs_are_rated_only_where_there_is_nothing_else() -> None:
    found = tally([ballot("m1", "a", "x", "y", 2), ballot("m2", "a", "x", "y", 2)], {})
    assert found.overall[0].contestant == "x"
    assert found.effects["unpaired"] == []
    assert found.effects["notes"] == [
        "no matchup has both legs, so single legs are rated and the advantage of a side is in them"
    ]


def test_no_ballots_at_all() -> None:
    found = tally([], {}, ["x", "y"], ["law"])
    assert [r.contestant for r in found.overall] == ["x", "y"]
    assert found.effects["draws"] == {"matchups": 0, "drawn": 0, "share": None}


def test_categories_come_in_the_order_of_the_house() -> None:
    names = ["zoology", "philosophy", "politics", "astrology"]
    assert list(tally([], {}, ["x", "y"], names).categories) == ["politics", "philosophy", "astrology", "zoology"]


def test_contradictions_are_refused() -> None:
    with pytest.raises(UserError, match="two ballots"):
        tally([ballot("m1", "a", "x", "y", 2), ballot("m1", "a", "x", "y", 1)], {})


def test_components() -> None:
    assert components("dcba", [("a", "b"), ("b", "a"), ("d", "b")]) == [["a", "b", "d"], ["c"]]
    assert components([], []) == []


def test_many_ballots_are_tallied_in_seconds() -> None:
    rng = random.Random(0)
    pairs = list(itertools.combinations([f"x{i}" for i in range(12)], 2))
    ballots = []
    for n in range(3000):
        a, b = rng.choice(pairs)
        for judge in ("j1", "j2", "j3"):
            ballots += both(f"m{n}", a, b, rng.choice([-2, -1, 0, 1, 2]), judge, category=f"c{n % 12}")
    began = time.process_time()
    tally(ballots, {})
    assert time.process_time() - began < 15


@pytest.mark.skipif(not FRONTIER.exists(), reason="the ballots of frontier judges are not here")
def test_real_ballots_tell_the_known_order() -> None:
    found = tally(read_ballots(FRONTIER), {})
    assert found.overall[0].contestant == "Claude Opus 4.7 (high reasoning)"
    assert found.overall[-1].contestant == "Llama 4 Maverick"
    assert found.effects["side"]["low"] > 0.5
    assert len(found.effects["unpaired"]) == 22
