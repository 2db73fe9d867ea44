"""What shifts require as tables: officers by shift, cover by half-hour, and what can't be told.

A row that the issue doesn't reach has the state "no_forecast" and no numbers; a shift of which
nobody told a plan has none of these and of what follows from it. Neither is ever 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.clock import ONE_DAY
from forewatch.duty import duty_shifts, services
from planning.columns import AREA_KEYS, POOLED
from planning.demand_by_grade import demand_columns, demand_values
from planning.issues import Issue
from planning.names import POOLED_BETWEEN
from planning.plan_tables import (
    CHANGE_COST,
    GAP,
    LATE_COST,
    NOTICE_COLUMNS,
    OFFICERS,
    PLANNED,
    SHIFT_KEYS,
    SHORT_COLUMNS,
    plan_values,
    shift_columns,
)
from planning.tables import Column, Values

if TYPE_CHECKING:  # its columns are described where nothing is computed
    from planning.duty_plan import AreaPlan

_CALLS, _HOURS = "calls", "officer-hours"
_ROLE = Column("role", "id of the role", type="text", example="response")
_STATE = Column(
    "state", "forecast; stale: what was observed of the role's calls there is older than the force "
    "allows; no_forecast: the issue doesn't reach the whole shift, and nothing is known of it",
    type="text", example="forecast", options=("forecast", "no_forecast", "stale"), shown="told",
    usual=("forecast",),
)  # fmt: skip
_REASON = Column(
    "reason", "why the state is not forecast; empty where it is", type="text",
    below="{state}: {text} ({rows})",
)  # fmt: skip
_PRODUCTIVE = Column(
    "productive", "hours of it that an officer has for calls", "hours", example=7.0, decimals=1
)
_NEEDED = (
    Column("on_duty", "officers on duty that are needed", OFFICERS, "whole", 8, shown="always"),
    Column("rostered", "officers on the roster that it takes to have them on duty", OFFICERS,
           "whole", 10, shown="always"),
    Column("abstraction", "share of those on the roster that isn't there", "share", high=1,
           example=0.19, decimals=2),
    Column("minimum", "officers on duty at any half-hour", OFFICERS, "whole", 2),
    Column("binds", "why there isn't one fewer; empty where none is needed", type="text",
           example="urgent", options=("", "hours", "minimum", "urgent"), shown="always"),
)  # fmt: skip
_WORK = (
    Column("work_mean", "expected hours of work that land in its time", _HOURS, example=38.2,
           decimals=1, shown="always"),
    Column("work_quantile", "hours of work that are exceeded with the rest of the percentile's "
           "probability", _HOURS, example=47.9, decimals=1, shown="always"),
    Column("carried_in", "expected hours of them of calls from before it began", _HOURS,
           example=6.1, decimals=1),
    Column("urgent_mean", "expected hours of urgent work", _HOURS, example=25.4, decimals=1),
    Column("deferrable_mean", "expected hours of work that can wait within the force-day", _HOURS,
           example=12.8, decimals=1),
    Column("missing_mean", "expected hours of missing-person reports", _HOURS, example=7.5,
           decimals=1),
)  # fmt: skip
_SHORT = tuple(each.name for each in SHORT_COLUMNS)
_NEEDED_SHORT = tuple(
    replace(each, name=f"needed_{each.name}", meaning=f"{each.meaning}, with those that are needed")
    for each in SHORT_COLUMNS
)
_PLAN = (
    Column(
        "plan_state", "told; late: told after the shift began; no_plan: nobody told of it; "
        "unknown: the plan can't be read", type="text", example="told",
        options=("late", "no_plan", "told", "unknown"),
    ),
    PLANNED,
    Column("planned_rostered", "officers on the roster, by the plan", OFFICERS, "whole", 9),
    GAP,
    *SHORT_COLUMNS,
)  # fmt: skip
_CHANGE = (
    *NOTICE_COLUMNS,
    replace(CHANGE_COST, shown="never"),
    LATE_COST,
)
CODE = Column("code", "the rota system's own code; empty where nobody gave one", type="text",
              example="L10")  # fmt: skip
GONE = "gone"
# A shift that the earlier issue had and this one has not is told as a row of its own.
MOVED_STATE = replace(
    _STATE,
    meaning=f"{_STATE.meaning}; {GONE}: there is no such shift any more, and its times are old",
    options=(*_STATE.options, GONE),
)
WAS_COLUMNS = (
    Column("was_state", "state by the earlier issue; no_forecast too where it had no such shift",
           type="text", example="forecast", options=("forecast", "no_forecast", "stale"),
           shown="told", usual=("forecast",)),
    Column("was_start", "its beginning by the earlier issue; empty where it had no such shift",
           "UTC", "instant", "2026-12-18T14:00:00Z"),
    Column("was_end", "its end by it", "UTC", "instant", "2026-12-19T00:00:00Z"),
    Column("was_code", "the rota system's own code by it", type="text", example="L10"),
    Column("was_on_duty", "officers on duty that were needed by it", OFFICERS, "whole", 7,
           shown="always"),
    Column("was_rostered", "officers on the roster by it", OFFICERS, "whole", 9, shown="always"),
)  # fmt: skip
COVER_COLUMNS = (
    *AREA_KEYS,
    _ROLE,
    Column("force_day", "local date of its force-day", type="date", example="2026-12-18"),
    Column("start", "its beginning", "UTC", "instant", "2026-12-18T14:00:00Z", shown="always"),
    Column("end", "its end, not part of it", "UTC", "instant", "2026-12-18T14:30:00Z"),
    Column("need", "officers that urgent work needs free for calls, and the minimum on duty; work "
           "that can wait is not in it: on_duty holds that too", OFFICERS, "whole", 6,
           shown="always"),
    Column("unrounded_need", "the same before rounding", OFFICERS, example=5.4, decimals=2,
           shown="always"),
    Column("mean", "officers busy with urgent work, expected", OFFICERS, example=3.1, decimals=2,
           shown="always"),
    Column("variance", "of that number", "officers²", example=6.2, decimals=2),
    Column("on_duty", "officers on duty by the shifts that are needed", OFFICERS, "whole", 9,
           shown="always"),
    Column("free", "of them free for calls on average", OFFICERS, example=6.3, decimals=2,
           shown="always"),
)  # fmt: skip
UNMET_COLUMNS = (
    *AREA_KEYS,
    _ROLE,
    Column("start", "its beginning", "UTC", "instant", "2026-12-18T22:00:00Z", shown="always"),
    Column("end", "its end, not part of it", "UTC", "instant", "2026-12-18T23:00:00Z"),
    Column("officers", "officers that can't be there", OFFICERS, example=2.0, shown="always"),
    Column("hours", "the hours of these", _HOURS, example=2.0, shown="always"),
    Column("why", "urgent: free for calls; minimum: on duty; hours: to hold a force-day's work",
           type="text", example="urgent", options=("hours", "minimum", "urgent"), shown="always"),
)  # fmt: skip
MISSING_COLUMNS = (
    *AREA_KEYS,
    _ROLE,
    Column("force_day", "local date of a force-day that the issue doesn't reach", type="date",
           example="2027-03-01"),
    Column("state", "what is known of it", type="text", example="no_forecast",
           options=("no_forecast",)),
)  # fmt: skip


@dataclass(frozen=True)
class AreaRequirements:
    """What areas need, beside the plan of them.

    Args:
        issue: what is needed is from it.
        role: id of the role.
        plans: of the areas, in the order asked.
        days: the force-days (local dates) that were asked for.
        is_plan_known: whether anybody could read the plan and the holidays.
        unknown_shifts: with officers planned, that the issue doesn't know, as JSON values.
    """

    issue: Issue
    role: str
    plans: tuple[AreaPlan, ...]
    days: pd.DatetimeIndex
    is_plan_known: bool = True
    unknown_shifts: tuple[dict[str, Any], ...] = ()

    def area_name(self, area: str) -> str:
        """Return the name of an area."""
        return self.issue.tree.area(area).name

    @property
    def has_plan(self) -> bool:
        """Whether anybody told how many are planned for any of the shifts."""
        return any(bool(np.isfinite(each.planned).any()) for each in self.plans)


def requirement_columns(grades: Sequence[str], *, has_plan: bool) -> tuple[Column, ...]:
    """Return the columns of `requirement_values`; a person sees those that tell something."""
    hidden = {each.name for each in (_NEEDED_SHORT if has_plan else (*_PLAN, *_CHANGE))}
    every = (
        *AREA_KEYS,
        _ROLE,
        *SHIFT_KEYS[:2],
        CODE,
        *SHIFT_KEYS[2:],
        Column("hours", "its real length", "hours", example=10.0, decimals=1),
        _PRODUCTIVE,
        _STATE,
        _REASON,
        *(column for grade in grades for column in demand_columns(grade)),
        *_WORK,
        *_NEEDED,
        *_NEEDED_SHORT,
        *_PLAN,
        *_CHANGE,
        POOLED,
    )
    return tuple(replace(each, shown="never") if each.name in hidden else each for each in every)


def requirement_values(found: AreaRequirements, now: pd.Timestamp, grades: Sequence[str]) -> Values:
    """Return officers by shift, one area's after the other's.

    Args:
        found: what areas need.
        now: the instant at which the issue's age is judged, UTC.
        grades: of which the calls are told.
    """
    plans = found.plans
    values = plan_values(plans, found.area_name)

    shifts = shift_columns(plans)

    def column(name: str) -> NDArray[Any]:
        return shifts[name]

    def of_areas(told: Callable[[AreaPlan], object]) -> NDArray[Any]:
        texts = [told(each) for each in plans for _ in range(len(each.planned))]
        return np.array(texts, dtype=object)

    numbers = [
        "hours",
        "productive",
        "on_duty",
        "rostered",
        "abstraction",
        *(each.name for each in _WORK),
    ]
    return (
        values
        | {"planned_rostered": values["rostered"], "plan_state": _plan_state(found, values)}
        | {name: column(name).astype(np.float64) for name in numbers}
        | {f"needed_{name}": column(name).astype(np.float64) for name in _SHORT}
        | demand_values(found.issue, found.role, plans, grades)
        | _states(found, now)
        | {
            "role": of_areas(lambda _: found.role),
            "code": np.array([code for each in plans for code in _codes(found, each)], object),
            "minimum": of_areas(lambda each: each.staffing.minimum).astype(np.float64),
            "binds": column("binds").astype(object),
            "pooled": of_areas(lambda each: POOLED_BETWEEN.join(each.staffing.pooled)),
        }
        | ({} if found.is_plan_known else _without_notice(values))
    )


def cover_values(found: AreaRequirements) -> Values:
    """Return the columns COVER_COLUMNS: half-hours that the issue reaches, area after area."""
    tables = [each.staffing.half_hours for each in found.plans]
    instants = {
        name: np.concatenate([_plain(pd.DatetimeIndex(each[name])) for each in tables])
        for name in ("start", "end")
    }
    numbers = ("need", "unrounded_need", "mean", "variance", "on_duty", "free")
    rows = [len(table) for table in tables]
    return (
        _area_values(found, rows)
        | instants
        | {"force_day": np.concatenate([t["force_day"].to_numpy() for t in tables]).astype("M8[D]")}
        | {n: np.concatenate([t[n].to_numpy(dtype=np.float64) for t in tables]) for n in numbers}
    )


def unmet_values(found: AreaRequirements) -> Values:
    """Return the columns UNMET_COLUMNS, area after area."""
    every = [each.staffing.unmet for each in found.plans]
    flat = [one for each in every for one in each]
    instants = {
        name: _plain(pd.DatetimeIndex([getattr(one, name) for one in flat], tz="UTC"))
        for name in ("start", "end")
    }
    return (
        _area_values(found, [len(each) for each in every])
        | instants
        | {n: np.array([getattr(one, n) for one in flat], float) for n in ("officers", "hours")}
        | {"why": np.array([one.why for one in flat], dtype=object)}
    )


def unreached_values(found: AreaRequirements) -> Values:
    """Return the columns MISSING_COLUMNS: areas and force-days that the issue doesn't reach."""
    days = unreached_days(found)
    areas = len(found.plans)
    return _area_values(found, [len(days)] * areas) | {
        "force_day": np.tile(days.to_numpy().astype("M8[D]"), areas),
        "state": np.full(len(days) * areas, "no_forecast", dtype=object),
    }


