"""How far missing-person reports go up and down together: sizes of the shocks of a rare count.

The same people go missing again, in spells of days to weeks, and busy weeks of the whole force
happen. Given its rate times shocks that last a day or a week, of its area or of the force, a count
is Poisson. Then, of places and the force, over days and weeks,

    E[(y − m)²] − m = Σ over shocks of sd² × Σ (expected reports that share one draw)²

1. Least squares with sizes that are never negative. A row's weight is 1 ÷ the variance of (y − m)²
   if y were Poisson with the variance expected, e + 2 e², so that a single report where next to
   nothing was expected is no surprise; nothing is clipped, other than in `models.dispersion`.
2. A normal prior on each sd² (`_PRIOR`) stands in where little was seen. All leads together are
   estimated first; they are the prior of each block of leads, whose own weeks are few.
3. Shocks never shrink with the lead.

Days and weeks are what is published, so a shock of the persistence "level" is sized to be right for
a week; for a question about a month it is too wide.

Source: McCullagh & Nelder (1989), section 10.2 (moments of squared residuals); priors:
docs/experiments/008-missing-person-model.md and 016-missing-persons-in-waves.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from forewatch.arrays import Array
from forewatch.clock import WEEK_DAYS
from forewatch.shocks import PERSISTENCES, SCOPES, Persistence, Scope, Shocks
from models.least_squares import nonnegative

_SHOCKS: tuple[tuple[Scope, Persistence], ...] = (
    ("place", "day"),
    ("place", "level"),
    ("force", "day"),
    ("force", "level"),
)
# Mean and standard deviation of each sd² beforehand: a spell of an area's week is thought to be
# about 20 %, the others about 7 %; the force's week may be far busier where reports come in waves.
_PRIOR = np.array([[0.005, 0.02], [0.04, 0.08], [0.005, 0.02], [0.005, 0.05]])
# How far those of a block of leads lie from those of all leads.
_BLOCK_SD = np.array([0.02, 0.04, 0.02, 0.02])
_ROUNDS = 5
_LEAST = 1e-9


@dataclass(frozen=True)
class PastReports:
    """Forecasts of one past origin beside what happened.

    Args:
        mean: expected reports, shape (H, P).
        counts: what happened, same shape; NaN unknown.
    """

    mean: Array
    counts: Array


def sizes(found: Sequence[PastReports], lead_blocks: Sequence[int], every_days: int) -> Shocks:
    """Return the shocks by block of leads; dispersion is 1 throughout.

    A block that no origin reached takes the sizes of the block before it.

    Args:
        found: one per origin.
        lead_blocks: first lead day of each block, ascending from 0.
        every_days: days between two origins, by which what is seen twice is told.
    """
    whole = _of_leads(found, slice(None), every_days, _PRIOR)
    prior = _PRIOR if whole is None else np.column_stack([whole, _BLOCK_SD])
    variance: list[Array] = []
    for first, after in pairwise([*lead_blocks, np.iinfo(np.int64).max]):
        of_block = _of_leads(found, slice(first, after), every_days, prior)
        before = variance[-1] if variance else prior[:, 0]
        variance.append(before if of_block is None else of_block)
    grown = np.maximum.accumulate(np.array(variance), axis=0)
    sd = np.zeros((len(lead_blocks), len(SCOPES), len(PERSISTENCES)))
    for i, (scope, persistence) in enumerate(_SHOCKS):
        at = SCOPES.index(scope), PERSISTENCES.index(persistence)
        sd[:, at[0], at[1]] = np.sqrt(grown[:, i])
    return Shocks(tuple(int(day) for day in lead_blocks), sd, np.ones((len(lead_blocks), 1)))


def _of_leads(
    found: Sequence[PastReports], leads: slice, every_days: int, prior: Array
) -> Array | None:
    """Return the squared sizes that some days ahead ask for, None where no origin reached them."""
    some = [PastReports(one.mean[leads], one.counts[leads]) for one in found]
    rows = _rows(some)
    if not rows.excess.size:
        return None
    days = max(len(one.mean) for one in some)
    return _squared_sizes(rows, max(days / every_days, 1.0), prior)


@dataclass(frozen=True)
class _Rows:
    """Sums over places and days, one a row.

    Args:
        mean: expected reports, shape (rows,).
        excess: squared residual less the mean, same shape.
        shared: squared expected reports that share each shock, shape (rows, shocks).
    """

    mean: Array
    excess: Array
    shared: Array


def _rows(found: Sequence[PastReports]) -> _Rows:
    parts: list[_Rows] = []
    for one in found:
        for length in (1, WEEK_DAYS):
            windows = len(one.mean) // length
            shape = (windows, length, one.mean.shape[1])
            mean, counts = (a[: windows * length].reshape(shape) for a in (one.mean, one.counts))
            known = np.isfinite(counts).all((1, 2))
            parts += [
                _sum_windows(mean[known], counts[known], whole=whole) for whole in (False, True)
            ]
    return _Rows(*(np.concatenate([getattr(p, name) for p in parts]) for name in _FIELDS))


_FIELDS = ("mean", "excess", "shared")


def _sum_windows(mean: Array, counts: Array, *, whole: bool) -> _Rows:
    """Return the rows of windows, (windows, days, places), by place or for the whole force."""
    # groups × days × places of the group
    by_place = mean.transpose(0, 2, 1).reshape(-1, mean.shape[1], 1)
    grouped = mean if whole else by_place
    total = grouped.sum((1, 2))
    seen = counts.sum((1, 2)) if whole else counts.sum(1).reshape(-1)
    shared = np.stack(
        [
            (grouped**2).sum((1, 2)),
            (grouped.sum(1) ** 2).sum(1),
            (grouped.sum(2) ** 2).sum(1),
            total**2,
        ],
        axis=1,
    )
    return _Rows(total, (seen - total) ** 2 - total, shared)


def _squared_sizes(rows: _Rows, overlap: float, prior: Array) -> Array:
    """Return the squared sizes, shape (shocks,).

    Args:
        rows: the squared residuals.
        overlap: how often, on average, the same day stands in them.
        prior: mean and standard deviation of each beforehand, shape (shocks, 2).
    """
    used = rows.mean > _LEAST
    mean, excess, shared = rows.mean[used], rows.excess[used], rows.shared[used]
    found = prior[:, 0]
    held = np.diag(1 / prior[:, 1])
    for _ in range(_ROUNDS):
        expected = mean + shared @ found
        weight = 1 / np.sqrt((expected + 2 * expected**2) * overlap)
        table = np.vstack([shared * weight[:, None], held])
        wanted = np.concatenate([excess * weight, prior[:, 0] / prior[:, 1]])
        found = nonnegative(table, wanted)
    return np.asarray(found)
