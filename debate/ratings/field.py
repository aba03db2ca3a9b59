"""Normal effects behind observations, where some effects belong to one matchup alone.

An observation sees the sum of a few effects. Most are shared (a contestant's skill, a judge's lean); each matchup also
has effects of its own, which are so many that they are integrated out matchup by matchup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Block(NamedTuple):
    """Matchups with at most as many observations each: `rows` (matchup, m) of the observations, -1 where there is none.

    `effects` (matchup, g) are the shared effects they see, `design` (matchup, m, g) with what sign, and `own`
    (kind, matchup, m, m) says which two observations share an own effect of each kind, and with what sign.
    """

    rows: Ints
    effects: Ints
    design: Floats
    own: Floats


def blocks(groups: Sequence[Ints], columns: Ints, signs: Floats, own: Sequence[Ints], effects: int) -> list[Block]:
    """Returns the observations of each group side by side, groups of like size together.

    `columns` and `signs` (observation, k) are the shared effects that an observation sees; a column of -1 is none. Each
    of `own` holds a label for each observation, with its sign: observations of a group whose labels have one absolute
    value share an effect. Shared effects are numbered below `effects`, which is itself the number of the empty one.
    """
    sized: dict[int, list[Ints]] = {}
    for group in groups:
        sized.setdefault(1 << (len(group) - 1).bit_length(), []).append(group)
    return [_block(members, columns, signs, own, effects) for _, members in sorted(sized.items())]


def _block(groups: Sequence[Ints], columns: Ints, signs: Floats, own: Sequence[Ints], effects: int) -> Block:
    seen = [np.unique(columns[group][columns[group] >= 0]) for group in groups]
    m, g = max(map(len, groups)), max(map(len, seen))
    rows = np.full((len(groups), m), -1, dtype=np.int64)
    index = np.full((len(groups), g), effects, dtype=np.int64)
    design = np.zeros((len(groups), m, g))
    shared = np.zeros((len(own), len(groups), m, m))
    for n, (group, at) in enumerate(zip(groups, seen, strict=True)):
        size = len(group)
        rows[n, :size] = group
        index[n, : len(at)] = at
        place = np.searchsorted(at, np.maximum(columns[group], 0)).clip(max=max(0, len(at) - 1))
        values = np.where(columns[group] >= 0, signs[group], 0.0)
        np.add.at(design[n], (np.arange(size)[:, None], place), values)
        for kind, labels in enumerate(own):
            label = labels[group]
            same = np.abs(label)[:, None] == np.abs(label)[None, :]
            shared[kind, n, :size, :size] = same * np.sign(label)[:, None] * np.sign(label)[None, :]
    return Block(rows, index, design, shared)


class Posterior(NamedTuple):
    """What the sites leave of the shared effects, and of the sum of effects that each observation sees.

    `pull` and `hold` serve to learn the variances of own effects: for each kind, the sums over its effects e of
    (e'q)^2 and e'Pe, where q and P are the first derivative and the negative second of the log evidence by the sum.
    """

    mean: Floats
    covariance: Floats
    seen_mean: Floats
    seen_variance: Floats
    pull: Floats
    hold: Floats


def posterior(parts: Sequence[Block], prior: Floats, own: Floats, weight: Floats, force: Floats) -> Posterior:
    """Returns the posterior of a normal model exactly.

    Args:
        parts: the observations.
        prior: the variance of each shared effect.
        own: the variance of each kind of own effect.
        weight: the precision of each observation of its sum of effects.
        force: that precision times the value observed.
    """
    effects = len(prior)
    precision = np.zeros((effects + 1) ** 2)
    pressure = np.zeros(effects + 1)
    for block, local in _local(parts, own, weight, force):
        inner = np.einsum("nig,nij,njh->ngh", block.design, local.weight, block.design, optimize=True)
        flat = (block.effects[:, :, None] * (effects + 1) + block.effects[:, None, :]).ravel()
        precision += np.bincount(flat, inner.ravel(), minlength=len(precision))
        pushed = np.einsum("nig,ni->ng", block.design, local.force)
        pressure += np.bincount(block.effects.ravel(), pushed.ravel(), minlength=effects + 1)
    square = precision.reshape(effects + 1, effects + 1)[:effects, :effects]
    square[np.diag_indices(effects)] += 1 / prior
    covariance = np.zeros((effects + 1, effects + 1))
    covariance[:effects, :effects] = _inverse(square)
    mean = covariance @ pressure
    seen_mean, seen_variance = np.zeros(len(weight)), np.zeros(len(weight))
    pull, hold = np.zeros(len(own)), np.zeros(len(own))
    for block, local in _local(parts, own, weight, force):
        here = covariance[block.effects[:, :, None], block.effects[:, None, :]]
        spread = np.einsum("nig,ngh,njh->nij", block.design, here, block.design, optimize=True)
        value = np.einsum("nig,ng->ni", block.design, mean[block.effects])
        keep = np.eye(value.shape[1]) - local.own @ (local.raw[:, :, None] * np.eye(value.shape[1]))
        found = np.einsum("nij,nj->ni", keep, value) + np.einsum("nij,nj->ni", local.own, local.pressure)
        variance = np.einsum("nij,njk,nik->ni", keep, spread, keep, optimize=True)
        variance += np.diagonal(local.own, axis1=1, axis2=2)
        there = block.rows >= 0
        seen_mean[block.rows[there]] = found[there]
        seen_variance[block.rows[there]] = variance[there]
        score = local.force - np.einsum("nij,nj->ni", local.weight, value)
        held = local.weight - local.weight @ spread @ local.weight
        pull += np.einsum("knij,ni,nj->k", block.own, score, score, optimize=True)
        hold += np.einsum("knij,nij->k", block.own, held)
    return Posterior(mean[:effects], covariance[:effects, :effects], seen_mean, seen_variance, pull, hold)


class _Local(NamedTuple):
    """Sites of a block with the own effects integrated out (`weight`, `force`), and as they were (`raw`, `pressure`).

    `own` is the covariance of the own effects' part of each observation, given the shared effects.
    """

    weight: Floats
    force: Floats
    own: Floats
    raw: Floats
    pressure: Floats


def _local(parts: Sequence[Block], own: Floats, weight: Floats, force: Floats) -> Iterator[tuple[Block, _Local]]:
    for block in parts:
        there = block.rows >= 0
        raw = np.where(there, weight[block.rows], 0.0)
        pressure = np.where(there, force[block.rows], 0.0)
        before = np.einsum("k,knij->nij", own, block.own)
        root = np.sqrt(raw)
        scaled = np.eye(raw.shape[1]) + root[:, :, None] * before * root[:, None, :]
        joint = root[:, :, None] * np.linalg.inv(scaled) * root[:, None, :]
        after = before - before @ joint @ before
        freed = pressure - raw * np.einsum("nij,nj->ni", after, pressure)
        yield block, _Local(joint, freed, after, raw, pressure)


def _inverse(matrix: Floats) -> Floats:
    """Returns the inverse of a positive definite matrix."""
    from scipy.linalg import cho_factor, cho_solve

    found: Floats = cho_solve(cho_factor(matrix, lower=True), np.eye(len(matrix)))
    return (found + found.T) / 2
