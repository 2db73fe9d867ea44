"""The hours of a span of force-days, with the wall clock's reading of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.arrays import Index
from sources.synthetic.plan import DAY_STARTS_AT_HOUR, ZONE

HOUR = 3600


@dataclass(frozen=True)
class HourGrid:
    """Whole force-days in hours: 24 of them, or 23 or 25 where the clock changes.

    Args:
        first: the first force-day.
        days: how many.
    """

    first: date
    days: int

    @cached_property
    def force_days(self) -> pd.DatetimeIndex:
        """Local dates (no zone) of the force-days, shape (days,)."""
        return pd.date_range(self.first, periods=self.days, freq="D", unit="us")

    @cached_property
    def day_seconds(self) -> Index:
        """Instants (seconds since 1970, UTC) that bound the force-days, shape (days + 1,)."""
        dates = pd.date_range(self.first, periods=self.days + 1, freq="D", unit="us")
        starts = (dates + pd.Timedelta(hours=DAY_STARTS_AT_HOUR)).tz_localize(ZONE)
        return np.asarray(starts.tz_convert("UTC").as_unit("s").asi8, np.int64)

    @cached_property
    def lengths(self) -> Index:
        """Hours of each force-day, shape (days,)."""
        return np.diff(self.day_seconds) // HOUR

    @cached_property
    def seconds(self) -> Index:
        """Instants (seconds since 1970, UTC) that bound the hours, shape (hours + 1,)."""
        return np.arange(self.day_seconds[0], self.day_seconds[-1] + HOUR, HOUR)

    @cached_property
    def edges(self) -> pd.DatetimeIndex:
        """Instants (UTC) that bound the hours, shape (hours + 1,)."""
        stamps = self.seconds.astype("datetime64[s]")
        return pd.DatetimeIndex(stamps).as_unit("us").tz_localize("UTC")

    @cached_property
    def local(self) -> pd.DatetimeIndex:
        """Wall clock (no zone) at the start of each hour, shape (hours,)."""
        return self.edges[:-1].tz_convert(ZONE).tz_localize(None)

    @cached_property
    def day(self) -> Index:
        """Number of the force-day of each hour, from 0."""
        return np.repeat(np.arange(self.days), self.lengths)

    @cached_property
    def slot(self) -> Index:
        """Local hour of each hour, 0 to 23."""
        return np.asarray(self.local.hour, np.int64)

    @cached_property
    def weekday(self) -> Index:
        """Weekday of the local date of each hour, 0 is Monday."""
        return np.asarray(self.local.day_of_week, np.int64)

    @cached_property
    def dates(self) -> NDArray[np.datetime64]:
        """Local date of each hour (a night after midnight is on the next date), in days."""
        return np.asarray(self.local, "datetime64[D]")

    @cached_property
    def day_dates(self) -> NDArray[np.datetime64]:
        """Local dates of the force-days, in days."""
        return np.asarray(self.force_days, "datetime64[D]")
