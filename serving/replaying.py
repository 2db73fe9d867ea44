"""Use case: what was said of past weeks, by issue and plan of the time, against what came."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from features.asof import AsOf
from forewatch.arrays import Mask
from forewatch.clock import ONE_DAY, WEEK_DAYS, Clock
from forewatch.duty import Service, services
from forewatch.errors import BadQuestion, NotEnoughHistory
from forewatch.history import History
from forewatch.progress import Progress, silent
from forewatch.tables import PLAN
from planning import names
from planning.duty_plan import PlanLookup
from planning.kinds import instant_text
from planning.past_work import PastCalls, PastWork, PastWorkload, SeenWork, reach_days
from planning.replay import PastWeek, reliability, replayed_weeks
from planning.replay_tables import REPLAY_COLUMNS, replay_values
from planning.tables import Table, column_descriptions
from serving.issue_store import IssueStore
from serving.past_issues import issues_as_of, published_issues
from serving.pooling import settle_pools
from serving.spans import instant
from serving.workspace import Workspace
from sources.attended_work import AttendedWork, WorkTimes, attended_work

LEADS_DAYS = (7, 14, 28)
_FEWEST_ISSUES = 6  # a process: with fewer, starting it takes longer than they do


@dataclass(frozen=True)
class ReplayQuestion:
    """What is asked of the past.

    Args:
        weeks: how many, the last whole ones.
        until: as a person writes a time; weeks that end later don't count. None: the data cut-off.
        areas: ids, names or names of levels; none means the whole force.
        role: id of the role; None: the profile's first.
        percentile: that was covered where no plan was told; None: the profile's.
        leads_days: days before a week's first day at which was looked what was said.
        only_published: whether weeks without an issue of the time are left out.
    """

    weeks: int = 26
    until: str | None = None
    areas: tuple[str, ...] = ()
    role: str | None = None
    percentile: int | None = None
    leads_days: tuple[int, ...] = LEADS_DAYS
    only_published: bool = False


@dataclass(frozen=True)
class _Saying:
    """A week, and when something was said of it.

    Args:
        monday: local date of its first force-day.
        lead_days: before it.
        at: instant by which it was said.
    """

    monday: pd.Timestamp
    lead_days: int
    at: pd.Timestamp


@dataclass(frozen=True)
class _Past:
    """What every week is held against, and by which profile.

    Args:
        view: what is known by now.
        role: its id.
        work: by area.
        is_seen: whether the log itself tells of it.
    """

    view: AsOf
    role: str
    work: Mapping[str, PastWork]
    is_seen: bool

    def weeks(self, sayings: Sequence[_Saying]) -> list[PastWeek]:
        """Return the weeks of sayings, with the plan as it was known at each."""
        found = []
        for each in sayings:
            # A shift of the week before may reach into it.
            days = pd.date_range(each.monday - WEEK_DAYS * ONE_DAY, periods=2 * WEEK_DAYS)
            plan = PlanLookup.of(self.view.at(each.at).published(PLAN), self.role, days)
            found.append(PastWeek(each.monday, each.lead_days, plan))
        return found


def replay(
    workspace: Workspace,
    asked: ReplayQuestion,
    *,
    now: pd.Timestamp | None = None,
    jobs: int | None = None,
    progress: Progress = silent,
) -> Table:
    """Return how far what was said of past weeks held.

    Args:
        workspace: the force's.
        asked: of which weeks, areas and role.
        now: what is known by then is what came; None: now.
        jobs: processes to use; None: one a core. The answer does not depend on it.
        progress: is told what is being done.

    Raises:
        NotEnoughHistory: if there are not so many weeks, or too little is known to make an issue.
        UnknownArea, UnknownRole, BadQuestion: if it can't be answered.
    """
    workspace.stop_without_settings()
    now = pd.Timestamp.now("UTC").as_unit("us") if now is None else now
    progress("reading the history", 0, 0)
    history = settle_pools(workspace)
    clock = Clock.of(history.profile)
    if history.step == "day":
        raise BadQuestion("a daily history says nothing of hours; import calls with their times")
    weeks = _weeks(clock, history, asked)
    past = _past(workspace, history, asked, weeks[0], now)
    sayings = [
        _Saying(monday, lead, clock.day_start(monday - lead * ONE_DAY))
        for monday in weeks
        for lead in sorted(set(asked.leads_days))
    ]
    counts, rows = {"published": 0, "made": 0}, []
    for kind, of_weeks, found in _replayed(workspace, history, sayings, (asked, past), jobs):
        rows += [found] if len(found) else []
        counts[kind] += of_weeks
        progress("replaying", sum(counts.values()), len(sayings))
    if not rows:
        raise NotEnoughHistory(
            "no issue of the time says anything of these weeks; leave --only-published out to make "
            "issues as of then"
        )
    return _table(history, asked, past, (weeks, counts), pd.concat(rows, ignore_index=True))


def _weeks(clock: Clock, history: History, asked: ReplayQuestion) -> list[pd.Timestamp]:
    """Return the Mondays of the last whole weeks, ascending."""
    until = history.observed_until
    if asked.until is not None:
        until = min(until, instant(clock, asked.until))
    day = clock.force_day(pd.DatetimeIndex([until]))[0]
    end = day - day.weekday() * ONE_DAY
    found = [end - WEEK_DAYS * n * ONE_DAY for n in range(asked.weeks, 0, -1)]
    if clock.day_start(found[0]) < history.observed_from:
        raise NotEnoughHistory(
            f"{asked.weeks} weeks before {end:%Y-%m-%d} begin on {found[0]:%Y-%m-%d}, the counts "
            f"on {history.observed_from:%Y-%m-%d}; ask for fewer --weeks"
        )
    return found


def _past(
    workspace: Workspace,
    history: History,
    asked: ReplayQuestion,
    first: pd.Timestamp,
    now: pd.Timestamp,
) -> _Past:
    profile, tree = history.profile, history.tree
    role = asked.role or profile.staffing.role_ids[0]
    areas = names.area_ids(tree, asked.areas or (tree.root,))
    wanted = services(profile, role)
    view = AsOf(history, now)
    calls = PastCalls.of(view, areas, first - reach_days(wanted) * ONE_DAY)
    arrivals = calls.arrivals
    hours = arrivals.edges_us[:, :-1][np.diff(arrivals.hour_edges) > 0]
    times = WorkTimes(
        np.append(hours, arrivals.starts_us[-1]), calls.half_hours.middles_us, arrivals.starts_us
    )
    masks = _masks(history, wanted)
    found = attended_work(workspace.lake(), profile, tree, masks, times)
    workload = PastWorkload(calls, wanted)
    work = {
        area: workload.of(area, None if found is None else _seen(calls, tree.leaves, found,
                                                                 tree.leaves_of(area)))
        for area in areas
    }  # fmt: skip
    return _Past(view, role, work, found is not None)


def _masks(history: History, wanted: Sequence[Service]) -> tuple[Mask, Mask]:
    """Return which calls' work the log may tell, and whose of it is urgent, (types, grades).

    Casework of missing persons is none of it: it lands over days.
    """
    profile = history.profile
    mine = np.zeros((2, len(profile.call_type_ids), len(profile.grade_ids)), dtype=np.bool_)
    for each in wanted:
        cell = profile.call_type_ids.index(each.call_type), profile.grade_ids.index(each.grade)
        mine[0][cell] = not each.release
        mine[1][cell] = not each.release and each.urgent
    return mine[0], mine[1]


def _seen(
    calls: PastCalls, every: Sequence[str], found: AttendedWork, leaves: Sequence[str]
) -> SeenWork:
    at = np.array([every.index(leaf) for leaf in leaves], dtype=np.int64)
    there = np.diff(calls.arrivals.hour_edges) > 0
    types, grades = len(calls.call_types), len(calls.grades)
    table = np.zeros((types, grades, *there.shape))
    table[..., there] = found.cells_of(at, (types, grades, int(there.sum())))
    return SeenWork(found.busy[at].sum(0), found.hours[at].sum(0), table)


def _replayed(
    workspace: Workspace,
    history: History,
    sayings: Sequence[_Saying],
    asked: tuple[ReplayQuestion, _Past],
    jobs: int | None,
) -> Iterator[tuple[str, int, pd.DataFrame]]:
    """Yield of each issue its kind, how many weeks and leads it spoke of, and their rows.

    First come those that were published by then, then others that are made as of then.
    """
    question, past = asked
    store, jobs = workspace.issues(), jobs or os.cpu_count() or 1
    of_number, of_origin = _by_issue(Clock.of(history.profile), store, sayings)
    of_all = (past.work, past.role, question.percentile)
    tasks = (
        delayed(_of_published)(store, number, past.weeks(said), *of_all)
        for number, said in of_number.items()
    )
    processes = max(min(jobs, len(of_number) // _FEWEST_ISSUES), 1)
    workers = Parallel(n_jobs=processes, return_as="generator", pre_dispatch="2*n_jobs")
    for said, rows in zip(of_number.values(), workers(tasks), strict=True):
        yield "published", len(said), rows
    if question.only_published:
        return
    origins = sorted(of_origin)
    days = max((each.lead_days for each in sayings), default=0) + WEEK_DAYS
    made = issues_as_of(workspace, history, origins, days, jobs=jobs)
    for origin, issue in zip(origins, made, strict=True):
        said = of_origin[origin]
        yield "made", len(said), replayed_weeks(issue, past.weeks(said), *of_all)


def _by_issue(
    clock: Clock, store: IssueStore, sayings: Sequence[_Saying]
) -> tuple[dict[int, list[_Saying]], dict[pd.Timestamp, list[_Saying]]]:
    """Return what is said by issues of the time, by number, and what by none, by its instant."""
    published = published_issues(store)
    of_number: dict[int, list[_Saying]] = defaultdict(list)
    of_origin: dict[pd.Timestamp, list[_Saying]] = defaultdict(list)
    for each in sayings:
        start, end = (clock.day_start(each.monday + n * ONE_DAY) for n in (0, WEEK_DAYS))
        fitting = (one for one in published if one.published_at <= each.at)
        newest = next((one for one in fitting if one.reaches(start, end)), None)
        if newest is not None:
            of_number[newest.number].append(each)
        else:
            of_origin[each.at].append(each)
    return of_number, of_origin


def _of_published(
    store: IssueStore,
    number: int,
    weeks: Sequence[PastWeek],
    work: Mapping[str, PastWork],
    role: str,
    percentile: int | None,
) -> pd.DataFrame:
    """Return the rows of a published issue, in whatever process."""
    return replayed_weeks(store.read(number), weeks, work, role, percentile)


def _table(
    history: History,
    asked: ReplayQuestion,
    past: _Past,
    said: tuple[Sequence[pd.Timestamp], Mapping[str, int]],
    rows: pd.DataFrame,
) -> Table:
    (weeks, counts), profile = said, history.profile
    percentile = asked.percentile or profile.staffing.percentile
    is_planned = rows.groupby(["area", "lead_days", "week"])["is_planned"].first()
    planned, asked_for = int(is_planned.sum()), int((~is_planned).sum())
    work = "the log's own officers and minutes" if past.is_seen else "calls with service times"
    assumed = sorted({each.call_type for each in services(profile, past.role) if each.assumed})
    about: dict[str, Any] = {
        "from_week": f"{weeks[0]:%G-W%V}",
        "to_week": f"{weeks[-1]:%G-W%V}",
        "role": past.role,
        "percentile": percentile,
        "known_at": instant_text(past.view.origin),
        "work": "log" if past.is_seen else "service_times",
        "weeks_of_issues_published": counts["published"],
        "weeks_of_issues_made_as_of_then": counts["made"],
        "area_weeks_planned": planned,
        "area_weeks_without_plan": asked_for,
        "assumed_service_times_of": assumed,
        "columns": column_descriptions(REPLAY_COLUMNS),
    }
    by_issue = f"published then: {counts['published']}, made as of then: {counts['made']}"
    by_plan = f"by the plan of the time: {planned}, as asked for: {asked_for}"
    heading = (
        f"{profile.force.name}, {about['from_week']} to {about['to_week']}, role {past.role}",
        f"weeks and leads by issues {by_issue}",
        f"areas and weeks with officers {by_plan}",
        f"what came: {work}" + (f"; assumed of {', '.join(assumed)}" if assumed else ""),
    )
    values = replay_values(reliability(rows), lambda area: history.tree.area(area).name)
    return Table(REPLAY_COLUMNS, values, about, heading)
