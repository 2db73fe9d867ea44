"""What each named holiday does beyond what all holidays do, and its eve and the day after it.

    expected(day) = expected by the terms × exp(Σ over its marks of share × deviation)

Deviations are found after the terms, from the few days that have marks, by penalised Poisson
iterations: of the force they are drawn to 0 (a holiday like all), of an area and of a call type to
the force's, of a cell to the sum of both. A day says no more of its name than how much the same
name differs from year to year. A name that was never seen has the deviation 0.

Source:
    Gelman & Hill (2007), Data Analysis Using Regression and Multilevel Models, chapter 15 (partial
    pooling of groups in Poisson models); sizes: docs/decisions/0027-each-holiday-is-itself.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.panel import Panel
from features.special_days import SpecialDays, is_beside
from forewatch.arrays import Array, Index
from models.lineage import Lineage

# Assumed, see the decision: sd of the force's deviations and of those of eves and days after, sd of
# what a child differs from its parents ÷ that, sd of one name from year to year.
_SD, _SD_BESIDE, _CHILD, _YEAR_SD = 0.2, 0.1, 0.5, 0.07
_STRONGEST = 1.5
_ITERATIONS = 3


@dataclass(frozen=True)
class Expectation:
    """What the terms expect of the past, and how sure its counts are.

    Args:
        counts: shape (D, N), 0 where unknown.
        calls: expected calls, same shape.
        weight: of each day and series, 0 where unknown, same shape.
        dispersion: of each series, shape (N,).
    """

    counts: Array
    calls: Array
    weight: Array
    dispersion: Array


def named_days(panel: Panel) -> tuple[str, ...]:
    """Return the names of marks that the past of a panel has."""
    if panel.special is None:
        return ()
    special = panel.special
    seen = set(special.name[special.day < len(panel.days)].tolist())
    return tuple(name for number, name in enumerate(special.names) if number in seen)


def deviations(
    panel: Panel, names: tuple[str, ...], lineage: Lineage, expected: Expectation
) -> Array:
    """Return the deviations on the log scale, shape (N, names)."""
    n = panel.counts.shape[1]
    found = np.zeros((n, len(names)))
    if panel.special is None or not names:
        return found
    sd = np.array([_SD_BESIDE if is_beside(name) else _SD for name in names])
    past = panel.special.before(len(panel.days))
    area_of = panel.special.alike(panel.area_of)
    for series in lineage.generations:
        centre = lineage.from_parents(found, series)
        precision = 1 / (sd * (_CHILD if series[0] else 1.0)) ** 2
        for area in np.unique(area_of[series]):
            here = np.flatnonzero(area_of[series] == area)
            days, marks = past.on(names, int(area))
            found[series[here]] = _solve(
                marks, _on(expected, days, series[here]), centre[here], precision
            )
    return found


def effect_of(special: SpecialDays, names: tuple[str, ...], own: Array, area: Index) -> Array:
    """Return the factor of the deviations on each day, shape (days, N).

    Args:
        special: marks.
        names: of the deviations.
        own: deviations, shape (N, names).
        area: number of each series' area, shape (N,).
    """
    found = np.ones((len(special.kind), len(own)))
    area = special.alike(area)
    for each in np.unique(area):
        here = np.flatnonzero(area == each)
        at, marks = special.on(names, int(each))
        if len(at):
            found[np.ix_(at, here)] = np.exp(_bounded(marks @ own[here].T))
    return found


def _on(expected: Expectation, days: Index, series: Index) -> Expectation:
    at = np.ix_(days, series)
    return Expectation(
        expected.counts[at],
        expected.calls[at],
        expected.weight[at],
        expected.dispersion[series],
    )


def _solve(marks: Array, seen: Expectation, centre: Array, precision: Array) -> Array:
    """Return the deviations of series that share their marks, shape (n, names)."""
    found, names = centre.copy(), centre.shape[1]
    pairs = (marks[:, :, None] * marks[:, None, :]).reshape(len(marks), -1)
    diagonal = np.arange(names)
    for _ in range(_ITERATIONS):
        calls = seen.calls * np.exp(_bounded(marks @ found.T))
        trust = seen.weight / (seen.dispersion + _YEAR_SD**2 * calls)
        information = ((trust * calls).T @ pairs).reshape(-1, names, names)
        slope = (trust * (seen.counts - calls)).T @ marks - precision * (found - centre)
        information[:, diagonal, diagonal] += precision
        step = np.linalg.solve(information, slope[:, :, None])[:, :, 0]
        found = found + np.clip(step, -0.5, 0.5)
    return found


def _bounded(values: Array) -> Array:
    return np.clip(values, -_STRONGEST, _STRONGEST)
