"""Trailing levels of daily series, their ratios, and the means of the same weekdays.

Days are numbered from 0. An *origin* here is a day's number: what is returned for it uses the days
before it and none from it on. Unknown days (NaN) are left out of a mean; where no day of a mean is
known it is NaN.
"""

from __future__ import annotations

import numpy as np

from forewatch.arrays import Array, Index
from forewatch.clock import WEEK_DAYS

LEVEL_NAMES = (
    "level_28",
    "level_56",
    "level_364",
    "ratio_7_28",
    "ratio_28_364",
    "ratio_yoy",
)
YEAR = 364  # 52 whole weeks, so that the same weekdays are compared


def trailing(counts: Array, origins: Index) -> Array:
    """Return `LEVEL_NAMES` of each series before each origin, shape (K, N, features).

    Args:
        counts: calls per force-day, shape (D, N); NaN unknown.
        origins: numbers of days, 0 to D, shape (K,).

    Returns:
        Levels in calls per day; ratios without unit, NaN where the level below is zero.
    """
    sums = _Sums(counts)
    week, month, two_months, year = (
        sums.mean(origins - days, origins) for days in (WEEK_DAYS, 28, 56, YEAR)
    )
    year_ago = sums.mean(origins - YEAR - 28, origins - YEAR)
    return np.stack(
        [
            month,
            two_months,
            year,
            _ratio(week, month),
            _ratio(month, year),
            _ratio(month, year_ago),
        ],
        axis=-1,
    )


def same_weekday(counts: Array, origins: Index, weeks: int) -> Array:
    """Return means of the last same weekdays before each origin, shape (K, N, 7).

    Args:
        counts: calls per force-day, shape (D, N); NaN unknown.
        origins: numbers of days, 0 to D, shape (K,).
        weeks: how many of the last same weekdays.

    Returns:
        Calls per day; element [k, n, j] stands for the weekday of day origins[k] + j, and hence
        for the day that is j + 7, j + 14, ... ahead as well.

    >>> same_weekday(np.arange(14.0)[:, None], np.array([14]), weeks=2)[0, 0]
    array([3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5])
    """
    days = origins[:, None] + np.arange(WEEK_DAYS)
    found = weekday_means(counts, days.ravel(), weeks).reshape(*days.shape, -1)
    return np.moveaxis(found, 1, 2)


def weekday_means(counts: Array, days: Index, weeks: int) -> Array:
    """Return means of the last same weekdays before some days, shape (K, N); see `same_weekday`.

    Args:
        counts: calls per force-day, shape (D, N); NaN unknown.
        days: their numbers, 0 to D + 6, shape (K,).
        weeks: how many of the last same weekdays.
    """
    before = days[:, None] - np.arange(1, weeks + 1) * WEEK_DAYS
    found = np.where((before >= 0)[..., None], counts[np.maximum(before, 0)], np.nan)
    known = np.isfinite(found)
    return _divide(np.where(known, found, 0).sum(1), known.sum(1))


class _Sums:
    """Cumulated calls and known days, from which any window's mean is a difference."""

    def __init__(self, counts: Array) -> None:
        known = np.isfinite(counts)
        none = np.zeros((1, counts.shape[1]))
        self._calls = np.concatenate([none, np.where(known, counts, 0).cumsum(0)])
        self._days = np.concatenate([none, known.cumsum(0)])

    def mean(self, first: Index, end: Index) -> Array:
        """Return the mean of the known days of [first, end), shape (K, N)."""
        first, end = np.maximum(first, 0), np.maximum(end, 0)
        return _divide(self._calls[end] - self._calls[first], self._days[end] - self._days[first])


def _divide(calls: Array, days: Array) -> Array:
    mean: Array = np.divide(calls, days, out=np.full(calls.shape, np.nan), where=days > 0)
    return mean


def _ratio(level: Array, below: Array) -> Array:
    ratio: Array = np.divide(level, below, out=np.full(level.shape, np.nan), where=below > 0)
    return ratio
