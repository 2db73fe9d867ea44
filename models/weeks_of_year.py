"""What each week of the year does beyond the harmonics, as far as the years agree on it.

Terms of a university, a season's sudden end, the weeks before Christmas: a few smooth harmonics
don't follow them. So after all terms,

    expected(day) = expected by the terms × exp(deviation of its week of the year)

1. Of each year and week (seven days from 1 January on; the last has eight or nine) calls stand
   beside what the terms expect, smoothed over neighbouring weeks; days on or beside public holidays
   say nothing.
2. What repeats is what two years share: the product of their relative deviations in the same week,
   the mean over weeks and pairs of years. As a share of all that such deviations vary by, it is the
   agreement r of a generation, drawn to none; what a series agrees more or less, beyond what chance
   explains, is added, drawn to nothing.
   It is no more than Poisson's chance leaves room for where weeks differ by sd 0.1 from the
   parents': so a series of a few calls a year follows its parents.
3. A week seen in k years has the share k r ÷ (k r + 1 − r) of its mean deviation.
4. An area and a call type deviate from the force, a cell from the sum of both.

Chance, storms and a level that wanders differ from year to year, and so add nothing to r.

Source:
    Searle, Casella & McCulloch (1992), Variance Components, section 3.3 (intraclass correlation and
    best linear prediction of a group's mean); docs/experiments/021-weeks-of-the-year.md,
    024-what-few-days-teach.md.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.panel import Panel
from forewatch.arrays import Array, Index, Mask
from forewatch.clock import WEEK_DAYS
from models.lineage import Lineage
from models.named_days import Expectation

WEEKS = 52
_LEAST_DAYS = 3.5  # of a week that must be known
_PRIOR_PAIRS = 26.0  # pairs of weeks that no agreement, or that of the generation, counts for
_MOST_AGREEMENT = 0.95
_USUAL_SD = 0.1  # of the weeks of a series about its parents (record 024)
_SMOOTH = 0.375  # variance of a smooth sum ÷ that of a week's: (1² + 2² + 1²) ÷ 4²
_STRONGEST = 0.3  # what a series adds to its parents' deviation at most, of the expected calls
_DAY_OF_YEAR = "day_of_year"


def has_years_to_compare(panel: Panel) -> bool:
    """Tell whether the past of a panel has two whole years."""
    return _DAY_OF_YEAR in panel.covariates.names and len(panel.days) >= 2 * WEEKS * WEEK_DAYS


def week_deviations(panel: Panel, lineage: Lineage, expected: Expectation) -> Array:
    """Return the deviation of each week and series on the log scale, shape (WEEKS, N).

    Args:
        panel: whose past is learned from.
        lineage: parents of its series.
        expected: what the terms expect of the past, shape (D, N).
    """
    known: Mask = expected.weight > 0
    if panel.special is not None:
        usual: Mask = panel.special.kind[: len(panel.days)].max(axis=1) == 0
        known &= usual[:, None]
    week, year = _week(panel)[: len(panel.days)], pd.DatetimeIndex(panel.days).year.to_numpy()
    year = year - year[0]
    calls, wanted, days = (
        _smooth(_by_week(values, week, year))
        for values in (
            np.where(known, expected.counts, 0.0),
            np.where(known, expected.calls, 0.0),
            known.astype(float),
        )
    )
    seen = (days >= _LEAST_DAYS) & (wanted > 0)
    found = np.zeros((WEEKS, known.shape[1]))
    for series in lineage.generations:
        centre = lineage.from_parents(found.T, series).T
        mean = wanted[:, :, series] * np.exp(centre)
        here = seen[:, :, series]
        apart = np.divide(calls[:, :, series], mean, out=np.ones_like(mean), where=here) - 1
        chance = np.divide(_SMOOTH, mean, out=np.zeros_like(mean), where=here)
        own = _recurring_part(apart, here, chance)
        found[:, series] = centre + np.log1p(np.clip(own, -_STRONGEST, _STRONGEST))
    return np.asarray(found - found.mean(0))


def week_effect(panel: Panel, own: Array) -> Array:
    """Return the factor of the deviations on each day of past and horizon, shape (D + H, N).

    A day whose day of the year is not told has the factor 1.
    """
    week = _week(panel)
    return np.asarray(np.where((week >= 0)[:, None], np.exp(own[week]), 1.0))


def _week(panel: Panel) -> Index:
    """Return the number of the week of each day, shape (D + H,); -1 where it is not told."""
    day = np.nan_to_num(panel.covariates.named((_DAY_OF_YEAR,))[:, 0, 0])
    week = np.minimum((day.astype(np.int64) - 1) // WEEK_DAYS, WEEKS - 1)
    return np.asarray(np.where(day > 0, week, -1), dtype=np.int64)


def _by_week(values: Array, week: Index, year: Index) -> Array:
    """Return sums by year and week, shape (years, WEEKS, N)."""
    sums = np.zeros(((year[-1] + 1) * WEEKS, values.shape[1]))
    np.add.at(sums, year * WEEKS + week, values)
    return sums.reshape(-1, WEEKS, values.shape[1])


def _smooth(sums: Array) -> Array:
    """Return the sums with half of each neighbour's, halved; a year's first week follows a last."""
    in_turn = np.pad(sums.reshape(-1, sums.shape[2]), ((1, 1), (0, 0)))
    smooth = (in_turn[:-2] + 2 * in_turn[1:-1] + in_turn[2:]) / 4
    return smooth.reshape(sums.shape)


def _recurring_part(apart: Array, seen: Mask, chance: Array) -> Array:
    """Return the part of weeks' deviations that is to come again, shape (WEEKS, n).

    Args:
        apart: relative deviations, 0 where not seen, shape (years, WEEKS, n).
        seen: which are, same shape.
        chance: variance that Poisson counts give them, 0 where not seen, same shape.
    """
    years, total, squares = seen.sum(0), apart.sum(0), (apart**2).sum(0)
    pairs = (years * (years - 1) / 2).sum(0)
    weeks = np.maximum(years.sum(0), 1)
    size = squares.sum(0) / weeks
    scaled = np.divide(
        ((total**2 - squares) / 2).sum(0), size, out=np.zeros_like(size), where=size > 0
    )
    common = max(scaled.sum() / (pairs.sum() + _PRIOR_PAIRS), 0.0)
    more = scaled - common * pairs  # by chance ± √pairs
    more = np.sign(more) * np.maximum(np.abs(more) - np.sqrt(pairs), 0.0)
    room = _USUAL_SD**2 / (_USUAL_SD**2 + chance.sum((0, 1)) / weeks)
    most = np.minimum(room, _MOST_AGREEMENT)
    agreement = np.clip(common + more / (pairs + _PRIOR_PAIRS), 0.0, most)
    believed = years * agreement / (years * agreement + 1 - agreement)
    return np.asarray(believed * total / np.maximum(years, 1))
