"""The officers that one shift needs and has: in words, and with the curve of other numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forewatch.errors import BadQuestion, SettingsError, UnknownName
from planning.issues import Issue
from serving.charts.chart import Chart
from serving.charts.curve import curve_chart
from serving.charts.words import percent_text
from serving.duty_records import DutyRecord
from serving.page.answer_rows import AnswerRow, answer_rows
from serving.page.kept_staffing import kept_staffing
from serving.page.page_question import PageQuestion
from serving.page.page_words import sentence
from serving.page.plain_table import PlainTable, plain_table
from serving.page.shift import need_sentence
from serving.page.view_renderer import ViewSources

if TYPE_CHECKING:  # the solver takes long to import
    from planning.duty_plan import AreaPlan
    from serving.staffing_answers import Kept

    _Known = tuple[DutyRecord, pd.Timestamp, Kept]

_SHIFTS_ONLY = "Officers are told by shift."
_NOT_WORKED = "No officers of the role {role} work a shift of that name here."


@dataclass(frozen=True)
class ShiftOfficers:
    """Need and plan of a shift.

    Args:
        sentences: on them.
        chart: how short other numbers of officers would be; None where there is none.
        table: the same.
        curve: the same as numbers: officers on duty, and the share of time short; () likewise.
        why: why there is nothing; "" where there is.
        is_passing: whether the plan couldn't be read at this moment.
    """

    sentences: tuple[str, ...] = ()
    chart: Chart | None = None
    table: PlainTable | None = None
    curve: tuple[tuple[int, float], ...] = ()
    why: str = ""
    is_passing: bool = False


def shift_officers(
    asked: PageQuestion,
    sources: ViewSources,
    period: tuple[str, str],
    role: str,
    before: Issue | None,
    about: str,
) -> ShiftOfficers:
    """Return need and plan of a shift.

    Args:
        asked: by the view's address.
        sources: have the plan, and what was computed of issues.
        period: kind and id of the period that is shown.
        role: id of the role.
        before: the issue that was in service before; None for none.
        about: name of area and period.
    """
    kind, name = period
    if kind != "shift":
        return ShiftOfficers(why=_SHIFTS_ONLY)
    record, kept = sources.duty.at(asked.now), kept_staffing(sources.shelf)
    day, _, shift = name.partition("/")
    place = (asked.area, role, shift)
    try:
        found = _need(asked.issue, place, day, (record, asked.now, kept))
        was = None if before is None else _was(before, place, day, (record, asked.now, kept))
    except (BadQuestion, SettingsError, UnknownName) as error:
        return ShiftOfficers(why=sentence(str(error)), is_passing=not record.is_sure)
    if found is None:
        return ShiftOfficers(why=_NOT_WORKED.format(role=role), is_passing=not record.is_sure)
    row, plan, at = found
    number = None if before is None else before.number
    told = need_sentence(row, was, number, role.replace("_", " "))
    return replace(_curve(row, plan, at, about), sentences=told, is_passing=not record.is_sure)


def _need(
    issue: Issue, place: tuple[str, str, str], day: str, known: _Known
) -> tuple[AnswerRow, AreaPlan, int] | None:
    """Return the row of a shift, the plan of its area, and which shift of it it is."""
    from serving.staffing_answers import (  # noqa: PLC0415 - the solver takes long to import
        StaffingQuestion,
        requirement_table,
        requirements,
    )

    (area, role, shift), (record, now, kept) = place, known
    percentile = issue.profile.staffing.percentile
    question = StaffingQuestion((area,), role, percentile, pd.Timestamp(day), 1)
    found = requirements(issue, question, record, now, kept)
    rows = answer_rows(requirement_table(found, now).frame)
    at = next((i for i, row in enumerate(rows) if row["shift"] == shift), None)
    return None if at is None else (rows[at], found.plans[0], at)


def _was(issue: Issue, place: tuple[str, str, str], day: str, known: _Known) -> float | None:
    """Return what a shift needed by the issue before; None where nobody knows."""
    if place[0] not in issue.tree.ids or place[1] not in issue.profile.staffing.role_ids:
        return None
    found = _need(issue, place, day, known)
    if found is None or not np.isfinite(found[0]["on_duty"]):
        return None
    return float(found[0]["on_duty"])


def _curve(row: AnswerRow, plan: AreaPlan, at: int, about: str) -> ShiftOfficers:
    """Return how short other numbers would be, those of other shifts as planned, else as needed."""
    if not np.isfinite(row["on_duty"]):
        return ShiftOfficers()
    needed = plan.staffing.shifts["on_duty"].to_numpy(dtype=np.float64)
    others = np.where(np.isfinite(plan.planned), plan.planned, needed)
    numbers, short = plan.staffing.curve(at, others)
    planned = None if not np.isfinite(row["planned"]) else float(row["planned"])
    shares = short.share_of_time_short
    curve = tuple((int(at), float(share)) for at, share in zip(numbers, shares, strict=True))
    chart = curve_chart(numbers, shares, about, need=float(row["on_duty"]), planned=planned)
    table = plain_table(
        "Share of its time in which more are busy than free, by officers on duty",
        ("Officers", "Short"),
        [[f"{number}", percent_text(share)] for number, share in curve],
    )
    return ShiftOfficers(chart=chart, table=table, curve=curve)
