"""Scores of count forecasts, each exact: no sampling, no grid of quantiles.

The continuous ranked probability score of a count y under a distribution of counts X, X' is
CRPS = E|X − y| − ½ E|X − X'|. The first term follows from the distribution function and its
first partial moment. The second is the integral over t of (1 − |φ(t)|²) ÷ (1 − cos t) ÷ 2π, φ the
characteristic function: it is periodic and smooth, so the trapezoid rule converges geometrically
once t is stretched by the spread of the distribution.

Source:
    Gneiting & Raftery (2007), Strictly proper scoring rules, equation 21; Czado, Gneiting & Held
    (2009), Predictive model assessment for count data (PIT, Pearson); Trefethen & Weideman (2014),
    The exponentially convergent trapezoidal rule.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from forewatch.arrays import Array
from forewatch.count_distribution import CountDistribution

# Nodes of the trapezoid rule, and variance ÷ mean from which on the second number is needed: errors
# below 1e-12 and 1e-9 calls for means from 1e-4 to 1e5; tests/oracles/test_scores.py
_NODES, _MORE_NODES, _DISPERSED = 32, 192, 3.0
_CHUNK = 2_000  # distributions at a time: their nodes stay in the processor's cache
_NOTHING = 1e-12  # probability of a count that can't happen
_LEAST_ORIGINS = 4  # of which an interval is told
_EQUAL = 1e-6  # same band as forewatch.count_distribution


def crps(found: CountDistribution, counts: ArrayLike) -> Array:
    """Return the continuous ranked probability score, in calls; NaN where anything is unknown."""
    y = np.asarray(counts, float)
    return absolute(found, y) - half_spread(found)


def absolute(found: CountDistribution, at: ArrayLike) -> Array:
    """Return E|X − at| for whole numbers *at*, shape as the distribution's."""
    y = np.broadcast_to(np.asarray(at, float), found.mean.shape)
    below = found.cdf(y[..., None])[..., 0]
    return np.asarray(y * (2 * below - 1) + found.mean - 2 * _partial_mean(found, y))


def half_spread(found: CountDistribution) -> Array:
    """Return ½ E|X − X'|: the CRPS that is expected when the distribution is the true one."""
    flat = np.full(found.mean.size, np.nan)
    mean, variance = found.mean.ravel(), found.variance.ravel()
    known = np.isfinite(mean) & np.isfinite(variance)
    dispersed = variance > _DISPERSED * mean
    for which, nodes in ((known & ~dispersed, _NODES), (known & dispersed, _MORE_NODES)):
        chosen = np.flatnonzero(which)
        for first in range(0, chosen.size, _CHUNK):
            at = chosen[first : first + _CHUNK]
            flat[at] = _half_spread(mean[at], variance[at], nodes)
    return flat.reshape(found.mean.shape)


def poisson_floor(mean: ArrayLike) -> tuple[Array, Array]:
    """Return the CRPS and the absolute error that remain when the rate is known, in calls."""
    rate = np.asarray(mean, float)
    poisson = CountDistribution.of(rate, rate)
    middle = poisson.quantiles([0.5])[..., 0]
    return half_spread(poisson), absolute(poisson, middle)


def bracket(found: CountDistribution, counts: ArrayLike) -> Array:
    """Return P(X < y) and P(X ≤ y), shape (*counts, 2); what the scores below are made of."""
    y = np.asarray(counts, float)
    return found.cdf(np.stack([y - 1, y], axis=-1))


def log_score(steps: Array) -> Array:
    """Return −log P(X = y) by the `bracket` of the count, in nats."""
    return np.asarray(-np.log(np.maximum(steps[..., 1] - steps[..., 0], 1e-300)))


def pinball(counts: ArrayLike, quantiles: ArrayLike, levels: Sequence[float]) -> Array:
    """Return the pinball loss of quantiles of shape (..., levels), in calls, same shape.

    >>> round(float(pinball([3.0], [[5.0]], [0.9])[0, 0]), 9)  # (5 − 3) × (1 − 0.9)
    0.2
    """
    error = np.asarray(counts, float)[..., None] - np.asarray(quantiles, float)
    level = np.asarray(levels, float)
    return np.asarray(np.maximum(level * error, (level - 1) * error))


