"""Graded outcomes: what a ballot's grade says of the latent margin behind it (an ordered probit)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

from debate.core.ballot import Ballot

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: A ballot nearer to even than the first counts as a draw, from the second on as a clear win, in steps of preference.
DRAW_BELOW, CLEAR_FROM = 0.25, 1.5


def grade(ballot: Ballot) -> int:
    """Returns -2 (CON clearly), -1, 0 (a draw), 1 or 2 (PRO clearly).

    By the preference, else the margin as far as it is one of -2..2, else half the mean difference of the scores.
    """
    if ballot.preference is not None:
        value = ballot.preference
    elif ballot.margin is not None:
        value = ballot.margin
    else:
        assert ballot.scores is not None
        pro, con = ballot.scores["pro"], ballot.scores["con"]
        value = sum(pro[name] - con[name] for name in pro) / max(1, len(pro)) / 2
    size = 0 if abs(value) < DRAW_BELOW else 1 if abs(value) < CLEAR_FROM else 2
    return size if value > 0 else -size


class Moments(NamedTuple):
    """Of log P(grade): its value, its first derivative by the mean, and its second with the sign turned (>= 0).

    `by_low`, `by_high` and `by_scale` are its derivatives by the two bounds and by log(scale).
    """

    value: Floats
    slope: Floats
    curve: Floats
    by_low: Floats
    by_high: Floats
    by_scale: Floats


def bounds(grades: Ints, narrow: Floats, clear: Floats) -> tuple[Floats, Floats]:
    """Returns the interval of the latent margin that each grade stands for.

    The grades of PRO begin at `narrow` and at `clear`, those of CON at their mirror images.
    """
    inf = np.full(len(grades), np.inf)
    edges = np.stack([-inf, -clear, -narrow, narrow, clear, inf])
    rows = np.arange(len(grades))
    return edges[grades + 2, rows], edges[grades + 3, rows]


def moments(low: Floats, high: Floats, mean: Floats, scale: Floats) -> Moments:
    """Returns what the event low < x < high says of the mean of x, where x is normal with `mean` and `scale`."""
    z1, z2 = (low - mean) / scale, (high - mean) / scale
    # The far tail is exact only on the left, so an interval on the right is mirrored.
    flip = np.where(z1 + z2 > 0, -1.0, 1.0)
    left, right = np.where(flip > 0, z1, -z2), np.where(flip > 0, z2, -z1)
    log_right, log_left = log_ndtr(right), log_ndtr(left)
    value = log_right + np.log1p(-np.exp(np.minimum(log_left - log_right, -1e-15)))
    with np.errstate(invalid="ignore", over="ignore"):
        at_left = np.where(np.isfinite(left), np.exp(-0.5 * left**2 - value) / np.sqrt(2 * np.pi), 0.0)
        at_right = np.where(np.isfinite(right), np.exp(-0.5 * right**2 - value) / np.sqrt(2 * np.pi), 0.0)
        moment_left = np.where(np.isfinite(left), left * at_left, 0.0)
        moment_right = np.where(np.isfinite(right), right * at_right, 0.0)
    slope = flip * (at_left - at_right) / scale
    curve = slope**2 + (moment_right - moment_left) / scale**2
    by_low = -np.where(flip > 0, at_left, at_right) / scale
    by_high = np.where(flip > 0, at_right, at_left) / scale
    return Moments(value, slope, np.maximum(curve, 0.0), by_low, by_high, moment_left - moment_right)
