"""Use case: the officers that areas need, with the plan of them where one was told.

The command line and the rota contract ask here. What an issue says of officers never changes, so
areas that were computed are kept (`Kept`); the plan beside them is looked at anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from cachetools import LRUCache

from forewatch.arrays import Index
from forewatch.clock import ONE_DAY, Clock
from forewatch.errors import BadQuestion, UnknownRole
from planning.area_staffing import AreaStaffing
from planning.duty_plan import PlanLookup, area_plan
from planning.issues import Issue
from planning.requirement_tables import (
    COVER_COLUMNS,
    GONE,
    MISSING_COLUMNS,
    MOVED_STATE,
    UNMET_COLUMNS,
    WAS_COLUMNS,
    AreaRequirements,
    asked_days,
    cover_values,
    requirement_columns,
    requirement_values,
    unmet_values,
    unreached_values,
)
from planning.staffing import staffing
from planning.tables import Table, Values, column_descriptions
from serving.duty_records import DutyRecord, duty_record
from serving.fitness import staffing_changes
from serving.issue_facts import issue_facts, issue_lines
from serving.queries import StaffingQuery
from serving.reach import Reach
from serving.standing import Standing
from serving.unknown_shifts import unknown_lines, unknown_shifts
from serving.workspace import Workspace
from serving.writers.json_document import dict_rows

_UNMET_SHOWN = 10
_MOVES = ("on_duty", "rostered", "start", "end", "code")  # what a rota system has to change
_KEPT_AREAS = 64  # with 28 days each about 0.5 MB; a page of nine districts is found again at once


@dataclass(frozen=True)
class StaffingQuestion:
    """A question with every name looked up.

    Args:
        areas: ids, in the order of the answer.
        role: id.
        percentile: that is covered.
        first: local date of the first force-day.
        days: number of force-days.
    """

    areas: tuple[str, ...]
    role: str
    percentile: int
    first: pd.Timestamp
    days: int

    @classmethod
    def of(cls, issue: Issue, query: StaffingQuery, reach: Reach) -> StaffingQuestion:
        """Return a query with its names looked up within somebody's reach.

        A span that begins or ends within a force-day is about the whole of it.

        Raises:
            UnknownArea, UnknownRole, BadQuestion: if it can't be answered.
            OutOfReach: if the issue has nothing within reach.
        """
        start, end = query.span(issue)
        if end <= start:
            raise BadQuestion(f"the span is empty: from {start} to {end}; ask for a later end")
        settings, clock = issue.profile.staffing, Clock.of(issue.profile)
        ends = pd.DatetimeIndex([start, end - pd.Timedelta(microseconds=1)])
        first, last = clock.force_day(ends)
        role = settings.role_ids[0] if query.role is None else query.role
        if role not in settings.role_ids:
            raise UnknownRole(role, settings.role_ids)
        percentile = settings.percentile if query.percentile is None else query.percentile
        areas = reach.area_ids(issue.tree, query.area)
        return cls(areas, role, percentile, first, (last - first) // ONE_DAY + 1)


class Kept:
    """Areas as they were computed, the least recently asked dropped first; for several threads."""

    def __init__(self, most: int = _KEPT_AREAS) -> None:
        """Keep up to so many areas."""
        self._areas: LRUCache[tuple[object, ...], AreaStaffing] = LRUCache(most)
        self._lock = Lock()

    def staffing(self, issue: Issue, asked: StaffingQuestion) -> tuple[AreaStaffing, ...]:
        """Return what areas need; raises as `planning.staffing.staffing` does."""
        # Numbers of issues are given once, and a published issue never changes.
        common = (issue.number, issue.published_at, asked.role, asked.percentile)
        keys = {area: (*common, asked.first, asked.days, area) for area in asked.areas}
        with self._lock:
            found = {area: self._areas.get(key) for area, key in keys.items()}
        if lacking := [area for area, each in found.items() if each is None]:
            told = staffing(
                issue,
                first=asked.first,
                days=asked.days,
                areas=lacking,
                role=asked.role,
                percentile=asked.percentile,
            )
            found |= {each.area: each for each in told.areas}
            with self._lock:
                for each in told.areas:
                    self._areas[keys[each.area]] = each
        return tuple(each for each in found.values() if each is not None)


def requirements(
    issue: Issue, asked: StaffingQuestion, record: DutyRecord, now: pd.Timestamp, kept: Kept
) -> AreaRequirements:
    """Return what areas need beside the plan of them.

    Args:
        issue: the issue asked.
        asked: from `StaffingQuestion.of`.
        record: what is known of the plan and the holidays.
        now: the instant at which notice is given, UTC.
        kept: what was computed before.

    Raises:
        BadQuestion: if the issue holds no hours.
        SettingsError: if no shift covers a half-hour of the ordinary week.
    """
    needed = kept.staffing(issue, asked)
    notice = record.notice(issue, asked.areas, now)
    days = asked_days(asked.first, asked.days)
    plan = PlanLookup.of(record.plan, asked.role, days)
    plans = tuple(area_plan(each, plan, notice) for each in needed)
    unknown = unknown_shifts(plan, asked.role, needed)
    return AreaRequirements(issue, asked.role, plans, days, record.is_known, unknown)


def requirement_table(
    found: AreaRequirements, now: pd.Timestamp, grades: Sequence[str] | None = None
) -> Table:
    """Return officers by shift; *grades*: of which the calls are told, all unless given."""
    told = found.issue.forecast.rates.grades if grades is None else grades
    columns = requirement_columns(told, has_plan=found.has_plan)
    return Table(columns, requirement_values(found, now, told), {})


def moved_table(table: Table, before: Table) -> Table:
    """Return the shifts of which need, times or code are others than they were, and gone ones."""
    columns = tuple(MOVED_STATE if each.name == "state" else each for each in table.columns)
    values = moved_values(table.values, before.values)
    return replace(table, columns=(*columns, *WAS_COLUMNS), values=values)


def moved_values(values: Values, before: Values) -> Values:
    """Return the rows of shifts that moved, with what they were as columns `was_…`.

    A shift that the earlier issue didn't reach was unknown: the state says so. One that only the
    earlier issue has comes last, with the state GONE, its old times, and nothing else.

    Whether it is stale doesn't count: the earlier issue nearly always is.
    """
    position = {name: i for i, name in enumerate(before["shift_id"].tolist())}
    at = np.array([position.get(name, -1) for name in values["shift_id"].tolist()], dtype=np.int64)
    was = _was(before, at)
    rows = np.zeros(len(at), dtype=bool)
    for name in _MOVES:
        now, then = values[name], was[f"was_{name}"]
        rows |= (now != then) & ~(pd.isna(now) & pd.isna(then))
    ids = set(values["shift_id"].tolist())
    left = np.array([i for name, i in position.items() if name not in ids], dtype=np.int64)
    gone = _gone(values, before, left) | _was(before, left)
    moved = {name: each[rows] for name, each in (values | was).items()}
    return {name: np.concatenate([each, gone[name]]) for name, each in moved.items()}


def _was(before: Values, at: Index) -> Values:
    """Return the columns `was_…` of rows of an earlier answer; -1 where it had none."""
    nothing = {"state": "no_forecast", "code": ""}
    return {
        f"was_{name}": np.append(
            before[name], np.array([nothing.get(name)], dtype=before[name].dtype)
        )[at]
        for name in ("state", *_MOVES)
    }


def _gone(values: Values, before: Values, at: Index) -> Values:
    """Return rows of shifts that are no more, in the columns of an answer."""
    told = ("shift_id", "area", "area_name", "role", "shift", "code", "force_day", "start", "end")
    empty = {
        name: np.full(len(at), "" if each.dtype == object else None, dtype=each.dtype)
        for name, each in values.items()
    }
    state = np.full(len(at), GONE, dtype=object)
    return empty | {name: before[name][at] for name in told} | {"state": state}


def staffing_answer(workspace: Workspace, query: StaffingQuery, now: pd.Timestamp) -> Table:
    """Return what an issue of a workspace says of officers, by shift or by half-hour.

    Raises:
        SettingsError: if there is no such workspace, or no shift covers a half-hour.
        NoIssue, UnknownIssue: if there is no such issue.
        UnknownArea, UnknownRole, BadQuestion: if it can't be answered.
    """
    workspace.stop_without_settings()
    store, kept = workspace.issues(), Kept()
    issue = store.latest() if query.issue is None else store.read(query.issue)
    asked = StaffingQuestion.of(issue, query.dated(issue, now), Reach())
    record = duty_record(workspace.history(counted=False), now)
    found = requirements(issue, asked, record, now, kept)
    if query.by == "half-hour":
        table = Table(COVER_COLUMNS, cover_values(found), {})
    else:
        table = requirement_table(found, now)
    if query.changed_since is not None and query.by == "shift":
        earlier = store.read(query.changed_since)
        then = requirements(earlier, asked, record, now, kept)
        table = moved_table(table, requirement_table(then, now))
    standing = store.standing(issue.number)
    return replace(
        table,
        provenance=head(found, asked, standing, now)
        | {
            "unknown_shifts": [*found.unknown_shifts],
            "unmet": dict_rows(Table(UNMET_COLUMNS, unmet_values(found), {})),
            "missing": dict_rows(Table(MISSING_COLUMNS, unreached_values(found), {})),
            "columns": column_descriptions(table.columns),
        },
        heading=(
            *_heading(found, asked, standing, now),
            *staffing_changes(issue, lambda: workspace.profile),
            *unknown_lines(found.unknown_shifts, issue.number),
        ),
    )


def head(
    found: AreaRequirements, asked: StaffingQuestion, standing: Standing, now: pd.Timestamp
) -> dict[str, Any]:
    """Return where an answer comes from and what it rests on, as JSON values."""
    issue = found.issue
    assumed = {name for each in found.plans for name in each.staffing.assumed}
    return issue_facts(issue, standing, now) | {
        "zone": issue.profile.force.zone,
        "role": asked.role,
        "percentile": asked.percentile,
        "currency": issue.profile.staffing.rates.currency,
        "assumed": sorted(assumed),
    }


def _heading(
    found: AreaRequirements, asked: StaffingQuestion, standing: Standing, now: pd.Timestamp
) -> tuple[str, ...]:
    """Return the same as lines for a person, with what can't be covered."""
    last = asked.first + (asked.days - 1) * ONE_DAY
    span = f"{asked.first:%Y-%m-%d} to {last:%Y-%m-%d}"
    assumed = head(found, asked, standing, now)["assumed"]
    return (
        *issue_lines(found.issue, standing, now),
        f"{span} (force-days), role {asked.role}, cover for {asked.percentile} of 100 cases",
        *([f"assumed, because nobody gave them: {_short_list(assumed)}"] if assumed else []),
        *_unmet_lines(found),
    )


def _short_list(names: Sequence[str]) -> str:
    keys = list(dict.fromkeys(name.partition(": ")[0] for name in names))
    services = [key for key in keys if key.startswith("staffing.services.")]
    plain = [key for key in keys if key not in services]
    more = [f"figures of {len(services)} services (--format json names them)"] * bool(services)
    return ", ".join([*plain, *more])


def _unmet_lines(found: AreaRequirements) -> list[str]:
    values, zone = unmet_values(found), found.issue.profile.force.zone
    spans = (
        pd.DatetimeIndex(values[name]).tz_localize("UTC").tz_convert(zone)
        for name in ("start", "end")
    )
    numbers = (values[name] for name in ("officers", "hours", "why"))
    lines = [
        f"UNMET {area}: {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}, {officers:.1f} officers, "
        f"{hours:.1f} hours ({why})"
        for area, start, end, officers, hours, why in zip(
            values["area"], *spans, *numbers, strict=True
        )
    ]
    more = len(lines) - _UNMET_SHOWN
    return [*lines[:_UNMET_SHOWN], *([f"UNMET: {more} more"] if more > 0 else [])]
