"""Sizes of the shared shocks, from how far the counts of past forecasts fell from their means.

1. For the groups force, place, call type and cell, over one day, one week, four weeks and the whole
   block of leads, the model says E[(y − λ)²] = chance + Σ over shocks of sd² × (calls that share
   it)², so squared residuals are linear in the unknown sizes. Chance is Σ over call types of alone
   × Λ(of the type) + Σ over wholes of steadiness × (Λ − Σ Λ(in the whole)² ÷ Λ(whole)); dispersion
   of a call type is its own part and the steadiness of both wholes.
2. Non-negative least squares gives the sizes. Each row is weighted by 1 ÷ its expected square, from
   the round before, and a kind of group (who × window) counts by the root of its rows: the many
   cells must not drown the few force-weeks, because every published level has to be calibrated.
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
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import nnls
from scipy.sparse import csr_array, vstack
from scipy.stats import norm

from forewatch.shocks import PERSISTENCES, SCOPES, WHOLES, Shocks

Array = NDArray[np.float64]
Index = NDArray[np.int64]
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
_TINY = 1e-9  # keeps equations of columns without calls solvable


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
    sizes: list[Array] = []
    bounds = [*lead_blocks, np.iinfo(np.int64).max]
    for first, after in pairwise(bounds):
        rows = [row for part in found for row in _rows(part, slice(first, after), history_days)]
        if rows:
            sizes.append(_sizes(_joined(rows)))
        else:
            sizes.append(sizes[-1] if sizes else _poisson(found[0].mean.shape[2]))
    table = np.array(sizes)
    types = table.shape[1] - _OTHERS
    steady, variance = table[:, types : types + len(WHOLES)], table[:, types + len(WHOLES) :]
    variance = variance.reshape(len(table), len(SCOPES), len(PERSISTENCES))
    level = PERSISTENCES.index("level")
    variance[..., level] = np.maximum.accumulate(variance[..., level], axis=0)
    return Shocks(
        tuple(int(day) for day in lead_blocks),
        np.sqrt(variance),
        dispersion=table[:, :types] + steady.sum(1, keepdims=True),
        steadiness=steady,
    )


# Unknowns: of each call type chance alone; then steadiness of each whole, sd² of each shock.
_OTHERS = len(WHOLES) + len(SCOPES) * len(PERSISTENCES)


def _poisson(types: int) -> Array:
    """Return the unknowns that mean independent Poisson counts."""
    return np.append(np.ones(types), np.zeros(_OTHERS))


@dataclass(frozen=True)
class _Rows:
    """Squared residuals with their regressors.

    Args:
        square: shape (rows,).
        by_type: calls of each call type, shape (rows, call types); most rows have one type.
        shared: what each other unknown is multiplied with, (rows, other unknowns).
        kind: number of the kind of group (who × window), shape (rows,).
    """

    square: Array
    by_type: csr_array
    shared: Array
    kind: Index

    def expected(self, unknowns: Array) -> Array:
        """Return the expected squares, shape (rows,)."""
        types = self.by_type.shape[1]
        return np.asarray(self.by_type @ unknowns[:types] + self.shared @ unknowns[types:])


def _joined(rows: Sequence[_Rows]) -> _Rows:
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


def _sizes(rows: _Rows) -> Array:
    """Return the unknowns, shape (unknowns,), by weighted least squares."""
    types = rows.by_type.shape[1]
    found = _poisson(types)
    calls = rows.expected(found)
    enough = np.flatnonzero(calls > _LEAST_CALLS)
    if not enough.size:
        return found
    rows = _Rows(rows.square[enough], rows.by_type[enough], rows.shared[enough], rows.kind[enough])
    calls = calls[enough]
    fair = np.bincount(rows.kind)[rows.kind] ** -0.25
    expected = calls
    for _ in range(_ROUNDS):
        most = _CLIP**2 * expected + _NO_SURPRISE
        weight = fair / expected
        wanted = np.minimum(rows.square, most) / _KEPT * weight
        found = _bounded(rows, weight, wanted, found[:types])
        expected = rows.expected(found)
    return found


def _bounded(rows: _Rows, weight: Array, wanted: Array, alone: Array) -> Array:
    """Return the non-negative unknowns that fit best, chance alone no less than its bound.

    Weak priors stand beside the rows: counts are Poisson given their rates, each on its own, which
    decides where all cells are alike and chance can't be told from shocks; call types are as the
    mean of them was in the round before; and the force's level is not sure.
    """
    types = len(alone)
    by_type = csr_array(rows.by_type * weight[:, None])
    shared = rows.shared * weight[:, None]
    across = np.asarray(by_type.T @ shared)
    square = np.block([[(by_type.T @ by_type).toarray(), across], [across.T, shared.T @ shared]])
    towards = np.concatenate([by_type.T @ wanted, shared.T @ wanted])
    total = by_type.sum(1)
    part = by_type.T @ total
    part /= part.sum()
    chance = _PRIOR_SHARE**2 * total @ total
    square[:types, :types] += chance * np.outer(part, part)
    towards[:types] += chance * part
    each = _PRIOR_TYPE_ROWS * total @ total / len(total)
    pull = np.zeros(len(square))
    pull[:types] = each
    towards[:types] += each * (part @ alone)
    pull[types : types + len(WHOLES)] = chance
    level = SCOPES.index("force") * len(PERSISTENCES) + PERSISTENCES.index("level")
    at = types + len(WHOLES) + level
    pull[at] = _PRIOR_ROWS / len(total) * square[at, at]
    towards[at] += pull[at] * _PRIOR_LEVEL_SD**2
    square[np.diag_indices_from(square)] += pull + _TINY * square.diagonal() + _TINY
    lower = np.linalg.cholesky(square)
    found, _ = nnls(lower.T, solve_triangular(lower, towards, lower=True))
    found[:types] = np.maximum(found[:types], _LEAST_ALONE)
    return np.asarray(found)
