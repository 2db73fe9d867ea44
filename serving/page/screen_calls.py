"""Calls on the big screen: the next hours and the next days, beside what is usual."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forewatch.clock import ONE_DAY, WEEK_DAYS
from serving.charts.words import count_text, level_text, short_day_text
from serving.page.answer_rows import AnswerRow
from serving.page.heat_map import SPECIAL
from serving.page.map_panel import colour_class
from serving.page.page_answers import PageAnswers
from serving.page.page_question import PageQuestion
from serving.page.week_headline import doubts, own_doubts

HOURS_AHEAD = 12
_BAR = 1000  # width of the drawing of a bar
_SIGNS = {"below": "▼", "level": "=", "above": "▲"}
_LEVELS = "0.1,0.9"


@dataclass(frozen=True)
class ScreenBar:
    """A row's drawing, in parts of its width of 1000.

    Args:
        mean: how long the bar is.
        low, high: between which the count lies in 8 of 10 cases.
        usual: where the mean of the last 8 weeks is; None where nobody knows.
    """

    mean: int
    low: int
    high: int
    usual: int | None


@dataclass(frozen=True)
class ScreenRow:
    """A period.

    Args:
        name: of it.
        expected: calls.
        span: in which they lie in 8 of 10 cases.
        usual: calls of the last 8 weeks.
        level: how what is expected is to these, a sign first.
        look: "below", "level" or "above"; "" where nobody knows.
        marks: signs that have to be seen beside the number.
        bar: the same as a drawing; None where nothing is known.
    """

    name: str
    expected: str
    span: str
    usual: str
    level: str
    look: str
    marks: str
    bar: ScreenBar | None


@dataclass(frozen=True)
class ScreenCalls:
    """Calls of the next hours and days.

    Args:
        hours: from the current one on; none of a daily force.
        days: from the current one on.
        busiest: of the hours the one with the most calls; None where nobody knows.
        doubts: what has to be known of numbers, each with the sign that stands beside them.
        is_daily: whether there are no hours.
    """

    hours: tuple[ScreenRow, ...]
    days: tuple[ScreenRow, ...]
    busiest: ScreenRow | None
    doubts: tuple[str, ...]
    is_daily: bool


def calls_ahead(
    answers: PageAnswers, moment: pd.Timestamp, special: Collection[pd.Timestamp]
) -> ScreenCalls:
    """Return the calls of the next hours and days.

    Args:
        answers: to what the screen is asked.
        moment: the instant that it tells, UTC.
        special: local dates on which something special is.
    """
    asked = answers.asked
    first, last = days_ahead(asked, moment)
    span = {"from_": f"{first:%Y-%m-%d}", "to": f"{last:%Y-%m-%d}"}
    days = answers.call_rows("day", quantiles=_LEVELS, **span)
    is_daily = asked.issue.forecast.rates.step == "day"
    hours = [] if is_daily else _hours(answers, moment)
    hour_rows = _rows(hours, hour_names(asked, hours), [""] * len(hours))
    marks = [SPECIAL if row["force_day"] in special else "" for row in days]
    day_rows = _rows(days, [short_day_text(row["force_day"]) for row in days], marks)
    means = np.array([row["mean"] for row in hours], dtype=np.float64)
    busiest = hour_rows[int(np.nanargmax(means))] if np.isfinite(means).any() else None
    told = dict.fromkeys(doubt for row in (*hours, *days) for doubt in own_doubts(asked, row))
    return ScreenCalls(hour_rows, day_rows, busiest, tuple(told), is_daily)


def days_ahead(asked: PageQuestion, moment: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the current local date, by the force's day, and that of a week later."""
    today = asked.clock.force_day(pd.DatetimeIndex([moment]))[0]
    return today, today + WEEK_DAYS * ONE_DAY


def _hours(answers: PageAnswers, moment: pd.Timestamp) -> list[AnswerRow]:
    today, _ = days_ahead(answers.asked, moment)
    edges = answers.asked.clock.hour_edges(today, 2)
    now = int(edges.searchsorted(moment, side="right")) - 1
    start, end = edges[now], edges[now + HOURS_AHEAD]
    span = {"from_": f"{start:%Y-%m-%dT%H:%MZ}", "to": f"{end:%Y-%m-%dT%H:%MZ}"}
    return answers.call_rows("hour", quantiles=_LEVELS, **span)


def hour_names(asked: PageQuestion, rows: list[AnswerRow]) -> list[str]:
    """Return the hours by the force's clock; of one that it shows twice the second is "again"."""
    starts = pd.DatetimeIndex([row["start"] for row in rows], tz="UTC")
    local = starts.tz_convert(asked.zone)
    texts = [f"{start:%H:%M}" for start in local]
    return [f"{text} again" if text in texts[:i] else text for i, text in enumerate(texts)]


def _rows(rows: list[AnswerRow], names: list[str], marks: list[str]) -> tuple[ScreenRow, ...]:
    known = [row[name] for row in rows for name in ("q90", "mean", "baseline")]
    most = max((each for each in known if np.isfinite(each)), default=0.0)
    return tuple(
        _row(row, name, mark, most) for row, name, mark in zip(rows, names, marks, strict=True)
    )


def _row(row: AnswerRow, name: str, mark: str, most: float) -> ScreenRow:
    mean, usual = float(row["mean"]), float(row["baseline"])
    is_known = bool(np.isfinite(mean))
    signs = [mark, *(doubt[:1] for doubt in doubts(row))]
    look, level = usual_words(mean, usual)
    return ScreenRow(
        name=name,
        expected=count_text(mean) if is_known else "–",
        span=f"{count_text(row['q10'])} to {count_text(row['q90'])}"
        if is_known
        else "not forecast",
        usual=count_text(usual) if np.isfinite(usual) else "–",
        level=level,
        look=look,
        marks=" ".join(filter(None, signs)),
        bar=_bar(row, most) if is_known and most > 0 else None,
    )


def usual_words(mean: float, usual: float) -> tuple[str, str]:
    """Return how a number is to what is usual: a word for its look, and the words, a sign first.

    >>> usual_words(112.0, 100.0), usual_words(101.0, 100.0), usual_words(1.0, float("nan"))
    (('above', '▲ 12 % above'), ('level', '= 1 % above'), ('', '? unknown'))
    """
    if not (np.isfinite(mean) and np.isfinite(usual)):
        return "", "? unknown"
    look = colour_class(mean / usual - 1).partition("-")[0] if usual > 0 else "above"
    return look, f"{_SIGNS[look]} {level_text(mean, usual).removesuffix(' to')}"


def _bar(row: AnswerRow, most: float) -> ScreenBar:
    mean, low, high = (round(_BAR * float(row[name]) / most) for name in ("mean", "q10", "q90"))
    usual = float(row["baseline"])
    return ScreenBar(mean, low, high, round(_BAR * usual / most) if np.isfinite(usual) else None)
