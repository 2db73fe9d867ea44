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
        levels = np.asarray(levels, float)
        return self._apply("ppf", np.broadcast_to(levels, (*self.mean.shape, levels.size)))

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
