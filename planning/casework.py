"""How long a missing-person case keeps officers, and the hours that many cases come to.

1. A case takes a random number of hours, lognormal or gamma, with a given mean and spread.
2. Hours are laid on an even grid so that the mean stays exact: an amount between two points of the
   grid is shared between them. The longest case in 100,000 is as long as cases get.
3. The characteristic function of the total follows from those of the counts (Poisson, negative
   binomial or binomial, as in `forewatch.count_distribution`) and of one case, without simulation.
4. A fast Fourier transform turns it into probabilities.

Source:
    Klugman, Panjer & Willmot (2012), Loss Models, 4th ed., sections 9.6 (the grid: appendix E.2,
    mean-preserving) and 9.7 (fast Fourier transform).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from forewatch.arrays import Array
from forewatch.errors import NotEnoughHistory
from forewatch.profile import HoursShape, Missing

Complex = NDArray[np.complex128]

# A report brings a share of its case's hours into a window. Shares are kept as masses at these,
# so that what depends on a share is computed once for all rows; the mean stays exact.
SHARES: Array = 2.0 ** (-np.arange(21) / 2)
_FEWEST_CASES = 30  # a spread learned from fewer is mostly chance
_POINTS = 1024  # of the grid
_TAIL = 1e-5  # a case longer than this quantile is taken to end there
_SPREADS = 8.0  # standard deviations above the mean that the grid reaches
_POISSON_BAND = 1e-9  # relative variance of a shared factor below which there is none
_ROWS = 256  # rows at a time, so that the memory needed doesn't grow with the question


@dataclass(frozen=True)
class CaseLength:
    """The distribution of the officer-hours of one case.

    Args:
        mean_hours: their mean.
        cv: their standard deviation divided by their mean.
        shape: the kind of distribution.
    """

    mean_hours: float = 13.0
    cv: float = 1.5
    shape: HoursShape = "lognormal"

    @classmethod
    def of(cls, settings: Missing) -> Self:
        """Return the case length that the profile names."""
        return cls(settings.mean_hours, settings.hours_cv, settings.hours_shape)

    @classmethod
    def from_durations(cls, hours: ArrayLike, shape: HoursShape = "lognormal") -> Self:
        """Return the case length of cases that were closed; open ones must not be among them.

        The mean is the cases' own. The spread of a lognormal is learned from the logarithms: that
        of the hours themselves hangs on the few longest.

        Args:
            hours: officer-hours of each case, shape (cases,).
            shape: the kind of distribution.

        Raises:
            NotEnoughHistory: if there are fewer than 30 cases.
            ValueError: if a case took no time at all, or an unknown one.
        """
        found = np.asarray(hours, dtype=np.float64)
        if not np.all(found > 0):
            raise ValueError("a case takes more than 0 hours; leave out those that are unknown")
        if len(found) < _FEWEST_CASES:
            raise NotEnoughHistory(
                f"{len(found)} cases say too little of how long one takes; {_FEWEST_CASES} are "
                "needed: keep missing.mean_hours and missing.hours_cv as they are"
            )
        if shape == "lognormal":
            cv = np.sqrt(np.expm1(np.log(found).var(ddof=1)))
        else:
            cv = found.std(ddof=1) / found.mean()
        return cls(float(found.mean()), float(cv), shape)

    @property
    def longest_hours(self) -> float:
        """The hours beyond which a case is not followed: one case in 100,000 is longer."""
        if self.shape == "gamma":
            return float(special.gammaincinv(self._size, 1 - _TAIL) * self.mean_hours / self._size)
        middle, sigma = self._log_moments
        return float(np.exp(middle - sigma * special.ndtri(_TAIL)))

    def limited_mean(self, hours: Array) -> Array:
        """Return the expected hours of a case of which no more than *hours* count.

        Source:
            Klugman, Panjer & Willmot (2012), appendix A, E[X ∧ x] of the two distributions.
        """
        at = np.maximum(hours, 0)
        if self.shape == "gamma":
            scaled = at * self._size / self.mean_hours
            below = special.gammainc(self._size + 1, scaled)
            return np.asarray(self.mean_hours * below + at * special.gammaincc(self._size, scaled))
        middle, sigma = self._log_moments
        z = (np.log(np.maximum(at, np.finfo(float).tiny)) - middle) / sigma
        return np.asarray(self.mean_hours * special.ndtr(z - sigma) + at * special.ndtr(-z))

    def limited_square(self, hours: Array) -> Array:
        """Return the expected square of a case's hours of which no more than *hours* count.

        Source:
            Klugman, Panjer & Willmot (2012), appendix A, E[(X ∧ x)²] of the two distributions.
        """
        at = np.maximum(hours, 0)
        whole = self.mean_hours**2 * (1 + self.cv**2)
        if self.shape == "gamma":
            scaled = at * self._size / self.mean_hours
            below = special.gammainc(self._size + 2, scaled)
            return np.asarray(whole * below + at**2 * special.gammaincc(self._size, scaled))
        middle, sigma = self._log_moments
        z = (np.log(np.maximum(at, np.finfo(float).tiny)) - middle) / sigma
        return np.asarray(whole * special.ndtr(z - 2 * sigma) + at**2 * special.ndtr(-z))

    @property
    def _size(self) -> float:
        return self.cv**-2

    @property
    def _log_moments(self) -> tuple[float, float]:
        variance = np.log1p(self.cv**2)
        return float(np.log(self.mean_hours) - variance / 2), float(np.sqrt(variance))


@dataclass(frozen=True)
class Workload:
    """What brings hours into windows, one row each; every row finite.

    Args:
        length: how long a case takes.
        expected: expected reports by the share of their case's hours that falls into the window,
            shape (rows, SHARES).
        shared_variance: relative variance of the factor that all of a row's expected reports have
            in common: positive makes the count negative binomial, 0 Poisson, below it binomial;
            shape (rows,).
        known: reports that have been made, by the same shares, shape (rows, SHARES).
        dispersion: variance ÷ mean of the number of expected reports made at about one time, at
            least 1: above it some come together; shape (rows,).
    """

    length: CaseLength
    expected: Array
    shared_variance: Array
    known: Array
    dispersion: Array

    @classmethod
    def of_counts(cls, length: CaseLength, mean: Array, variance: Array) -> Self:
        """Return all the hours of cases of which only the number's moments are given."""
        expected = np.zeros((len(mean), len(SHARES)))
        expected[:, 0] = mean
        beyond = np.asarray(variance - mean)
        shared = np.divide(beyond, mean**2, out=np.zeros_like(beyond), where=mean > 0)
        return cls(length, expected, shared, np.zeros_like(expected), np.ones(len(mean)))

    def at(self, rows: NDArray[np.int64]) -> Self:
        """Return the rows at positions."""
        return replace(
            self,
            **{
                name: getattr(self, name)[rows]
                for name in ("expected", "shared_variance", "known", "dispersion")
            },
        )

    @property
    def mean(self) -> Array:
        """Expected hours, shape (rows,)."""
        return np.asarray((self.expected + self.known) @ SHARES * self.length.mean_hours)

    @property
    def variance(self) -> Array:
        """Variance of the hours, hours², shape (rows,)."""
        cv2 = self.length.cv**2
        cases = self.expected @ SHARES**2 * (self.dispersion + cv2) + self.known @ SHARES**2 * cv2
        together = self.shared_variance * (self.expected @ SHARES) ** 2
        return np.asarray(np.maximum(cases + together, 0) * self.length.mean_hours**2)

    def quantiles(self, levels: ArrayLike, above: Array) -> tuple[Array, Array]:
        """Return quantiles in hours, (rows, levels), and P(hours > above), shape (rows,).

        Args:
            levels: between 0 and 1, shape (levels,).
            above: hours to compare with, shape (rows,); NaN gives NaN.

        The grid has 1,024 points over the mean + 8 standard deviations + the longest case, or up to
        a fifth more, and both are read between its points: the tests find quantiles up to the 99th
        percentile within one and a half steps of their closed forms.
        """
        at = np.asarray(levels, dtype=np.float64)
        found, over = np.zeros((len(self.mean), len(at))), np.full(len(self.mean), np.nan)
        reach = self.mean + _SPREADS * np.sqrt(self.variance) + self.length.longest_hours
        # Steps of one size for rows of about one size: what depends on the step is kept.
        steps = 2 ** (np.ceil(4 * np.log2(reach / _POINTS)) / 4)
        alike = np.stack([steps, self.dispersion], axis=1)
        kinds, kind = np.unique(alike, axis=0, return_inverse=True)
        for i, (step, dispersion) in enumerate(kinds.tolist()):
            rows = np.flatnonzero(kind == i)
            for first in range(0, len(rows), _ROWS):
                part = rows[first : first + _ROWS]
                probabilities = self._probabilities(part, step, dispersion)
                read = _GridLookup(probabilities, self._none(part, dispersion), step)
                found[part] = read.quantiles(at)
                over[part] = 1 - read.cdf(above[part])
        return found, np.where(np.isnan(above), np.nan, np.clip(over, 0, 1))

    def _probabilities(self, rows: NDArray[np.int64], step: float, dispersion: float) -> Array:
        """Return P(hours at each point of the grid), shape (rows, points)."""
        case = _case_transforms(self.length, step)
        cases = _times(self.expected[rows], _together(case - 1, dispersion))
        total = _count_transform(cases, self.expected[rows].sum(1), self.shared_variance[rows])
        if self.known[rows].any():
            total *= np.exp(_times(self.known[rows], _case_logs(self.length, step)))
        return np.asarray(np.fft.irfft(total, _POINTS, axis=1))

    def _none(self, rows: NDArray[np.int64], dispersion: float) -> Array:
        """Return P(no hours at all), shape (rows,)."""
        reports = self.expected[rows].sum(1)
        cases = reports[:, None] * _together(np.array([-1 + 0j]), dispersion)
        none = _count_transform(cases, reports, self.shared_variance[rows])
        return np.where(self.known[rows].sum(1) > 0, 0.0, none.real[:, 0])


