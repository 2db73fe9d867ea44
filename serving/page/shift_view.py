"""The view of one shift, hour or day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from forewatch.clock import ONE_DAY
from forewatch.errors import BadQuestion, DamagedIssue, NotExplained, UnknownIssue
from forewatch.rates import Selection, Spans
from planning.issues import Issue
from planning.period_kinds import By
from planning.questions import ALL
from serving.api.shelf import Shelf
from serving.charts.chart import Chart
from serving.charts.distribution import distribution_chart
from serving.charts.words import period_text
from serving.page.addresses import SHIFT_PAGE
from serving.page.answer_rows import AnswerRow, answer_rows
from serving.page.file_links import FileLinks, shift_files
from serving.page.page_answers import PageAnswers
from serving.page.page_frame import Complaint, Link
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion, weeks_reached
from serving.page.plain_table import PlainTable
from serving.page.reasons_panel import explained_parts
from serving.page.roles import asked_role, role_choices
from serving.page.shift import (
    LEVELS,
    PeriodFigures,
    change_sentence,
    count_table,
    headline,
    period_kind,
    reasons,
)
from serving.page.shift_officers import ShiftOfficers, shift_officers
from serving.page.surroundings import page_frame
from serving.page.view_renderer import PHONE, PageContent, Picture, Pictures, ViewSources
from serving.page.week_headline import own_doubts
from serving.standing import Standing

_NEAR = 3


@dataclass(frozen=True)
class Period:
    """The period that is shown.

    Args:
        kind: of it.
        row: of the forecast about it.
        name: of a shift; "" for other kinds.
    """

    kind: By
    row: AnswerRow
    name: str = ""

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.row["period"])

    @property
    def span(self) -> dict[str, str]:
        """The span of time in which it begins and no other of its kind, as a question says it.

        Shifts overlap: one that begins before this one ends isn't this one.
        """
        start: pd.Timestamp = self.row["start"]
        instants = {"from_": start, "to": start + pd.Timedelta(seconds=1)}
        return {name: f"{instant:%Y-%m-%dT%H:%M:%SZ}" for name, instant in instants.items()}

    def text(self, zone: str) -> str:
        """Return it in words."""
        start, end = (self.row[name].tz_convert(zone) for name in ("start", "end"))
        named = f" ({self.name})" if self.name else ""
        return f"{period_text(start, end)}{named}"


def shift_view(job: PageJob, issue: Issue, sources: ViewSources, pictures: Pictures) -> PageContent:
    """Return the view of one period."""
    asked, period, role = shift_question(job, issue)
    answers = PageAnswers(asked, job.standing)
    about = f"{asked.area_name}, {period.text(asked.zone)}"
    before = _before(issue, sources.shelf)
    officers = shift_officers(asked, sources, (period.kind, period.id), role, before, about)
    values = _values(answers, period, before, about)
    charts: dict[str, Chart | None] = {
        "distribution": values.pop("chart"),
        "reasons": values["why"].chart,
        "curve": officers.chart,
    }
    pictures.order(*charts.values(), looks=(PHONE,))
    drawn: dict[str, Picture | None] = {
        name: None if chart is None else pictures.picture(chart, is_wide=False)
        for name, chart in charts.items()
    }
    frame = page_frame(asked, job, ("area", "call_type", "grade"))
    roles = role_choices(asked, role) if period.kind == "shift" else ()
    frame = replace(frame, when=period.text(asked.zone), choices=(*frame.choices, *roles))
    return PageContent(
        "shift.html",
        frame,
        {
            **values,
            "pictures": drawn,
            "officers": officers,
            "shifts": _shifts(answers, period, role),
            "files": _period_files(asked, period, role, values, officers),
            "around": _around(asked, period, role),
        },
        is_passing=officers.is_passing,
    )


def shift_question(job: PageJob, issue: Issue) -> tuple[PageQuestion, Period, str]:
    """Return what is asked, the period, another where there is none of that name, and the role."""
    text = job.question.get("period", "")
    given = {name: value for name, value in job.question.items() if name != "period"}
    asked = PageQuestion.of(f"{SHIFT_PAGE}/{quote(text)}", given, issue, job.reach, job.now)
    period, complaint = _period(asked, job, text)
    if complaint is not None:  # other complaints' links lead to the period that is shown as well
        path = f"{SHIFT_PAGE}/{quote(period.id)}"
        asked = PageQuestion.of(path, given, issue, job.reach, job.now)
        asked = replace(asked, complaints=(*asked.complaints, complaint))
    week = asked.clock.week_label(pd.Timestamp(period.row["force_day"]))
    shown = week if week in weeks_reached(issue) else asked.week
    asked = replace(asked, path=f"{SHIFT_PAGE}/{quote(period.id)}", week=shown)
    role, asked = asked_role(asked, job.question)
    return asked, period, role


def _period_files(
    asked: PageQuestion,
    period: Period,
    role: str,
    values: Mapping[str, Any],
    officers: ShiftOfficers,
) -> tuple[FileLinks, ...]:
    tables = {
        "counts": values["counts"],
        "reasons": values["why"].table,
        "officers": officers.sentences or None,
        "curve": officers.table,
    }
    shown = {name for name, table in tables.items() if table is not None}
    return shift_files(asked, (period.kind, period.id, role), period.span, shown)


@dataclass(frozen=True)
class Why:
    """Why so many.

    Args:
        chart: of the reasons; None where there are none.
        table: the same.
        none: why there are none; "" where there are.
    """

    chart: Chart | None = None
    table: PlainTable | None = None
    none: str = ""


def _values(
    answers: PageAnswers, period: Period, before: Issue | None, about: str
) -> dict[str, Any]:
    """Return what is told of the calls."""
    asked, row = answers.asked, period.row
    now = _figures(asked.issue, asked, row)
    then = None if before is None else _figures(before, asked, row)
    quantiles = [float(row[name]) for name in _quantile_names()]
    return {
        "headline": headline(now, (float(row["q10"]), float(row["q90"]))),
        "doubts": own_doubts(asked, row),
        "change": change_sentence(now, then, asked.zone),
        "counts": count_table(quantiles, about) if now.is_told else None,
        "chart": distribution_chart(now.mean, now.variance, about) if now.is_told else None,
        "why": _why(answers, period, now.mean, about),
    }


def _quantile_names() -> list[str]:
    return [f"q{100 * level:02g}" for level in LEVELS]


def _period(asked: PageQuestion, job: PageJob, text: str) -> tuple[Period, Complaint | None]:
    """Return the period that an address names; another and a complaint where there is none."""
    kind = period_kind(text)
    answers = PageAnswers(asked, job.standing)
    try:
        rows = [] if kind is None else _rows(answers, kind, text)
    except (BadQuestion, ValueError, OverflowError):
        rows = []
    found = next((row for row in rows if row["period"] == text), None)
    if found is not None and kind is not None and np.isfinite(found["mean"]):
        return _named(asked, kind, found), None
    usual = _usual(answers)
    reached = asked.issue.forecast.rates.force_days
    said = (
        f"Issue {asked.issue.number} has no forecast of {text!r}; it reaches {reached[0]:%Y-%m-%d} "
        f"to {reached[-1]:%Y-%m-%d}."
        if found is not None
        else f"No shift, hour or day {text[:80]!r}; write one like {usual.id}."
    )
    nears = [row for row in rows if np.isfinite(row["mean"])][:_NEAR] or [usual.row]
    role = asked.told_role(asked_role(asked, job.question)[0])
    links = (
        Link(str(row["period"]), asked.period_address(row["period"], role=role)) for row in nears
    )
    return usual, Complaint(said, tuple(links), 404)


def _rows(answers: PageAnswers, kind: By, text: str) -> list[AnswerRow]:
    """Return the periods of the kind that begin on the day, or in the hour, of an id."""
    if kind == "hour":
        end = datetime.fromisoformat(text) + timedelta(hours=1)
        span = {"from_": text, "to": f"{end:%Y-%m-%dT%H:%MZ}"}
    else:
        day = date.fromisoformat(text.partition("/")[0])
        span = {"from_": f"{day}", "to": f"{day + timedelta(days=1)}"}
    return answers.call_rows(kind, quantiles=_levels(), **span)


def _usual(answers: PageAnswers) -> Period:
    """Return the first shift of the week that is shown; of a force without shifts its first day."""
    asked = answers.asked
    kind: By = "day" if _has_days_alone(asked) else "shift"
    return _named(asked, kind, _rows(answers, kind, f"{asked.monday:%Y-%m-%d}")[0])


def _named(asked: PageQuestion, kind: By, row: AnswerRow) -> Period:
    names = {each.id: each.name for each in asked.issue.profile.shifts}
    shift = row["period"].rpartition("/")[2]
    return Period(kind, row, names.get(shift, "") if kind == "shift" else "")


def _levels() -> str:
    return ",".join(map(str, LEVELS))


def _figures(issue: Issue, asked: PageQuestion, row: AnswerRow) -> PeriodFigures:
    """Return what an issue says of a period, with the variance that answers don't tell."""
    rates = issue.forecast.rates
    types = () if asked.call_type == ALL else (asked.call_type,)
    grades = () if asked.grade == ALL else (asked.grade,)
    is_known = asked.area in issue.tree.ids and {*types} <= {*rates.call_types}
    if not (is_known and {*grades} <= {*rates.grades}):
        return PeriodFigures(issue.number, issue.published_at, *(float("nan"),) * 3)
    spans = Spans(pd.DatetimeIndex([row["start"]]), pd.DatetimeIndex([row["end"]]))
    told = issue.forecast.answer(Selection(issue.tree.leaves_of(asked.area), types, grades), spans)
    numbers = (float(each[0]) for each in (told.mean, told.variance, told.baseline))
    return PeriodFigures(issue.number, issue.published_at, *numbers)


