"""Counts with a given mean and variance: binomial below Poisson, negative binomial above it.

1. variance > mean: negative binomial, the gamma mixture of Poisson counts.
2. variance = mean: Poisson.
3. variance < mean: binomial with the smallest number of trials that keeps the mean and comes as
   close to the variance as whole trials allow.

Source:
    Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, 3rd ed., sections 3.1, 4.1, 5.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

# Negative binomial counts that are small are added up, which is ten times faster than inverting.
_MOST_POINTS = 512.0
_FEWEST_POINTS = 16
_ROWS = 1024  # at a time, so that the memory needed doesn't grow with the question
_REACH_SPREADS = 8.0  # standard deviations above the mean
_POISSON_BAND = 1e-6  # relative distance of variance from mean below which the two are equal


@dataclass(frozen=True)
class CountDistribution:
    """Distributions of counts, one per element of mean and variance (same shape, NaN unknown)."""

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]

    @classmethod
    def of(cls, mean: ArrayLike, variance: ArrayLike) -> CountDistribution:
        """Broadcast the two against each other; negative variances are a mistake.

        Raises:
            ValueError: if a mean or a variance is negative.
        """
        m, v = np.broadcast_arrays(np.asarray(mean, float), np.asarray(variance, float))
        if np.any(m < 0) or np.any(v < 0):
            raise ValueError("a count's mean and variance are never negative")
        return cls(m, v)

    def quantiles(self, levels: ArrayLike) -> NDArray[np.float64]:
        """Return whole-number quantiles, shape (*mean.shape, len(levels)); NaN where unknown."""
        levels = np.atleast_1d(np.asarray(levels, float))
        found = np.full((*self.mean.shape, levels.size), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.variance / self.mean
            reach = self.mean + _REACH_SPREADS * np.sqrt(self.variance)
        small = (ratio > 1 + _POISSON_BAND) & (reach < _MOST_POINTS)
        if small.any():
            points = int(reach[small].max()) + _FEWEST_POINTS
            means, ratios = self.mean[small], ratio[small]
            blocks = (slice(i, i + _ROWS) for i in range(0, len(means), _ROWS))
            found[small] = np.concatenate(
                [
                    _quantiles_by_count(means[block], ratios[block], levels, points)
                    for block in blocks
                ]
            )
        # What is beyond the points, and every other kind of count.
        rest = np.isnan(found).any(-1)
        if rest.any():
            of_rest = CountDistribution(self.mean[rest], self.variance[rest])
            found[rest] = of_rest._found(levels)
        return found

    def cdf(self, counts: ArrayLike) -> NDArray[np.float64]:
        """Return P(count <= k) for k of shape (*mean.shape, n) or one of shape (n,)."""
        k = np.asarray(counts, float)
        at = np.broadcast_to(k, (*self.mean.shape, k.shape[-1]))
        means, variances = np.broadcast_arrays(self.mean[..., None], self.variance[..., None], at)[
            :2
        ]
        found = np.full(at.shape, np.nan)
        known = np.isfinite(means) & np.isfinite(variances)
        found[known] = _below(means[known], variances[known], at[known])
        return found

    def _found(self, levels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the quantiles by halving, shape (*mean.shape, levels); NaN where unknown.

        They lie between two whole numbers from the beginning: by Cantelli's inequality none is
        further from the mean than the square root of the odds of its level, in spreads.
        """
        at = np.broadcast_to(levels, (*self.mean.shape, levels.size))
        means, variances = np.broadcast_arrays(self.mean[..., None], self.variance[..., None], at)[
            :2
        ]
        found = np.full(at.shape, np.nan)
        known = np.isfinite(means) & np.isfinite(variances)
        found[known & (at <= 0)], found[known & (at >= 1)] = -1, np.inf
        known &= (at > 0) & (at < 1)
        mean, variance, level = means[known], variances[known], at[known]
        # A binomial of whole trials varies by less than min(mean, 1) more than it should.
        spread = np.sqrt(variance + np.minimum(mean, 1))
        low = np.maximum(np.floor(mean - spread * np.sqrt((1 - level) / level)), 0) - 1
        high = np.ceil(mean + spread * np.sqrt(level / (1 - level))) + 1
        while (high - low > 1).any():
            middle = np.floor((low + high) / 2)
            is_enough = _below(mean, variance, middle) >= level
            low, high = np.where(is_enough, low, middle), np.where(is_enough, middle, high)
        found[known] = high
        return found


def _below(
    mean: NDArray[np.float64], variance: NDArray[np.float64], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return P(count <= at) of known counts, all of one shape.

    Source:
        Johnson, Kemp & Kotz (2005), equations 3.37, 4.85 and 5.31: the incomplete beta and gamma
        functions.
    """
    ratio = np.divide(variance, mean, out=np.ones(mean.shape), where=mean > 0)
    k = np.floor(np.maximum(at, 0))
    found = special.pdtr(k, mean)
    over, under = ratio > 1 + _POISSON_BAND, ratio < 1 - _POISSON_BAND
    p = 1 / ratio[over]
    found[over] = special.betainc(mean[over] * p / (1 - p), k[over] + 1, p)
    trials = np.ceil(np.maximum(mean[under] / (1 - ratio[under]), mean[under]))
    found[under] = special.bdtr(
        np.minimum(k[under], trials), trials.astype(np.int64), mean[under] / trials
    )
    return np.where(at < 0, 0.0, found)


def _quantiles_by_count(
    mean: NDArray[np.float64], ratio: NDArray[np.float64], levels: NDArray[np.float64], points: int
) -> NDArray[np.float64]:
    """Return quantiles of negative binomial counts by adding their probabilities up.

    Args:
        mean: shape (rows,).
        ratio: variance ÷ mean, above 1, shape (rows,).
        levels: shape (levels,).
        points: numbers of counts that are looked at, from 0.

    Returns:
        Shape (rows, levels); NaN where no point reaches the level, or all do.

    Source:
        Johnson, Kemp & Kotz (2005), equation 5.5: each probability from the one before it.
    """
    p = 1 / ratio
    size = mean * p / (1 - p)
    k = np.arange(points - 1)
    step = (size[:, None] + k) / (k + 1) * (1 - p)[:, None]
    none = np.exp(size * np.log(p))[:, None]
    below = (none * np.concatenate([np.ones_like(none), step.cumprod(1)], axis=1)).cumsum(1)
    found = np.stack([(below < level).sum(1) for level in levels], axis=1).astype(np.float64)
    return np.where((found < points) & (levels > 0), found, np.nan)
