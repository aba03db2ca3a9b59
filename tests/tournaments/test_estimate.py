"""The estimate: the sums by hand where they can be done, and what it says of money."""

from __future__ import annotations

from typing import Any

import pytest

from debate.core.contestant import Contestant, Price
from debate.core.errors import UserError
from debate.core.format import Format, Step
from debate.core.motion import Motion
from debate.core.panel import ChecklistJudge, Criterion, HumanJudge, ModelJudge, Panel, Rubric
from debate.core.spec import Budget, Cluster, Stop, Store, TournamentSpec
from debate.rounds.prompts import handbook
from debate.tournaments.estimate import FILLED, TOKENS_A_WORD, estimate

STEPS = tuple(
    Step(id=f"{side}_{n}", side=side, kind=kind, words=200)  # type: ignore[arg-type]
    for n, kind in enumerate(("constructive", "rebuttal", "rebuttal", "closing"))
    for side in ("pro", "con")
)
PRICE = Price(input=2.0, cached=0.2, output=10.0)


def paid(name: str, family: str = "openai", price: Price | None = PRICE, **more: Any) -> Contestant:
    return Contestant(id=name, provider="openai", model="m", family=family, price=price, **more)


def judge(name: str, family: str, **more: Any) -> ModelJudge:
    return ModelJudge(id=name, provider="openai", model="m", family=family, price=PRICE, **more)


def make_spec(**changes: Any) -> TournamentSpec:
    values: dict[str, Any] = {
        "name": "test",
        "seed": 1,
        "language": "en",
        "format": Format(name="eight", steps=STEPS, notes=50),
        "contestants": (paid("x"), paid("y")),
        "panel": Panel(seats=1, judges=(ChecklistJudge(id="checklist"), HumanJudge(id="anna"))),
        "rubric": Rubric(name="r", criteria=(Criterion(name="logic", weight=1, question={"en": "Sound?"}),)),
        "motions": (Motion(id="m", text={"en": "Homework should go.", "zh": "应当取消作业。"}, category="education"),),
        "categories": ("education",),
        "budget": Budget(),
        "stop": Stop(),
        "cluster": Cluster(),
        "store": Store(),
        **changes,
    }
    return TournamentSpec(**values)


def test_calls_and_words_spoken_by_hand() -> None:
    found = estimate(make_spec(), 10)
    # 10 matchups of two legs of eight turns, a half of them each contestant's.
    assert {name: cost.calls for name, cost in found.by.items()} == {"x": 80, "y": 80}
    spoken = 160 * (200 + 50) * FILLED * TOKENS_A_WORD["en"]
    assert found.total.output == pytest.approx(spoken, rel=0.001)
    each = found.by["x"]
    assert each.usd == pytest.approx(PRICE.usd(each.input, each.cached, each.output))
    assert found.usd == pytest.approx(2 * each.usd)


def test_most_of_what_is_sent_was_sent_before() -> None:
    total = estimate(make_spec(), 10).total
    assert 0.8 <= total.cached / total.input <= 0.95


def test_prompts_are_those_of_the_debate() -> None:
    spec = make_spec()
    tokens = len(handbook(spec.format, "en").split()) * 1.35
    per_call = estimate(spec, 1).total.input / 16
    assert tokens < per_call < tokens + 8 * 250 * 1.35 + 2000


def test_judges_share_the_seats_that_recusal_leaves_them() -> None:
    panel = Panel(seats=2, judges=(judge("j1", "google"), judge("j2", "openai"), ChecklistJudge(id="checklist")))
    spec = make_spec(panel=panel, contestants=(paid("x"), paid("y"), paid("z", "anthropic"), paid("w", "anthropic")))
    found = estimate(spec, 60)
    # j1 may sit in all six pairs: with j2 and the checklist for two seats in the one without openai, else with one.
    assert found.by["j1"].calls == round(120 * (5 * 1 + 2 / 3) / 6)
    assert found.by["j2"].calls == round(120 * (2 / 3) / 6)
    assert "checklist" not in found.by
    assert estimate(make_spec(panel=panel), 60).by["j2"].calls == 0


def test_a_ballot_reads_the_whole_leg() -> None:
    spec = make_spec(panel=Panel(seats=1, judges=(judge("j", "google"),)))
    cost = estimate(spec, 1).by["j"]
    assert cost.calls == 2
    assert 2 * 8 * 180 * 1.35 < cost.input < 2 * 8 * 180 * 1.35 * 2
    assert cost.output < 2 * 300


def test_local_models_cost_nothing() -> None:
    contestants = tuple(Contestant(id=name, provider="local", model="smollm2-135m") for name in "xy")
    local = ModelJudge(id="j", provider="local", model="smollm2-135m", family="other")
    found = estimate(make_spec(contestants=contestants, panel=Panel(seats=1, judges=(local,))), 2)
    assert found.usd == 0
    assert found.unpriced == ()
    assert found.words.endswith(" out, no money")
    assert found.by["j"].calls == 8


def test_an_unpriced_model_is_named_and_stops_a_budget_in_money() -> None:
    contestants = (paid("x"), paid("mystery", price=None))
    found = estimate(make_spec(contestants=contestants), 3)
    assert found.unpriced == ("mystery",)
    assert found.words.startswith("3 matchups of two legs: about 48 calls, ")
    assert found.words.endswith("without mystery, whose price is not given")
    with pytest.raises(UserError, match=r"mystery: openai model 'm' has no price, so budget\.usd cannot be kept"):
        estimate(make_spec(contestants=contestants, budget=Budget(usd=3)), 3)


def test_without_a_number_the_budget_says_how_many() -> None:
    one = estimate(make_spec(), 1)
    assert estimate(make_spec(), None).matchups == 1
    assert estimate(make_spec(budget=Budget(usd=one.usd * 7.5)), None).matchups == 7
    tokens = one.total.input + one.total.output
    assert estimate(make_spec(budget=Budget(usd=one.usd * 7.5, tokens=tokens * 4)), None).matchups == 4
    assert estimate(make_spec(budget=Budget(usd=one.usd / 2)), None).matchups == 1


def test_thinking_is_said_to_be_left_out() -> None:
    found = estimate(make_spec(contestants=(paid("x"), paid("y", params={"reasoning_effort": "low"}))), 1)
    assert found.thinking == ("y",)
    assert found.words.startswith("one matchup of two legs: ")
    assert found.words.endswith("; and what y will think")


def test_chinese_counts_characters() -> None:
    found = estimate(make_spec(language="zh"), 1)
    assert found.total.output == pytest.approx(16 * (200 + 50) * 5 / 3 * FILLED, rel=0.01)
