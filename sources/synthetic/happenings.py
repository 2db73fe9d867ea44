"""What moves demand from outside: school terms, festivals and matches, visitors, students.

Each table holds what a force would have imported by the end of its history; the effects behind the
truth use all of it, and the events' true sizes, which no table tells.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

import holidays
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.arrays import Array
from sources.synthetic.festivals import DAY, FESTIVALS, MATCH, Festival, festival_times, monday_of
from sources.synthetic.grid import HourGrid
from sources.synthetic.places import District, Schools, districts
from sources.synthetic.plan import ATTENDANCE, EPOCH, VISITORS, ZONE, Plan

# Visitors by month over the mean of the year, by kind of district.
SEASONS: dict[str, tuple[float, ...]] = {
    "coast": (0.45, 0.5, 0.65, 0.95, 1.05, 1.2, 1.65, 1.8, 1.1, 0.85, 0.5, 0.45),
    "rural": (0.6, 0.65, 0.8, 1.0, 1.1, 1.15, 1.35, 1.4, 1.1, 0.95, 0.65, 0.7),
    "urban": (0.75, 0.8, 0.9, 1.0, 1.05, 1.1, 1.2, 1.2, 1.05, 1.0, 0.95, 1.1),
}
# Calls go with visitors to this power.
ELASTICITY = {"coast": 0.35, "rural": 0.15, "urban": 0.03}
VISITOR_NOISE = 0.06  # relative, a month and district
VISITOR_GROWTH = 0.02  # a year
# Calls of a district in event hours grow by this × (people present ÷ residents).
CROWD_EFFECT = 0.6
# (month, day, share of students away), linear in between.
_STUDENTS_AWAY = (
    (1, 1, 0.8),
    (1, 8, 0.8),
    (1, 16, 0.0),
    (3, 24, 0.0),
    (3, 31, 0.5),
    (4, 14, 0.5),
    (4, 21, 0.0),
    (6, 5, 0.0),
    (6, 22, 1.0),
    (9, 12, 1.0),
    (9, 28, 0.0),
    (12, 12, 0.0),
    (12, 20, 0.8),
    (12, 31, 0.8),
)


def bank_holidays(first: date, last: date) -> dict[date, str]:
    """Return the bank holidays of England in the years of a span."""
    years = range(first.year, last.year + 1)
    return dict(holidays.country_holidays("GB", subdiv="ENG", years=years))


def _school_year(year: int, schools: Schools) -> list[tuple[pd.Timestamp, pd.Timestamp, str]]:
    """Return the school holidays that begin in a year, both days included."""
    easter_monday = pd.Timestamp(
        next(
            d
            for d, name in bank_holidays(date(year, 1, 1), date(year, 12, 31)).items()
            if name == "Easter Monday"
        )
    )
    october = monday_of(year, 10, -1)
    if schools == "somerset" and (october + 4 * DAY).month != october.month:
        october -= 7 * DAY  # Somerset's half term lies in October
    spring = monday_of(year, 2, 2 if schools == "somerset" else 3)
    may = monday_of(year, 5, -1)
    summer = pd.Timestamp(year, 7, 22)
    christmas = pd.Timestamp(year, 12, 22)
    christmas -= ((christmas.day_of_week - 5) % 7) * DAY
    back = pd.Timestamp(year + 1, 1, 2)
    easter = easter_monday - (16 if schools == "somerset" else 9) * DAY
    return [
        (spring, spring + 4 * DAY, "February half term"),
        (easter, easter + 16 * DAY, "Easter holidays"),
        (may, may + 4 * DAY, "May half term"),
        (summer, monday_of(year, 9, 1) - DAY, "Summer holidays"),
        (october, october + 4 * DAY, "October half term"),
        (christmas, back + ((6 - back.day_of_week) % 7) * DAY, "Christmas holidays"),
    ]


def school_holidays(plan: Plan, last: date) -> pd.DataFrame:
    """Return from, to (dates, both included), kind, name, area, announced_at, by district.

    Announced 18 months ahead; the rows reach from the year before the history to *last*.
    """
    rows = [
        (begin, end, "school_holiday", name, district.id, begin - pd.DateOffset(months=18))
        for district in districts(plan)
        for year in range(plan.first.year - 1, last.year + 1)
        for begin, end, name in _school_year(year, district.schools)
    ]
    columns = ["from", "to", "kind", "name", "area", "announced_at"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["announced_at"] = frame["announced_at"].dt.tz_localize("UTC")
    return frame


def school_is_out(plan: Plan, grid: HourGrid, table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return whether schools are closed for holidays, shape (districts, force-days)."""
    dates = grid.day_dates
    out = np.zeros((len(districts(plan)), grid.days), bool)
    for number, district in enumerate(districts(plan)):
        for row in table[table["area"] == district.id].itertuples():
            begin, end = np.datetime64(row[1], "D"), np.datetime64(row[2], "D")
            out[number] |= (dates >= begin) & (dates <= end)
    return out


@dataclass(frozen=True)
class Event:
    """One event, by wall clock, with the number of people really there at a time."""

    name: str
    area: str
    start: pd.Timestamp
    end: pd.Timestamp
    low: float
    high: float
    announced_at: pd.Timestamp
    present: float


