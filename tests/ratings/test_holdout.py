"""Scores of predictions, by hand."""

from __future__ import annotations

import math

import pytest

from debate.core.ballot import Ballot
from debate.ratings.batch import Prediction
from debate.ratings.holdout import Bin, score


def says(preference: float) -> Ballot:
    return Ballot(matchup="m", leg="a", motion="x", pro="p", con="c", judge="j", preference=preference)


def test_by_hand() -> None:
    ballots = [says(2), says(-1), says(0), says(1)]
    predictions = [Prediction(*p) for p in ((0.6, 0.2, 0.2), (0.2, 0.5, 0.3), (0.1, 0.8, 0.1), (0.4, 0.2, 0.4))]
    found = score(ballots, predictions)
    assert (found.ballots, found.decided) == (4, 3)
    assert found.log_loss == pytest.approx(-math.log(0.6 * 0.3 * 0.8 * 0.4) / 4)
    assert found.log_loss_decided == pytest.approx(-math.log(0.75 * 0.6 * 0.5) / 3)
    assert found.accuracy == pytest.approx(2.5 / 3), "of equal chances half"
    assert [part.ballots for part in found.calibration] == [1, 1, 1]
    assert found.calibration[0] == Bin(0.4, 0.5, 1, pytest.approx(0.4), 0)
    assert found.calibration_error == pytest.approx((0.4 + 0.5 + 0.25) / 3)


def test_what_cannot_be_said_is_none() -> None:
    found = score([says(0)], [Prediction(0.25, 0.5, 0.25)])
    assert (found.decided, found.log_loss_decided, found.accuracy, found.calibration_error) == (0, None, None, None)
    assert found.log_loss == pytest.approx(math.log(2))


def test_what_was_held_impossible_costs_much_but_not_everything() -> None:
    assert 700 < score([says(-1)], [Prediction(1.0, 0.0, 0.0)]).log_loss < math.inf


def test_predictions_must_fit_the_ballots() -> None:
    with pytest.raises(ValueError, match="as many"):
        score([says(1)], [])
    with pytest.raises(ValueError, match="one at least"):
        score([], [])
