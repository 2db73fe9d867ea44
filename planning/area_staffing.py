"""Officers that one area needs by shift, how short other numbers are, and what can't be covered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.arrays import Array, Index
from forewatch.clock import HOUR_US, utc_instant
from forewatch.duty import abstraction_share, assumed_of_area, minimum_officers
from forewatch.errors import BadQuestion
from planning.cover import Demand, Shifts, cover
from planning.duty_layout import DutyLayout, WorkOfWindows
from planning.issues import Issue
from planning.load import Load
from planning.need import BusyOfficers, HoursOfWork, Shortness, curve_numbers
from planning.on_duty import OnDuty

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Unmet:
    """Cover that can't be given.

    Args:
        start: UTC.
        end: UTC.
        officers: that are missing; of "hours", as many as would work them in that time.
        hours: of officers that are missing.
        why: "urgent" (free for calls), "minimum" (on duty) or "hours" (of a whole force-day).
    """

    start: pd.Timestamp
    end: pd.Timestamp
    officers: float
    hours: float
    why: str


@dataclass(frozen=True)
class AreaStaffing:
    """Officers of a role that an area needs, on the days that were asked for.

    Args:
        area: its id.
        pooled: areas whose calls are known together with the area's only.
        minimum: officers on duty at any half-hour.
        assumed: what it rests on that nobody gave, as keys of the profile.
        shifts: one row a shift, in order of start: shift_id, shift, force_day, start, end (UTC),
            hours, productive (hours of an officer), state; on_duty, rostered (whole), abstraction,
            binds; work_mean, work_quantile (at the percentile), carried_in, urgent_mean,
            deferrable_mean and missing_mean (hours of work that land in its time), and the three
            figures of `planning.need.Shortness` for that many on duty. NaN, and "" of binds, where
            the issue doesn't reach.
        half_hours: one row a half-hour that the issue reaches: start, end (UTC), force_day, need,
            unrounded_need, mean, variance (of officers busy with urgent work), on_duty, free; the
            last two NaN where a shift is on that the issue doesn't reach to its end.
        unmet: cover that can't be given.
        duty: what decides how short other numbers of officers are.
    """

    area: str
    pooled: tuple[str, ...]
    minimum: int
    assumed: tuple[str, ...]
    shifts: pd.DataFrame = field(repr=False)
    half_hours: pd.DataFrame = field(repr=False)
    unmet: tuple[Unmet, ...]
    duty: OnDuty = field(repr=False)

    def gap(self, officers: Array) -> Array:
        """Return how many more on duty are needed than these, by shift; NaN where unknown."""
        return np.asarray(self.shifts["on_duty"].to_numpy() - officers, dtype=np.float64)

    def curve(self, shift: int, officers: Array | None = None) -> tuple[Index, Shortness]:
        """Return what each number of officers of one shift is short, all others as they are.

        Args:
            shift: its row.
            officers: on duty in every shift; None: as many as are needed.

        Returns:
            Numbers from the minimum to half as many again as are needed, and their figures.

        Raises:
            BadQuestion: if the issue doesn't reach the shift.
        """
        needed = self.shifts["on_duty"].to_numpy()
        if not np.isfinite(needed[shift]):
            raise BadQuestion(
                f"{self.shifts['shift_id'].iloc[shift]} is not forecast; ask for a day that the "
                "issue reaches"
            )
        numbers = np.array(curve_numbers(self.minimum, int(needed[shift])))
        found = []
        for number in numbers:
            changed = np.array(needed if officers is None else officers, dtype=np.float64)
            changed[shift] = number
            found.append(self.duty.shortness(changed).at(shift))
        return numbers, Shortness(*np.array(found).T)


@dataclass(frozen=True)
class _Need:
    """What an area needs in the half-hours and windows of a layout.

    Args:
        load: officers busy with urgent work.
        busy: their distribution.
        officers: free for calls that are needed, whole, shape (half-hours,).
        work: hours by window.
        level: probability that is covered.
        minimum: officers on duty.
    """

    load: Load
    busy: BusyOfficers
    officers: Index
    work: WorkOfWindows
    level: float
    minimum: int

    def day_hours(self, days: int) -> Array:
        """Return the hours of work of the force-days that are held."""
        every = self.work.all_of_it
        return HoursOfWork(every.mean[:days], every.variance[:days]).quantile(self.level)


@dataclass(frozen=True)
class _Covers:
    """Covers of the weeks of a layout, put together.

    Args:
        shifts: of the layout.
        officers: by shift; NaN where none were looked for.
        binds: likewise, and "" there.
        on_duty: by half-hour.
        free: likewise.
        short: likewise; officers for calls that can't be there.
        short_of_minimum: likewise; on duty.
        short_hours: by force-day.
    """

    shifts: Shifts
    officers: Array
    binds: NDArray[Any]
    on_duty: Array
    free: Array
    short: Array
    short_of_minimum: Array
    short_hours: Array


def area_staffing(
    issue: Issue, place: tuple[str, str], layout: DutyLayout, percentile: int
) -> AreaStaffing:
    """Return the officers of a role that an area needs.

    Args:
        issue: the issue asked.
        place: ids of the area and of the role.
        layout: of the area's shifts, and of the work.
        percentile: that is covered.
    """
    area, role = place
    leaves = issue.tree.leaves_of(area)
    minimum = minimum_officers(issue.profile, area, role)
    load, work = layout.urgent_load(leaves), layout.work(leaves)
    busy, level = BusyOfficers.of(load), percentile / 100
    need = _Need(load, busy, busy.need(level), work, level, minimum)
    found = _covers(layout, need)
    duty = _on_duty(layout, found, need)
    return AreaStaffing(
        area,
        issue.pooled_areas(area, layout.call_types) if layout.call_types else (),
        minimum,
        (*assumed_of_area(issue.profile, issue.tree, area, role), *layout.assumed),
        _shift_table(issue, place, layout, (found, duty, need)),
        _half_hour_table(layout, found, need),
        tuple(_unmet(layout, found)),
        duty,
    )


def _covers(layout: DutyLayout, need: _Need) -> _Covers:
    """Return officers week by week, each week's last shifts handed to the next."""
    shifts, half_hours = layout.times, layout.half_hours
    count, days = len(half_hours.day), layout.weeks[-1] if layout.weeks else 0
    found = _Covers(
        shifts,
        np.full(len(shifts.ids), np.nan),
        np.full(len(shifts.ids), "", dtype=object),
        np.zeros(count),
        np.zeros(count),
        np.zeros(count),
        np.zeros(count),
        np.zeros(days),
    )
    hours = need.day_hours(days)
    for low, high in pairwise(layout.weeks):
        # Nobody knows who is on duty when the issue begins: such shifts are filled as well.
        mine = (shifts.day >= (low or -1)) & (shifts.day < high)
        here = (half_hours.day >= low) & (half_hours.day < high)
        begin = half_hours.starts_us[here][0]
        handed = np.isfinite(found.officers) & (shifts.day < low) & (shifts.ends_us > begin)
        before = (shifts.at(handed), found.officers[handed].astype(np.int64))
        demand = Demand(
            half_hours.middles_us[here],
            need.officers[here].astype(np.float64),
            need.minimum,
            hours[low:high],
            low,
        )
        week = cover(shifts.at(mine), demand, before)
        found.officers[mine], found.binds[mine] = week.officers, week.binds
        for name in ("on_duty", "free", "short", "short_of_minimum"):
            getattr(found, name)[here] = getattr(week, name)
        found.short_hours[low:high] = week.short_hours
    return found


