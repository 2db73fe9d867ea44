"""Sizes of the shared shocks, from how far the counts of past forecasts fell from their means.

1. For the groups force, place, call type and cell, over one day, one week, four weeks and the whole
   block of leads, the model says E[(y − λ)²] = chance + Σ over shocks of sd² × (calls that share
   it)², so squared residuals are linear in the unknown sizes. Chance is alone × Λ + Σ over wholes
   of steadiness × (Λ − Σ Λ(in the whole)² ÷ Λ(whole)); dispersion is what the three add up to.
2. Non-negative least squares gives the sizes. Each row is weighted by 1 ÷ its expected square, from
   the round before, and a kind of group (who × window) counts by the root of its rows: the many
   cells must not drown the few force-weeks, because every published level has to be calibrated.
3. A residual beyond `_CLIP` standard deviations counts as that many (with the factor that keeps a
   normal residual unbiased), so that one strike day does not widen every interval.
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
from scipy.optimize import nnls
from scipy.stats import norm

from forewatch.shocks import PERSISTENCES, SCOPES, WHOLES, Shocks

Array = NDArray[np.float64]
Index = NDArray[np.int64]
WINDOWS_DAYS: tuple[int, ...] = (1, 7, 28)  # and the whole block
_CLIP = 3.0
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
    sizes: list[Array] = []
    bounds = [*lead_blocks, np.iinfo(np.int64).max]
    for first, after in pairwise(bounds):
        rows = [_rows(part, slice(first, after), history_days) for part in found]
        rows = [row for row in rows if row.square.size]
        if rows:
            sizes.append(_sizes(_joined(rows)))
        else:
            sizes.append(sizes[-1] if sizes else _POISSON)
    table = np.array(sizes)
    variance = table[:, _CHANCE:].reshape(len(table), len(SCOPES), len(PERSISTENCES))
    level = PERSISTENCES.index("level")
    variance[..., level] = np.maximum.accumulate(variance[..., level], axis=0)
    return Shocks(
        tuple(int(day) for day in lead_blocks),
        np.sqrt(variance),
        dispersion=table[:, :_CHANCE].sum(1),
        steadiness=table[:, 1:_CHANCE],
    )


# Unknowns: chance alone, steadiness of each whole, sd² of each shock.
_CHANCE = 1 + len(WHOLES)
_UNKNOWNS = _CHANCE + len(SCOPES) * len(PERSISTENCES)
_POISSON = np.append(1.0, np.zeros(_UNKNOWNS - 1))


@dataclass(frozen=True)
class _Rows:
    """Squared residuals with their regressors.

    Args:
        square: shape (rows,).
        shared: what each unknown is multiplied with, (rows, unknowns).
        kind: number of the kind of group (who × window), shape (rows,).
    """

    square: Array
    shared: Array
    kind: Index


def _joined(rows: Sequence[_Rows]) -> _Rows:
    return _Rows(
        np.concatenate([row.square for row in rows]),
        np.concatenate([row.shared for row in rows]),
        np.concatenate([row.kind for row in rows]),
    )


def _rows(part: Residuals, block: slice, history_days: int) -> _Rows:
    """Return the rows of one origin and block of leads.

    Days with an unknown cell are left out of every group.
    """
    mean, counts = part.mean[block], part.counts[block]
    known = np.isfinite(counts).all((1, 2))
    mean, counts = mean[known], counts[known]
    less = _doubt(part.history_days) / _doubt(history_days)
    days = len(mean)
    parts: list[_Rows] = []
    if days == 0:
        return _Rows(np.empty(0), np.empty((0, _UNKNOWNS)), np.empty(0, np.int64))
    lengths = sorted({n for n in WINDOWS_DAYS if n <= days} | {days})
    for w, length in enumerate(lengths):
        windows = days // length
        shape = (windows, length, *mean.shape[1:])
        held = windows * length
        m, y = mean[:held].reshape(shape), counts[:held].reshape(shape)
        for s, scope in enumerate(SCOPES):
            number = (len(WINDOWS_DAYS) if length == days else w) * len(SCOPES) + s
            parts.append(_group(m, y, _OVER[scope], number))
    rows = _joined(parts)
    rows.shared[:, _CHANCE:] *= less
    return rows


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


def _group(mean: Array, counts: Array, over: tuple[int, ...], kind: int) -> _Rows:
    """Return the rows of the groups that sum over some axes and the days of each window."""
    axes = (1, *over)
    square = (counts.sum(axes) - mean.sum(axes)) ** 2
    shared = [mean.sum(axes)]
    for whole in WHOLES:
        within = tuple(axis for axis in over if axis in _OVER[whole])
        part, all_of_it = mean.sum(within, keepdims=True), mean.sum(_OVER[whole], keepdims=True)
        kept = np.divide(part**2, all_of_it, out=np.zeros_like(part), where=all_of_it > 0)
        shared.append(mean.sum(axes) - kept.sum(axes))
    for scope in SCOPES:
        # calls of the group that share one draw of the scope's shock on one day
        together = tuple(axis for axis in over if axis in _OVER[scope])
        calls = mean.sum(together, keepdims=True)
        shared.append((calls**2).sum(1, keepdims=True).sum(axes))
        shared.append((calls.sum(1, keepdims=True) ** 2).sum(axes))
    table = np.stack([np.broadcast_to(part, square.shape).ravel() for part in shared], axis=-1)
    return _Rows(square.ravel(), table, np.full(square.size, kind))


def _sizes(rows: _Rows) -> Array:
    """Return the unknowns, shape (unknowns,), by weighted least squares."""
    enough = rows.shared[:, 0] > _LEAST_CALLS
    square, shared, kind = rows.square[enough], rows.shared[enough], rows.kind[enough]
    if not square.size:
        return _POISSON
    fair = np.bincount(kind)[kind] ** -0.25
    expected = shared[:, 0]
    found = np.zeros(_UNKNOWNS)
    for _ in range(_ROUNDS):
        wanted = np.minimum(square, _CLIP**2 * expected) / _KEPT
        weight = fair / expected
        found = _bounded(shared * weight[:, None], wanted * weight)
        expected = shared @ found
    return found


def _bounded(regressors: Array, wanted: Array) -> Array:
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
    found, _ = nnls(rows, target)
    if found[0] < _LEAST_ALONE:
        rest, _ = nnls(rows[:, 1:], target - rows[:, 0] * _LEAST_ALONE)
        found = np.append(_LEAST_ALONE, rest)
    return np.asarray(found)
