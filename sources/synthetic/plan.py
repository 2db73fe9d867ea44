"""What kind of demo force is asked for, and the seeded streams of chance behind it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from pydantic import Field

from forewatch.frozen import Frozen

ZONE = "Europe/London"
DAY_STARTS_AT_HOUR = 7
# Streams of days and months are numbered from here, so that a longer history, or a later end,
# never moves the chance of the days that both have.
EPOCH = date(2010, 1, 1)
WEEKLY_CALLS = 17_000.0  # public calls a week, Avon and Somerset's published scale


class Plan(Frozen):
    """Size and span of a demo force.

    Args:
        seed: the same plan gives the same force, byte for byte.
        years: length of the history, in years; not used where weeks is given.
        weeks: length of the history, in weeks.
        until: the force-day at whose start the history ends.
        ahead_days: force-days after the end for which the truth is known too.
        districts: how many districts, at most the nine of the template.
        beats_per_district: beats below each district; without it each has its own number.
        call_types: how many of the twelve call types, in the template's order.
        calls_per_week: public calls in a mean week of the last year.
        scale: multiplies calls_per_week.
        hot_weekends: relative growth of calls a degree of heat at weekends, see
            `sources.synthetic.weather`; 0: neither the effect nor a file of the weather.
    """

    seed: int = Field(default=1, ge=0)
    years: float = Field(default=3, gt=0, le=12)
    weeks: int | None = Field(default=None, ge=1, le=620)
    until: date = Field(default=date(2026, 11, 23), gt=EPOCH)
    ahead_days: int = Field(default=371, ge=0, le=400)
    districts: int = Field(default=9, ge=1, le=9)
    beats_per_district: int | None = Field(default=None, ge=1, le=99)
    call_types: int = Field(default=12, ge=1, le=12)
    calls_per_week: float = Field(default=WEEKLY_CALLS, gt=0)
    scale: float = Field(default=1, gt=0, le=50)
    hot_weekends: float = Field(default=0, ge=0, le=0.2)

    @property
    def first(self) -> date:
        """The first force-day of the history."""
        if self.weeks is not None:
            back = pd.Timestamp(self.until) - pd.Timedelta(weeks=self.weeks)
        else:
            back = pd.Timestamp(self.until) - pd.DateOffset(months=round(12 * self.years))
        return max(back.date(), EPOCH)

    @property
    def history_days(self) -> int:
        """Force-days of the history."""
        return (self.until - self.first).days

    def stream(self, *key: int) -> np.random.Generator:
        """Return the stream of one part of the force; parts never disturb each other."""
        return np.random.Generator(
            np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key))
        )


# First numbers of the streams' keys.
BEATS, SHOCKS, SPELLS, VISITORS, ATTENDANCE, CALLS, WEATHER, SERVICES, COAST = range(9)