def coverage(steps: Array, level: float) -> Array:
    """Return the chance that a randomised central interval of the level covers the count.

    Whole-number intervals hold more than their level when counts are small. Ends are taken in with
    the probability that makes the level exact, so the mean of this is the level if the forecast is
    right.

    Args:
        steps: the `bracket` of the counts.
        level: probability of the interval.
    """
    low, high = steps[..., 0], steps[..., 1]
    tail = (1 - level) / 2
    inside = np.minimum(high, 1 - tail) - np.maximum(low, tail)
    certain = np.asarray((low >= tail) & (high <= 1 - tail), float)
    width = high - low
    partly = np.clip(np.divide(inside, width, out=certain.copy(), where=width > _NOTHING), 0, 1)
    return np.where(np.isfinite(width), partly, np.nan)


def pit(steps: Array, seed: int) -> Array:
    """Return the randomised probability integral transform; uniform if the forecast is right."""
    u = np.random.default_rng(seed).random(steps.shape[:-1])
    return np.asarray(steps[..., 0] + u * (steps[..., 1] - steps[..., 0]))


def brier(found: CountDistribution, counts: ArrayLike, at_least: int) -> Array:
    """Return the squared error of P(X ≥ k)."""
    y = np.asarray(counts, float)
    chance = 1 - found.cdf([at_least - 1])[..., 0]
    return np.asarray(np.where(np.isfinite(y), (chance - (y >= at_least)) ** 2, np.nan))


def bootstrap(
    ours: ArrayLike, theirs: ArrayLike, week: ArrayLike, seed: int, draws: int = 2000
) -> tuple[float, float, float]:
    """Return ours ÷ theirs − 1 with the bounds of its 95 % interval, by resampling whole weeks.

    Args:
        ours: losses; NaN left out. NaN is returned where the other forecast has no loss at all.
        theirs: losses of the other forecast on the same rows.
        week: number of the week of each row; rows of one week stay together.
        seed: seed of the draws.
        draws: number of draws.
    """
    a, b = np.asarray(ours, float).ravel(), np.asarray(theirs, float).ravel()
    known = np.isfinite(a) & np.isfinite(b)
    _, at = np.unique(np.asarray(week).ravel()[known], return_inverse=True)
    sums = np.stack([np.bincount(at, x[known]) for x in (a, b)])
    chosen = np.random.default_rng(seed).integers(0, sums.shape[1], (draws, sums.shape[1]))
    drawn = sums[:, chosen].sum(-1)
    if not sums[1].sum() > 0:
        return np.nan, np.nan, np.nan
    drawn = drawn[:, drawn[1] > 0]  # draws of weeks without a loss compare nothing
    low, high = np.quantile(drawn[0] / drawn[1] - 1, [0.025, 0.975])
    return float(sums[0].sum() / sums[1].sum() - 1), float(low), float(high)


def paired_change(
    ours: ArrayLike,
    theirs: ArrayLike,
    where: tuple[ArrayLike, ArrayLike],
    seed: int,
    draws: int = 2000,
) -> tuple[float, float, float]:
    """Return ours ÷ theirs − 1 with the bounds of its 95 % interval: the wider of two.

    Days of one week share its weather, days of one origin the level that was believed there: one
    interval resamples weeks (`bootstrap`), the other, of four origins or more, is Student's for a
    ratio of sums over origins. Rows count by their losses, so that an origin of which little was
    observed says little.

    Args:
        ours: losses; NaN left out. NaN is returned where the other forecast has no loss at all.
        theirs: losses of the other forecast on the same rows.
        where: number of the week, and number or name of the origin, of each row.
        seed: seed of the draws.
        draws: number of draws.

    Source:
        Cochran (1977), Sampling Techniques, equation 6.13: variance of a ratio of sums.
    """
    week, origin = where
    change, low, high = bootstrap(ours, theirs, week, seed, draws)
    a, b = np.asarray(ours, float).ravel(), np.asarray(theirs, float).ravel()
    known = np.isfinite(a) & np.isfinite(b)
    _, at = np.unique(np.asarray(origin).ravel()[known], return_inverse=True)
    own, other = (np.bincount(at, each[known]) for each in (a, b))
    count = len(own)
    if count < _LEAST_ORIGINS or not np.isfinite(change):
        return change, low, high
    off = own - (1 + change) * other
    error = np.sqrt(count / (count - 1) * (off**2).sum()) / other.sum()
    reach = float(stats.t.ppf(0.975, count - 1) * error)
    return change, min(low, change - reach), max(high, change + reach)


