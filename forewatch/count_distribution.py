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
from scipy import stats

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
                [_counted(means[block], ratios[block], levels, points) for block in blocks]
            )
        # What is beyond the points, and every other kind of count.
        rest = np.isnan(found).any(-1)
        if rest.any():
            of_rest = CountDistribution(self.mean[rest], self.variance[rest])
            at = np.broadcast_to(levels, (*of_rest.mean.shape, levels.size))
            found[rest] = of_rest._apply("ppf", at)
        return found

    def cdf(self, counts: ArrayLike) -> NDArray[np.float64]:
        """Return P(count <= k) for k of shape (*mean.shape, n) or one of shape (n,)."""
        k = np.asarray(counts, float)
        return self._apply("cdf", np.broadcast_to(k, (*self.mean.shape, k.shape[-1])))

    def _apply(self, method: str, at: NDArray[np.float64]) -> NDArray[np.float64]:
        mean, variance = (
            np.broadcast_to(a[..., None], at.shape) for a in (self.mean, self.variance)
        )
        found = np.full(at.shape, np.nan)
        known = np.isfinite(mean) & np.isfinite(variance)
        ratio = np.divide(variance, mean, out=np.ones(at.shape), where=known & (mean > 0))
        over, under = known & (ratio > 1 + _POISSON_BAND), known & (ratio < 1 - _POISSON_BAND)
        equal = known & ~over & ~under
        if over.any():
            p = 1 / ratio[over]
            size = mean[over] * p / (1 - p)
            found[over] = getattr(stats.nbinom, method)(at[over], size, p)
        if equal.any():
            found[equal] = getattr(stats.poisson, method)(at[equal], mean[equal])
        if under.any():
            trials = np.ceil(mean[under] / (1 - ratio[under]))
            trials = np.maximum(trials, np.ceil(mean[under]))
            found[under] = getattr(stats.binom, method)(at[under], trials, mean[under] / trials)
        return found


def _counted(
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