@dataclass(frozen=True)
class _GridLookup:
    """Probabilities on a grid, read between its points.

    The mass of a point lies half a step to both sides of it, except that of exactly no hours.
    """

    probabilities: Array
    none: Array
    step: float

    def quantiles(self, levels: Array) -> Array:
        below = self._below
        found = np.zeros((len(below), len(levels)))
        for i, level in enumerate(levels):
            # The first bound below which at least the level lies, and the one before it.
            up = np.clip((below < level).sum(1), 1, below.shape[1] - 1)[:, None]
            low, high = (np.take_along_axis(below, j, 1)[:, 0] for j in (up - 1, up))
            share = np.divide(level - low, high - low, out=np.ones_like(low), where=high > low)
            left, right = self._bounds[up[:, 0] - 1], self._bounds[up[:, 0]]
            found[:, i] = np.where(level <= self.none, 0, left + share * (right - left))
        return found

    def cdf(self, hours: Array) -> Array:
        at = np.nan_to_num(hours)
        up = np.clip(np.searchsorted(self._bounds, at, side="right"), 1, len(self._bounds) - 1)
        left, right = self._bounds[up - 1], self._bounds[up]
        low, high = (np.take_along_axis(self._below, j[:, None], 1)[:, 0] for j in (up - 1, up))
        share = np.minimum((at - left) / (right - left), 1)
        return np.asarray(low + share * (high - low))

    @property
    def _bounds(self) -> Array:
        points = self.probabilities.shape[1]
        return np.concatenate([[0.0], (np.arange(points) + 0.5) * self.step])

    @cached_property
    def _below(self) -> Array:
        """P(hours <= bound), shape (rows, bounds)."""
        sums = np.maximum(self.probabilities.cumsum(1), self.none[:, None])
        return np.concatenate([self.none[:, None], np.maximum.accumulate(sums, 1)], axis=1)