def _partial_mean(found: CountDistribution, y: Array) -> Array:
    """Return Σ over k ≤ y of k P(X = k)."""
    m, v = found.mean, found.variance
    result = np.where(np.isfinite(m) & np.isfinite(v), 0.0, np.nan)
    ratio = np.divide(v, m, out=np.ones(m.shape), where=m > 0)
    over, under = (m > 0) & (ratio > 1 + _EQUAL), (m > 0) & (ratio < 1 - _EQUAL)
    equal = (m > 0) & ~over & ~under & np.isfinite(ratio)
    p = 1 / ratio[over]
    result[over] = m[over] * stats.nbinom.cdf(y[over] - 1, m[over] * p / (1 - p) + 1, p)
    result[equal] = m[equal] * special.pdtr(np.maximum(y[equal] - 1, 0), m[equal])
    result[equal] = np.where(y[equal] >= 1, result[equal], 0.0)
    trials = _trials(m[under], ratio[under])
    result[under] = m[under] * stats.binom.cdf(y[under] - 1, trials - 1, m[under] / trials)
    return result


def _trials(mean: Array, ratio: Array) -> Array:
    """Return the whole number of trials that forewatch.count_distribution takes."""
    return np.maximum(np.ceil(mean / (1 - ratio)), np.ceil(mean))


def _half_spread(mean: Array, variance: Array, nodes: int) -> Array:
    ratio = np.divide(variance, mean, out=np.ones(mean.shape), where=mean > 0)
    stretch = 1 / np.sqrt(1 + variance)
    u = (np.arange(nodes) + 0.5) * np.pi / nodes
    # t/2 = atan(c tan(u/2)) is periodic and gathers the nodes where |φ| changes
    tangent = stretch[:, None] * np.tan(u / 2)
    one_minus_cos = 2 * tangent**2 / (1 + tangent**2)
    slope = stretch[:, None] / (np.cos(u / 2) ** 2 + (stretch[:, None] * np.sin(u / 2)) ** 2)
    log_modulus = _log_modulus(mean[:, None], ratio[:, None], one_minus_cos)
    integrand = -np.expm1(log_modulus) / one_minus_cos * slope
    return np.asarray(integrand.sum(1) / (2 * nodes))


def _log_modulus(mean: Array, ratio: Array, one_minus_cos: Array) -> Array:
    """Return log |φ(t)|² of the count distributions, by 1 − cos t."""
    result = -2 * mean * one_minus_cos
    over, under = (ratio > 1 + _EQUAL)[:, 0], (ratio < 1 - _EQUAL)[:, 0]
    p = 1 / ratio[over]
    size = mean[over] * p / (1 - p)
    result[over] = -size * np.log1p(2 * (1 - p) * one_minus_cos[over] / p**2)
    trials = _trials(mean[under], ratio[under])
    chance = mean[under] / trials
    inner = 2 * chance * (1 - chance) * one_minus_cos[under]
    with np.errstate(divide="ignore"):  # one trial at even odds: |φ| reaches 0, its log −∞
        result[under] = trials * np.log1p(-np.minimum(inner, 1))
    return np.asarray(result)
