"""Normal effects behind observations, where some effects belong to few observations alone.

An observation sees the sum of a few effects. Some are shared by many (a contestant's skill, a judge's lean). Each group
of observations (a matchup) also has effects of its own, and one that it has in common with some other groups (a
motion's). These are many, so they are integrated out: group by group, then common effect by common effect. What is left
is one dense matrix of the shared effects, however many observations there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: About how many numbers the largest array of a block may hold.
_ROOM = 1 << 21


class Block(NamedTuple):
    """Groups with at most as many observations each: `rows` (group, m) of the observations, -1 where there is none.

    `common` (group) is the effect in common with other groups. `effects` (group, g) are the shared effects that they
    see, `design` (group, m, g) with what sign, and `own` (kind, group, m, m) says which two observations share an own
    effect of each kind, and with what sign.
    """

    rows: Ints
    common: Ints
    effects: Ints
    design: Floats
    own: Floats


def blocks(
    groups: Ints, common: Ints, columns: Ints, signs: Sequence[float], own: Sequence[Ints], effects: int
) -> list[Block]:
    """Returns the observations of each group side by side, groups of like size together.

    Args:
        groups: the group of each observation; those of a group are neighbours.
        common: the common effect of each observation, the same in all its group.
        columns: the shared effects (observation, k) that an observation sees; -1 is none.
        signs: with what sign (k) it sees them.
        own: for each kind of own effect a label of each observation, with its sign: observations of a group whose
            labels have one absolute value share an effect.
        effects: the number of shared effects, which also stands for none.
    """
    starts = np.flatnonzero(np.diff(groups, prepend=groups[0] - 1))
    sizes = np.diff(starts, append=len(groups))
    # Those with a common effect side by side, so that few of them are needed at a time.
    order = np.argsort(common[starts], kind="stable")
    starts, sizes = starts[order], sizes[order]
    classes = np.ceil(np.log2(sizes)).astype(np.int64)
    found = []
    for size in np.unique(classes):
        first, long = starts[classes == size], sizes[classes == size]
        m = int(long.max())
        step = max(1, _ROOM // (m * m * columns.shape[1]))
        for at in range(0, len(first), step):
            place = np.arange(m)
            rows = np.where(place < long[at : at + step, None], first[at : at + step, None] + place, -1)
            found.append(_block(rows, common[first[at : at + step]], columns, np.array(signs), own, effects))
    return found


def _block(rows: Ints, common: Ints, columns: Ints, signs: Floats, own: Sequence[Ints], effects: int) -> Block:
    count, m = rows.shape
    there = rows >= 0
    seen = np.where(there[:, :, None] & (columns[rows] >= 0), columns[rows], effects).reshape(count, -1)
    order = np.argsort(seen, axis=1, kind="stable")
    ranked = np.take_along_axis(seen, order, axis=1)
    new = np.diff(ranked, axis=1, prepend=-1) > 0
    rank = np.cumsum(new, axis=1) - 1
    place = np.empty_like(rank)
    np.put_along_axis(place, order, rank, axis=1)
    g = int(place.max()) + 1
    index = np.full((count, g), effects, dtype=np.int64)
    at = np.broadcast_to(np.arange(count)[:, None], seen.shape)
    index[at, place] = seen
    cell = (at.reshape(count, m, -1) * m + np.arange(m)[:, None]) * g + place.reshape(count, m, -1)
    values = np.where(seen < effects, 1.0, 0.0).reshape(count, m, -1) * signs
    design = np.bincount(cell.ravel(), values.ravel(), minlength=count * m * g).astype(np.float64).reshape(count, m, g)
    shared = np.zeros((len(own), count, m, m))
    for kind, labels in enumerate(own):
        label = np.where(there, labels[rows], 0)
        same = np.abs(label)[:, :, None] == np.abs(label)[:, None, :]
        shared[kind] = same * np.sign(label)[:, :, None] * np.sign(label)[:, None, :]
    return Block(rows, common, index, design, shared)


class Field(NamedTuple):
    """What is known of the effects: means and covariances, all normal.

    A common effect has `common_mean` and `common_variance`; its covariances with the shared effects are the rows of
    -`link` @ `covariance`.
    """

    mean: Floats
    covariance: Floats
    common_mean: Floats
    common_variance: Floats
    link: csr_array

    def seen(self, effects: Ints, design: Floats, common: Ints) -> tuple[Floats, Floats]:
        """Returns the mean (group, m) and the covariance (group, m, m) of the sums that a block's rows see.

        Without own effects. The arguments are those of `Block`; a common effect of -1 is none.
        """
        # One more shared effect and one more common one, which are none.
        mean, common_mean = np.append(self.mean, 0.0), np.append(self.common_mean, 0.0)
        covariance = np.pad(self.covariance, (0, 1))
        value = (design @ mean[effects][:, :, None])[:, :, 0] + common_mean[common][:, None]
        here = covariance[effects[:, :, None], effects[:, None, :]]
        spread = design @ here @ design.transpose(0, 2, 1)
        themes, at = np.unique(common, return_inverse=True)
        far = np.zeros((len(themes), len(mean)))
        known = themes >= 0
        far[known, :-1] = self.link[themes[known]] @ self.covariance
        crossed = (design @ far[at[:, None], effects][:, :, None])[:, :, 0]
        spread += np.append(self.common_variance, 0.0)[common][:, None, None]
        return value, spread - crossed[:, :, None] - crossed[:, None, :]


class Posterior(NamedTuple):
    """What the sites leave of the effects, and of the sum of effects that each observation sees.

    `pull` and `hold` serve to learn the variances of own effects: for each kind, the sums over its effects e of
    (e'q)^2 and e'Pe, where q and P are the first derivative and the negative second of the log evidence by the sum.
    """

    field: Field
    seen_mean: Floats
    seen_variance: Floats
    pull: Floats
    hold: Floats


def posterior(
    parts: Sequence[Block], prior: Floats, common: Floats, own: Floats, weight: Floats, force: Floats
) -> Posterior:
    """Returns the posterior of a normal model exactly.

    Args:
        parts: the observations.
        prior: the variance of each shared effect.
        common: the variance of each common effect.
        own: the variance of each kind of own effect.
        weight: the precision of each observation of its sum of effects.
        force: that precision times the value observed.
    """
    sites = [_local(block, own, weight, force) for block in parts]
    field = _field(parts, sites, prior, common)
    seen_mean, seen_variance = np.zeros(len(weight)), np.zeros(len(weight))
    pull, hold = np.zeros(len(own)), np.zeros(len(own))
    for block, local in zip(parts, sites, strict=True):
        value, spread = field.seen(block.effects, block.design, block.common)
        keep = np.eye(value.shape[1]) - local.own * local.raw[:, None, :]
        found = _times(keep, value) + _times(local.own, local.pressure)
        variance = ((keep @ spread) * keep).sum(axis=2) + np.diagonal(local.own, axis1=1, axis2=2)
        there = block.rows >= 0
        seen_mean[block.rows[there]] = found[there]
        seen_variance[block.rows[there]] = variance[there]
        score = local.force - _times(local.weight, value)
        held = local.weight - local.weight @ spread @ local.weight
        pull += [float((score * _times(part, score)).sum()) for part in block.own]
        hold += [float((part * held).sum()) for part in block.own]
    return Posterior(field, seen_mean, seen_variance, pull, hold)


class _Local(NamedTuple):
    """Sites of a block with the own effects integrated out (`weight`, `force`), and as they were (`raw`, `pressure`).

    `own` is the covariance of the own effects' part of each observation, given the shared and common effects.
    """

    weight: Floats
    force: Floats
    own: Floats
    raw: Floats
    pressure: Floats


def _local(block: Block, own: Floats, weight: Floats, force: Floats) -> _Local:
    there = block.rows >= 0
    raw = np.where(there, weight[block.rows], 0.0)
    pressure = np.where(there, force[block.rows], 0.0)
    before = np.tensordot(own, block.own, 1)
    root = np.sqrt(raw)
    scaled = np.eye(raw.shape[1]) + root[:, :, None] * before * root[:, None, :]
    joint = root[:, :, None] * np.linalg.inv(scaled) * root[:, None, :]
    after = before - before @ joint @ before
    return _Local(joint, pressure - raw * _times(after, pressure), after, raw, pressure)


def _field(parts: Sequence[Block], sites: Sequence[_Local], prior: Floats, common: Floats) -> Field:
    from scipy.sparse import csr_array

    effects, themes = len(prior), len(common)
    precision, pressure = np.zeros((effects + 1) ** 2), np.zeros(effects + 1)
    hold, push = 1 / common, np.zeros(themes)
    cells: list[tuple[Ints, Ints, Floats]] = []
    for block, local in zip(parts, sites, strict=True):
        turned, weighted = block.design.transpose(0, 2, 1), local.weight @ block.design
        flat = (block.effects[:, :, None] * (effects + 1) + block.effects[:, None, :]).ravel()
        precision += np.bincount(flat, (turned @ weighted).ravel(), minlength=len(precision))
        pressure += np.bincount(block.effects.ravel(), _times(turned, local.force).ravel(), minlength=effects + 1)
        hold += np.bincount(block.common, local.weight.sum(axis=(1, 2)), minlength=themes)
        push += np.bincount(block.common, local.force.sum(axis=1), minlength=themes)
        real = block.effects < effects
        theme = np.broadcast_to(block.common[:, None], block.effects.shape)
        cells.append((theme[real], block.effects[real], weighted.sum(axis=1)[real]))
    rows, columns, values = (np.concatenate(part) for part in zip(*cells, strict=True))
    joint = csr_array((values, (rows, columns)), shape=(themes, effects))
    link = csr_array((values / hold[rows], (rows, columns)), shape=(themes, effects))
    square = precision.reshape(effects + 1, effects + 1)[:effects, :effects].copy()
    square[np.diag_indices(effects)] += 1 / prior
    steps = [slice(at, at + max(1, _ROOM // effects)) for at in range(0, themes, max(1, _ROOM // effects))]
    for step in steps:
        square -= link[step].T @ joint[step].toarray()
    covariance = _inverse(square)
    mean = covariance @ (pressure[:effects] - link.T @ push)
    variance = 1 / hold
    for step in steps:
        variance[step] += link[step].multiply(link[step] @ covariance).sum(axis=1)
    return Field(mean, covariance, push / hold - link @ mean, variance, link)


def _times(matrices: Floats, vectors: Floats) -> Floats:
    """Returns each matrix times its vector."""
    found: Floats = (matrices @ vectors[:, :, None])[:, :, 0]
    return found


def _inverse(matrix: Floats) -> Floats:
    """Returns the inverse of a positive definite matrix."""
    from scipy.linalg.lapack import dpotrf, dpotri

    # dpotri needs a third of the work of solving for each column of the identity.
    factor, fault = dpotrf(matrix, lower=True)
    if fault == 0:
        half, fault = dpotri(factor, lower=True)
    if fault:
        raise np.linalg.LinAlgError("the matrix is not positive definite")
    half = np.tril(half)
    found: Floats = half + np.tril(half, -1).T
    return found
