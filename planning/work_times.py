"""How long the work of a call lasts, and what of it falls to instants and to windows of time.

Two kinds of work, with the same questions:

1. `ServiceTime`: officers come, stay for a random time, and are free again. A call of s hours ago
   is under way with probability P(S > s), so calls that come evenly over an hour bring
   ∫ P(S > s) ds, which is the limited mean E[S ∧ s] at the bounds of the hour.
2. `ReleasedWork`: casework, whose hours are spread over the 24-hour periods since the report by a
   release profile. At an instant an officer is busy with it with the probability that makes up
   the hours.

All take rows (left, right) and bounds of hours of calls as `planning.arrivals.Weights` has them.

Source:
    Whitt (2013), Offered load analysis for staffing, equation 3: m(t) = ∫ λ(t − s) P(S > s) ds.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from forewatch.arrays import Array
from planning.arrivals import DAY_HOURS, over_hours
from planning.casework import CaseLength

# Of the mean; work beyond it is not followed. A hundredth of it doubles what has to be computed.
_LEFT_OVER = 1e-4
_MOST_DAYS = 28  # nor for longer
# Of a square that is smooth within an hour but where a window begins or ends.
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(8)


class WorkTime(Hashable, Protocol):
    """What of a call's work falls to rows, by the hour in which the call came."""

    @property
    def officers(self) -> int:
        """How many are busy with it at a time, beside those that a service sends."""

    @property
    def reach_hours(self) -> float:
        """The hours after which next to nothing of a call is left."""

    def presence(self, left: Array, right: Array, edges: Array) -> Array:
        """Return the probability that a call is under way at *left*, shape (rows, days, hours)."""

    def hours(self, left: Array, right: Array, edges: Array) -> Array:
        """Return the mean hours of a call that fall between *left* and *right*, same shape."""

    def square_hours(self, left: Array, right: Array, edges: Array) -> Array:
        """Return the mean square of these hours, same shape."""

    def carried_hours(self, left: Array, right: Array, edges: Array) -> Array:
        """Return the mean hours of calls before *left*, as if others brought none, same shape."""


@dataclass(frozen=True)
class ServiceTime:
    """Work that begins with the call and goes on for a random time.

    Args:
        length: distribution of the hours of one officer.
    """

    length: CaseLength

    @property
    def officers(self) -> int:
        """One for each that a service sends."""
        return 1

    @cached_property
    def reach_hours(self) -> float:
        """The hours after which a ten-thousandth of the mean is left, of four weeks at most."""
        hours = np.arange(1.0, _MOST_DAYS * DAY_HOURS + 1)
        left = 1 - self.length.limited_mean(hours) / self.length.mean_hours
        return float(min((left > _LEFT_OVER).sum() + 1, len(hours)))

    def presence(self, left: Array, right: Array, edges: Array) -> Array:  # noqa: ARG002
        """See `WorkTime`."""
        return over_hours(self.length.limited_mean(left[:, None, None] - edges), edges)

    def hours(self, left: Array, right: Array, edges: Array) -> Array:
        """See `WorkTime`."""
        return over_hours(self._between(left[:, None, None], right[:, None, None], edges), edges)

    def carried_hours(self, left: Array, right: Array, edges: Array) -> Array:
        """See `WorkTime`."""
        before = np.minimum(edges, left[:, None, None])
        return over_hours(self._between(left[:, None, None], right[:, None, None], before), edges)

    def square_hours(self, left: Array, right: Array, edges: Array) -> Array:
        """See `WorkTime`.

        With x and y hours from the call to the window's end and beginning, the square of
        S ∧ x − S ∧ y is (S ∧ x)² − (S ∧ y)² − 2y (S ∧ x − S ∧ y).
        """
        half = np.diff(edges)[..., None] / 2
        at = edges[..., :-1, None] + half * (1 + _NODES)
        until, since = (np.maximum(each[:, None, None, None] - at, 0) for each in (right, left))
        square = self.length.limited_square(until) - self.length.limited_square(since)
        mean = self.length.limited_mean(until) - self.length.limited_mean(since)
        found = np.maximum(square - 2 * since * mean, 0) @ (_NODE_WEIGHTS / 2)
        return np.asarray(np.where(half[..., 0] > 0, found, 0))

    def _between(self, left: Array, right: Array, edges: Array) -> Array:
        return self._summed(right - edges) - self._summed(left - edges)

    def _summed(self, since: Array) -> Array:
        """Return the integral from 0 of the limited mean: E[x (S ∧ x) − (S ∧ x)²/2]."""
        at = np.maximum(since, 0)
        return np.asarray(at * self.length.limited_mean(at) - self.length.limited_square(at) / 2)