def _before(issue: Issue, shelf: Shelf) -> Issue | None:
    """Return the issue that was in service before; None where there is none that can be read."""
    try:
        numbers = [each.number for each in shelf.published() if each.number < issue.number]
        return shelf.issue(max(numbers)).issue if numbers else None
    except (DamagedIssue, UnknownIssue):
        return None


def _why(answers: PageAnswers, period: Period, mean: float, about: str) -> Why:
    asked = answers.asked
    try:
        frame = answers.explanations(period.kind, **period.span)
    except NotExplained:
        return Why(none="This issue was published without reasons.")
    row = next((each for each in answer_rows(frame) if each["period"] == period.id), None)
    if row is None:
        return Why(none="Nothing is forecast of it.")
    parts: Mapping[str, float] = {name: float(row[name]) for name in explained_parts(frame)}
    found = reasons(parts, asked.issue.profile.own_parts, mean, (about, _ordinary(asked, period)))
    return Why(none="Nothing is forecast of it.") if found is None else Why(*found)


def _ordinary(asked: PageQuestion, period: Period) -> str:
    """Return what an ordinary such period is called."""
    start = period.row["start"].tz_convert(asked.zone)
    if period.kind == "hour":
        return f"an ordinary {start:%A, %H:%M}"
    day = pd.Timestamp(period.row["force_day"])
    shift = f" {period.id.rpartition('/')[2].replace('_', ' ')} shift" * (period.kind == "shift")
    return f"an ordinary {day:%A}{shift}"