def _on_duty(layout: DutyLayout, found: _Covers, need: _Need) -> OnDuty:
    """Return what decides how short the shifts that were asked for are."""
    asked = layout.is_asked
    every, days = need.work.all_of_it, len(found.short_hours)
    # Days that the issue doesn't reach stand together behind the others.
    day = found.shifts.day[asked]
    day = np.where((day >= 0) & (day < days), day, days)
    work = HoursOfWork(*(np.append(each[:days], 0.0) for each in (every.mean, every.variance)))
    others = layout.others(found.officers)
    return OnDuty(
        need.busy,
        layout.half_hours.hours,
        layout.half_hours.middles_us,
        layout.during[asked],
        layout.present[asked],
        others,
        others.needed,
        found.shifts.share[asked],
        layout.asked["productive"].to_numpy(dtype=np.float64),
        day,
        work,
        layout.is_reached[asked],
    )


def _shift_table(
    issue: Issue,
    place: tuple[str, str],
    layout: DutyLayout,
    found: tuple[_Covers, OnDuty, _Need],
) -> pd.DataFrame:
    """Return `AreaStaffing.shifts`."""
    covers, duty, need = found
    asked, told = layout.is_asked, duty.is_reached
    dates, day = layout.asked_dates
    away = [abstraction_share(issue.profile.staffing, issue.tree, place[0], each) for each in dates]
    abstraction = np.array(away, dtype=np.float64)[day]
    on_duty = np.where(told, covers.officers[asked], np.nan)
    window, work = layout.windows_of_shifts[asked], need.work
    mean, variance = (each[window] for each in (work.all_of_it.mean, work.all_of_it.variance))
    urgent = work.urgent[window]
    short = duty.shortness(covers.officers[asked])
    columns = {
        "on_duty": on_duty,
        "rostered": np.ceil(on_duty / (1 - abstraction) - _ROUNDING),
        "abstraction": abstraction,
        "binds": pd.Series(np.where(told, covers.binds[asked], ""), dtype=object),
    }
    hours = {
        "work_mean": mean,
        "work_quantile": HoursOfWork(mean, variance).quantile(need.level),
        "carried_in": work.carried_in[window],
        "urgent_mean": urgent,
        "deferrable_mean": np.maximum(mean - urgent, 0),
        "missing_mean": work.missing[window],
    }
    figures = {each.name: getattr(short, each.name) for each in fields(short)}
    told_hours = {name: np.where(told, values, np.nan) for name, values in hours.items()}
    prefix = "/".join(place)
    ids = pd.Series([f"{prefix}/{own}" for own in layout.own_ids], dtype=object, name="shift_id")
    numbers = pd.DataFrame(columns | told_hours | figures)
    return pd.concat([ids, layout.asked_times, numbers], axis=1)


