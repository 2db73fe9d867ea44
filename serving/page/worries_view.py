"""The view of the shifts most likely to be short, and of what to decide now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from forewatch.clock import ONE_DAY, WEEK_DAYS
from forewatch.errors import BadQuestion, SettingsError
from planning.issues import Issue
from planning.tables import Values
from serving.api.shelf import Shelf
from serving.duty_records import DutyRecord
from serving.page.file_links import officer_files
from serving.page.kept_staffing import kept_staffing
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion
from serving.page.page_words import day_words, sentence, week_text
from serving.page.plain_table import PlainTable
from serving.page.roles import asked_role, role_choices
from serving.page.surroundings import page_frame
from serving.page.view_renderer import PageContent, Pictures, ViewSources
from serving.page.worries import HOW_TO_PLAN, Worries, decisions, worries

WORRIES = "/worries"
_UNREADABLE = "The plan can't be read at this moment; load the page again later."


@dataclass(frozen=True)
class WeekWorries:
    """What there is to worry about in a week.

    Args:
        worries: the shifts most likely to be short.
        decisions: what to decide on now; None where there is nothing.
        noticed: on which day, in words.
    """

    worries: Worries
    decisions: PlainTable | None = None
    noticed: str = ""


def worries_view(
    job: PageJob, issue: Issue, sources: ViewSources, pictures: Pictures
) -> PageContent:
    """Return the view of the shifts most likely to be short."""
    del pictures  # it has none
    asked = PageQuestion.of(WORRIES, job.question, issue, job.reach, job.now)
    record = sources.duty.at(job.now)
    role, asked = asked_role(asked, job.question)
    found = _found(asked, record, role, sources.shelf)
    frame = page_frame(asked, job, ("week", "area"))
    areas = planned_areas(asked, record, role) if found.worries.likely else ()
    files = officer_files(asked, areas, role) if areas else ()
    values = {"found": found, "when": week_text(asked.monday), "files": files}
    frame = replace(frame, choices=(*frame.choices, *role_choices(asked, role)))
    return PageContent("worries.html", frame, values, is_passing=not record.is_sure)


def _found(asked: PageQuestion, record: DutyRecord, role: str, shelf: Shelf) -> WeekWorries:
    if not record.is_known:
        return WeekWorries(Worries((_UNREADABLE,)))
    areas = planned_areas(asked, record, role)
    if not areas:
        of_role = f" for the role {role.replace('_', ' ')}" if _has_roles(asked) else ""
        why = f"No plan of this week is known here{of_role}. {HOW_TO_PLAN}"
        return WeekWorries(Worries((why,)))
    try:
        return _week(asked, record, role, areas, shelf)
    except (BadQuestion, SettingsError) as error:
        return WeekWorries(Worries((sentence(str(error)),)))


def _has_roles(asked: PageQuestion) -> bool:
    return len(asked.issue.profile.staffing.role_ids) > 1


def planned_areas(asked: PageQuestion, record: DutyRecord, role: str) -> tuple[str, ...]:
    """Return the areas in the one that is shown, or it, that a plan of the week is about."""
    plan, tree = record.plan, asked.issue.tree
    days = plan["force_day"]
    inside = (days >= asked.monday) & (days < asked.monday + WEEK_DAYS * ONE_DAY)
    told = set(plan.loc[inside & (plan["role"] == role), "area"])
    seen = set(asked.reach.seen(tree)) & set(tree.below(asked.area))
    return tuple(area for area in tree.ids if area in told & seen)


def _week(
    asked: PageQuestion, record: DutyRecord, role: str, areas: tuple[str, ...], shelf: Shelf
) -> WeekWorries:
    from planning.staffing import Staffing  # noqa: PLC0415 - the solver takes long to import
    from serving.duty_plans import WeekPlans  # noqa: PLC0415
    from serving.staffing_answers import StaffingQuestion, requirements  # noqa: PLC0415

    issue, settings = asked.issue, asked.issue.profile.staffing
    question = StaffingQuestion(areas, role, settings.percentile, asked.monday, WEEK_DAYS)
    found = requirements(issue, question, record, asked.now, kept_staffing(shelf))
    every = tuple(each.staffing for each in found.plans)
    needed = Staffing(issue.number, settings.percentile, role, every)
    notice = record.notice(issue, areas, asked.now)
    plans = WeekPlans(issue, needed, found.plans, notice, {}, ())
    names = asked.shift_names
    currency, address = settings.rates.currency, partial(asked.duty_address, role=role)
    return WeekWorries(
        worries(_named(plans.plan_table().values, names), asked.zone, address),
        decisions(_named(plans.decide_table().values, names), asked.zone, currency, address),
        day_words(pd.Timestamp(notice.day)),
    )


def _named(values: Values, names: Mapping[str, str]) -> Values:
    """Return the columns with the names of the shifts beside their ids."""
    shifts = [names.get(shift, shift) for shift in values["shift"]]
    return values | {"shift_name": np.array(shifts, dtype=object)}
