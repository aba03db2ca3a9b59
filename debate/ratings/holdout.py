"""How well predictions met the ballots that were held out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from debate.core.ballot import Ballot
from debate.ratings.batch import Prediction
from debate.ratings.grades import Floats, grade

#: Calibration compares predictions and outcomes in so many intervals of equal width.
BINS = 10


class Bin(NamedTuple):
    """Ballots for which PRO's chance was predicted from `low` to `high`: the mean prediction, and how many PRO won."""

    low: float
    high: float
    ballots: int
    predicted: float
    observed: float


class Score(NamedTuple):
    """How well predictions met ballots. Losses are in nats a ballot; what needs a ballot that is not there is None.

    `log_loss` is the mean of -ln P(what the ballot says), of three outcomes: PRO, a draw, CON. `decided` ballots are
    those that are no draws; for these alone, with PRO's chance p = p_pro / (p_pro + p_con):
    `log_loss_decided` is the mean of -ln of the winner's chance, `accuracy` the share whose winner had the larger
    chance (equal chances count half), and `calibration_error` the mean of |predicted - observed| over the bins of p,
    each weighted with its ballots (expected calibration error, ten bins of equal width). It is never 0 by chance: with
    n ballots perfect predictions give about 1 / sqrt(n).
    """

    ballots: int
    decided: int
    log_loss: float
    log_loss_decided: float | None
    accuracy: float | None
    calibration_error: float | None
    calibration: tuple[Bin, ...]


def score(ballots: Sequence[Ballot], predictions: Sequence[Prediction]) -> Score:
    """Returns how well each ballot was predicted by the prediction at its place.

    Raises:
        ValueError: there are no ballots, or not as many predictions.
    """
    if not ballots or len(ballots) != len(predictions):
        raise ValueError("there must be as many predictions as ballots, and one at least")
    sign = np.sign([grade(ballot) for ballot in ballots])
    chances = np.array(predictions)
    found = np.maximum(chances[np.arange(len(sign)), 1 - sign], np.finfo(float).tiny)
    log_loss = float(-np.log(found).mean())
    decided, won = sign != 0, sign[sign != 0] > 0
    if not decided.any():
        return Score(len(ballots), 0, log_loss, None, None, None, ())
    pro, con = chances[decided, 0], chances[decided, 2]
    share = np.divide(pro, pro + con, out=np.full(len(pro), 0.5), where=pro + con > 0)
    right = np.where(won, share, 1 - share)
    bins = _bins(share, won)
    return Score(
        ballots=len(ballots),
        decided=len(won),
        log_loss=log_loss,
        log_loss_decided=float(-np.log(np.maximum(right, np.finfo(float).tiny)).mean()),
        accuracy=float(((right > 0.5) + 0.5 * (right == 0.5)).mean()),
        calibration_error=sum(b.ballots * abs(b.predicted - b.observed) for b in bins) / len(won),
        calibration=bins,
    )


def _bins(share: Floats, won: npt.NDArray[np.bool_]) -> tuple[Bin, ...]:
    at = np.minimum((share * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(k / BINS, (k + 1) / BINS, int((at == k).sum()), float(share[at == k].mean()), float(won[at == k].mean()))
        for k in range(BINS)
        if (at == k).any()
    )