def unreached_days(found: AreaRequirements) -> pd.DatetimeIndex:
    """Return the force-days asked for that the issue doesn't reach."""
    reached = found.issue.forecast.rates.force_days
    return found.days[~found.days.isin(reached)]


def asked_days(first: pd.Timestamp, days: int) -> pd.DatetimeIndex:
    """Return so many force-days from a first one on."""
    return pd.date_range(first, first + (days - 1) * ONE_DAY, freq="D")


def stale_areas(found: AreaRequirements, now: pd.Timestamp) -> frozenset[str]:
    """Return the areas of which what was observed of the role's calls is too old."""
    freshness, types = found.issue.freshness, _call_types(found)
    areas = [each.staffing.area for each in found.plans]
    ends = {area: freshness.end(area, types) for area in areas}
    return frozenset(area for area in areas if freshness.why_stale(ends[area], now))


def _call_types(found: AreaRequirements) -> tuple[str, ...]:
    kinds = {each.call_type for each in services(found.issue.profile, found.role)}
    return tuple(kind for kind in found.issue.forecast.rates.call_types if kind in kinds)


def _states(found: AreaRequirements, now: pd.Timestamp) -> Values:
    issue, types = found.issue, _call_types(found)
    asked = [(each.staffing.area, types, len(each.planned)) for each in found.plans]
    on_duty = [each.staffing.shifts["on_duty"].to_numpy(dtype=np.float64) for each in found.plans]
    told = issue.freshness.columns(asked, np.concatenate(on_duty), now)
    return {name: told[name] for name in ("state", "reason")}


