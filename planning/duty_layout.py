"""When an issue's officers are asked for: half-hours, shifts, and the work that falls to them.

It is the same for all areas with the same shifts; what calls bring to its half-hours and windows is
found once, and read for each area.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, reduce
from operator import add

import numpy as np
import pandas as pd

from forewatch.arrays import Array, Index, Mask
from forewatch.clock import HOUR_US, ONE_DAY, WEEK_DAYS, instant_us, instants_us, utc_instants
from forewatch.duty import (
    Service,
    assumed_of_services,
    duty_shifts,
    productive_hours,
    service_of,
    services,
)
from forewatch.rates import Spans
from planning.cover import Shifts
from planning.issues import Issue
from planning.load import Load, Measure, Rows, SourceLoad
from planning.on_duty import OtherShifts
from planning.shift_times import shift_times
from planning.source_calls import Calls, Source

_HALF_HOUR_US = HOUR_US // 2
_TIMES = ("shift", "force_day", "start", "end", "hours", "productive", "state")


@dataclass(frozen=True)
class HalfHours:
    """The half-hours of the force-days that an issue reaches; shape (half-hours,) each.

    Args:
        starts_us: instants, microseconds since 1970.
        ends_us: likewise; the last of a day may be shorter.
        day: number of the force-day in the horizon.
    """

    starts_us: Index
    ends_us: Index
    day: Index

    @classmethod
    def of(cls, day_edges_us: Index) -> HalfHours:
        """Return those of force-days between edges."""
        counts = -(-np.diff(day_edges_us) // _HALF_HOUR_US)
        day = np.repeat(np.arange(len(counts)), counts)
        within = np.arange(len(day)) - np.repeat(np.cumsum(counts) - counts, counts)
        starts = day_edges_us[:-1][day] + within * _HALF_HOUR_US
        return cls(starts, np.minimum(starts + _HALF_HOUR_US, day_edges_us[day + 1]), day)

    @property
    def middles_us(self) -> Index:
        """The instants at which load and cover are compared."""
        return (self.starts_us + self.ends_us) // 2

    @property
    def hours(self) -> Array:
        """Their lengths."""
        return np.asarray((self.ends_us - self.starts_us) / HOUR_US)


@dataclass(frozen=True)
class WorkOfWindows:
    """Hours of work that land in windows; shape (windows,) each.

    Args:
        all_of_it: of any kind.
        urgent: expected hours of urgent work.
        carried_in: expected hours of calls from before the window.
        missing: expected hours of missing-person reports.
    """

    all_of_it: Load
    urgent: Array
    carried_in: Array
    missing: Array


@dataclass(frozen=True)
class DutyLayout:
    """Half-hours and shifts of whole weeks from an issue's start, and the work of each.

    Args:
        first: number of the first force-day that was asked for; the issue's first is 0.
        days: number of force-days that were asked for.
        weeks: bounds of the weeks that are solved, numbers of force-days, ascending.
        dates: local dates of the force-days of the horizon, shape (days,).
        half_hours: of the weeks.
        shifts: one row a shift of the day before the issue that reaches into it, of the weeks, and
            of other days that were asked for, in order of start: columns of `planning.shift_times`
            with day (number of the force-day), most, productive (hours of an officer), is_reached.
        call_types: ids of those that are the role's work.
        assumed: figures of their services that nobody gave, as keys of the profile.
        windows: spans of the force-days of the weeks, and then of the reached shifts.
        loads: what calls bring to half-hours and windows, by what is asked.
    """

    first: int
    days: int
    weeks: tuple[int, ...]
    dates: pd.DatetimeIndex
    half_hours: HalfHours
    shifts: pd.DataFrame = field(repr=False)
    call_types: tuple[str, ...]
    assumed: tuple[str, ...]
    windows: Spans = field(repr=False)
    loads: Mapping[str, Sequence[SourceLoad]] = field(repr=False)

    @classmethod
    def of(
        cls,
        issue: Issue,
        place: tuple[Sequence[str], str],
        asked: tuple[pd.Timestamp, int],
        sources: Sequence[Source],
    ) -> DutyLayout:
        """Return the layout of areas that have the same shifts.

        Args:
            issue: the issue asked.
            place: ids of the areas, and of the role.
            asked: local date of the first force-day that is asked for, and their number.
            sources: of the work.
        """
        rates = issue.forecast.rates
        horizon = len(rates.force_days)
        first = (asked[0] - rates.force_days[0]) // ONE_DAY
        until = min(first + asked[1], horizon) if first < horizon else 0
        weeks = [*range(0, max(until, 0), WEEK_DAYS), *([] if until <= 0 else [until])]
        if len(weeks) > 1:
            weeks[-1] = min(weeks[-2] + WEEK_DAYS, horizon)
        edges = instants_us(rates.day_edges)[: (weeks[-1] if weeks else 0) + 1]
        half_hours = HalfHours.of(edges)
        shifts = _shifts(issue, (place[0][0], place[1]), (first, asked[1]), edges)
        reached = shifts[shifts["is_reached"]]
        windows = Spans(
            utc_instants(np.append(edges[:-1], instants_us(pd.DatetimeIndex(reached["start"])))),
            utc_instants(np.append(edges[1:], instants_us(pd.DatetimeIndex(reached["end"])))),
        )
        middles = utc_instants(half_hours.middles_us)
        leaves = {leaf for area in place[0] for leaf in issue.tree.leaves_of(area)}
        loads = _loads(sources, (Spans(middles, middles), windows), issue, sorted(leaves))
        found = services(issue.profile, place[1])
        return cls(
            first,
            asked[1],
            tuple(weeks),
            rates.force_days,
            half_hours,
            shifts,
            tuple(dict.fromkeys(each.call_type for each in found)),
            assumed_of_services(found),
            windows,
            loads,
        )

    @cached_property
    def times(self) -> Shifts:
        """The shifts as `planning.cover` has them."""
        table = self.shifts
        starts, ends = (instants_us(pd.DatetimeIndex(table[name])) for name in ("start", "end"))
        hours = table["hours"].to_numpy(dtype=np.float64)
        share = table["productive"].to_numpy(dtype=np.float64) / hours
        day, most = table["day"].to_numpy(), table["most"].to_numpy()
        return Shifts(tuple(table["shift"]), starts, ends, day, hours, share, most)

    @cached_property
    def present(self) -> Mask:
        """Which half-hours each shift covers, shape (shifts, half-hours)."""
        return np.asarray(self.times.over(self.half_hours.middles_us).T, dtype=np.bool_)

    @cached_property
    def during(self) -> Mask:
        """Which of them are each shift's own: those of its week, same shape.

        Those of a later week count for its shifts, so that an answer doesn't hang on what else is
        asked.
        """
        week = np.searchsorted(self.weeks, self.half_hours.day, side="right")
        of_shift = np.searchsorted(self.weeks, np.maximum(self.times.day, 0), side="right")
        return np.asarray(self.present & (of_shift[:, None] == week), dtype=np.bool_)

    @cached_property
    def is_told(self) -> Mask:
        """Whether of all shifts that cover a half-hour the officers are told, (half-hours,).

        Of those of the day before the issue they are found, if nobody asks for them.
        """
        is_partly_reached = ~self.is_reached & (self.times.day >= 0)
        return np.asarray(~self.present[is_partly_reached].any(axis=0), dtype=np.bool_)

    def others(self, needed: Array) -> OtherShifts:
        """Return the shifts that were not asked for.

        Args:
            needed: officers on duty in all of them, shape (shifts,).
        """
        other = ~self.is_asked
        table = self.shifts[other]
        needed = np.where(self.is_reached | (self.times.day < 0), needed, np.nan)
        return OtherShifts(
            tuple(table["shift"]),
            pd.DatetimeIndex(table["force_day"]),
            needed[other],
            self.times.share[other],
            self.present[other],
        )

    @cached_property
    def is_reached(self) -> Mask:
        """Which shifts the issue reaches, shape (shifts,)."""
        return self.shifts["is_reached"].to_numpy(dtype=np.bool_)

    @cached_property
    def is_asked(self) -> Mask:
        """Which shifts were asked for, shape (shifts,)."""
        return self.asked_days(self.shifts["day"].to_numpy())

    @cached_property
    def asked(self) -> pd.DataFrame:
        """The shifts that were asked for, with state."""
        found = pd.DataFrame(self.shifts[self.is_asked]).reset_index(drop=True)
        state = np.where(found["is_reached"], "forecast", "no_forecast")
        found["state"] = pd.Series(state, dtype=object)
        return found

    @cached_property
    def asked_times(self) -> pd.DataFrame:
        """Of these what is the same in all areas."""
        return self.asked[[*_TIMES]]

    @cached_property
    def own_ids(self) -> list[str]:
        """Their ids without area and role."""
        return [text.split("/", 2)[2] for text in self.asked["shift_id"]]

    @cached_property
    def asked_dates(self) -> tuple[list[date], Index]:
        """The local dates of their force-days, and which of them is each shift's."""
        days, number = np.unique(self.asked["force_day"].to_numpy(), return_inverse=True)
        return [day.date() for day in pd.DatetimeIndex(days)], number

    @cached_property
    def asked_half_hours(self) -> pd.DataFrame:
        """The half-hours that were asked for: start, end (UTC), force_day."""
        here = self.asked_days(self.half_hours.day)
        return pd.DataFrame(
            {
                "start": utc_instants(self.half_hours.starts_us[here]),
                "end": utc_instants(self.half_hours.ends_us[here]),
                "force_day": self.dates[self.half_hours.day[here]],
            }
        )

    @cached_property
    def windows_of_shifts(self) -> Index:
        """The window of each shift; the first one's where the issue doesn't reach it."""
        reached = self.is_reached
        days = self.weeks[-1] if self.weeks else 0
        return np.where(reached, days + np.cumsum(reached) - 1, 0)

    def asked_days(self, day: Index) -> Mask:
        """Return which numbers of force-days were asked for."""
        return np.asarray((day >= self.first) & (day < self.first + self.days))

    def urgent_load(self, leaves: Sequence[str]) -> Load:
        """Return officers busy with an area's urgent work at the middles of the half-hours."""
        rows = len(self.half_hours.day)
        return reduce(add, (each.of(leaves) for each in self.loads["busy"]), Load.none(rows))

    def work(self, leaves: Sequence[str]) -> WorkOfWindows:
        """Return the hours of an area's work by window."""
        rows = max(len(self.windows.starts), 1)
        every = reduce(add, (each.of(leaves) for each in self.loads["hours"]), Load.none(rows))
        means = (
            sum((each.mean_of(leaves) for each in self.loads[name]), np.zeros(rows))
            for name in ("urgent", "carried", "casework")
        )
        return WorkOfWindows(every, *means)


