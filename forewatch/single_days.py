"""Single days far above or below what is usual: a storm, an event, calls that are lost or doubled.

1. What is usual on a day is the median of the four same weekdays before it and of the four after;
   where fewer than two of these came yet, the median of the two weeks after it stands for them.
2. A day is far above where it has at least twice the larger of the two, far below where it has at
   most half of the smaller: a lasting change of level has nothing of either.
3. It is told where chance does not explain it: the deviance of Poisson counts, divided by the
   series' own variance ÷ mean, bounds the probability. That is the larger of what half of all days
   and half of all stretches of four weeks show: of few calls that come in clusters most days show
   nothing. Stretches are short so that a year of four storms still has most without one.
4. More than seven such days on end are no single days.

Source:
    Chernoff bound of a Poisson tail, P(X ≥ c) ≤ exp(−(c log(c ÷ m) − c + m)); Mitzenmacher & Upfal
    (2017), Probability and Computing, theorem 5.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forewatch.arrays import Array
from forewatch.clock import WEEK_DAYS

MOST_ON_END = 7
TIMES = 2.0  # what counts as far: a bank holiday or a warm weekend stays within it
_WEEKS = 4
_LEAST_KNOWN = 2  # of the four same weekdays of a side
_SOON_DAYS, _LEAST_SOON = 2 * WEEK_DAYS, 4  # after a day, where its weekday has not come twice yet
_STRETCH_DAYS, _LEAST_STRETCHES = 4 * WEEK_DAYS, 12
_OF_A_STORM = 2  # stretches that a storm at an edge is in
_MEDIAN_CHI2 = 0.4549  # median of the chi-squared distribution with one degree of freedom


@dataclass(frozen=True)
class SingleDay:
    """A day far from what is usual.

    Args:
        day: its position.
        calls: what was counted.
        usual: what is usual on the same weekday about it.
        deviance: how far it is beyond chance; the larger, the farther.
    """

    day: int
    calls: float
    usual: float
    deviance: float

    @property
    def is_above(self) -> bool:
        """Whether it has more calls than usual."""
        return self.calls > self.usual


def single_days(series: Array, p_max: float, least_dispersion: float = 1.0) -> list[SingleDay]:
    """Return the days far above or below usual, ascending.

    Args:
        series: calls per day, NaN where unknown.
        p_max: probability by chance below which a day is returned.
        least_dispersion: variance ÷ mean that others like the series have; its own may be larger.
    """
    if not np.isfinite(series).any():
        return []
    before, after = _side(series, -1), _side(series, 1)
    soon = np.where(np.isnan(after), _soon_after(series), after)
    usual_high = np.fmax(np.fmax(before, after), np.nanmean(series))  # of few calls the median is 0
    high = np.fmax(usual_high, soon)  # a storm of the days just after is in it: it is not usual
    low = np.fmin(before, soon)
    own = max(_dispersion(series), clustering(series[None]))
    limit = -np.log(p_max) * max(own, least_dispersion)
    known = np.isfinite(series) & np.isfinite(low)
    above = known & (series >= TIMES * high) & (_deviance(series, high) > limit)
    below = known & (series <= low / TIMES) & (_deviance(series, low) > limit)
    found = [
        SingleDay(int(day), float(series[day]), float(usual[day]), float(deviance[day]))
        for far, usual in ((above, usual_high), (below, low))
        for deviance in [_deviance(series, usual)]
        for day in np.flatnonzero(_short_runs(far))
    ]
    return sorted(found, key=lambda one: one.day)


def clustering(series: Array) -> float:
    """Return variance ÷ mean about the same weekday a week later in half of all four weeks.

    At least 1, and 1 of less than twelve times four weeks, or where less than three have calls. A
    storm is in one of them or two; calls that come in clusters do so in most.

    Args:
        series: calls per day, taken together, shape (series, days); NaN where unknown.
    """
    before, after = series[:, :-WEEK_DAYS], series[:, WEEK_DAYS:]
    stretches = before.shape[1] // _STRETCH_DAYS
    if stretches < _LEAST_STRETCHES:
        return 1.0
    last = np.s_[:, before.shape[1] - stretches * _STRETCH_DAYS :]
    squares, calls = (
        np.nansum(each[last].reshape(-1, stretches, _STRETCH_DAYS), axis=(0, 2))
        for each in ((after - before) ** 2, after + before)
    )
    ratios = np.sort(squares[calls > 0] / calls[calls > 0])
    if len(ratios) <= _OF_A_STORM:
        return 1.0
    return max(float(ratios[min((len(ratios) - 1) // 2, len(ratios) - 1 - _OF_A_STORM)]), 1.0)


def without_single_days(series: Array, found: list[SingleDay]) -> Array:
    """Return the series with what is usual in the place of single days."""
    usual = series.copy()
    for one in found:
        usual[one.day] = one.usual
    return usual


def _side(series: Array, direction: int) -> Array:
    """Return the median of the four same weekdays before (-1) or after (1); NaN unknown."""
    n = series.size
    shifted = np.full((_WEEKS, n), np.nan)
    for week in range(1, _WEEKS + 1):
        by = week * WEEK_DAYS
        if by < n and direction < 0:
            shifted[week - 1, by:] = series[:-by]
        elif by < n:
            shifted[week - 1, :-by] = series[by:]
    ordered = np.sort(shifted, axis=0)  # NaN last
    known = np.isfinite(shifted).sum(0)
    middle = [np.maximum(known - 1, 0) // 2, np.minimum(known // 2, _WEEKS - 1)]
    median = np.mean([np.take_along_axis(ordered, at[None], 0)[0] for at in middle], axis=0)
    return np.where(known >= _LEAST_KNOWN, median, np.nan)


def _soon_after(series: Array) -> Array:
    """Return the median of the known days of the two weeks after each day; NaN of fewer than 4."""
    found = np.full(series.size, np.nan)
    for day in range(max(series.size - _WEEKS * WEEK_DAYS, 0), series.size):
        soon = series[day + 1 : day + 1 + _SOON_DAYS]
        known = soon[np.isfinite(soon)]
        if known.size >= _LEAST_SOON:
            found[day] = np.median(known)
    return found


def _dispersion(series: Array) -> float:
    """Return variance ÷ mean about the same weekday a week later, at least 1, by its median."""
    change = series[WEEK_DAYS:] - series[:-WEEK_DAYS]
    change = change[np.isfinite(change)]
    mean = float(np.nanmean(series))
    if not change.size or mean == 0:
        return 1.0
    return max(float(np.median(change**2)) / (2 * mean * _MEDIAN_CHI2), 1.0)


def _deviance(calls: Array, usual: Array) -> Array:
    """Return c log(c ÷ m) − c + m, 0 at c = m; shape of both."""
    m = np.maximum(usual, 1e-9)
    positive = np.where(calls > 0, calls, 1.0)
    return np.asarray(np.where(calls > 0, calls * np.log(positive / m), 0.0) - calls + m)


def _short_runs(far: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the days of runs that are no longer than `MOST_ON_END`."""
    edge = np.diff(np.concatenate([[False], far, [False]]).astype(np.int8))
    kept = np.zeros(far.size, bool)
    for start, end in zip(np.flatnonzero(edge == 1), np.flatnonzero(edge == -1), strict=True):
        kept[start:end] = end - start <= MOST_ON_END
    return kept
