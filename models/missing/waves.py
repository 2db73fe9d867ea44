"""Levels that come in waves: how far above its long-run mean a level is, and for how long it stays.

1. Weeks of reports, counted back from the origin, are Poisson around what is expected of them times
   a factor: gamma with mean 1 in the long run, of a certain sd, and pulled back to 1 by half in a
   certain number of weeks.
2. Each combination of sd and half-life follows the factor week by week; the distribution is kept
   gamma by its mean and variance, so that a week's reports are negative binomial.
3. Combinations, and "there are no waves", weigh by the likelihood of all weeks. On a past without
   waves the factor stays at 1; where reports are rare it moves little and remembers long.

Source:
    Harvey & Fernandes (1989), Time series models for count or qualitative observations (the gamma
    filter); West & Harrison (1997), Bayesian Forecasting and Dynamic Models, chapter 12 (weights of
    alternative models); grid and weights beforehand:
    docs/experiments/016-missing-persons-in-waves.md.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from forewatch.arrays import Array
from forewatch.clock import WEEK_DAYS

_SD = np.array([0.1, 0.2, 0.35])
_HALF_LIFE_WEEKS = np.array([2.0, 5.0, 12.0, 30.0])
_NO_WAVES = 0.5  # weight beforehand
_LEAST = 1e-9


def wave_factors(counts: Array, expected: Array, days_ahead: int) -> Array:
    """Return the factor of the level on each day ahead, shape (days ahead, series).

    The series share the sd and the half-life of their waves, not the waves.

    Args:
        counts: reports of the past days, 0 where unknown, shape (D, series).
        expected: what was expected of them, 0 where unknown, same shape; of the same sum.
        days_ahead: how many days to look ahead.
    """
    y, m = (_weeks(values)[:, :, None] for values in (counts, expected))
    sd, half_life = (a.ravel() for a in np.meshgrid(_SD, _HALF_LIFE_WEEKS))
    keep, far = 0.5 ** (1 / half_life), sd**2
    mean, variance = np.ones((y.shape[1], len(sd))), np.tile(far, (y.shape[1], 1))
    likelihood = np.zeros_like(mean)
    for reports, due in zip(y, m, strict=True):
        mean = 1 + keep * (mean - 1)
        variance = far + keep**2 * (variance - far)
        shape, rate = mean**2 / variance, mean / variance
        likelihood += _log_negative_binomial(reports, due, shape, rate)
        mean = (shape + reports) / (rate + due)
        variance = mean / (rate + due)
    weight = _weights(likelihood.sum(0) - _log_poisson(y, m).sum())
    # days ahead lie so many days after the middle of the last week
    after = np.arange(days_ahead)[:, None] + (WEEK_DAYS + 1) / 2
    stays = weight * keep ** (after / WEEK_DAYS)
    return np.asarray(1 + stays @ (mean - 1).T)


def _weights(gain: Array) -> Array:
    """Return the combinations' weights by their log likelihood beyond that of no waves."""
    most = max(float(gain.max()), 0.0)
    chance = (1 - _NO_WAVES) / len(gain) * np.exp(gain - most)
    return np.asarray(chance / (chance.sum() + _NO_WAVES * np.exp(-most)))


def _weeks(values: Array) -> Array:
    """Return sums of whole weeks back from the last day, shape (weeks, series)."""
    weeks, series = len(values) // WEEK_DAYS, values.shape[1]
    last = values[len(values) - weeks * WEEK_DAYS :]
    return np.asarray(last.reshape(weeks, WEEK_DAYS, series).sum(1))


def _log_poisson(y: Array, m: Array) -> Array:
    return np.asarray(y * np.log(np.maximum(m, _LEAST)) - m - gammaln(y + 1))


def _log_negative_binomial(y: Array, m: Array, shape: Array, rate: Array) -> Array:
    """Return log P(y) where y is Poisson with m times a gamma factor."""
    odds = np.log(rate + m)
    return np.asarray(
        gammaln(shape + y)
        - gammaln(shape)
        - gammaln(y + 1)
        + shape * (np.log(rate) - odds)
        + y * (np.log(np.maximum(m, _LEAST)) - odds)
    )
