"""What an expected number of calls is made of: parts in calls that add up to it.

A cell (place × call type) in one interval is expected to have

    level × hours ÷ 24 × time of week × season × holiday × tourism × events × recent trend × other

where *other* is whatever the product lacks. The product is told as a sum: a factor's part is its
logarithm times the logarithmic mean of the expected calls and the calls at the plain level. The
order of the factors doesn't matter and nothing is left over. Parts of hours, areas and call types
add up to those of their totals.

Source:
    Ang (2004), Decomposition analysis for policymaking in energy: which is the preferred method?,
    Energy Policy 32, appendix A (logarithmic mean Divisia index, LMDI-I).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forewatch.arrays import Array
from forewatch.explanation_parts import FACTORS, PARTS

HOURS_OF_DAY = 24.0
_NEXT_TO_NONE = 1e-12  # of the level: what "no calls" is taken for, so that it has a logarithm
_NEAR = 1e-3  # logarithm below which the mean's series is exact to 1e-15


@dataclass(frozen=True)
class Factors:
    """What the calendar and the recent past make of each cell, by force-day.

    Args:
        level: long-run calls per 24 hours without any effect, positive, (places, call types).
        logs: logarithms of the factors, shape (factors, places, call types, days).
        names: `FACTORS`, and after them the parts of the force's own.
    """

    level: Array
    logs: NDArray[np.float32]
    names: tuple[str, ...] = FACTORS

    @property
    def own_parts(self) -> tuple[str, ...]:
        """The parts of the force's own."""
        return self.names[len(FACTORS) :]

    @property
    def parts(self) -> tuple[str, ...]:
        """What an explanation by these factors consists of, in the order of `parts`."""
        return (*PARTS[:2], *self.names[1:], PARTS[-1])


@dataclass(frozen=True)
class Cells:
    """Expected calls of some cells in some intervals; arrays (places, call types, intervals).

    Args:
        calls: expected calls in each interval.
        daily: expected calls of the interval's whole force-day.
        hours: length of each interval in hours, shape (intervals,).
        day_hours: length of the interval's force-day in hours, shape (intervals,).
    """

    calls: Array
    daily: Array
    hours: Array
    day_hours: Array


def parts(cells: Cells, level: Array, logs: NDArray[np.floating]) -> Array:
    """Return the parts of expected calls, shape (parts, places, call types, intervals).

    Args:
        cells: the expected calls.
        level: as in `Factors`, of these cells.
        logs: logarithms of the factors at each interval, (factors, places, call types, intervals).

    Returns:
        In the order of `Factors.parts`.
    """
    hourly = level[:, :, None] / HOURS_OF_DAY
    plain, plain_day = hourly * cells.hours, hourly * cells.day_hours
    calls = np.maximum(cells.calls, _NEXT_TO_NONE * plain)
    daily = np.maximum(cells.daily, _NEXT_TO_NONE * plain_day)
    weekday, *others = logs.astype(float)
    change = np.log(calls / plain)
    hour_of_day = change - np.log(daily / plain_day)
    time_of_week = weekday + hour_of_day
    other = change - time_of_week - np.sum(others, axis=0)
    by_factor = np.stack([time_of_week, *others, other])
    return np.concatenate([plain[None], by_factor * _logarithmic_mean(calls, plain, change)])


def _logarithmic_mean(a: Array, b: Array, change: Array) -> Array:
    """Return (a - b) ÷ log(a ÷ b), or a where both are equal; *change* is that logarithm.

    >>> a, b = np.array([2.0, 1.0]), np.array([1.0, 1.0])
    >>> _logarithmic_mean(a, b, np.log(a / b)).round(4)
    array([1.4427, 1.    ])
    """
    is_near = np.abs(change) < _NEAR
    series = np.sqrt(a * b) * (1 + change**2 / 24)
    return np.asarray(np.where(is_near, series, (a - b) / np.where(is_near, 1.0, change)))