def _around(asked: PageQuestion, period: Period, role: str) -> tuple[Link, ...]:
    """Return links to the periods before and after, and to the week."""
    day = pd.Timestamp(period.row["force_day"])
    answers = PageAnswers(asked, Standing())
    span = {"from_": f"{day - ONE_DAY:%Y-%m-%d}", "to": f"{day + 2 * ONE_DAY:%Y-%m-%d}"}
    rows = answers.call_rows(period.kind, **span)
    at = next(i for i, row in enumerate(rows) if row["period"] == period.id)
    ways = (("← before", at - 1), ("after →", at + 1))
    return tuple(
        Link(
            f"{text}: {_named(asked, period.kind, rows[i]).text(asked.zone)}",
            asked.period_address(rows[i]["period"], role=asked.told_role(role)),
        )
        for text, i in ways
        if 0 <= i < len(rows) and np.isfinite(rows[i]["mean"])
    )


def _shifts(answers: PageAnswers, period: Period, role: str) -> tuple[Link, ...]:
    """Return links to the shifts of a day, or to those that are on in an hour."""
    asked = answers.asked
    if period.kind == "shift" or _has_days_alone(asked):
        return ()
    day = pd.Timestamp(period.row["force_day"])
    span = {"from_": f"{day - ONE_DAY:%Y-%m-%d}", "to": f"{day + 2 * ONE_DAY:%Y-%m-%d}"}
    rows = answers.call_rows("shift", **span)
    if period.kind == "day":
        held = [row for row in rows if row["force_day"] == period.row["force_day"]]
    else:
        start, end = period.row["start"], period.row["end"]
        held = [row for row in rows if row["start"] < end and start < row["end"]]
    return tuple(
        Link(
            _named(asked, "shift", row).text(asked.zone),
            asked.period_address(row["period"], role=asked.told_role(role)),
        )
        for row in held
        if np.isfinite(row["mean"])
    )


def _has_days_alone(asked: PageQuestion) -> bool:
    return not asked.issue.profile.shifts or asked.issue.forecast.rates.step == "day"
