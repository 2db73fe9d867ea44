"""What each week of the year does beyond the harmonics, as far as the years agree on it.

Terms of a university, a season's sudden end, the weeks before Christmas: a few smooth harmonics
don't follow them. So after all terms,

    expected(day) = expected by the terms × exp(deviation of its week of the year)

1. Of each year (364 days, back from the last) and week (seven days from 1 January on; the last has
   eight or nine) calls stand beside what the terms expect, smoothed over neighbouring weeks; days
   on or beside public holidays say nothing. What harmonics could say of a year is taken out.
2. What repeats is what two years share: the product of their relative deviations in the same week,
   the mean over weeks and pairs of years. It is the variance that the series of a generation have
   in common, drawn to none; divided by all that a series' deviations vary by it is the agreement r,
   to which what a series agrees more or less, beyond one standard error of chance, is added.
3. A week seen in k years has the share k r ÷ (k r + 1 − r) of its mean deviation.
4. An area and a call type deviate from the force, a cell from the sum of both.

Chance, storms and a level that wanders differ from year to year, and so add nothing to r.

Source:
    Searle, Casella & McCulloch (1992), Variance Components, section 3.3 (intraclass correlation and
    best linear prediction of a group's mean); docs/experiments/021-weeks-of-the-year.md.
"""

from __future__ import annotations

import numpy as np

from features.panel import Panel
from forewatch.arrays import Array, Index, Mask
from forewatch.clock import WEEK_DAYS
from models.lineage import Lineage
from models.named_days import Expectation, inherited
from models.yearly import HARMONICS

WEEKS = 52
_LEAST_DAYS = 3.5  # of a week that must be known
_LEAST_WEEKS = 40  # of a year
_PRIOR_PAIRS = 26.0  # pairs of weeks that no agreement, or that of the generation, counts for
_NO_VARIANCE = 1e-12
_ALIKE = 2.0  # variance of a sum of products of smoothed weeks ÷ that of as many independent ones
_MOST_AGREEMENT = 0.95
_STRONGEST = 0.3  # a deviation at most, of the expected calls
_DAY_OF_YEAR = "day_of_year"


def has_years_to_compare(panel: Panel) -> bool:
    """Tell whether any week of the year may lie in two years of a panel's past."""
    return _DAY_OF_YEAR in panel.covariates.names and len(panel.days) > WEEKS * WEEK_DAYS


def deviations(panel: Panel, lineage: Lineage, expected: Expectation) -> Array:
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
    week = _week(panel)[: len(panel.days)]
    year = np.arange(len(panel.days))[::-1] // (WEEKS * WEEK_DAYS)  # 0 is the last
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
        centre = inherited(found.T, series, lineage).T
        mean = wanted[:, :, series] * np.exp(centre)
        here = seen[:, :, series]
        apart = np.divide(calls[:, :, series], mean, out=np.ones_like(mean), where=here) - 1
        own = _agreed(*_beyond_harmonics(apart, here))
        found[:, series] = centre + np.log1p(np.clip(own, -_STRONGEST, _STRONGEST))
    return np.asarray(found - found.mean(0))


def effect_of(panel: Panel, own: Array) -> Array:
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
    sums = np.zeros(((year[0] + 1) * WEEKS, values.shape[1]))
    np.add.at(sums, year * WEEKS + week, values)
    return sums.reshape(-1, WEEKS, values.shape[1])


def _smooth(sums: Array) -> Array:
    """Return the sums with half of each neighbour's, halved."""
    return (np.roll(sums, 1, axis=1) + 2 * sums + np.roll(sums, -1, axis=1)) / 4


def _beyond_harmonics(apart: Array, seen: Mask) -> tuple[Array, Mask]:
    """Return what is left of each year's deviations beyond harmonics, and where it is told.

    Harmonics are fitted to all years, so that what is left of them in one year is missing in the
    others. A year of which too little was seen tells nothing.
    """
    told = seen & (seen.sum(1, keepdims=True) >= _LEAST_WEEKS)
    turn = 2 * np.pi * np.arange(HARMONICS + 1) * (np.arange(WEEKS)[:, None] + 0.5) / WEEKS
    waves = np.concatenate([np.cos(turn), np.sin(turn[:, 1:])], axis=1)
    waves /= np.linalg.norm(waves, axis=0)
    left = np.where(told, apart, 0.0)
    return np.where(told, left - waves @ (waves.T @ left), 0.0), told


def _agreed(apart: Array, seen: Mask) -> Array:
    """Return the part of weeks' deviations that is to come again, shape (WEEKS, n).

    Args:
        apart: relative deviations, 0 where not seen, shape (years, WEEKS, n).
        seen: which are, same shape.
    """
    years, total, squares = seen.sum(0), apart.sum(0), (apart**2).sum(0)
    pairs = (years * (years - 1) / 2).sum(0)
    products = ((total**2 - squares) / 2).sum(0)
    size = np.maximum(squares.sum(0) / np.maximum(years.sum(0), 1), _NO_VARIANCE)
    weight = 1 / size**2  # of a product of two deviations of that size
    common = max((weight * products).sum(), 0.0) / max((weight * pairs).sum(), _NO_VARIANCE)
    common *= pairs.sum() / (pairs.sum() + _PRIOR_PAIRS)
    usual = np.minimum(common / size, _MOST_AGREEMENT)
    more = products / size - usual * pairs
    more = np.sign(more) * np.maximum(np.abs(more) - np.sqrt(_ALIKE * pairs), 0.0)
    agreement = np.clip(usual + more / (pairs + _PRIOR_PAIRS), 0.0, _MOST_AGREEMENT)
    believed = years * agreement / (years * agreement + 1 - agreement)
    return np.asarray(believed * total / np.maximum(years, 1))