def _plan_state(found: AreaRequirements, values: Values) -> NDArray[Any]:
    if not found.is_plan_known:
        return np.full(len(values["planned"]), "unknown", dtype=object)
    told = np.where(values["late"] == "late", "late", "told")
    return np.where(np.isnan(values["planned"]), "no_plan", told).astype(object)


def _without_notice(values: Values) -> Values:
    """Return what is said of notice where nobody can read the public holidays: nothing."""
    count = len(values["planned"])
    return {
        "notice": np.full(count, "", dtype=object),
        "last_cheap_day": np.full(count, "NaT", dtype="M8[D]"),
        **{name: np.full(count, np.nan) for name in ("change_cost", "late_cost")},
    }


def _codes(found: AreaRequirements, plan: AreaPlan) -> list[str]:
    issue, shifts = found.issue, plan.staffing.shifts
    own = duty_shifts(issue.profile, issue.tree, plan.staffing.area, found.role)
    codes = {each.id: each.code or "" for each in own}
    return [codes[shift] for shift in shifts["shift"]]


def _area_values(found: AreaRequirements, rows: Sequence[int]) -> Values:
    """Return the columns area, area_name and role of so many rows of each area."""
    areas = [each.staffing.area for each in found.plans]
    ids = np.repeat(np.array(areas, dtype=object), rows)
    names = np.repeat(np.array([found.area_name(area) for area in areas], dtype=object), rows)
    return {"area": ids, "area_name": names, "role": np.full(len(ids), found.role, dtype=object)}


def _plain(instants: pd.DatetimeIndex) -> NDArray[Any]:
    return instants.tz_convert("UTC").tz_localize(None).to_numpy()
