"""Sets of shifts on the same forecast: what each costs, and how short it is for the same hours.

1. Each set is covered at the same percentile (`planning.staffing`): its officer-hours compare.
2. With the officer-hours of the first set, each is covered at the percentile that takes as many;
   how much of the time it is then short compares too. Between whole percentiles it is read off
   along the officer-hours.
3. What is still under way when shifts end is held over (`planning.held_over`): urgent work only,
   since the rest can be begun or handed on in the next shift.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import pandas as pd

from forewatch.arrays import Array
from forewatch.clock import HOUR_US, ONE_DAY, instant_us, instants_us, utc_instants
from forewatch.rates import Selection, Spans
from forewatch.shifts import DutyShift
from planning.area_staffing import AreaStaffing
from planning.casework import CaseLength
from planning.duty_layout import work_sources
from planning.held_over import WorkStream, held_over_hours
from planning.issues import Issue
from planning.staffing import Staffing, staffing

_HALF_HOUR_US = HOUR_US // 2
_STEPS = 5  # of a half-hour: short work needs short steps
_LEVELS = (1, 99)


@dataclass(frozen=True)
class PatternFigures:
    """What a set of shifts comes to in an area, over the days that were asked for.

    Args:
        pattern: its name.
        area: id of the area.
        officer_hours: on duty, that its cover takes at the percentile.
        unmet_hours: of officers that its shifts leave uncovered.
        share_of_time_short: with that cover, over all half-hours.
        share_short_at_first: the same with as many officer-hours as the first set takes; NaN where
            no percentile from 1 to 99 takes as many.
        held_over_hours: of officers, expected after the ends of shifts.
    """

    pattern: str
    area: str
    officer_hours: float
    unmet_hours: float
    share_of_time_short: float
    share_short_at_first: float
    held_over_hours: float


@dataclass(frozen=True)
class PatternQuestion:
    """For which days, areas and role sets of shifts are compared, and at which percentile.

    Args:
        first: local date of the first force-day.
        days: number of force-days.
        areas: ids, names or names of levels; none means the whole force.
        role: id of the role.
        percentile: that is covered.
    """

    first: pd.Timestamp
    days: int
    areas: tuple[str, ...]
    role: str
    percentile: int


def compare_patterns(
    issue: Issue, patterns: Mapping[str, Sequence[DutyShift]], asked: PatternQuestion
) -> list[PatternFigures]:
    """Return what sets of shifts come to, by area and then in their order.

    Args:
        issue: whose forecast is covered.
        patterns: the shifts of each set by its name; the first is compared with.
        asked: of which days and areas.

    Raises:
        UnknownArea, UnknownRole, BadQuestion, SettingsError: as `planning.staffing.staffing`.
    """
    at_level = {
        name: cache(partial(_staffing_of, _with_shifts(issue, shifts), asked))
        for name, shifts in patterns.items()
    }
    found: dict[str, list[PatternFigures]] = defaultdict(list)
    streams: dict[str, WorkStream] = {}
    hours: dict[str, float] = {}
    for name, answer in at_level.items():
        for i, each in enumerate(answer(asked.percentile).areas):
            share = share_of_time_short(each)
            if each.area in found:
                as_many = _share_at(hours[each.area], partial(_area_at, answer, i))
            else:  # the first set is compared with itself
                as_many, hours[each.area] = share, officer_hours(each)
                streams[each.area] = urgent_stream(issue, each.area, asked)
            found[each.area].append(
                PatternFigures(
                    name,
                    each.area,
                    officer_hours(each),
                    sum(unmet.hours for unmet in each.unmet),
                    share,
                    as_many,
                    _held_over(streams[each.area], each),
                )
            )
    return [figures for of_area in found.values() for figures in of_area]


def officer_hours(found: AreaStaffing) -> float:
    """Return the officer-hours on duty of the shifts that the issue reaches."""
    return float(np.nansum(found.shifts["on_duty"] * found.shifts["hours"]))


def share_of_time_short(found: AreaStaffing) -> float:
    """Return the share of time in which more officers are busy than free, each half-hour once."""
    duty, on_duty = found.duty, np.nan_to_num(found.shifts["on_duty"].to_numpy(dtype=np.float64))
    short = duty.busy.p_over(duty.free(on_duty))
    here = duty.during[duty.is_reached].any(axis=0)
    return (
        float((short * duty.hours)[here].sum() / duty.hours[here].sum()) if here.any() else np.nan
    )


def urgent_stream(issue: Issue, area: str, asked: PatternQuestion) -> WorkStream:
    """Return the officers sent to urgent calls of an area, from a day before on."""
    rates = issue.forecast.rates
    first = max(instant_us(rates.edges[0]), _day_us(issue, asked.first - ONE_DAY))
    last = min(
        instant_us(rates.edges[-1]), _day_us(issue, asked.first + (asked.days + 1) * ONE_DAY)
    )
    edges = first + _HALF_HOUR_US * np.arange(max((last - first) // _HALF_HOUR_US, 0) + 1)
    spans = Spans(utc_instants(edges[:-1]), utc_instants(edges[1:]))
    leaves = issue.tree.leaves_of(area)
    sent: dict[CaseLength, Array] = defaultdict(lambda: np.zeros(len(edges) - 1))
    for source in work_sources(issue, asked.role):
        for each in source.services:
            if each.urgent and each.attended > 0 and not each.release:
                cells = Selection(leaves, (each.call_type,), (each.grade,))
                calls = source.forecast.expected(cells, spans).sum((0, 1))
                length = CaseLength(each.minutes / 60, each.cv)
                sent[length] += calls * each.attended * each.officers
    officers = np.array([*sent.values()]).reshape(len(sent), len(edges) - 1)
    steps = np.repeat(officers / _STEPS, _STEPS, axis=1)
    return WorkStream(first, _HALF_HOUR_US // _STEPS, steps, tuple(sent))


def _day_us(issue: Issue, day: pd.Timestamp) -> int:
    """Return the instant at which a force-day begins, kept within the issue's."""
    rates = issue.forecast.rates
    at = (day - rates.force_days[0]) // ONE_DAY
    return int(instants_us(rates.day_edges)[int(np.clip(at, 0, len(rates.force_days)))])


