"""The rota contract, version 1.0: what shifts require, as a document for rota systems.

An absent or unknown value is null and stands beside a state that says why; it is never 0. A day
that isn't in an answer was not asked for; one that the issue doesn't reach is among `missing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic_core import to_json

from forewatch.arrays import Array, Mask
from forewatch.clock import Clock
from planning.area_staffing import AreaStaffing
from planning.columns import quantile_name
from planning.demand_by_grade import DEMAND_LEVELS, demand_name
from planning.requirement_tables import (
    GONE,
    MISSING_COLUMNS,
    UNMET_COLUMNS,
    AreaRequirements,
    stale_areas,
    unmet_values,
    unreached_values,
)
from planning.tables import Table, Values
from serving.writers.cells import cells
from serving.writers.json_document import dict_rows

CONTRACT = "1.0"
STEP_MINUTES = 30
_DECIMALS = 4  # of an officer
_NOTHING = (None, None)
_SHORT = ("share_of_time_short", "p_short_at_tightest", "p_hours_over")
_NOTICE = ("last_cheap_day", "change_cost", "late_cost")
_COVER = ("need", "unrounded_need", "mean", "variance", "on_duty")
_WHOLE = ("need", "on_duty")
_WORK = ("work_hours_mean", "work_hours_quantile")
_GONE_SHIFT = (
    "shift_id",
    "area",
    "area_name",
    "role",
    "shift",
    "code",
    "force_day",
    "start",
    "end",
)
_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
_PLAIN = (
    *("shift_id", "area", "area_name", "role", "shift", "code", "force_day", "start", "end"),
    *(
        "hours",
        "productive",
        "state",
        "reason",
        "on_duty",
        "rostered",
        "abstraction",
        "minimum",
        "binds",
    ),
    *("pooled", "plan_state", "planned", "planned_rostered", "gap"),
)
_MAY_BE_EMPTY = ("code", "reason", "binds", "pooled")  # texts: where there is nothing to say

Asked = frozenset[tuple[str, pd.Timestamp]]


def rota_document(
    head: Mapping[str, Any],
    found: AreaRequirements,
    shifts: Table,
    page: tuple[Asked, pd.Timestamp],
) -> bytes:
    """Return the document of a page as JSON.

    Args:
        head: what stands above the rows.
        found: what areas need.
        shifts: the rows of shifts on the page.
        page: areas and force-days on it, and the instant at which the issue's age is judged, UTC.
    """
    asked, now = page
    is_gone = _is_gone(shifts)
    body = {
        **head,
        "shifts": shift_rows(shifts.with_rows(~is_gone), found.issue.forecast.rates.grades),
        "gone": _gone_rows(shifts.with_rows(is_gone)),
        "cover": cover_series(found, asked, now, head["percentile"]),
        "unmet": _unmet(found, asked),
        "unknown_shifts": [
            row
            for row in found.unknown_shifts
            if (row["area"], pd.Timestamp(row["force_day"])) in asked
        ],
        "missing": [
            row
            for row in dict_rows(Table(MISSING_COLUMNS, unreached_values(found), {}))
            if (row["area"], pd.Timestamp(row["force_day"])) in asked
        ],
    }
    return to_json(body, inf_nan_mode="null")


def shift_rows(shifts: Table, grades: Sequence[str]) -> list[dict[str, Any]]:
    """Return shifts as JSON values; None where unknown."""
    held = cells(shifts)
    levels = [quantile_name(level) for level in DEMAND_LEVELS]
    rows = []
    for at in range(len(shifts)):
        row = {name: held[name][at] for name in _PLAIN}
        row["productive_hours"] = row.pop("productive")
        row |= {name: row[name] or None for name in _MAY_BE_EMPTY}
        row["demand"] = [
            {"grade": grade}
            | {each: held[demand_name(grade, each)][at] for each in ("mean", *levels)}
            for grade in grades
        ]
        row["work_hours"] = {
            "mean": held["work_mean"][at],
            "quantile": held["work_quantile"][at],
            "carried_in": held["carried_in"][at],
            "urgent": held["urgent_mean"][at],
            "deferrable": held["deferrable_mean"][at],
        }
        row["missing_report_hours"] = held["missing_mean"][at]
        row["short"] = {name: held[name][at] for name in _SHORT}
        row["short_as_needed"] = {name: held[f"needed_{name}"][at] for name in _SHORT}
        row["notice"] = {"class": held["notice"][at] or None} | {n: held[n][at] for n in _NOTICE}
        row["overridden"] = False  # what planners may override comes with a later version
        if "was_on_duty" in held:
            row["was"] = _was(held, at)
        rows.append(row)
    return rows


def _is_gone(shifts: Table) -> Mask:
    values: Values = shifts.values  # noqa: PD011 # no frame
    return np.asarray(values["state"] == GONE)


def _gone_rows(shifts: Table) -> list[dict[str, Any]]:
    held = cells(shifts)
    return [
        {name: held[name][at] for name in _GONE_SHIFT}
        | {"code": held["code"][at] or None, "was": _was(held, at)}
        for at in range(len(shifts))
    ]


def _was(held: Mapping[str, Sequence[Any]], at: int) -> dict[str, Any]:
    """Return what an earlier issue said of a shift."""
    names = ("state", "on_duty", "rostered", "start", "end")
    return {name: held[f"was_{name}"][at] for name in names} | {
        "code": held["was_code"][at] or None
    }


def cover_series(
    found: AreaRequirements, asked: Asked, now: pd.Timestamp, percentile: int
) -> list[dict[str, Any]]:
    """Return need by half-hour, an entry for each area and force-day that was asked for.

    The first number is of the half-hour from `start` on. A day that isn't reached has null.
    """
    entries: list[dict[str, Any]] = []
    stale = stale_areas(found, now)
    texts: dict[int, list[list[str]]] = {}  # of all areas the same
    for plan in found.plans:
        staffing = plan.staffing
        table = staffing.half_hours
        own = [day for day in found.days if (staffing.area, day) in asked]
        days = pd.DatetimeIndex(table["force_day"])
        low, high = (np.searchsorted(days, pd.DatetimeIndex(own), side) for side in _SIDES)
        numbers = {name: table[name].to_numpy(dtype=np.float64) for name in _COVER}
        whole = {name: _json_numbers(name, each) for name, each in numbers.items()}
        if len(table) not in texts:
            texts[len(table)] = [_texts(table[name]) for name in ("start", "end")]
        starts, ends = texts[len(table)]
        work = _work_of_days(staffing, percentile)
        told = "stale" if staffing.area in stale else "forecast"
        for day, begin, stop in zip(own, low.tolist(), high.tolist(), strict=True):
            is_there = stop > begin
            entries.append(
                {
                    "area": staffing.area,
                    "role": found.role,
                    "force_day": f"{day:%Y-%m-%d}",
                    "state": told if is_there else "no_forecast",
                    "start": starts[begin] if is_there else None,
                    "end": ends[stop - 1] if is_there else None,
                    "step_minutes": STEP_MINUTES,
                }
                | dict(zip(_WORK, work.get(day, _NOTHING) if is_there else _NOTHING, strict=True))
                | {name: each[begin:stop] if is_there else None for name, each in whole.items()}
            )
    return entries


def _json_numbers(name: str, values: Array) -> list[float | None]:
    """Return numbers of officers by half-hour, those of whole ones as such; None where unknown."""
    if name not in _WHOLE:
        return [None if unknown else each for each, unknown in _told(values.round(_DECIMALS))]
    return [None if unknown else int(each) for each, unknown in _told(values)]


def _told(values: Array) -> Iterator[tuple[float, bool]]:
    return zip(values.tolist(), np.isnan(values).tolist(), strict=True)


def _work_of_days(
    staffing: AreaStaffing, percentile: int
) -> dict[pd.Timestamp, tuple[float, float]]:
    """Return the hours of work of force-days, expected and at a percentile.

    A force-day on which no shift begins has none here.
    """
    work, days = staffing.duty.work, staffing.duty.day
    mean, high = (each.round(_DECIMALS) for each in (work.mean, work.quantile(percentile / 100)))
    dates = pd.DatetimeIndex(staffing.shifts["force_day"])
    return dict(zip(dates, zip(mean[days].tolist(), high[days].tolist(), strict=True), strict=True))


def _texts(instants: pd.Series[pd.Timestamp]) -> list[str]:
    """Return instants as the contract writes them."""
    utc = pd.DatetimeIndex(instants).tz_convert("UTC").tz_localize(None)
    return [f"{text}Z" for text in np.datetime_as_string(utc.to_numpy(), unit="s").tolist()]


def table_feed(shifts: Table, changed_at: pd.Timestamp) -> bytes:
    """Return shifts that are short as a calendar.

    Args:
        shifts: the table of officers by shift, with its provenance.
        changed_at: the last instant at which anything that it tells changed, UTC.
    """
    there = shifts.with_rows(~_is_gone(shifts))
    return _feed("Short shifts", there, shift_rows(there, grades=()), changed_at)


def plan_feed(title: str, plan: Table, changed_at: pd.Timestamp) -> bytes:
    """Return the shifts of a plan that are short as a calendar, with the UIDs of `table_feed`.

    Args:
        title: of the calendar.
        plan: a table of `planning.plan_tables`, or some of its rows, with its provenance.
        changed_at: the last instant at which anything that it tells changed, UTC.
    """
    role = plan.provenance["role"]
    rows = [
        row
        | {
            "role": role,
            "plan_state": "no_plan" if row["state"] == "no_plan" else "told",
            "short": {name: row[name] for name in _SHORT},
            "notice": {"last_cheap_day": row["last_cheap_day"]},
        }
        for row in dict_rows(plan)
    ]
    return _feed(title, plan, rows, changed_at)


def _feed(title: str, told: Table, rows: list[dict[str, Any]], changed_at: pd.Timestamp) -> bytes:
    # The library takes long to import, and other answers don't need it.
    from serving.writers.calendar_feed import FeedHead, calendar_feed  # noqa: PLC0415

    issue = told.provenance
    about = f"Forewatch, issue {issue['issue']}, data until {issue['data_until']}"
    about += f". STALE: {issue['why_stale']}" if issue["is_stale"] else ""
    # No comma: some programs show the backslash that must stand before it.
    names = " / ".join(dict.fromkeys(row["area_name"] for row in rows))
    name = f"{title}: {names}" if names else title
    return calendar_feed(FeedHead(name, changed_at, about, issue["is_stale"]), rows)


def area_days(values: Values) -> list[tuple[str, pd.Timestamp]]:
    """Return area and force-day of rows, by their columns."""
    days = pd.DatetimeIndex(values["force_day"])
    return list(zip(values["area"].tolist(), days, strict=True))


def on_page(table: Table, asked: Asked) -> Table:
    """Return the rows that are of areas and force-days on a page."""
    which = [pair in asked for pair in area_days(table.values)]
    return table.with_rows(np.array(which, dtype=bool))


def _unmet(found: AreaRequirements, asked: Asked) -> list[dict[str, Any]]:
    values = unmet_values(found)
    clock = Clock.of(found.issue.profile)
    days = clock.force_day(pd.DatetimeIndex(values["start"]).tz_localize("UTC"))
    rows = dict_rows(Table(UNMET_COLUMNS, values, {}))
    return [
        row | {"force_day": f"{day:%Y-%m-%d}"}
        for row, day in zip(rows, days, strict=True)
        if (row["area"], day) in asked
    ]