def _half_hour_table(layout: DutyLayout, found: _Covers, need: _Need) -> pd.DataFrame:
    """Return `AreaStaffing.half_hours`."""
    half_hours = layout.half_hours
    here = layout.asked_days(half_hours.day)
    values = {
        "need": np.maximum(need.officers, need.minimum),
        "unrounded_need": np.maximum(need.busy.unrounded_need(need.level), need.minimum),
        "mean": need.load.mean,
        "variance": need.load.variance,
        "on_duty": np.where(layout.is_told, found.on_duty, np.nan),
        "free": np.where(layout.is_told, found.free, np.nan),
    }
    numbers = pd.DataFrame({name: each[here] for name, each in values.items()})
    return pd.concat([layout.asked_half_hours, numbers], axis=1)


def _unmet(layout: DutyLayout, found: _Covers) -> Iterator[Unmet]:
    """Yield what can't be covered on the days that were asked for."""
    half_hours = layout.half_hours
    here = layout.asked_days(half_hours.day)
    for why, short in (("urgent", found.short), ("minimum", found.short_of_minimum)):
        officers = np.where(here, short, 0)
        bounds = np.flatnonzero(np.diff(officers, prepend=np.nan, append=np.nan) != 0)
        for low, high in pairwise(bounds.tolist()):
            if officers[low]:
                start, end = half_hours.starts_us[low], half_hours.ends_us[high - 1]
                yield _unmet_span(start, end, officers[low] * float(end - start) / HOUR_US, why)
    days = np.flatnonzero(found.short_hours)
    for day in days[layout.asked_days(days)]:
        at = np.flatnonzero(half_hours.day == day)
        start, end = half_hours.starts_us[at[0]], half_hours.ends_us[at[-1]]
        yield _unmet_span(start, end, float(found.short_hours[day]), "hours")


def _unmet_span(start_us: int, end_us: int, hours: float, why: str) -> Unmet:
    length = (end_us - start_us) / HOUR_US
    return Unmet(utc_instant(int(start_us)), utc_instant(int(end_us)), hours / length, hours, why)
