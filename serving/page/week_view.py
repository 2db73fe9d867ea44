"""The view of the week: how busy, where and when; how sure; is it enough; why; what is special."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from forewatch.clock import ONE_DAY, WEEK_DAYS
from planning.issues import Issue
from serving.charts.bands import BAND_LEVELS, bands_chart
from serving.charts.chart import Chart
from serving.charts.words import count_text, level_text
from serving.page.answer_rows import AnswerRow, answer_rows
from serving.page.breakdown_panel import week_breakdowns
from serving.page.heat_map import HeatMap, day_map, hour_map
from serving.page.map_panel import week_map
from serving.page.missing_panel import week_missing
from serving.page.page_answers import PageAnswers
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion, weeks_reached
from serving.page.page_words import day_words
from serving.page.reasons_panel import week_reasons
from serving.page.special_panel import SpecialPanel, special_panel
from serving.page.staffing_panel import StaffingPanels
from serving.page.surroundings import page_frame
from serving.page.view_renderer import PHONE, PageContent, Pictures, ViewSources
from serving.page.week_headline import week_headline

_WEEKS_OF_DAYS = 8  # of a daily force, from the one that is shown on
_DAYS_OF_BANDS = 28


@dataclass(frozen=True)
class DayRow:
    """A day, as the table of the bands tells it.

    Args:
        name: of the day.
        expected: calls.
        spans: in which they lie in 5, 8 and 9.5 of 10 cases.
        usual: calls of the last 8 weeks.
        level: how what is expected is to these.
    """

    name: str
    expected: str
    spans: tuple[str, ...]
    usual: str
    level: str


def week_view(job: PageJob, issue: Issue, sources: ViewSources, pictures: Pictures) -> PageContent:
    """Return the view of a week."""
    asked = PageQuestion.of("/week", job.question, issue, job.reach, job.now)
    answers = PageAnswers(asked, job.standing)
    record = sources.special.at(job.now)
    special = special_panel(asked, record)
    is_daily = issue.forecast.rates.step == "day"
    levels = ",".join(map(str, BAND_LEVELS))
    days = answers.calls("day", quantiles=levels)
    hours = days if is_daily else answers.calls("hour", quantiles=levels)
    bands = _bands(answers, hours, special, is_daily=is_daily)
    breakdowns = week_breakdowns(answers)
    pictures.order(bands)
    pictures.order(*(each.chart for each in breakdowns), looks=(PHONE,))
    staffing = _panels().week(asked, sources.duty)
    pictures.order(staffing.chart)
    values = {
        "headline": week_headline(answers, hours),
        "staffing": staffing,
        "heat": _heat_map(answers, hours, days, special, is_daily=is_daily),
        "reasons": week_reasons(answers),
        "days": tuple(_day_row(row) for row in answer_rows(days)),
        "map": week_map(answers, sources.maps),
        "special": special,
        "missing": week_missing(answers),
        "is_daily": is_daily,
        "is_of_all": not {"call_type", "grade"} & asked.state.keys(),
        "bands": pictures.picture(bands),
        "breakdowns": [(each, pictures.picture(each.chart, is_wide=False)) for each in breakdowns],
        "need": None if staffing.chart is None else pictures.picture(staffing.chart),
    }
    frame = page_frame(asked, job.standing, job.damage)
    is_passing = staffing.is_passing or not record.is_sure
    return PageContent("week.html", frame, values, is_passing)


@cache
def _panels() -> StaffingPanels:
    return StaffingPanels()


def _bands(
    answers: PageAnswers, hours: pd.DataFrame, special: SpecialPanel, *, is_daily: bool
) -> Chart:
    asked = answers.asked
    frame = _days_from(answers, _DAYS_OF_BANDS) if is_daily else hours
    return bands_chart(frame, asked.zone, asked.area_name, marks=special.marks)


def _heat_map(
    answers: PageAnswers,
    hours: pd.DataFrame,
    days: pd.DataFrame,
    special: SpecialPanel,
    *,
    is_daily: bool,
) -> HeatMap:
    if is_daily:
        return day_map(answers.asked, _days_from(answers, 7 * _WEEKS_OF_DAYS), special.days)
    return hour_map(answers.asked, hours, days, special.days)


def _days_from(answers: PageAnswers, count: int) -> pd.DataFrame:
    """Return days from the week's first on: those of whole weeks that the issue reaches."""
    asked = answers.asked
    last = asked.clock.week(max((*weeks_reached(asked.issue), asked.week)))
    end = min(asked.monday + count * ONE_DAY, last + WEEK_DAYS * ONE_DAY)
    levels = ",".join(map(str, BAND_LEVELS))
    span = {"from_": f"{asked.monday:%Y-%m-%d}", "to": f"{end:%Y-%m-%d}"}
    return answers.calls("day", quantiles=levels, **span)


def _day_row(row: AnswerRow) -> DayRow:
    spans = (("q25", "q75"), ("q10", "q90"), ("q02.5", "q97.5"))
    mean, usual = row["mean"], row["baseline"]
    is_known = bool(np.isfinite(mean) and np.isfinite(usual))
    return DayRow(
        day_words(row["force_day"]),
        count_text(mean),
        tuple(f"{count_text(row[low])} to {count_text(row[high])}" for low, high in spans),
        count_text(usual),
        level_text(mean, usual) if is_known else "unknown",
    )