@dataclass(frozen=True)
class Release:
    """How a case's hours spread over the 24-hour periods since its report.

    Args:
        shares: share of the hours that lands in each period; they add up to 1.
    """

    shares: tuple[float, ...]

    @property
    def hours(self) -> int:
        """The hours after which nothing of a case is left."""
        return DAY_HOURS * len(self.shares)

    def landed(self, since: Array) -> Array:
        """Return the share that has landed by *since* hours after the report."""
        periods = np.arange(len(self.shares) + 1) * float(DAY_HOURS)
        landed = np.append(0.0, np.cumsum(self.shares))
        return np.asarray(np.interp(since, periods, landed), dtype=np.float64)

    def into(self, left: Array, right: Array, edges: Array) -> Array:
        """Return the mean share that reports of each hour bring, shape (windows, days, hours).

        Args:
            left: beginnings of the windows, hours from any instant, shape (windows,).
            right: their ends, likewise.
            edges: bounds of the hours of reports, likewise, shape (days, hours + 1).
        """
        return over_hours(self.between(left[:, None, None], right[:, None, None], edges), edges)

    def between(self, left: Array, right: Array, edges: Array) -> Array:
        """Return the integral over reports up to each of *edges*, falling, of that share."""
        return self._summed(right - edges) - self._summed(left - edges)

    def _summed(self, since: Array) -> Array:
        """Return the integral from 0 to *since* hours of the share that has landed by then."""
        at = np.clip(since, 0, self.hours)
        shares = np.append(self.shares, 0.0)
        before = np.concatenate([[0.0], np.cumsum(self.shares)])
        whole = np.concatenate([[0.0], np.cumsum((before[:-1] + before[1:]) / 2 * DAY_HOURS)])
        day = np.minimum((at // DAY_HOURS).astype(np.int64), len(self.shares))
        into = at - day * DAY_HOURS
        within = before[day] * into + shares[day] * into**2 / (2 * DAY_HOURS)
        return np.asarray(whole[day] + within + np.maximum(since - self.hours, 0))


@dataclass(frozen=True)
class ReleasedWork:
    """Work of a random number of hours, spread over the days since the call.

    Args:
        length: distribution of its officer-hours.
        release: how they are spread.
    """

    length: CaseLength
    release: Release

    @property
    def officers(self) -> int:
        """As many as its busiest period keeps busy; of a missing person one, part of the time."""
        return max(int(np.ceil(self.length.mean_hours * max(self.release.shares) / DAY_HOURS)), 1)

    @property
    def reach_hours(self) -> float:
        """The hours after which nothing of a case is left."""
        return float(self.release.hours)

    def presence(self, left: Array, right: Array, edges: Array) -> Array:  # noqa: ARG002
        """See `WorkTime`."""
        an_hour = self.length.mean_hours / self.officers
        return an_hour * over_hours(self.release.landed(left[:, None, None] - edges), edges)

    def hours(self, left: Array, right: Array, edges: Array) -> Array:
        """See `WorkTime`."""
        return self.length.mean_hours / self.officers * self.release.into(left, right, edges)

    def square_hours(self, left: Array, right: Array, edges: Array) -> Array:
        """See `WorkTime`; within an hour the share is taken as its mean."""
        return np.asarray((1 + self.length.cv**2) * self.hours(left, right, edges) ** 2)

    def carried_hours(self, left: Array, right: Array, edges: Array) -> Array:
        """See `WorkTime`."""
        before = np.minimum(edges, left[:, None, None])
        integral = self.release.between(left[:, None, None], right[:, None, None], before)
        return self.length.mean_hours / self.officers * over_hours(integral, edges)
