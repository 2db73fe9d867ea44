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

import numpy as np
from numpy.typing import NDArray

SIDE_WEEKS = 8
MIN_Z = 5.0  # some 60 series × 150 weeks are looked at: chance passes 5 less than once in a hundred
MIN_RATIO = 1.1  # a smaller change is within what models follow by themselves
MIN_WEEKLY_CALLS = 5.0
_YEAR_WEEKS = 52
_MAX_UNKNOWN_WEEKS = 4
_MEDIAN_CHI2 = 0.4549  # median of the chi-squared distribution with one degree of freedom
# A week less the mean of its neighbours has 1 + 1/4 + 1/4 times the variance of a week.
_NEIGHBOUR_VARIANCE = 1.5

Array = NDArray[np.float64]


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


def shifts(weekly: Array) -> list[Shift]:
    """Return the sudden changes in a series of weekly counts, in the order of time.

    Args:
        weekly: calls per week, shape (weeks,); NaN where a week is unknown.
    """
    z, ratio = steps(weekly)
    found: list[Shift] = []
    left = np.where(_is_a_change(z, ratio), np.abs(z), 0.0)
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
    contrast = _contrast()
    for week in range(side, n - side + 1):
        window = weekly[week - side : week + side]
        before, after = window[:side], window[side:]
        if np.isnan(window).sum() > _MAX_UNKNOWN_WEEKS:
            continue
        means = np.nanmean(before), np.nanmean(after)
        if min(means) <= 0 or max(means) < MIN_WEEKLY_CALLS:
            continue
        filled = np.where(np.isnan(window), np.repeat(means, side), window)
        spread = dispersion(filled[:side], filled[side:]) * np.mean(means)
        z[week] = contrast @ filled / np.sqrt(spread * (contrast @ contrast))
        ratio[week] = means[1] / means[0]
    return z, ratio


def dispersion(*runs: Array) -> float:
    """Return variance ÷ mean of weekly counts about their neighbours, at least 1."""
    parts = [
        (run[1:-1] - (run[:-2] + run[2:]) / 2) ** 2 / (_NEIGHBOUR_VARIANCE * max(run.mean(), 1e-9))
        for run in runs
    ]
    return max(float(np.median(np.concatenate(parts))) / _MEDIAN_CHI2, 1.0)


def _is_a_change(z: Array, ratio: Array) -> NDArray[np.bool_]:
    large: NDArray[np.bool_] = (np.abs(z) >= MIN_Z) & (np.abs(np.log(ratio)) >= np.log(MIN_RATIO))
    large &= np.sign(z) == np.sign(np.log(ratio))
    seasonal = np.zeros(z.size, bool)
    for years_away in (-_YEAR_WEEKS, _YEAR_WEEKS):
        for slack in (-1, 0, 1):
            seasonal |= _is_alike(z, _moved(z, years_away + slack))
    return large & ~seasonal


def _is_alike(z: Array, other: Array) -> NDArray[np.bool_]:
    """Return where another year's step has the same sign and at least half the size."""
    same_sign: NDArray[np.bool_] = np.sign(z) == np.sign(other)
    return same_sign & (np.abs(other) >= np.abs(z) / 2)


def _moved(values: Array, by: int) -> Array:
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
