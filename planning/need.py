"""How many officers work needs, and how often a number of them is too few.

1. Officers busy are whole numbers: a number of calls under way, each with one, two or more
   officers. The number of calls is matched to the load's two moments, as counts are
   (`forewatch.count_distribution`): negative binomial above Poisson, binomial below it; the
   officers of a call are mixed as they are expected to be. Probabilities follow by recursion.
2. Hours of work are matched by a gamma distribution.
3. The need at a percentile is the smallest whole number that the load exceeds with no more than
   the rest of the probability, and never below the minimum.
4. How short a number of officers is, three figures say. They differ widely and are not the same
   thing: the share of time in which more officers are busy than there are; the probability of it
   at the tightest half-hour; the probability that more hours of work land than there are.

Source:
    Klugman, Panjer & Willmot (2012), Loss Models, 4th ed., section 9.6 (Panjer's recursion for the
    (a, b, 0) class).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy import special

from forewatch.arrays import Array, Index, Mask
from forewatch.count_distribution import CountDistribution
from planning.load import Load

_REACH_SPREADS = 9.0  # standard deviations above the mean up to which probabilities are found
_FEWEST_POINTS = 8
_BAND = 1e-6  # relative distance of variance from mean below which the two are equal
_LEAST_LOG = -600.0  # where none at all is less likely, the recursion has nothing to begin with
_ROUNDING = 1e-9
_CURVE_BEYOND = 1.5  # the curve goes to half as many officers again as are needed


@dataclass(frozen=True)
class BusyOfficers:
    """The distribution of the officers that are busy, by instant.

    Args:
        over: P(more than k are busy) for k = 0, 1, …, shape (instants, numbers).
    """

    over: Array

    @classmethod
    def of(cls, load: Load) -> BusyOfficers:
        """Return the distribution of a load of officers."""
        reach = load.mean + _REACH_SPREADS * np.sqrt(load.variance)
        points = int(np.ceil(reach.max(initial=0))) + load.jobs.shape[1] + _FEWEST_POINTS
        over = np.clip(1 - _probabilities(load, points).cumsum(1), 0, 1)
        # Numbers that are next to never exceeded aren't kept: an answer holds this by area.
        told = np.flatnonzero((over > _ROUNDING).any(0))
        return cls(over[:, : told.max(initial=-1) + 2].copy())

    def need(self, level: float) -> Index:
        """Return the smallest whole numbers that are exceeded with at most 1 − level."""
        return np.asarray((self.over > 1 - level + _ROUNDING).sum(1), dtype=np.int64)

    def unrounded_need(self, level: float) -> Array:
        """Return the same before rounding: between two whole numbers by their probabilities."""
        found = self.need(level)
        rows = np.arange(len(found))
        above = np.where(found > 0, self.over[rows, np.maximum(found - 1, 0)], 1.0)
        here = self.over[rows, np.minimum(found, self.over.shape[1] - 1)]
        part = np.divide(
            above - (1 - level), above - here, out=np.ones_like(above), where=above > here
        )
        return np.asarray(np.maximum(found - 1 + np.clip(part, 0, 1), 0), dtype=np.float64)

    def p_over(self, officers: Array) -> Array:
        """Return P(more are busy than there are), of numbers that need not be whole.

        Args:
            officers: of each instant, shape (..., instants).
        """
        at = np.floor(np.maximum(officers, 0) + _ROUNDING).astype(np.int64)
        rows = np.arange(len(self.over))
        inside = at < self.over.shape[1]
        return np.where(inside, self.over[rows, np.minimum(at, self.over.shape[1] - 1)], 0.0)


@dataclass(frozen=True)
class HoursOfWork:
    """The distribution of hours of work, by window.

    Args:
        mean: hours, shape (windows,).
        variance: hours², shape (windows,).
    """

    mean: Array
    variance: Array

    def quantile(self, level: float) -> Array:
        """Return the hours that are exceeded with probability 1 − level."""
        size, scale = self._gamma
        return np.where(self.mean > 0, special.gammaincinv(size, level) * scale, 0.0)

    def p_over(self, hours: Array) -> Array:
        """Return P(more work than hours), shape as of *hours*, (..., windows)."""
        size, scale = self._gamma
        return np.where(self.mean > 0, special.gammaincc(size, np.maximum(hours, 0) / scale), 0.0)

    @property
    def _gamma(self) -> tuple[Array, Array]:
        mean = np.where(self.mean > 0, self.mean, 1.0)
        variance = np.where(self.mean > 0, np.maximum(self.variance, _ROUNDING * mean), 1.0)
        return mean**2 / variance, variance / mean


@dataclass(frozen=True)
class Shortness:
    """How short a number of officers is, by shift; shape (..., shifts) each.

    Args:
        share_of_time_short: expected share of a shift's half-hours in which more officers are busy
            with urgent work than are free for it.
        p_short_at_tightest: probability of that at its worst half-hour.
        p_hours_over: probability that its force-day brings more work of any kind than the shifts
            of that day have productive hours: work that can wait, can wait within the force-day.
    """

    share_of_time_short: Array
    p_short_at_tightest: Array
    p_hours_over: Array

    def where(self, is_told: Mask, is_day_told: Mask) -> Shortness:
        """Return the same with NaN where it can't be told, of a shift or of its force-day."""
        return Shortness(
            np.where(is_told, self.share_of_time_short, np.nan),
            np.where(is_told, self.p_short_at_tightest, np.nan),
            np.where(is_day_told, self.p_hours_over, np.nan),
        )

    def at(self, shift: int) -> tuple[float, float, float]:
        """Return the three figures of one shift."""
        share, tightest, hours = (float(getattr(self, each.name)[shift]) for each in fields(self))
        return share, tightest, hours


