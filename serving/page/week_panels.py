"""The panels of a week: how busy, where and when; how sure; is it enough; why; what is special."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forewatch.clock import ONE_DAY, WEEK_DAYS
from serving.charts.bands import BAND_LEVELS, bands_chart
from serving.charts.chart import Chart
from serving.charts.words import count_text, level_text
from serving.page.accuracy_panel import area_accuracy
from serving.page.answer_rows import AnswerRow, answer_rows
from serving.page.breakdown_panel import week_breakdowns
from serving.page.heat_map import HeatMap, day_map, hour_map
from serving.page.last_year import LAST_YEAR, last_year_words, with_last_year
from serving.page.map_panel import week_map
from serving.page.missing_panel import week_missing
from serving.page.page_answers import PageAnswers
from serving.page.page_question import weeks_reached
from serving.page.page_words import day_words
from serving.page.reasons_panel import week_reasons
from serving.page.special_panel import SpecialPanel, special_panel
from serving.page.staffing_panel import week_staffing
from serving.page.view_renderer import PHONE, Pictures, ViewSources
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
        last_year: calls of the same weekday 52 weeks before.
    """

    name: str
    expected: str
    spans: tuple[str, ...]
    usual: str
    level: str
    last_year: str


# In the order in which they stand, which is that of reading.
PANELS = (
    *("headline", "staffing", "heat_map", "reasons", "special", "bands", "map", "breakdown"),
    "missing",
)


@dataclass(frozen=True)
class WeekPanels:
    """What panels of a week show.

    Args:
        values: by the names that their templates have for it.
        is_passing: whether something couldn't be read.
    """

    values: dict[str, object]
    is_passing: bool


def week_panels(
    answers: PageAnswers, sources: ViewSources, pictures: Pictures, panels: Collection[str] = PANELS
) -> WeekPanels:
    """Return what some panels show; the others aren't computed.

    Args:
        answers: to what the view is asked.
        sources: what there is beside the issue.
        pictures: draws the charts.
        panels: names of `PANELS`.
    """
    asked = answers.asked
    record = sources.special.at(asked.now)
    special = special_panel(asked, record)
    days, hours = _calls(answers)
    is_daily = asked.issue.forecast.rates.step == "day"
    values: dict[str, object] = {"special": special, "is_daily": is_daily}
    values["is_of_all"] = asked.is_of_all
    bands = _bands(answers, hours, special, is_daily=is_daily) if "bands" in panels else None
    breakdowns = week_breakdowns(answers) if "breakdown" in panels else ()
    pictures.order(bands)
    pictures.order(*(each.chart for each in breakdowns), looks=(PHONE,))
    is_passing = not record.is_sure
    if "staffing" in panels:
        staffing = week_staffing(asked, sources.duty, sources.shelf)
        pictures.order(staffing.chart)
        is_passing |= staffing.is_passing
        values |= {"staffing": staffing, "worries": asked.address("/worries")}
    made: dict[str, Callable[[], object]] = {
        "headline": lambda: week_headline(answers, hours),
        "heat_map": lambda: _heat_map(answers, hours, days, special, is_daily=is_daily),
        "reasons": lambda: week_reasons(answers),
        "map": lambda: week_map(answers, sources.maps),
        "missing": lambda: week_missing(answers),
        "accuracy": lambda: area_accuracy(asked, sources, pictures),
    }
    values |= {name: make() for name, make in made.items() if name in panels}
    if bands is not None:
        values["bands"] = pictures.picture(bands)
        told = with_last_year(asked, days, "day")
        values["days"] = tuple(_day_row(row) for row in answer_rows(told))
        values["last_year"] = last_year_words(told)
    values["breakdowns"] = [
        (each, pictures.picture(each.chart, is_wide=False)) for each in breakdowns
    ]
    if "staffing" in panels:
        values["need"] = None if staffing.chart is None else pictures.picture(staffing.chart)
    return WeekPanels(values, is_passing)


def _calls(answers: PageAnswers) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return forecasts of the week by day, and by hour; of a daily force the days again."""
    levels = ",".join(map(str, BAND_LEVELS))
    days = answers.calls("day", quantiles=levels)
    if answers.asked.issue.forecast.rates.step == "day":
        return days, days
    return days, answers.calls("hour", quantiles=levels)


def _bands(
    answers: PageAnswers, hours: pd.DataFrame, special: SpecialPanel, *, is_daily: bool
) -> Chart:
    asked = answers.asked
    frame = _days_from(answers, _DAYS_OF_BANDS) if is_daily else hours
    frame = with_last_year(asked, frame, "day" if is_daily else "hour")
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
        count_text(row[LAST_YEAR]),
    )