def events(plan: Plan, last: date) -> tuple[Event, ...]:
    """Return every event of the plan's districts from the history's first year to *last*."""
    here = {district.id for district in districts(plan)}
    found: list[Event] = []
    for year in range(plan.first.year, last.year + 1):
        sizes = plan.stream(ATTENDANCE, year).uniform(size=60)
        for number, festival in enumerate(FESTIVALS):
            if festival.area in here and year not in festival.fallow:
                begin, end = festival_times(number, year)
                found.append(_event(festival, begin, end, sizes[number]))
        saturdays = pd.date_range(f"{year}-01-03", f"{year}-12-20", freq="W-SAT", unit="us")[::2]
        for number, day in enumerate(saturdays):
            if not 5 <= day.month <= 7:  # noqa: PLR2004 - the summer months without football
                begin = day + pd.Timedelta(hours=13)
                size = sizes[len(FESTIVALS) + number]
                found.append(_event(MATCH, begin, begin + pd.Timedelta(hours=5), size))
    return tuple(event for event in found if event.area in here)


def _event(festival: Festival, start: pd.Timestamp, end: pd.Timestamp, size: float) -> Event:
    people = festival.low + (festival.high - festival.low) * size
    announced = (start.normalize() - festival.announced_days * DAY).tz_localize("UTC")
    return Event(
        festival.name,
        festival.area,
        start,
        end,
        festival.low,
        festival.high,
        announced,
        people / festival.visit_days,
    )


def events_table(found: tuple[Event, ...]) -> pd.DataFrame:
    """Return name, area, start, end (UTC), attendance_low, attendance_high, announced_at."""
    names = [each.name for each in fields(Event)]
    frame = pd.DataFrame([vars(event) for event in found], columns=names).drop(columns="present")
    frame = frame.rename(columns={"low": "attendance_low", "high": "attendance_high"})
    for column in ("start", "end"):
        frame[column] = pd.to_datetime(frame[column]).dt.tz_localize(ZONE).dt.tz_convert("UTC")
    frame["announced_at"] = pd.to_datetime(frame["announced_at"], utc=True)
    return frame


def crowds(plan: Plan, grid: HourGrid, found: tuple[Event, ...]) -> Array:
    """Return relative growth of calls in event hours, shape (districts, hours)."""
    number = {district.id: i for i, district in enumerate(districts(plan))}
    growth = np.zeros((len(number), len(grid.slot)))
    for event in found:
        bounds = (stamp.tz_localize(ZONE).timestamp() for stamp in (event.start, event.end))
        low, high = np.searchsorted(grid.seconds[:-1], list(bounds))
        residents = districts(plan)[number[event.area]].residents
        growth[number[event.area], low:high] += CROWD_EFFECT * event.present / residents
    return growth


def tourism(plan: Plan, last: date) -> pd.DataFrame:
    """Return area, month (its first day), visitors a day, published_at, to the month of *last*.

    Figures come six to eight weeks after the month's end, and reach back two years before the
    history.
    """
    months = pd.date_range(EPOCH, pd.Timestamp(last), freq="MS", unit="us")
    years = (months.year - plan.until.year) + (months.month - 1) / 12
    frames = []
    for number, district in enumerate(districts(plan)):
        rng = plan.stream(VISITORS, number)
        noise, delay = np.empty(len(months)), np.empty(len(months), np.int64)
        for i in range(len(months)):  # one month after the other: a later end adds, never moves
            noise[i], delay[i] = rng.standard_normal(), rng.integers(42, 57)
        season = np.array(SEASONS[district.kind])[months.month - 1]
        visitors = district.visitors * season * (1 + VISITOR_GROWTH) ** years
        published = months + pd.offsets.MonthEnd() + pd.to_timedelta(delay, unit="D")
        frames.append(
            pd.DataFrame(
                {
                    "area": district.id,
                    "month": months,
                    "visitors": np.round(visitors * np.exp(VISITOR_NOISE * noise), -1),
                    "published_at": published.tz_localize("UTC").as_unit("us"),
                }
            )
        )
    table = pd.concat(frames, ignore_index=True)
    kept: pd.DataFrame = table[table["month"].dt.year >= plan.first.year - 2]
    return kept.reset_index(drop=True)


def visitor_pressure(plan: Plan, grid: HourGrid, table: pd.DataFrame) -> Array:
    """Return the logarithm of the factor that visitors put on calls, (districts, force-days).

    Months are joined by straight lines between their middles.
    """
    at = grid.day_dates.astype(float)
    pressure = np.empty((len(districts(plan)), grid.days))
    for number, district in enumerate(districts(plan)):
        own = table[table["area"] == district.id]
        middle = np.asarray(own["month"], "datetime64[D]").astype(float) + 15
        relative = np.log(own["visitors"].to_numpy() / district.visitors)
        pressure[number] = ELASTICITY[district.kind] * np.interp(at, middle, relative)
    return pressure


def students_present(here: tuple[District, ...], grid: HourGrid) -> Array:
    """Return the factor that university terms put on calls, shape (districts, force-days)."""
    days = grid.force_days
    knots = [pd.Timestamp(2001, month, day).day_of_year for month, day, _ in _STUDENTS_AWAY]
    away = np.interp(days.day_of_year, knots, [share for *_, share in _STUDENTS_AWAY])
    return 1 - np.array([district.students for district in here])[:, None] * away