def shortness(
    busy: BusyOfficers, free: Array, during: Mask, hours: Array, p_hours_over: Array
) -> Shortness:
    """Return how short officers are.

    Args:
        busy: with urgent work, by half-hour.
        free: officers there are for calls in each half-hour, shape (half-hours,).
        during: which half-hours lie in which shift, shape (shifts, half-hours).
        hours: length of the half-hours, shape (half-hours,).
        p_hours_over: as of `Shortness`, shape (shifts,).
    """
    short = busy.p_over(free)
    length = during @ hours
    share = np.divide((during * hours) @ short, length, out=np.zeros_like(length), where=length > 0)
    tightest = np.where(during, short, 0).max(axis=-1, initial=0.0)
    return Shortness(share, tightest, p_hours_over)


def curve_numbers(least: int, need: int) -> Sequence[int]:
    """Return the numbers of officers that a curve tells: from the least to need and half of it."""
    return range(least, max(least, int(np.ceil(need * _CURVE_BEYOND))) + 1)


def _probabilities(load: Load, points: int) -> Array:
    """Return P(0, 1, …, points − 1 officers busy), shape (instants, points)."""
    calls = load.jobs.sum(1)
    none = np.ones_like(calls)
    sizes = np.arange(1, load.jobs.shape[1] + 1)
    of_size = np.divide(
        load.jobs, calls[:, None], out=np.zeros_like(load.jobs), where=calls[:, None] > 0
    )
    mean, square = (np.where(calls > 0, of_size @ sizes**power, none) for power in (1, 2))
    # What the variance of the number of calls has to be, that officers have theirs.
    ratio = 1 + (load.variance - calls * square) / (mean**2 * np.where(calls > 0, calls, none))
    found = np.zeros((len(calls), points))
    a, b, start = _recursion(calls, np.maximum(ratio, 0))
    small = start >= _LEAST_LOG
    found[small] = _panjer(a[small], b[small], np.exp(start[small]), of_size[small], points)
    if not small.all():
        large = CountDistribution.of(load.mean[~small], load.variance[~small])
        found[~small] = np.diff(large.cdf(np.arange(points)), axis=1, prepend=0)
    return found


def _recursion(calls: Array, ratio: Array) -> tuple[Array, Array, Array]:
    """Return a, b and log P(none) of counts with a mean and a variance ÷ mean."""
    a, b, start = np.zeros_like(calls), calls.copy(), -calls
    over = (ratio > 1 + _BAND) & (calls > 0)
    beta = ratio[over] - 1
    size = calls[over] / beta
    a[over], start[over] = beta / (1 + beta), -size * np.log1p(beta)
    b[over] = (size - 1) * a[over]
    under = (ratio < 1 - _BAND) & (calls > 0)
    # As many trials as CountDistribution has, and never fewer than calls.
    trials = np.ceil(np.maximum(calls[under] / (1 - ratio[under]), calls[under] + 1))
    p = calls[under] / trials
    a[under] = -p / (1 - p)
    b[under], start[under] = -(trials + 1) * a[under], trials * np.log1p(-p)
    return a, b, start


def _panjer(a: Array, b: Array, none: Array, of_size: Array, points: int) -> Array:
    """Return the probabilities of a sum of sizes, of which none is 0, shape (rows, points)."""
    found = np.zeros((points, len(a)))  # one number after the other, as they are found
    found[0] = none
    sizes = np.arange(1, of_size.shape[1] + 1)[:, None]
    steady, falling = a * of_size.T, b * sizes * of_size.T
    for k in range(1, points):
        low = min(k, len(sizes))
        weights = steady[:low] + falling[:low] / k
        found[k] = (weights * found[k - low : k][::-1]).sum(0)
    return np.maximum(found, 0).T
