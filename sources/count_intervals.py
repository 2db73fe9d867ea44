"""The intervals of a file of counts: hours of the force's grid, or its force-days.

Hours begin at the minute at which the force-day begins. A file by quarter-hours, say, is summed to
them where its mapping says so; else it is refused, because the row at :00 would be taken for the
whole hour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.clock import Clock, utc_instants
from forewatch.errors import DataError
from forewatch.profile import Profile
from sources import instants
from sources.lines import ReadsAsRow, every_line
from sources.table_mapping import CountsMapping

_HOUR_MINUTES = 60
_MOST_ODD_SHARE, _MOST_ODD = 0.02, 1  # rows within an interval; more of them are no slips
_SHOWN = 4
_LEAST_DAYS = 5  # with rows at one time of day only, from which on they are no hours
_LEAST_ROWS = 8  # all at whole hours: by chance in 1 of 65,000 files by the quarter-hour
Span = tuple[pd.Timestamp | None, pd.Timestamp | None]


@dataclass(frozen=True)
class Intervals:
    """Hours, or the force-days of 23, 24 or 25 hours, of a profile and mapping."""

    profile: Profile
    mapping: CountsMapping

    @property
    def name(self) -> str:
        """The interval of the file, as a message names it."""
        if self.mapping.resolution == "day":
            return "a day"
        minutes = self.mapping.interval_minutes
        return f"an interval of {minutes} minutes" if minutes else "an hour"

    def start(self, written: pd.Series, *, second_hour: bool = False) -> pd.Series:
        """Return the UTC instant at which each interval written begins; NaT where unreadable."""
        form, zone = self.mapping.time.format, self.mapping.time.zone or self.profile.force.zone
        if self.mapping.resolution == "hour":
            return instants.written_instants(written, zone, form=form, second_hour=second_hour)
        force = self.profile.force
        return instants.day_start(
            instants.dates(written, form=form), force.zone, force.day_starts_at
        )

    def is_skipped(self, written: pd.Series) -> pd.Series:
        """Return whether a text is an hour of the wall clock that never was."""
        if self.mapping.resolution == "day":
            return pd.Series(data=False, index=written.index)
        wall = instants.written_instants(written, "UTC", form=self.mapping.time.format)
        return wall.notna() & self.start(written).isna()

    def is_whole(self, written: pd.Series, starts: pd.Series) -> pd.Series:
        """Return whether a text names the beginning of an interval, not a time within it."""
        if self.mapping.resolution == "hour":
            step = self.mapping.interval_minutes or _HOUR_MINUTES
            return self._minutes_into_hour(starts) % step == 0
        opens = f"{self.profile.force.day_starts_at:%H:%M}"
        form = self.mapping.time.format
        if form == instants.ISO:
            return written.astype("str").str.slice(11, 16).isin({"", "00:00", opens})
        read = pd.to_datetime(written, format=form, errors="coerce")
        return read.dt.strftime("%H:%M").isin({"00:00", opens})

    def hour(self, starts: pd.Series) -> pd.Series:
        """Return the start of the interval of the history that holds each of the file's."""
        return self._bounds(starts)[0] if self.mapping.resolution == "hour" else starts

    def end(self, starts: pd.Series) -> pd.Series:
        """Return the instant at which each interval of the history ends, UTC."""
        if self.mapping.resolution == "hour":
            return self._bounds(starts)[1]
        force = self.profile.force
        return instants.day_end(starts, force.zone, force.day_starts_at)

    def is_readable(self, columns: tuple[str, ...], start: str) -> ReadsAsRow:
        """Return the question whether a line's cell in the column of starts can be read."""
        at = columns.index(start) if start in columns else None

        def asked(lines: list[list[str]]) -> NDArray[np.bool_]:
            if at is None:
                return every_line(lines)
            written = pd.Series([cells[at].strip() for cells in lines], dtype="str")
            return self.start(written).notna().to_numpy(bool)

        return asked

    def stop_at_months(self, file: str, written: pd.Series) -> None:
        """Stop where a month stands for a day.

        Raises:
            DataError: naming the first.
        """
        distinct = pd.Series(written.cat.categories, dtype="str")
        instants.stop_at_months(file, "start", distinct, self.mapping.time.format)

    def stop_at_other_intervals(self, file: str, starts: pd.Series) -> None:
        """Stop where the file's intervals are not those that its mapping says.

        Raises:
            DataError: naming the minutes found, and what to write.
        """
        if self.mapping.resolution == "day":
            return
        self._stop_at_days(file, starts.dropna())
        minutes = self._minutes_into_hour(starts.dropna())
        step = self.mapping.interval_minutes or _HOUR_MINUTES
        odd = minutes[minutes % step != 0]
        if len(odd) <= max(_MOST_ODD, _MOST_ODD_SHARE * len(minutes)):
            return
        first = self.profile.force.day_starts_at.minute
        found = [(int(m) + first) % _HOUR_MINUTES for m in minutes.value_counts().index[:_SHOWN]]
        at = ", ".join(f":{minute:02d}" for minute in sorted(found))
        raise DataError(
            f"{file}: its mapping says that a row is of {self.name}, and the force's hours begin "
            f"at :{first:02d}; but {len(odd):,} of {len(minutes):,} rows begin elsewhere (rows are "
            f"at {at}); write interval_minutes = 15 (or 5, 10, 20, 30) to sum shorter intervals to "
            "hours, or give the counts by the force's hours"
        )

    def _stop_at_days(self, file: str, starts: pd.Series) -> None:
        """Stop where what are said to be hours are days, or parts of hours whole hours."""
        wall = starts.dt.tz_convert(self.profile.force.zone).dt.tz_localize(None)
        times, days = wall.dt.strftime("%H:%M").unique(), wall.dt.normalize().nunique()
        if len(times) == 1 and days >= _LEAST_DAYS:
            raise DataError(
                f"{file}: its mapping says that a row is of {self.name}, and each of its {days:,} "
                f"days has rows at {times[0]} only: they are figures by day; write "
                'resolution = "day"'
            )
        if self.mapping.interval_minutes and len(starts) >= _LEAST_ROWS:
            whole = self._minutes_into_hour(starts) == 0
            if whole.all():
                raise DataError(
                    f"{file}: its mapping says that a row is of {self.name}, "
                    f"and all {len(starts):,} rows begin at a whole hour: they are figures by "
                    "hour; take interval_minutes out of the mapping"
                )

    def cut_hours(self, starts: pd.Series, span: Span) -> dict[str, pd.Series]:
        """Return, with its reason, which rows are of an hour that the file holds a part of.

        Args:
            starts: of the file's own intervals, UTC.
            span: what the mapping says that the file is complete over; it is believed.
        """
        minutes, known = self.mapping.interval_minutes, starts.dropna()
        if minutes is None or not len(known):
            return {}
        hour = self.hour(starts)
        first, last = known.min(), known.max() + pd.Timedelta(minutes=minutes)
        bounds = pd.Series([first, known.max()])
        cut = pd.Series(data=False, index=starts.index)
        if span[0] is None and self.hour(bounds)[0] != first:
            cut |= hour == self.hour(bounds)[0]
        if span[1] is None and self.end(bounds)[1] != last:
            cut |= hour == self.hour(bounds)[1]
        return {"the file begins or ends within this hour": cut}

    def _minutes_into_hour(self, starts: pd.Series) -> pd.Series:
        """Return how far each start lies beyond the force's hour, in minutes; NaN for NaT.

        By the local clock: a zone half an hour off UTC has its hours at half past, UTC.
        """
        wall = starts.dt.tz_convert(self.profile.force.zone).dt.tz_localize(None)
        day_minute = pd.Timedelta(minutes=self.profile.force.day_starts_at.minute)
        since = wall - day_minute
        found: pd.Series = (since - since.dt.floor("h")).dt.total_seconds() / 60
        return found

    def _bounds(self, starts: pd.Series) -> tuple[pd.Series, pd.Series]:
        known = starts.dropna()
        micros = known.to_numpy("datetime64[us]").astype(np.int64)
        bounds = Clock.of(self.profile).hour_bounds(micros)
        first, second = (
            pd.Series(utc_instants(each), index=known.index)
            .reindex(starts.index)
            .astype("datetime64[us, UTC]")
            for each in bounds
        )
        return first, second