def _with_shifts(issue: Issue, shifts: Sequence[DutyShift]) -> Issue:
    own = issue.profile.staffing.model_copy(update={"shifts": tuple(shifts)})
    return replace(issue, profile=issue.profile.model_copy(update={"staffing": own}))


def _staffing_of(issue: Issue, asked: PatternQuestion, percentile: int) -> Staffing:
    return staffing(
        issue,
        first=asked.first,
        days=asked.days,
        areas=asked.areas,
        role=asked.role,
        percentile=percentile,
    )


def _area_at(answer: Callable[[int], Staffing], area: int, percentile: int) -> AreaStaffing:
    return answer(percentile).areas[area]


def _share_at(hours: float, at_level: Callable[[int], AreaStaffing]) -> float:
    """Return how much of the time a set is short with so many officer-hours."""
    low, high = _LEVELS
    if not officer_hours(at_level(low)) <= hours <= officer_hours(at_level(high)):
        return np.nan
    while high - low > 1:
        middle = (low + high) // 2
        if officer_hours(at_level(middle)) <= hours:
            low = middle
        else:
            high = middle
    between = [at_level(low), at_level(high)]
    hours_between = [officer_hours(each) for each in between]
    return float(np.interp(hours, hours_between, [share_of_time_short(each) for each in between]))


def _held_over(work: WorkStream, found: AreaStaffing) -> float:
    shifts = found.shifts[found.shifts["state"] == "forecast"]
    starts, ends = (instants_us(pd.DatetimeIndex(shifts[name])) for name in ("start", "end"))
    on_duty = shifts["on_duty"].to_numpy(dtype=np.float64)
    return float(held_over_hours(work, starts, ends, on_duty).sum())