def _count_transform(cases: Complex, reports: Array, shared_variance: Array) -> Complex:
    """Return E[z^N] for counts N, from mean × (z − 1).

    Args:
        cases: mean × (z − 1), shape (rows, points).
        reports: the mean, shape (rows,).
        shared_variance: (variance − mean) ÷ mean², shape (rows,).
    """
    found = np.empty_like(cases)
    over, under = shared_variance > _POISSON_BAND, shared_variance < -_POISSON_BAND
    equal = ~over & ~under
    found[equal] = np.exp(cases[equal])
    shared = shared_variance[over, None]
    found[over] = np.exp(-np.log(1 - shared * cases[over]) / shared)
    # As many trials as CountDistribution has, and never fewer than reports.
    trials = np.ceil(np.maximum(-1 / shared_variance[under], reports[under]))[:, None]
    found[under] = (1 + cases[under] / trials) ** trials
    return found


def _together(case: Complex, dispersion: float) -> Complex:
    """Return (z − 1) of a report as it counts where reports come in groups, from z − 1.

    Source:
        Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, section 5.3: a negative
        binomial count is a Poisson number of groups of logarithmic size.
    """
    if dispersion <= 1:
        return case
    return np.asarray(-np.log(1 - (dispersion - 1) * case) / (dispersion - 1))


def _times(masses: Array, transforms: Complex) -> Complex:
    """Return masses @ transforms, leaving out the shares that no row has."""
    used = masses.any(axis=0)
    return np.asarray(masses[:, used].astype(np.complex128) @ transforms[used])


@lru_cache(maxsize=32)
def _case_transforms(length: CaseLength, step: float) -> Complex:
    """Return the transform of each share of one case's hours, shape (SHARES, points/2 + 1)."""
    edges = np.arange(-1, _POINTS + 1) * step
    found = np.empty((len(SHARES), _POINTS // 2 + 1), dtype=np.complex128)
    for i, share in enumerate(SHARES):
        limited = share * length.limited_mean(edges / share)
        masses = np.maximum(2 * limited[1:-1] - limited[:-2] - limited[2:], 0) / step
        masses[0] = max(1 - limited[2] / step, 0)
        end = max(int(np.ceil(share * length.longest_hours / step)), 1)
        masses[end] += masses[end + 1 :].sum()
        masses[end + 1 :] = 0
        found[i] = np.fft.rfft(masses / masses.sum())
    return found


@lru_cache(maxsize=32)
def _case_logs(length: CaseLength, step: float) -> Complex:
    """Return the continuous logarithm of the transforms, same shape."""
    case = _case_transforms(length, step)
    size = np.log(np.maximum(np.abs(case), np.finfo(float).tiny))
    return np.asarray(size + 1j * np.unwrap(np.angle(case), axis=1))
