"""Calibration from a mean and 19 quantiles: where in the forecast did each count fall?

The distribution function at a whole number k lies between the highest of the 19 levels whose
quantile is at most k and the next level. Within that band of 5 % it is placed by a reference
distribution of the same mean. Below ten calls, where one count is a large step and the place
matters, that is negative binomial (Poisson where the quantiles spread no wider), with the variance
at which its own 19 quantiles would spread as these do; above it is normal with the spread of the
quantiles. The bracket P(X < y), P(X ≤ y) of a count is then what `models.scores` works with: a
count on an end of an interval is taken in with the probability that makes the interval's level
exact (its fair part), and the transform is drawn at random within the bracket.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import special

from forewatch.arrays import Array
from forewatch.count_distribution import CountDistribution
from models.rolling import QUANTILES

_STEP = 0.05  # between two of the 19 levels
_FEW = 10.0
_RARE = 0.5  # calls; below, the quantiles are 0 and 1 and say nothing of the variance
_WIDER = 1.02  # variance ÷ mean
_SIGMAS_80 = 2.5631  # q90 − q10 of a normal, in standard deviations


def bracket(mean: Array, quantiles: Array, counts: Array) -> Array:
    """Return P(X < y) and P(X ≤ y), shape (*counts, 2); NaN where anything is unknown.

    Args:
        mean: expected counts.
        quantiles: at 0.05 … 0.95, shape (*counts, 19).
        counts: what happened.
    """
    low = _distribution(mean, quantiles, counts - 1)
    high = _distribution(mean, quantiles, counts)
    found = np.stack([low, np.maximum(high, low)], axis=-1)
    found[~(np.isfinite(mean) & np.isfinite(counts) & np.isfinite(quantiles[..., 0]))] = np.nan
    return found


def _distribution(mean: Array, quantiles: Array, k: Array) -> Array:
    """Return P(X ≤ k)."""
    below = (quantiles <= k[..., None]).sum(-1) * _STEP
    few, sigma = mean < _FEW, np.maximum(quantiles[..., 17] - quantiles[..., 1], 1) / _SIGMAS_80
    place = special.ndtr((k + 0.5 - mean) / sigma)
    place[few] = _few(mean[few], quantiles[few], k[few])
    return np.where(k < 0, 0.0, np.clip(place, below, np.minimum(below + _STEP, 1)))


def _few(mean: Array, quantiles: Array, k: Array) -> Array:
    """Return P(X ≤ k) of few calls: Poisson, or negative binomial where they spread wider."""
    at, rate = np.maximum(k, 0), np.maximum(mean, 0)
    found = np.asarray(special.pdtr(at, rate))
    grid, narrow = _poisson_spread()
    ratio = _spread(quantiles, rate) / np.interp(rate, grid, narrow)
    wide = (rate >= _RARE) & (ratio > _WIDER)
    p = 1 / ratio[wide]
    found[wide] = special.betainc(rate[wide] * p / (1 - p), at[wide] + 1, p)
    return found


def _spread(quantiles: Array, mean: Array) -> Array:
    """Return the mean squared distance of the 19 quantiles from the mean."""
    return np.asarray(((quantiles - mean[..., None]) ** 2).mean(-1))


@cache
def _poisson_spread() -> tuple[Array, Array]:
    """Return rates below the limit and how far the quantiles of their Poisson counts spread."""
    grid = np.linspace(_RARE / 2, _FEW, 2000)
    return grid, _spread(CountDistribution.of(grid, grid).quantiles(QUANTILES), grid)


def inside(quantiles: Array, counts: Array, level: float) -> Array:
    """Return 1 where the central interval holds the count, both ends included; NaN unknown."""
    tail = round((1 - level) / 2 / _STEP)
    low, high = quantiles[..., tail - 1], quantiles[..., 19 - tail]
    held = ((counts >= low) & (counts <= high)).astype(float)
    return np.where(np.isfinite(counts) & np.isfinite(low), held, np.nan)
