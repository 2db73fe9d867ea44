"""How large a break was: calls after ÷ before on the same calendar, believed as far as days show.

The daily counts of everything that a break concerns are explained at once by

1. the calendar: weekday, the time of the year, bank holidays;
2. a level that may wander a little every four weeks;
3. the break, as far as it was in force on each day.

All effects are on the log scale and held by a normal prior, so that few days after a break move its
ratio little from what was stated beforehand, or from 1, and many days fix it. The spread about the
means is estimated, so that counts that vary more than chance are believed less.

Source:
    Interrupted time series: Bernal, Cummins & Gasparrini (2017), Int. J. Epidemiol. 46(1); Poisson
    iterations: McCullagh & Nelder (1989), Generalized Linear Models, section 2.5;
    docs/experiments/005-a-register-of-breaks.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forewatch.arrays import Array

# Standard deviations of the priors on the log scale (assumed): a break that somebody registers is
# often worth half as much again or a third less; one with a stated size comes within 20 % of it.
SD_UNKNOWN, SD_STATED = 0.5, 0.2
_SD_FREE = 10.0
_SD_WANDER, _WANDER_DAYS = 0.03, 28
_ITERATIONS = 12
_LARGEST_STEP = 1.0
_FAR = 20.0  # bounds of the logarithm of a mean
_SPREAD_AFTER = 5  # iterations after which the spread is looked at


@dataclass(frozen=True)
class Calendar:
    """Columns of the calendar, shape (days, terms), and the prior deviation of each, (terms,)."""

    columns: Array
    sd: Array


def log_ratio(counts: Array, calendar: Calendar, force: Array, stated: float) -> float:
    """Return the logarithm of calls after ÷ before a break.

    Args:
        counts: calls a day of everything that it concerns, shape (days,); NaN unknown.
        calendar: columns of the same days.
        force: how far the break was in force on each day, 0 to 1, shape (days,).
        stated: what was expected beforehand, calls after ÷ before; NaN: nothing.
    """
    known = np.isfinite(counts)
    centre, sd = (np.log(stated), SD_STATED) if np.isfinite(stated) else (0.0, SD_UNKNOWN)
    if not known.any() or np.ptp(force[known]) == 0:
        return float(centre)
    columns, prior_sd = _design(calendar, force)
    centres = np.zeros(len(prior_sd))
    centres[0], prior_sd[0] = centre, sd
    return float(_coefficients(counts[known], columns[known], centres, 1 / prior_sd**2)[0])


def _design(calendar: Calendar, force: Array) -> tuple[Array, Array]:
    """Return the columns (days, terms), the break first, and the deviations of their priors."""
    days = len(force)
    number = np.arange(days)
    wander = number[:, None] >= np.arange(_WANDER_DAYS, days, _WANDER_DAYS)
    columns = np.concatenate(
        [force[:, None], np.ones((days, 1)), calendar.columns, wander.astype(np.float64)], axis=1
    )
    sd = np.concatenate([[SD_UNKNOWN, _SD_FREE], calendar.sd, np.full(wander.shape[1], _SD_WANDER)])
    return columns, sd


def _coefficients(counts: Array, columns: Array, centre: Array, precision: Array) -> Array:
    """Return the penalised quasi-Poisson coefficients, shape (terms,); the intercept is second."""
    found = centre.copy()
    # free of the break, so that a stated ratio of nearly 0 does not start the search far away
    found[1] = np.log(max(counts.mean(), 1e-3)) - (columns[:, 0] * centre[0]).mean()
    spread = 1.0
    for step in range(_ITERATIONS):
        mean = np.exp(np.clip(columns @ found, -_FAR, _FAR))
        if step >= _SPREAD_AFTER:
            spread = max(float(((counts - mean) ** 2 / mean).sum() / len(counts)), 1.0)
        slope = columns.T @ (counts - mean) / spread - precision * (found - centre)
        information = (columns.T * mean) @ columns / spread + np.diag(precision)
        move = np.linalg.solve(information, slope)
        found = found + np.clip(move, -_LARGEST_STEP, _LARGEST_STEP)
    return found
