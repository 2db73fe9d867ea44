"""Sudden and lasting changes of level in weekly counts: a change of recording, policy or coverage.

1. In each window of sixteen weeks a straight line with a step in its middle is fitted by least
   squares; the line takes up the season, so that only what is sudden is left to the step.
2. The step is measured against the weekly scatter: the variance ÷ mean of the counts about their
   neighbours, at least 1 (Poisson), by its median, so that a Christmas week does not hide a change.
3. What came back at the same time of the year before or after is season, not a change.

Source:
    Interrupted time series; Bernal, Cummins & Gasparrini (2017), Int. J. Epidemiol. 46(1).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from forewatch.arrays import Array

SIDE_WEEKS = 8
MIN_Z = 5.0  # of 60 series × 150 weeks: chance passes 5 less than once in a hundred
_MIN_Z_SERIES = 60
MIN_RATIO = 1.1  # a smaller change is within what models follow by themselves
MIN_WEEKLY_CALLS = 5.0
_YEAR_WEEKS = 52
_MAX_UNKNOWN_WEEKS = 4
_MEDIAN_CHI2 = 0.4549  # median of the chi-squared distribution with one degree of freedom
# A week less the mean of its neighbours has 1 + 1/4 + 1/4 times the variance of a week.
_NEIGHBOUR_VARIANCE = 1.5


@dataclass(frozen=True)
class Shift:
    """A sudden change between two weeks.

    Args:
        week: position of the first week after the change.
        ratio: mean of the eight weeks after ÷ mean of the eight weeks before.
        z: size of the step in standard deviations.
    """

    week: int
    ratio: float
    z: float


def limit(series: int) -> float:
    """Return the standard deviations from which a step is told where so many series are looked at.

    >>> round(limit(60), 2), round(limit(6000), 2)
    (5.0, 5.82)
    """
    normal = NormalDist()
    return -normal.inv_cdf(normal.cdf(-MIN_Z) * _MIN_Z_SERIES / max(series, _MIN_Z_SERIES))


def shifts(weekly: Array, min_z: float = MIN_Z) -> list[Shift]:
    """Return the sudden changes in a series of weekly counts, in the order of time.

    Args:
        weekly: calls per week, shape (weeks,); NaN where a week is unknown.
        min_z: standard deviations of a step from which it is a change, see `limit`.
    """
    z, ratio = steps(weekly)
    found: list[Shift] = []
    left = np.where(_is_a_change(z, ratio, min_z), np.abs(z), 0.0)
    while left.size and left.max() > 0:
        week = int(left.argmax())
        found.append(Shift(week, float(ratio[week]), float(z[week])))
        left[max(week - SIDE_WEEKS, 0) : week + SIDE_WEEKS + 1] = 0
    return sorted(found, key=lambda shift: shift.week)


def steps(weekly: Array) -> tuple[Array, Array]:
    """Return for each week the step at its beginning in standard deviations, and as a ratio.

    Shapes (weeks,); 0 and 1 where the eight weeks before or after are not there.
    """
    n, side = len(weekly), SIDE_WEEKS
    z, ratio = np.zeros(n), np.ones(n)
    if n < 2 * side:
        return z, ratio
    windows = np.lib.stride_tricks.sliding_window_view(weekly, 2 * side)
    known = np.isfinite(windows).reshape(-1, 2, side)
    sums = np.where(known, windows.reshape(-1, 2, side), 0.0).sum(2)
    means = sums / np.maximum(known.sum(2), 1)  # of the weeks before and after, (windows, 2)
    good = (known.sum((1, 2)) >= 2 * side - _MAX_UNKNOWN_WEEKS) & (means.min(1) > 0)
    good &= means.max(1) >= MIN_WEEKLY_CALLS
    filled = np.where(known, windows.reshape(-1, 2, side), means[:, :, None])[good]
    spread = dispersion(filled[:, 0], filled[:, 1]) * means[good].mean(1)
    contrast = _contrast()
    week = np.flatnonzero(good) + side
    z[week] = filled.reshape(-1, 2 * side) @ contrast / np.sqrt(spread * (contrast @ contrast))
    ratio[week] = means[good][:, 1] / means[good][:, 0]
    return z, ratio


def dispersion(*runs: Array) -> Array:
    """Return variance ÷ mean of weekly counts about their neighbours, at least 1.

    Args:
        runs: weeks on end along the last axis; runs of one row belong together.
    """
    parts = []
    for run in runs:
        odd = run[..., 1:-1] - (run[..., :-2] + run[..., 2:]) / 2
        mean = np.maximum(run.mean(-1, keepdims=True), 1e-9)
        parts.append(odd**2 / (_NEIGHBOUR_VARIANCE * mean))
    median = np.median(np.concatenate(parts, axis=-1), axis=-1)
    return np.asarray(np.maximum(median / _MEDIAN_CHI2, 1.0))


def _is_a_change(z: Array, ratio: Array, min_z: float) -> NDArray[np.bool_]:
    large: NDArray[np.bool_] = (np.abs(z) >= min_z) & (np.abs(np.log(ratio)) >= np.log(MIN_RATIO))
    large &= np.sign(z) == np.sign(np.log(ratio))
    seasonal = np.zeros(z.size, bool)
    for years_away in (-_YEAR_WEEKS, _YEAR_WEEKS):
        for slack in (-1, 0, 1):
            seasonal |= _is_alike(z, _shift_values(z, years_away + slack))
    return large & ~seasonal


def _is_alike(z: Array, other: Array) -> NDArray[np.bool_]:
    """Return where another year's step has the same sign and at least half the size."""
    same_sign: NDArray[np.bool_] = np.sign(z) == np.sign(other)
    return same_sign & (np.abs(other) >= np.abs(z) / 2)


def _shift_values(values: Array, by: int) -> Array:
    """Return the values *by* positions on; 0 from beyond the ends."""
    found = np.zeros(values.size)
    if abs(by) < values.size:
        found[max(-by, 0) : values.size - max(by, 0)] = values[
            max(by, 0) : values.size + min(by, 0)
        ]
    return found


def _contrast() -> Array:
    """Return the weights that give the step from sixteen weeks: least squares, line and step."""
    weeks = np.arange(2 * SIDE_WEEKS) - SIDE_WEEKS + 0.5
    design = np.column_stack([np.ones(weeks.size), weeks, weeks > 0])
    weights: Array = np.linalg.pinv(design)[2]
    return weights
