"""The week in a sentence: how many calls, how sure, when and where they are most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from serving.charts.words import amount_text, count_text, level_text
from serving.page.answer_rows import AnswerRow, answer_rows
from serving.page.page_answers import PageAnswers
from serving.page.page_frame import Link
from serving.page.page_question import PageQuestion
from serving.page.page_words import day_words, week_text
from serving.page.worries import shift_words
from serving.spans import week_meant
from serving.time_texts import WEEK_WORDS


@dataclass(frozen=True)
class Headline:
    """The week in a sentence.

    Args:
        total: calls expected.
        span: in which the count lies in 8 of 10 cases.
        busiest: when calls are most, and where; "" where nobody knows.
        shift: the shift of most calls, leading to it; None of a force that has none.
        shift_calls: of that shift.
        level: how that is to the last 8 weeks; "" where nobody knows.
        doubts: what has to be known of the number: stale, or known of several areas together.
    """

    total: str
    span: str
    busiest: str
    shift: Link | None
    shift_calls: str
    level: str
    doubts: tuple[str, ...]


def week_headline(answers: PageAnswers, hours: pd.DataFrame) -> Headline:
    """Return the headline.

    Args:
        answers: to what the view is asked.
        hours: forecasts of the week by hour; of a daily force by day.
    """
    week = answers.call_rows("week", quantiles="0.1,0.9")[0]
    usual = week["baseline"]
    shift, shift_calls = _busiest_shift(answers)
    return Headline(
        total=amount_text(week["mean"], "calls"),
        span=f"{count_text(week['q10'])} to {count_text(week['q90'])}",
        busiest=_busiest(answers, hours),
        shift=shift,
        shift_calls=shift_calls,
        level=f"{level_text(week['mean'], usual)} the last 8 weeks" if np.isfinite(usual) else "",
        doubts=tuple(own_doubts(answers.asked, week)),
    )


def doubts(row: AnswerRow) -> list[str]:
    """Return what has to be known of the number of a row, as sentences with a sign before them."""
    found = []
    if row["state"] == "stale":
        found.append(f"⚠ Stale: {row['reason']}.")
    if row["state"] == "no_forecast":
        found.append("∅ Not forecast: the issue doesn't reach all of it.")
    if row.get("pooled"):
        found.append(
            f"≈ Some of these calls are known together only, of {row['pooled']}: how they lie "
            "among these areas wasn't learned, so as to tell nothing of persons."
        )
    return found


def own_doubts(asked: PageQuestion, row: AnswerRow) -> list[str]:
    """Return the doubts of a row but for what the bar across every view tells: a stale issue."""
    is_told = row["state"] == "stale" and row["reason"] == asked.why_stale
    return doubts(row | {"state": "forecast"}) if is_told else doubts(row)


def week_words(asked: PageQuestion) -> str:
    """Return the week that is shown, in words."""
    words = {word: week_meant(asked.clock, word, asked.now) for word in WEEK_WORDS}
    named = next((f"{word} week" for word, week in words.items() if week == asked.week), "")
    span = week_text(asked.monday)
    return f"{named}, {span}" if named else f"week of {span}"


def _busiest(answers: PageAnswers, hours: pd.DataFrame) -> str:
    mean = hours["mean"].to_numpy(dtype=np.float64)
    if not np.isfinite(mean).any():
        return ""
    asked, most = answers.asked, int(np.nanargmax(mean))
    (row,) = answer_rows(hours.iloc[[most]])
    start = row["start"].tz_convert(asked.zone)
    is_daily = asked.issue.forecast.rates.step == "day"
    when = day_words(row["force_day"]) if is_daily else f"{day_words(start)}, {start:%H:%M}"
    told = f"{when}, with {amount_text(row['mean'], 'calls')}"
    if len(asked.parts) < 2:  # noqa: PLR2004 - of one part it is the same
        return told
    span = {"from_": f"{row['start']:%Y-%m-%dT%H:%MZ}", "to": f"{row['end']:%Y-%m-%dT%H:%MZ}"}
    parts = answers.call_rows_of(asked.parts, "day" if is_daily else "hour", **span)
    known = [each for each in parts if np.isfinite(each["mean"])]
    if not known:
        return told
    largest = max(known, key=lambda each: float(each["mean"]))
    return f"{told}, {count_text(largest['mean'])} of them in {largest['area_name']}"


def _busiest_shift(answers: PageAnswers) -> tuple[Link | None, str]:
    """Return the shift of most calls, leading to it, and how many these are."""
    asked = answers.asked
    profile = asked.issue.profile
    if not profile.shifts or asked.issue.forecast.rates.step == "day":
        return None, ""
    told = answers.call_rows("shift", quantiles="0.5")  # only the mean is needed
    rows = [row for row in told if np.isfinite(row["mean"])]
    if not rows:
        return None, ""
    most = max(rows, key=lambda row: float(row["mean"]))
    names = {each.id: each.name for each in profile.shifts}
    shift = str(most["period"]).rpartition("/")[2]
    start, end = (most[name].tz_convert(asked.zone) for name in ("start", "end"))
    words = shift_words(names.get(shift, shift), start, end)
    return Link(words, asked.period_address(most["period"])), amount_text(most["mean"], "calls")
