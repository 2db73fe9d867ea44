"""Calibration from a mean and 19 quantiles: where in the forecast did each count fall?

The distribution function at a whole number k lies between the highest of the 19 levels whose
quantile is at most k and the next level. Within that band of 5 % it is placed by a reference
distribution of the same mean: Poisson below five calls, where one count is a large step and the
place matters, above that normal with the spread of the quantiles. The bracket P(X < y), P(X ≤ y)
of a count is then what `models.scores` works with: a count on an end of an interval is taken in
with the probability that makes the interval's level exact (its fair part), and the transform is
drawn at random within the bracket.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
_STEP = 0.05  # between two of the 19 levels
_FEW = 5.0
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
    few = mean < _FEW
    place = special.pdtr(np.maximum(k, 0), np.where(few, np.maximum(mean, 0), 0))
    sigma = np.maximum(quantiles[..., 17] - quantiles[..., 1], 1) / _SIGMAS_80
    place = np.where(few, place, special.ndtr((k + 0.5 - mean) / sigma))
    return np.where(k < 0, 0.0, np.clip(place, below, np.minimum(below + _STEP, 1)))


def inside(quantiles: Array, counts: Array, level: float) -> Array:
    """Return 1 where the central interval holds the count, both ends included; NaN unknown."""
    tail = round((1 - level) / 2 / _STEP)
    low, high = quantiles[..., tail - 1], quantiles[..., 19 - tail]
    held = ((counts >= low) & (counts <= high)).astype(float)
    return np.where(np.isfinite(counts) & np.isfinite(low), held, np.nan)
