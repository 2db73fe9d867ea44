"""Means of the last weeks with an honest spread, made from the truth before each origin.

1. The mean of a weekday (with hours: of an hour of the week; with shifts: of a shift of the week)
   over the last weeks before the origin, what was not observed left out.
2. Its spread: at up to twelve earlier origins, 28 days apart, whose horizon ends before the first
   origin of the backtest, the same mean is compared with what happened. Squared error ÷ mean, by
   series and block of leads, pulled to that of the level with the weight of 28 days, is the
   dispersion of a count distribution (binomial, Poisson or negative binomial) around the mean.

The counts are those that stand now, late corrections included: the 52-week mean is given a little
more than it could have known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.forecasts import Contender, Targets
from benchmarks.accuracy.truth import Truth
from forewatch.arrays import Array, Index
from forewatch.count_distribution import CountDistribution
from models.rolling import QUANTILES

Blocks = Sequence[tuple[int, int]]
_PAST, _EVERY_DAYS = 12, 28
_LEAST_DAYS = 56  # of history before a past origin
_PULL_DAYS = 28.0


@dataclass(frozen=True)
class Spread:
    """Variance ÷ mean of a climatology's errors, shape (blocks, series)."""

    blocks: Blocks
    ratio: Array


def means(truth: Truth, weeks: int, before: int, at: Index) -> Array:
    """Return the mean of the last weeks of the slots of the intervals *at*, (at, series).

    Args:
        truth: what happened.
        weeks: how many are averaged.
        before: number of the first force-day that is not known.
        at: numbers of the intervals that are forecast.
    """
    low, high = np.searchsorted(truth.day, [before - 7 * weeks, before])
    counts, slot = truth.counts[low:high], truth.slot[low:high]
    known = np.isfinite(counts)
    n = np.zeros((int(truth.slot.max()) + 1, counts.shape[1]))
    total = np.zeros_like(n)
    np.add.at(total, slot, np.where(known, counts, 0.0))
    np.add.at(n, slot, known)
    table = np.divide(total, n, out=np.full_like(total, np.nan), where=n > 0)
    return np.asarray(table[truth.slot[at]])


def expected(weeks: int, truth: Truth, targets: Targets) -> Array:
    """Return the mean of the last weeks before its origin at each target, (targets, series)."""
    at = truth.at(targets.starts)
    mean = np.empty((len(at), len(truth.series)))
    for origin in range(len(targets.origins)):
        rows = targets.origin == origin
        before = int(truth.day[at[rows][0]] - targets.lead_day[rows][0] + 1)
        mean[rows] = means(truth, weeks, before, at[rows])
    return mean


def with_spread(name: str, mean: Array, targets: Targets, spread: Spread) -> Contender:
    """Return a bare mean with the quantiles that a spread gives it."""
    ratio = np.full(mean.shape, np.nan)
    for (first, last), own in zip(spread.blocks, spread.ratio, strict=True):
        ratio[(targets.lead_day >= first) & (targets.lead_day <= last)] = own.round(2)
    # few means of few counts differ: each pair's quantiles are found once
    pairs = np.stack([mean.ravel().round(6), ratio.ravel()], axis=1).view(np.complex128).ravel()
    unique, back = np.unique(pairs, return_inverse=True)
    wanted = CountDistribution.of(unique.real, unique.real * unique.imag)
    quantiles = wanted.quantiles(QUANTILES).astype(np.float32)[back]
    return Contender(name, mean.astype(np.float32), quantiles.reshape(*mean.shape, -1))


def spread(weeks: int, truth: Truth, first: int, blocks: Blocks, level: Sequence[str]) -> Spread:
    """Return the spread of a climatology, from origins before the first one.

    Args:
        weeks: of the mean.
        truth: what happened.
        first: number of the force-day of the first origin of the backtest.
        blocks: first and last day ahead of each block.
        level: level of each series; those of a level are pulled together.
    """
    horizon = max(last for _, last in blocks)
    latest = first - horizon
    origins = [latest - _EVERY_DAYS * k for k in range(_PAST)]
    origins = [origin for origin in origins if origin >= _LEAST_DAYS] or [latest]
    found = np.empty((len(blocks), len(truth.series)))
    for b, (low, high) in enumerate(blocks):
        squares, expected = np.zeros(len(truth.series)), np.zeros(len(truth.series))
        for origin in origins:
            edges = np.searchsorted(truth.day, [origin + low - 1, origin + high])
            at = np.arange(*edges)
            mean = means(truth, weeks, origin, at)
            error = truth.counts[at] - mean
            known = np.isfinite(error)
            squares += np.where(known, error**2, 0).sum(0)
            expected += np.where(known, mean, 0).sum(0)
        days = len(origins) * (high - low + 1)
        found[b] = _pulled(squares, expected, days, np.asarray(level))
    return Spread(tuple(blocks), found)


def _pulled(squares: Array, expected: Array, days: int, level: NDArray[np.str_]) -> Array:
    """Return squared error ÷ mean of each series, pulled to that of its level."""
    ratio = np.ones(len(squares))
    for name in np.unique(level):
        own = level == name
        pooled = squares[own].sum() / max(expected[own].sum(), 1e-9)
        weight = np.maximum(expected[own] * _PULL_DAYS / days, 1e-6)
        ratio[own] = (squares[own] + weight * pooled) / (expected[own] + weight)
    return np.maximum(ratio, 0.01)
