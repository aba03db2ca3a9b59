"""From ballots to verdicts, by tables worked out by hand and by what must not change them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.core.ballot import Ballot, Scores
from debate.core.errors import UserError
from debate.core.noun import natural
from debate.judges.agreement import effects, judge_effects, side_effect, wilson
from debate.judges.verdict import Bench, ballot_margin, counted, leg_margin, verdicts

WEIGHTS = {"logic": 0.75, "style": 0.25}


def ballot(matchup: str = "m1", leg: str = "a", judge: str = "j", preference: float | None = 1, **more: Any) -> Ballot:
    sides = {"pro": "x", "con": "y"} if leg == "a" else {"pro": "y", "con": "x"}
    fields = {"matchup": matchup, "leg": leg, "motion": "q", "judge": judge, "preference": preference}
    return Ballot.model_validate({**fields, **sides, **more})


def both(matchup: str, cast: dict[str, tuple[float | None, float | None]]) -> list[Ballot]:
    """By judge the preferences on legs a and b; None is a void ballot."""
    return [
        ballot(matchup, leg, judge, preference)
        for judge, legs in cast.items()
        for leg, preference in zip("ab", legs, strict=True)
        if preference is not None
    ]


def scores(logic: tuple[float, float], style: tuple[float, float]) -> Scores:
    return {"pro": {"logic": logic[0], "style": style[0]}, "con": {"logic": logic[1], "style": style[1]}}


@pytest.mark.parametrize(
    ("given_", "margin"),
    [
        ({"preference": 2}, 2),
        ({"preference": None, "scores": scores((5, 1), (5, 1))}, 2),
        ({"preference": None, "scores": scores((4, 2), (2, 4))}, 0.5),  # (.75 * 2 - .25 * 2) / 2
        ({"preference": -1, "scores": scores((4, 2), (2, 4))}, -0.25),
        ({"preference": 0, "margin": 2}, 0),
        ({"preference": None, "margin": 1.5}, 1.5),
        ({"preference": None, "margin": -9}, -2),
        ({"preference": None, "scores": scores((90, 40), (3, 3))}, 2),
        ({"preference": None, "scores": {"pro": {"logic": 4, "wit": 1}, "con": {"logic": 2, "wit": 5}}}, 1),
        ({"preference": 1, "scores": {"pro": {"wit": 1}, "con": {"wit": 5}}}, 1),
        ({"preference": None, "margin": 1, "scores": {"pro": {"wit": 1}, "con": {"wit": 5}}}, 1),
    ],
)
def test_the_margin_of_a_ballot(given_: dict[str, Any], margin: float) -> None:
    assert ballot_margin(ballot(**given_), WEIGHTS) == pytest.approx(margin)


def test_without_weights_all_criteria_weigh_the_same() -> None:
    assert ballot_margin(ballot(preference=None, scores=scores((4, 2), (2, 2))), {}) == pytest.approx(0.5)


def test_a_ballot_that_scores_nothing_known_is_told() -> None:
    with pytest.raises(UserError, match=r"ballot of j on m1 leg a: it scores wit, but the rubric weighs logic, style"):
        ballot_margin(ballot(preference=None, scores={"pro": {"wit": 1}, "con": {"wit": 2}}), WEIGHTS)


def test_the_margin_of_a_leg_is_the_panels_mean() -> None:
    assert leg_margin([ballot(judge=f"j{p}", preference=p) for p in (2, 1, -1)], WEIGHTS) == pytest.approx(2 / 3)


def test_a_verdict_averages_the_legs_signed_to_a() -> None:
    cast = [ballot(leg="b", preference=-0.5), ballot(leg="a", preference=1.5, category="law")]
    verdict = Bench(WEIGHTS).decide(cast)
    assert (verdict.matchup, verdict.b, verdict.category) == ("m1", "y", "law")
    assert verdict.margin == pytest.approx(1.0)
    assert verdict.epsilon == pytest.approx(0.43 * math.sqrt((5 + 1) / 6))
    assert (verdict.winner, verdict.a, verdict.legs) == ("a", "x", {"a": 1.5, "b": -0.5})


def test_the_draw_margin_follows_the_margins_so_far() -> None:
    bench = Bench(WEIGHTS)
    decided = [bench.decide(both(f"m{n}", {"j": (p, -p)})) for n, p in enumerate((0.4, 0.3, -2, 0.4))]
    squares = [5 + 0.16, 5 + 0.16 + 0.09, 5 + 0.16 + 0.09 + 4, 5 + 0.16 + 0.09 + 4 + 0.16]
    assert [v.epsilon for v in decided] == pytest.approx([0.43 * math.sqrt(s / (6 + n)) for n, s in enumerate(squares)])
    assert [v.winner for v in decided] == ["a", "draw", "b", "draw"]  # .4 is over .399 first, then under .462


@pytest.mark.parametrize(
    ("cast", "margins"),
    [
        ({"j": (2, 2), "k": (1, -1), "l": (2, None)}, {"a": 1.5, "b": 0.5}),  # l leans to PRO, and has no leg b
        ({"j": (2, None), "k": (1, None), "l": (None, -2)}, {"a": 1.5, "b": -2}),  # nobody has both
        ({"j": (2, None), "k": (1, None)}, {"a": 1.5}),
        ({"moderator": (2, None), "j": (None, 1), "k": (None, -2)}, {"a": 2, "b": -0.5}),
        ({"moderator": (2, None), "j": (-2, 1)}, {"a": 2, "b": 1}),  # a forfeit overrules
        ({"moderator": (2, -2)}, {"a": 2, "b": -2}),
    ],
    ids=["void on b", "none on both", "one leg", "forfeit", "forfeit after a ballot", "both forfeited"],
)
def test_the_same_judges_count_on_both_legs(
    cast: dict[str, tuple[float | None, float | None]], margins: dict[str, float]
) -> None:
    assert Bench(WEIGHTS).decide(both("m1", cast)).legs == margins
    assert [v.legs for v in verdicts(both("m1", cast), WEIGHTS).verdicts] == [margins]


def test_matchups_are_decided_in_natural_order() -> None:
    assert sorted(["m10", "m9", "m1", "x", "m9b"], key=natural) == ["m1", "m9", "m9b", "m10", "x"]
    cast = [ballot(f"m{n}", leg, preference=1) for n in (10, 2, 9) for leg in "ab"]
    assert [v.matchup for v in verdicts(cast, WEIGHTS).verdicts] == ["m2", "m9", "m10"]


def test_a_matchup_with_one_leg_is_left_out_where_others_have_two() -> None:
    cast = [ballot("m1", "a"), ballot("m1", "b"), ballot("m2", "b")]
    decided = verdicts(cast, WEIGHTS)
    assert ([v.matchup for v in decided.verdicts], decided.unpaired) == (["m1"], ["m2"])


def test_single_legs_count_where_no_matchup_has_two() -> None:
    decided = verdicts([ballot("m1", "a", preference=2), ballot("m2", "b", preference=2)], WEIGHTS)
    assert decided.unpaired == []
    assert [(v.a, v.b, v.margin, v.winner) for v in decided.verdicts] == [("x", "y", 2, "a"), ("x", "y", -2, "b")]


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (ballot(judge="k", pro="z"), "judge k on matchup m1 leg a has other sides .* than that of judge j on leg a"),
        (ballot(leg="b", pro="x", con="y"), "other sides"),
        (ballot(), "judge j has two ballots on matchup m1 leg a; keep one"),
        (ballot(judge="k", motion="r"), "has another motion, 'r', than"),
        (ballot(judge="k", category="law"), "has another category"),
    ],
)
def test_ballots_that_contradict_each_other_are_told(second: Ballot, says: str) -> None:
    with pytest.raises(UserError, match=says):
        verdicts([ballot(category="health") if "category" in says else ballot(), second], WEIGHTS)


CAST = st.lists(
    st.tuples(
        st.integers(1, 12), st.sampled_from("ab"), st.sampled_from(["j", "k", "l", "moderator"]), st.floats(-2, 2)
    ),
    min_size=1,
    max_size=30,
    unique_by=lambda row: row[:3],
).map(lambda rows: [ballot(f"m{m}", leg, judge, preference) for m, leg, judge, preference in rows])


@given(CAST, st.randoms(use_true_random=False))
def test_the_order_of_ballots_does_not_matter(cast: list[Ballot], random: Any) -> None:
    shuffled = random.sample(cast, len(cast))
    assert verdicts(shuffled, WEIGHTS) == verdicts(cast, WEIGHTS)
    assert effects(shuffled, WEIGHTS) == effects(cast, WEIGHTS)


@given(CAST)
def test_a_lean_to_a_side_cancels_where_a_judge_has_both_legs(cast: list[Ballot]) -> None:
    legs: dict[str, dict[Any, list[Ballot]]] = {}
    for b in cast:
        legs.setdefault(b.matchup, {}).setdefault(b.leg, []).append(b)
    for found in legs.values():
        kept = counted(found)
        assert list(kept) == sorted(found) and all(kept.values())
        seats = [{b.judge for b in ballots} for ballots in kept.values()]
        if len(seats) == 2 and seats[0] & seats[1]:
            assert seats[0] == seats[1]


@given(CAST)
def test_swapping_pro_and_con_of_everything_mirrors(cast: list[Ballot]) -> None:
    other = [b.model_copy(update={"pro": b.con, "con": b.pro, "preference": -(b.preference or 0)}) for b in cast]
    here, there = verdicts(cast, WEIGHTS), verdicts(other, WEIGHTS)
    assert here.unpaired == there.unpaired
    mirror = {"a": "b", "b": "a", "draw": "draw"}
    for one, two in zip(here.verdicts, there.verdicts, strict=True):
        assert (two.a, two.b, two.margin, two.winner) == (one.b, one.a, -one.margin, mirror[one.winner])


def test_wilson() -> None:
    assert wilson(0, 0) == (0, 1)
    assert wilson(29, 100) == pytest.approx((0.2101, 0.3854), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_the_effects_of_sides_and_judges() -> None:
    cast = [
        ballot("m1", "a", "j", 2), ballot("m1", "a", "k", 1), ballot("m1", "a", "l", -1, judge_kind="human"),
        ballot("m1", "b", "j", 1), ballot("m1", "b", "k", -2),
        ballot("m2", "a", "j", 0),
    ]  # fmt: skip
    sides = side_effect(cast, WEIGHTS)
    assert (sides["legs"], sides["decided"], sides["pro_share"]) == (3, 2, 0.5)
    assert sides["margin"] == pytest.approx((2 / 3 - 0.5 + 0) / 3)
    judges = judge_effects(cast, WEIGHTS, {"k": 2, "gone": 1})
    assert list(judges) == ["gone", "j", "k", "l"]
    assert judges["j"] == {
        "kind": "model",
        "ballots": 3,
        "pro_share": 1.0,
        "lean": pytest.approx((2 - 0 + 1 + 2) / 2),
        "agreement": pytest.approx(1 / 3),
        "void": 0,
    }
    assert judges["l"]["kind"] == "human" and judges["l"]["lean"] == pytest.approx(-2.5)
    assert judges["k"]["void"] == 2 and judges["k"]["pro_share"] == 0.5
    assert judges["gone"] == {
        "kind": None, "ballots": 0, "pro_share": None, "lean": None, "agreement": None, "void": 1,
    }  # fmt: skip


FRONTIER = Path("/work/shared/data/frontier_ballots.jsonl")


@pytest.mark.skipif(not FRONTIER.is_file(), reason="the real ballots are not here")
def test_on_real_ballots() -> None:
    cast = [Ballot.model_validate(json.loads(line)) for line in FRONTIER.read_text().splitlines()]
    decided = verdicts(cast, {})
    assert decided.verdicts and all(len(v.legs) == 2 for v in decided.verdicts)
    sides = side_effect(cast, {})
    assert 0.5 < sides["low"] < sides["pro_share"] < sides["high"] < 0.66  # PRO wins about 58%
    draws = sum(v.winner == "draw" for v in decided.verdicts) / len(decided.verdicts)
    assert 0.15 < draws < 0.45  # 29% in the study the share comes from
