"""Sizes of the shared shocks, from how far the counts of past forecasts fell from their means.

1. For the groups force, place, call type and cell, over one day, one week, four weeks and the whole
   block of leads, the model says E[(y − λ)²] = chance + Σ over shocks of sd² × (calls that share
   it)², so squared residuals are linear in the unknown sizes. Chance is alone × Σ over call types
   of ratio × Λ(of the type) + Σ over wholes of steadiness × (Λ − Σ Λ(in the whole)² ÷ Λ(whole)).
   A call type's dispersion is alone × ratio + both steadinesses; the ratio is found from single
   days of single cells, since over weeks a type's moving level would look like its chance.
2. Non-negative least squares gives the sizes. A row's weight is 1 ÷ the variance of its square if
   it were Poisson with the variance expected, e + 2 e², from the round before: what is rare says
   little, however far a forecast of next to nothing was off. A kind of group (who × window) counts
   by the root of its rows: the many cells must not drown the few force-weeks, because every
   published level has to be calibrated.
3. A residual beyond `_CLIP` standard deviations counts as that many (with the factor that keeps a
   normal residual unbiased), so that one strike day does not widen every interval; but a call or
   two where next to nothing was expected are no surprise.
4. A forecast does not become surer further ahead: level shocks never shrink with the lead.
5. Past origins had less to learn from. A shock's sd² is thought to be as 1 + 1 ÷ years of history
   (a year's effects, learned from n years, are off by 1 ÷ n of how years differ), so residuals of a
   short history say less of the shocks of a long one (docs/experiments/010-calibration.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array, vstack
from scipy.stats import norm

from forewatch.arrays import Array, Index
from forewatch.shocks import PERSISTENCES, SCOPES, WHOLES, Shocks
from models.least_squares import nonnegative

WINDOWS_DAYS: tuple[int, ...] = (1, 7, 28)  # and the whole block
_CLIP = 3.0
_NO_SURPRISE = 3.0  # calls²: added to what a squared residual counts as at most
# E[min(z², c²)] of a standard normal z
_KEPT = float(1 - 2 * _CLIP * norm.pdf(_CLIP) - 2 * norm.sf(_CLIP) * (1 - _CLIP**2))
_ROUNDS = 6
_LEAST_ALONE = 0.3
_LEAST_CALLS = 1e-6
# A chosen sd for the level of the force counts as this many observed groups: a few overlapping
# origins give a handful of independent looks at the level, which may all be lucky.
_PRIOR_LEVEL_SD = 0.02
_PRIOR_ROWS = 4.0
_PRIOR_SHARE = 0.1  # size of the rows of chance ÷ that of all rows together
# The mean dispersion of all call types counts for each as much as so many rows of its own.
_PRIOR_TYPE_ROWS = 100.0
_YEAR_DAYS = 365.25


@dataclass(frozen=True)
class Residuals:
    """Out-of-sample forecasts of one origin beside what happened.

    Args:
        mean: expected calls of the cells, shape (days ahead, places, call types).
        counts: what happened, same shape; NaN unknown.
        history_days: force-days of history at the origin.
    """

    mean: Array
    counts: Array
    history_days: int


def estimate(
    found: Sequence[Residuals], lead_blocks: Sequence[int], *, history_days: int
) -> Shocks:
    """Return the shocks by block of leads.

    A block that no origin reached takes the sizes of the block before it.

    Args:
        found: one per origin; days ahead counted from the origin.
        lead_blocks: first lead day of each block, ascending from 0.
        history_days: force-days of history that the forecasts to come are learned from.
    """
    sizes: list[tuple[Array, Array]] = []
    for first, after in pairwise([*lead_blocks, np.iinfo(np.int64).max]):
        rows = [row for part in found for row in _rows(part, slice(first, after), history_days)]
        if rows:
            sizes.append(_sizes(_concatenate(rows)))
        else:
            types = found[0].mean.shape[2]
            sizes.append(sizes[-1] if sizes else (_POISSON, np.ones(types)))
    table, ratio = (np.array(each) for each in zip(*sizes, strict=True))
    steady = table[:, 1:_CHANCE]
    variance = table[:, _CHANCE:].reshape(len(table), len(SCOPES), len(PERSISTENCES))
    level = PERSISTENCES.index("level")
    variance[..., level] = np.maximum.accumulate(variance[..., level], axis=0)
    return Shocks(
        tuple(int(day) for day in lead_blocks),
        np.sqrt(variance),
        dispersion=table[:, :1] * ratio + steady.sum(1, keepdims=True),
        steadiness=steady,
    )


# Unknowns: chance alone of the mean call type, steadiness of each whole, sd² of each shock.
_CHANCE = 1 + len(WHOLES)
_UNKNOWNS = _CHANCE + len(SCOPES) * len(PERSISTENCES)
_POISSON = np.append(1.0, np.zeros(_UNKNOWNS - 1))
_CELL_DAYS = SCOPES.index("cell")  # the kind of group that is one cell on one day


@dataclass(frozen=True)
class _Rows:
    """Squared residuals with their regressors.

    Args:
        square: shape (rows,).
        by_type: calls of each call type, shape (rows, call types); most rows have one type.
        shared: what each unknown but the first is multiplied with, (rows, unknowns − 1).
        kind: number of the kind of group (who × window), shape (rows,).
    """

    square: Array
    by_type: csr_array
    shared: Array
    kind: Index

    def at(self, which: Index) -> _Rows:
        """Return some of the rows."""
        return _Rows(self.square[which], self.by_type[which], self.shared[which], self.kind[which])


def _concatenate(rows: Sequence[_Rows]) -> _Rows:
    return _Rows(
        np.concatenate([row.square for row in rows]),
        csr_array(vstack([row.by_type for row in rows])),
        np.concatenate([row.shared for row in rows]),
        np.concatenate([row.kind for row in rows]),
    )


def _rows(part: Residuals, block: slice, history_days: int) -> list[_Rows]:
    """Return the rows of one origin and block of leads, none if no day is known.

    Days with an unknown cell are left out of every group.
    """
    mean, counts = part.mean[block], part.counts[block]
    known = np.isfinite(counts).all((1, 2))
    mean, counts = mean[known], counts[known]
    less = _doubt(part.history_days) / _doubt(history_days)
    days = len(mean)
    parts: list[_Rows] = []
    for w, length in enumerate(sorted({n for n in WINDOWS_DAYS if n <= days} | {days} - {0})):
        windows = days // length
        shape = (windows, length, *mean.shape[1:])
        held = windows * length
        m, y = mean[:held].reshape(shape), counts[:held].reshape(shape)
        for s, scope in enumerate(SCOPES):
            number = (len(WINDOWS_DAYS) if length == days else w) * len(SCOPES) + s
            parts.append(_group(m, y, _OVER[scope], number, less))
    return parts


def _doubt(history_days: int) -> float:
    """Return how much larger sd² is than after endless years."""
    return 1 + _YEAR_DAYS / history_days


# Axes of (window, day, place, call type) that a group of the scope sums over, besides its days.
_OVER: dict[str, tuple[int, ...]] = {
    "force": (2, 3),
    "place": (3,),
    "call_type": (2,),
    "cell": (),
}


def _group(mean: Array, counts: Array, over: tuple[int, ...], kind: int, less: float) -> _Rows:
    """Return the rows of the groups that sum over some axes and the days of each window.

    Args:
        mean: expected calls, shape (windows, days, places, call types).
        counts: what happened, same shape.
        over: axes that a group sums over besides its days.
        kind: number of the kind of group.
        less: factor of the sizes of shocks at this origin.
    """
    axes = (1, *over)
    square = (counts.sum(axes) - mean.sum(axes)) ** 2
    others: list[Array] = []
    for whole in WHOLES:
        inside = tuple(axis for axis in over if axis in _OVER[whole])
        part, all_of_it = mean.sum(inside, keepdims=True), mean.sum(_OVER[whole], keepdims=True)
        kept = np.divide(part**2, all_of_it, out=np.zeros_like(part), where=all_of_it > 0)
        others.append(mean.sum(axes) - kept.sum(axes))
    for scope in SCOPES:
        # calls of the group that share one draw of the scope's shock on one day
        together = tuple(axis for axis in over if axis in _OVER[scope])
        calls = mean.sum(together, keepdims=True)
        others.append(less * (calls**2).sum(1, keepdims=True).sum(axes))
        others.append(less * (calls.sum(1, keepdims=True) ** 2).sum(axes))
    shared = np.stack([np.broadcast_to(part, square.shape).ravel() for part in others], axis=-1)
    return _Rows(square.ravel(), _by_type(mean, over), shared, np.full(square.size, kind))


def _by_type(mean: Array, over: tuple[int, ...]) -> csr_array:
    """Return the calls of each group by call type, shape (groups, call types)."""
    types = mean.shape[3]
    calls = mean.sum(tuple({1, *over} - {3})).ravel()
    if 3 in over:  # noqa: PLR2004 - the axis of call types
        return csr_array(calls.reshape(-1, types))
    at = np.arange(calls.size)
    return csr_array((calls, at % types, np.append(at, calls.size)), shape=(calls.size, types))


def _sizes(rows: _Rows) -> tuple[Array, Array]:
    """Return the unknowns, and the ratio of each call type's chance to the mean type's."""
    ratio = np.ones(rows.by_type.shape[1])
    calls = rows.by_type @ ratio
    enough = np.flatnonzero(calls > _LEAST_CALLS)
    if not enough.size:
        return _POISSON, ratio
    rows, calls = rows.at(enough), calls[enough]
    fair = np.bincount(rows.kind)[rows.kind] ** -0.25
    days = np.flatnonzero(rows.kind == _CELL_DAYS)
    one_cell = rows.at(days)
    found, expected = _POISSON, calls
    for _ in range(_ROUNDS):
        wanted = np.minimum(rows.square, _CLIP**2 * expected + _NO_SURPRISE) / _KEPT
        one = 1 / np.sqrt(expected + 2 * expected**2)
        weight = fair * one
        regressors = np.column_stack([rows.by_type @ ratio, rows.shared])
        found = _bound_coefficients(regressors * weight[:, None], wanted * weight)
        if days.size:
            rest = wanted[days] - one_cell.shared @ found[1:]
            ratio = _ratio(one_cell.by_type, rest, one[days], float(found[0]))
        expected = found[0] * (rows.by_type @ ratio) + rows.shared @ found[1:]
    return found, ratio


def _ratio(calls: csr_array, chance: Array, weight: Array, alone: float) -> Array:
    """Return each call type's chance alone ÷ the mean type's, shape (call types,).

    Args:
        calls: of one cell and day in each row, shape (rows, call types).
        chance: what of the squared residuals is chance alone, shape (rows,).
        weight: of the rows.
        alone: chance alone of the mean type.
    """
    weighted = csr_array(calls * weight[:, None])
    size = weighted.multiply(weighted).sum(0)
    prior = _PRIOR_TYPE_ROWS * size.sum() / calls.shape[0]
    found = (weighted.T @ (chance * weight) + prior * alone) / (size + prior)
    return np.asarray(np.maximum(found, _LEAST_ALONE) / alone)


def _bound_coefficients(regressors: Array, wanted: Array) -> Array:
    """Return non-negative coefficients, that of chance alone no less than its bound.

    Weak priors stand as further rows: counts are Poisson given their rates, each on its own, which
    decides where all cells are alike and chance can't be told from shocks; and the force's level is
    not sure.
    """
    size = np.linalg.norm(regressors, axis=0)
    at = _CHANCE + SCOPES.index("force") * len(PERSISTENCES) + PERSISTENCES.index("level")
    prior = np.zeros((_CHANCE + 1, regressors.shape[1]))
    prior[range(_CHANCE), range(_CHANCE)] = _PRIOR_SHARE * size[0]
    prior[_CHANCE, at] = np.sqrt(_PRIOR_ROWS / len(regressors)) * size[at]
    rows = np.vstack([regressors, prior])
    thought = np.zeros(_UNKNOWNS)
    thought[0], thought[at] = 1.0, _PRIOR_LEVEL_SD**2
    target = np.concatenate([wanted, prior @ thought])
    found = nonnegative(rows, target)
    if found[0] < _LEAST_ALONE:
        rest = nonnegative(rows[:, 1:], target - rows[:, 0] * _LEAST_ALONE)
        found = np.append(_LEAST_ALONE, rest)
    return found
