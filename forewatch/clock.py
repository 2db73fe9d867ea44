"""The force's clock: force-days, hours, shifts and ISO weeks between UTC instants and local dates.

A force-day begins at the force's own time by local wall clock and ends where the next one begins,
so it lasts 23, 24 or 25 hours, or whatever else the clock's changes make of it. Its hours are
counted from its beginning: where that is 07:30, or the zone is not whole hours from UTC, they are
not the hours of UTC, and the last one of a day may be shorter. Instants are UTC; dates are local,
without zone, at midnight.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.errors import BadQuestion, DataError
from forewatch.profile import Profile
from forewatch.shifts import Shift

Micros = NDArray[np.int64]  # instants, microseconds since 1970 (UTC)
HOUR_US = 3_600_000_000  # microseconds, the unit of every instant here
ONE_DAY = pd.Timedelta(days=1)
WEEK_DAYS = 7
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)


@dataclass(frozen=True)
class Clock:
    """The wall clock by which force-days begin.

    Args:
        zone: name of the time zone, e.g. "Europe/London".
        day_starts_at: local wall-clock time at which a force-day begins.
    """

    zone: str
    day_starts_at: time

    @classmethod
    def of(cls, profile: Profile) -> Self:
        """Return the clock of a force."""
        return cls(profile.force.zone, profile.force.day_starts_at)

    def day_edges(self, first: pd.Timestamp, days: int) -> pd.DatetimeIndex:
        """Return the UTC instants that bound force-days, shape (days + 1,).

        A beginning that the clock skips in spring moves to the next instant that exists; of one
        that comes twice in autumn the first counts. The force-day of a date that the clock skips
        as a whole has no length: it begins where the next one does.

        >>> clock = Clock("Europe/London", time(7))
        >>> edges = clock.day_edges(pd.Timestamp("2026-10-24"), 2)
        >>> [str(edge) for edge in edges.tz_localize(None)]
        ['2026-10-24 06:00:00', '2026-10-25 07:00:00', '2026-10-26 07:00:00']
        """
        dates = pd.date_range(first.normalize(), periods=days + 1, freq="D")
        return self._instants(dates, self.day_starts_at)

    def hour_edges(self, first: pd.Timestamp, days: int) -> pd.DatetimeIndex:
        """Return the UTC instants that bound the hours of force-days, 23, 24 or 25 a day.

        Strictly ascending. The last hour of a force-day is shorter where the clock was changed by
        half an hour.
        """
        edges = self.day_edges(first, days)
        return pd.DatetimeIndex(edges[:1].append(self._hours(edges)[1]))

    def hour_days(self, first: pd.Timestamp, days: int) -> NDArray[np.int64]:
        """Return the number of the force-day, from 0, of each interval of `hour_edges`."""
        return self._hours(self.day_edges(first, days))[0]

    def hour_grid(self, instants: Micros) -> Micros:
        """Return the edges of the hours of every force-day from the first instant's to the last's.

        They are those of `hour_edges`, ascending; none where there is no instant. `intervals_of`
        finds the hour of each instant among them.
        """
        if not len(instants):
            return np.empty(0, dtype=np.int64)
        ends = np.array([instants.min(), instants.max()])
        first, last = self.force_day(utc_instants(ends))
        return instants_us(self.hour_edges(first, (last - first).days + 1))

    def hour_bounds(self, instants: Micros) -> tuple[Micros, Micros]:
        """Return when the hour that holds each instant begins, and when it ends, in their order.

        >>> clock = Clock("Europe/London", time(7, 30))
        >>> instants = pd.DatetimeIndex(["2026-01-05T07:29Z", "2026-01-05T07:35Z"])
        >>> starts, ends = clock.hour_bounds(instants_us(instants))
        >>> [str(start) for start in starts.view("M8[us]").astype("M8[m]")]
        ['2026-01-05T06:30', '2026-01-05T07:30']
        """
        edges = self.hour_grid(instants)
        interval = intervals_of(edges, instants)
        return edges[interval], edges[interval + 1]

    def shifts(self, shifts: Sequence[Shift], first: pd.Timestamp, days: int) -> pd.DataFrame:
        """Return when the shifts of force-days begin and end, in order of start.

        Args:
            shifts: the force's shifts; they may overlap and cross midnight.
            first: local date of the first force-day.
            days: number of force-days.

        Returns:
            Columns shift (id), force_day (local date, no zone), start and end (UTC). A shift
            belongs to the force-day in which it starts, and may end in the next one. A date that
            the clock skips as a whole has no shifts.
        """
        dates = pd.date_range(first.normalize(), periods=days, freq="D", unit="us")
        dates = dates[~self.is_skipped(dates)]
        parts = [self._shift(shift, dates) for shift in shifts]
        found = pd.concat(parts, ignore_index=True)
        return found.sort_values("start", kind="stable", ignore_index=True)

    def force_day(self, starts: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return the local date (no zone) of the force-day that holds each instant.

        >>> clock = Clock("Europe/London", time(7))
        >>> clock.force_day(pd.DatetimeIndex(["2027-01-01T06:59Z", "2027-01-01T07:00Z"])).day
        Index([31, 1], dtype='int32')
        """
        if not len(starts):
            return pd.DatetimeIndex([], dtype="datetime64[us]")
        # Margins on both sides, whatever the zone, the hour at which days begin and skipped dates.
        first = starts.min().tz_convert(self.zone).tz_localize(None).normalize()
        first -= 2 * ONE_DAY
        days = (starts.max() - starts.min()).days + 5
        edges = self.day_edges(first, days)
        number = np.searchsorted(instants_us(edges), instants_us(starts), side="right") - 1
        return pd.date_range(first, periods=days + 1, freq="D", unit="us")[number]

    def is_skipped(self, dates: pd.DatetimeIndex) -> NDArray[np.bool_]:
        """Return which local dates the clock skips as a whole, shape (dates,).

        >>> dates = pd.date_range("2011-12-29", periods=3)
        >>> Clock("Pacific/Apia", time(7)).is_skipped(dates).tolist()
        [False, True, False]
        """
        first = np.ones(len(dates), dtype=bool)
        # A moment before the next midnight as well: many clocks skip the first hour of a date.
        ends = (dates.normalize(), dates.normalize() + ONE_DAY - pd.Timedelta(microseconds=1))
        local = [at.tz_localize(self.zone, ambiguous=first, nonexistent="NaT") for at in ends]
        skipped: NDArray[np.bool_] = np.asarray(local[0].isna()) & np.asarray(local[1].isna())
        return skipped

    def stop_if_skipped(self, days: pd.DatetimeIndex) -> None:
        """Stop where one of the force-days has no hour at all.

        Raises:
            DataError: naming the first date that the clock skips as a whole.
        """
        if (gone := days[self.is_skipped(days)]).size:
            raise DataError(
                f"the clock of {self.zone} skipped {gone[0]:%Y-%m-%d}, and a day without hours can "
                "be neither learned nor forecast; use a history that begins after it, and origins "
                "whose horizon does not reach it"
            )

    def local_hour(self, starts: pd.DatetimeIndex) -> NDArray[np.int64]:
        """Return the hour, 0 to 23, that the wall clock reads at each instant."""
        return np.asarray(starts.tz_convert(self.zone).hour, dtype=np.int64)

    def day_start(self, day: pd.Timestamp) -> pd.Timestamp:
        """Return the UTC instant at which the force-day of a local date begins."""
        return self.day_edges(day, 0)[0]

    def first_day_from(self, origin: pd.Timestamp) -> pd.Timestamp:
        """Return the first force-day (local date) that begins at or after an instant."""
        day = self.force_day(pd.DatetimeIndex([origin]))[0]
        return day if self.day_start(day) >= origin else day + pd.Timedelta(days=1)

    def week(self, text: str) -> pd.Timestamp:
        """Return the Monday (local date) with which an ISO week begins.

        The week runs from that Monday's force-day start to the next Monday's.

        Raises:
            BadQuestion: if the text is not the label of an existing ISO week.

        >>> Clock("Europe/London", time(7)).week("2026-W49").date().isoformat()
        '2026-11-30'
        """
        found = _WEEK.fullmatch(text.strip())
        year, week = (int(found[1]), int(found[2])) if found else (0, 0)
        try:
            monday = date.fromisocalendar(year, week, 1)
        except ValueError:
            raise BadQuestion(
                f"no ISO week {text!r}; write year and week like 2026-W49 (W01 to W52 or W53)"
            ) from None
        return pd.Timestamp(monday).as_unit("us")

    def week_label(self, day: pd.Timestamp) -> str:
        """Return the label of the ISO week of a force-day, e.g. 2026-W49."""
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"

    def _shift(self, shift: Shift, dates: pd.DatetimeIndex) -> pd.DataFrame:
        # A shift that starts before the force-day's hour is the end of the force-day before.
        began = dates + ONE_DAY if shift.start < self.day_starts_at else dates
        ended = began + ONE_DAY if shift.end <= shift.start else began
        return pd.DataFrame(
            {
                "shift": shift.id,
                "force_day": dates,
                "start": self._instants(began, shift.start),
                "end": self._instants(ended, shift.end),
            }
        )

    def _instants(self, dates: pd.DatetimeIndex, at: time) -> pd.DatetimeIndex:
        """Return wall-clock times as UTC: the first of two equal ones, the next one that exists.

        Of a date that the clock skips as a whole: the same time of the date after it.
        """
        walls = dates + pd.Timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)
        first = np.ones(len(walls), dtype=bool)
        local = walls.tz_localize(self.zone, ambiguous=first, nonexistent="NaT")
        if local.hasnans:
            skipped = self.is_skipped(dates)
            # pandas would shift a time of a skipped date to an hour too late, or to a day too early
            walls = walls.where(~skipped, walls + ONE_DAY)
            local = walls.tz_localize(self.zone, ambiguous=first, nonexistent="shift_forward")
        return local.tz_convert("UTC").as_unit("us")

    def _hours(self, edges: pd.DatetimeIndex) -> tuple[NDArray[np.int64], pd.DatetimeIndex]:
        """Return the day's number and the end of each hour; a day's last one may be shorter."""
        bounds = instants_us(edges)
        hours = -(-np.diff(bounds) // HOUR_US)
        day = np.repeat(np.arange(len(hours), dtype=np.int64), hours)
        within = np.arange(hours.sum()) - np.repeat(np.cumsum(hours) - hours, hours)
        ends = np.minimum(bounds[day] + (within + 1) * HOUR_US, bounds[day + 1])
        return day, utc_instants(ends)


def intervals_of(edges: Micros, instants: Micros) -> NDArray[np.int64]:
    """Return the number of the interval that holds each instant, from 0.

    Args:
        edges: bounds of the intervals, ascending, shape (intervals + 1,).
        instants: in any order; one before the first edge gives a negative number, one at or after
            the last edge the number of intervals or more.
    """
    lengths = np.diff(edges)
    if len(lengths) and lengths[0] > 0 and (lengths == lengths[0]).all():
        return np.asarray((instants - edges[0]) // lengths[0], dtype=np.int64)  # no search needed
    return np.searchsorted(edges, instants, side="right") - 1


def instants_us(instants: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Return instants as microseconds since 1970 (UTC), in their order."""
    return np.asarray(instants.as_unit("us").asi8, dtype=np.int64)


def utc_instants(us: NDArray[np.int64]) -> pd.DatetimeIndex:
    """Return microseconds since 1970 as instants (UTC), in their order."""
    return pd.DatetimeIndex(us.view("M8[us]"), tz="UTC")


def instant_us(instant: pd.Timestamp) -> int:
    """Return one instant as microseconds since 1970 (UTC)."""
    return instant.value // 1000  # value counts nanoseconds, whatever the unit


def utc_instant(us: int) -> pd.Timestamp:
    """Return microseconds since 1970 as an instant (UTC)."""
    return pd.Timestamp(us, unit="us", tz="UTC").as_unit("us")