def _loads(
    sources: Sequence[Source], rows: tuple[Spans, Spans], issue: Issue, leaves: Sequence[str]
) -> dict[str, list[SourceLoad]]:
    """Return the loads of `DutyLayout`, of instants and windows."""
    instants, windows = rows
    own = {*issue.profile.missing_call_types}
    own |= set() if issue.casework is None else set(issue.casework.forecast.rates.call_types)

    def is_urgent(service: Service) -> bool:
        return service.urgent

    def is_missing(service: Service) -> bool:
        return service.call_type in own

    def each(
        rows: list[Rows], measure: Measure, *of: Callable[[Service], bool]
    ) -> list[SourceLoad]:
        return [SourceLoad(one, measure, *of) for one in rows]

    # None where the issue reaches nothing of what is asked.
    until = windows.ends.max()
    told = [Calls(source, until, leaves) for source in sources if len(windows.starts)]
    halves, whole = ([Rows(calls, spans) for calls in told] for spans in (instants, windows))
    return {
        "busy": each(halves, "officers", is_urgent),
        "hours": each(whole, "hours"),
        "urgent": each(whole, "hours", is_urgent),
        "carried": each(whole, "carried"),
        "casework": each(whole, "hours", is_missing),
    }


def _shifts(
    issue: Issue, place: tuple[str, str], asked: tuple[int, int], edges_us: Index
) -> pd.DataFrame:
    """Return the shifts of `DutyLayout`."""
    profile, dates = issue.profile, issue.forecast.rates.force_days
    first, days = asked
    solved = len(edges_us) - 1
    low, high = min(-1, first), max(solved, first + days)
    found = shift_times(profile, issue.tree, place, dates[0] + low * ONE_DAY, high - low)
    found["day"] = ((pd.DatetimeIndex(found["force_day"]) - dates[0]) // ONE_DAY).to_numpy()
    is_asked = (found["day"] >= first) & (found["day"] < first + days)
    ends = instants_us(pd.DatetimeIndex(found["end"]))
    is_solved = found["day"].between(0, solved - 1) | ((found["day"] == -1) & (ends > edges_us[0]))
    found = pd.DataFrame(found[is_solved | is_asked]).reset_index(drop=True)
    most = {each.id: each.most for each in duty_shifts(profile, issue.tree, *place)}
    limits = [most[shift] for shift in found["shift"]]
    found["most"] = [np.inf if limit is None else float(limit) for limit in limits]
    lengths, at = np.unique(found["hours"].to_numpy(), return_inverse=True)
    productive = [productive_hours(profile.staffing.on_shift, hours) for hours in lengths]
    found["productive"] = np.array(productive, dtype=np.float64)[at]
    end = instant_us(issue.forecast.rates.edges[-1])
    ends = instants_us(pd.DatetimeIndex(found["end"]))
    found["is_reached"] = found["day"].between(0, solved - 1).to_numpy() & (ends <= end)
    return pd.DataFrame(found)


def work_sources(issue: Issue, role: str) -> tuple[Source, ...]:
    """Return the calls of an issue that are a role's work, each source independent of the others.

    Reports of missing persons come from their own forecast, where the issue holds one.

    Raises:
        UnknownRole: with the near names.
    """
    profile, casework = issue.profile, issue.casework
    every, whole = services(profile, role), issue.whole
    types = profile.missing_call_types
    if casework is None or not types:
        return (Source(whole.forecast, every, whole.known),)
    (own,) = casework.forecast.rates.call_types
    cases = [service_of(profile, types[0], grade) for grade in profile.grade_ids]
    mine = tuple(replace(each, call_type=own) for each in cases if each.role == role)
    others = tuple(each for each in every if each.call_type not in types)
    return (
        Source(whole.forecast, others, whole.known),
        Source(casework.forecast, mine, casework.known),
    )
