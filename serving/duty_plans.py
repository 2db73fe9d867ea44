"""Use case: a week's plan of duty beside what is needed, what to decide now, what to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from forewatch.arrays import Array
from forewatch.clock import WEEK_DAYS, Clock
from forewatch.duty import duty_shifts
from planning.area_staffing import AreaStaffing
from planning.duty_plan import (
    AreaPlan,
    NoticeDay,
    PlanLookup,
    area_plan,
    base_numbers,
    periods_short,
    plan_moves,
)
from planning.issues import Issue
from planning.kinds import instant_text
from planning.notice import decide_now
from planning.plan_tables import MOVE_COLUMNS, PLAN_COLUMNS, move_values, plan_values
from planning.requirement_tables import asked_days
from planning.staffing import Staffing, staffing
from planning.tables import Column, Table, Values, column_descriptions
from serving.duty_records import duty_record
from serving.fitness import staffing_changes
from serving.issue_facts import issue_facts, issue_lines
from serving.spans import instant, is_date, week_meant
from serving.unknown_shifts import elsewhere_lines, unknown_lines, unknown_shifts
from serving.workspace import Workspace


@dataclass(frozen=True)
class PlanQuestion:
    """What is asked of the plan.

    Args:
        week: ISO week like 2026-W49, or this, or next.
        areas: ids, names or names of levels; none means the whole force.
        role: id of the role; None: the profile's first.
        percentile: that is covered; None: the profile's.
        issue: its number; None: the latest.
    """

    week: str = "next"
    areas: tuple[str, ...] = ()
    role: str | None = None
    percentile: int | None = None
    issue: int | None = None


@dataclass(frozen=True)
class WeekPlans:
    """The plans of a week, and where they come from.

    Args:
        issue: what is needed is from it.
        needed: what it says of the areas.
        plans: of each area.
        notice: when notice is given.
        provenance: the same as JSON values.
        heading: lines for a person.
    """

    issue: Issue
    needed: Staffing
    plans: tuple[AreaPlan, ...]
    notice: NoticeDay
    provenance: dict[str, Any]
    heading: tuple[str, ...]

    def plan_table(self) -> Table:
        """Return the plan beside the need."""
        return self._table(PLAN_COLUMNS, self._values())

    def decide_table(self, chance: float = 0.5) -> Table:
        """Return of it the shifts to decide on now, the dearest first.

        Args:
            chance: probability at the tightest half-hour from which a shift is said to be short.
        """
        parts = [each.stand for each in self.plans]
        stand = replace(
            parts[0],
            last_cheap_day=pd.DatetimeIndex(
                np.concatenate([each.last_cheap_day for each in parts])
            ),
            change_cost=np.concatenate([each.change_cost for each in parts]),
            late_cost=np.concatenate([each.late_cost for each in parts]),
        )
        values = self._values()
        p_short = values["p_short_at_tightest"]
        rows = decide_now(stand, p_short, values["gap"], self.notice.day, least_chance=chance)
        said = (
            f"to decide within 7 days of {self.notice.day:%Y-%m-%d}, short at the tightest "
            f"half-hour with a probability of {chance:g} or more, the dearest first"
        )
        chosen = {name: each[rows] for name, each in values.items()}
        if unsure := int(np.isnan(np.asarray(chosen["p_short_at_tightest"], float)).sum()):
            said += f"; of {unsure} it can't be said how probably, as one that overlaps has no plan"
        said += self._unplanned(values)
        told = {"chance": chance, "shifts_without_plan": _without_plan(values)}
        return self._table(PLAN_COLUMNS, chosen, said, told)

    def moves_table(self, limit: int) -> Table:
        """Return the fewest changes, so many officer-shifts at most."""
        profile, tree = self.issue.profile, self.issue.tree
        values = self._values()
        moves = plan_moves(
            self.plans,
            base_numbers(profile, tree, [each.staffing.area for each in self.plans]),
            [self._most(each.staffing) for each in self.plans],
            self.needed.percentile,
            limit,
        )
        is_known = not np.isnan(moves.still_short).all()
        short = periods_short(self.plans, moves) if is_known else None
        left = f"{short:,} half-hours or force-days stay short" if short else "nothing stays short"
        left = left if is_known else "what stays short isn't known"
        said = (
            f"{moves.changes} officer-shifts change, of at most {limit}; cost {moves.cost:,.0f} "
            f"{profile.staffing.rates.currency}; {left}{self._unplanned(values)}"
        )
        told = {
            "most_changes": limit,
            "changes": moves.changes,
            "cost": moves.cost,
            "still_short": short,
            "shifts_without_plan": _without_plan(values),
        }
        return self._table(MOVE_COLUMNS, move_values(self.plans, moves), said, told)

    @staticmethod
    def _unplanned(values: Values) -> str:
        """Return in words of how many shifts nothing is known; "" where all have a plan."""
        unknown = _without_plan(values)
        if not unknown:
            return ""
        return (
            f"; {unknown} of {len(values['planned'])} shifts have no plan, and nothing is said of "
            "them ('forewatch import plan' brings one)"
        )

    def _values(self) -> Values:
        tree = self.issue.tree
        return plan_values(self.plans, lambda area: tree.area(area).name)

    def _most(self, found: AreaStaffing) -> Array:
        shifts = duty_shifts(self.issue.profile, self.issue.tree, found.area, self.needed.role)
        most = {shift.id: np.inf if shift.most is None else shift.most for shift in shifts}
        return np.array([most[shift] for shift in found.shifts["shift"]], dtype=np.float64)

    def _table(
        self,
        columns: tuple[Column, ...],
        values: Values,
        said: str = "",
        told: Mapping[str, Any] | None = None,
    ) -> Table:
        about = {**self.provenance, **(told or {}), "columns": column_descriptions(columns)}
        return Table(columns, values, about, (*self.heading, *((said,) if said else ())))


def _without_plan(values: Values) -> int:
    return int(np.isnan(np.asarray(values["planned"], dtype=np.float64)).sum())


def week_plans(
    workspace: Workspace, asked: PlanQuestion, now: pd.Timestamp | None = None
) -> WeekPlans:
    """Return the plans of a week beside what is needed.

    Args:
        workspace: the force's.
        asked: of which week, areas and role.
        now: instant at which notice is given, and as of which the plan is known; None: now.

    Raises:
        NoIssue, UnknownIssue: if there is no such issue.
        UnknownArea, UnknownRole, BadQuestion, SettingsError: if it can't be answered.
    """
    workspace.stop_without_settings()
    is_now, now = now is None, pd.Timestamp.now("UTC").as_unit("us") if now is None else now
    store = workspace.issues()
    issue = store.latest() if asked.issue is None else store.read(asked.issue)
    clock = Clock.of(issue.profile)
    week = week_meant(clock, asked.week, now)
    needed = staffing(
        issue,
        first=clock.week(week),
        days=WEEK_DAYS,
        areas=asked.areas,
        role=asked.role,
        percentile=asked.percentile,
    )
    record = duty_record(workspace.history(counted=False), now)
    notice = record.notice(issue, tuple(each.area for each in needed.areas), now)
    today = notice.day
    days = asked_days(clock.week(week), WEEK_DAYS)
    plan = PlanLookup.of(record.plan, needed.role, days)
    plans = tuple(area_plan(each, plan, notice) for each in needed.areas)
    standing = store.standing(issue.number)
    about = issue_facts(issue, standing, now) | {
        "week": week,
        "role": needed.role,
        "percentile": needed.percentile,
        "zone": issue.profile.force.zone,
        "plan_known_at": instant_text(now),
        "noticed_on": f"{today:%Y-%m-%d}",
        "currency": issue.profile.staffing.rates.currency,
        "assumed": sorted({name for each in needed.areas for name in each.assumed}),
        "unknown_shifts": [*unknown_shifts(plan, needed.role, needed.areas)],
    }
    said = (
        f"{week}, role {needed.role}, cover for {needed.percentile} of 100 cases, notice given on "
        f"{today:%Y-%m-%d}"
    )
    if not is_now:
        said += f", plan as known at {now.tz_convert(clock.zone):%Y-%m-%d %H:%M}"
    heading = (
        *issue_lines(issue, standing, now),
        said,
        *staffing_changes(issue, lambda: workspace.profile),
        *unknown_lines(about["unknown_shifts"], issue.number),
        *elsewhere_lines(plan, needed.areas),
    )
    return WeekPlans(issue, needed, plans, notice, about, heading)


def notice_instant(workspace: Workspace, text: str | None) -> pd.Timestamp | None:
    """Return the instant that a text means, at which notice is given; None for none.

    The date of today alone means now: a plan that came in since the day began is known.

    Raises:
        BadQuestion: if it is no time.
    """
    workspace.stop_without_settings()
    if text is None:
        return None
    clock, now = Clock.of(workspace.profile), pd.Timestamp.now("UTC").as_unit("us")
    found = instant(clock, text)
    today = clock.day_start(clock.force_day(pd.DatetimeIndex([now]))[0])
    return now if is_date(text) and found == today else found
