import pytest
from example_run import ExampleRun, example_spec

from debate.core.spec import Budget
from debate.live.panes import tail
from debate.live.progress import clock, dollars, seconds_left, share_done, short


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (187, "3:07"), (3600, "1:00:00"), (45296, "12:34:56")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.0k"),
        (12_345, "12.3k"),
        (182_400, "182k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (4_500_000, "4.5M"),
    ],
)
def test_short(number: int, text: str) -> None:
    assert short(number) == text


@pytest.mark.parametrize(("usd", "text"), [(0, "$0"), (0.0042, "$0.0042"), (0.42, "$0.42"), (1204.5, "$1,204.50")])
def test_dollars(usd: float, text: str) -> None:
    assert dollars(usd) == text


def test_the_share_done_is_that_of_the_budget_nearest_its_end() -> None:
    run = ExampleRun(example_spec(budget=Budget(matchups=4, minutes=10)))
    run.start()
    assert share_done(run.state, 0) == 0
    run.matchup("plain", "socratic")
    assert share_done(run.state, 0) == pytest.approx(0.25)
    assert share_done(run.state, 300) == pytest.approx(0.5)
    assert share_done(run.state, 9000) == 1
    half = run.schedule("plain", "steelman")
    for _ in range(3):
        run.speak(half, "a")
    assert share_done(run.state, 0) == pytest.approx(0.25 + 0.9 * 0.5 / 2 / 4)


def test_without_a_budget_nothing_is_said_of_the_share() -> None:
    assert share_done(ExampleRun(example_spec(budget=Budget())).state, 60) is None


def test_seconds_left() -> None:
    assert seconds_left(0.5, 0.75, 100) == pytest.approx(100)
    assert seconds_left(0.5, 0.51, 100) is None


@pytest.mark.parametrize(
    ("text", "cells", "expected"),
    [
        ("short", 10, "short"),
        ("one two three four", 10, "…four"),
        ("one two three four", 11, "…three four"),
        ("辩论辩论辩论", 7, "…论辩论"),
        ("x" * 50, 5, "…xxxx"),
    ],
)
def test_tail(text: str, cells: int, expected: str) -> None:
    assert tail(text, cells) == expected
