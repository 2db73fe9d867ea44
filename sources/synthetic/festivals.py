"""Festivals of the demo force and their dates, year after year."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import pandas as pd

DAY = pd.Timedelta(days=1)
_OPERATION = 0  # the first of FESTIVALS takes officers away from everywhere
_YEARS = 5  # in which it comes at least once


def monday_of(year: int, month: int, number: int) -> pd.Timestamp:
    """Return a month's Monday by number, from 1; -1 is the last."""
    if number < 0:
        end = pd.Timestamp(year, month, 1) + pd.offsets.MonthEnd()
        return end - end.day_of_week * DAY
    first = pd.Timestamp(year, month, 1)
    return first + ((7 - first.day_of_week) % 7 + 7 * (number - 1)) * DAY


@dataclass(frozen=True)
class Festival:
    """An event that comes again each year.

    Args:
        name: of the event.
        area: id of the district.
        low, high: bounds of its attendance, as announced.
        visit_days: over which the attendance is spread.
        announced_days: before it begins.
        fallow: years without it.
    """

    name: str
    area: str
    low: float
    high: float
    visit_days: float
    announced_days: int
    fallow: tuple[int, ...] = ()


FESTIVALS = (
    Festival("Glastonbury Festival", "mendip", 190_000, 210_000, 1, 270, (2018, 2020, 2021, 2026)),
    Festival("Balloon Fiesta", "bristol", 100_000, 500_000, 4, 300),
    Festival("Harbour Festival", "bristol", 150_000, 250_000, 3, 240),
    Festival("Bridgwater Carnival", "sedgemoor", 80_000, 150_000, 1, 330),
    Festival("Bath Christmas Market", "bath-and-north-east-somerset", 300_000, 450_000, 18, 200),
    Festival("Weston Air Show", "north-somerset", 60_000, 140_000, 2, 180),
)
MATCH = Festival("Football at Ashton Gate", "bristol", 19_000, 26_000, 1, 120)


def festival_times(number: int, year: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return wall-clock start and end of a festival of the table above in a year."""
    late_june = pd.Timestamp(year, 6, 30)
    sunday = late_june - ((late_june.day_of_week + 1) % 7) * DAY
    thursday = monday_of(year, 8, 1) + 3 * DAY
    july = monday_of(year, 7, 3) + 4 * DAY
    november = pd.Timestamp(year, 11, 1)
    saturday = november + ((5 - november.day_of_week) % 7) * DAY
    market = monday_of(year, 11, -1) - 4 * DAY
    air = monday_of(year, 6, 3) + 5 * DAY
    begin, end = (
        (sunday - 4 * DAY + pd.Timedelta(hours=8), sunday + DAY + pd.Timedelta(hours=12)),
        (thursday + pd.Timedelta(hours=12), thursday + 3 * DAY + pd.Timedelta(hours=22)),
        (july + pd.Timedelta(hours=12), july + 2 * DAY + pd.Timedelta(hours=20)),
        (saturday + pd.Timedelta(hours=16), saturday + pd.Timedelta(hours=23)),
        (market + pd.Timedelta(hours=10), market + 17 * DAY + pd.Timedelta(hours=18)),
        (air + pd.Timedelta(hours=10), air + DAY + pd.Timedelta(hours=19)),
    )[number]
    return begin, end


def next_operation(area_ids: Collection[str], after: date) -> tuple[date, date] | None:
    """Return the force-days of the next police operation at a festival that has its own.

    Args:
        area_ids: of districts.
        after: date after which it begins.

    Returns:
        Its first force-day and that from which it is over; None where no district has the festival.
    """
    festival = FESTIVALS[_OPERATION]
    if festival.area not in area_ids:
        return None
    years = (year for year in range(after.year, after.year + _YEARS) if year not in festival.fallow)
    spans = (festival_times(_OPERATION, year) for year in years)
    begin, end = next(span for span in spans if span[0].date() > after)
    return begin.date(), (end + DAY).date()
