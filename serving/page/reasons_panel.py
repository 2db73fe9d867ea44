"""Why so many: each day's number as parts that add up to it, in words and as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forewatch.errors import NotExplained
from forewatch.explanation_parts import PARTS
from serving.charts.reasons import reasons_chart
from serving.charts.words import count_text, signed_text, whole_parts
from serving.page.answer_rows import AnswerRow, answer_rows
from serving.page.page_answers import PageAnswers
from serving.page.page_words import day_words

# The long-run level and the hours of the week are what is ordinary for a day.
ORDINARY = PARTS[:2]
NAMES = {
    "season": "time of year",
    "holiday": "holidays",
    "tourism": "visitors",
    "events": "events",
    "recent_trend": "recent trend",
    "other": "other",
}
_ROUNDED_FROM = 10.0  # totals below it are told with a decimal, as `reasons_chart` does


@dataclass(frozen=True)
class ReasonRow:
    """A day.

    Args:
        name: of it.
        expected: calls.
        ordinary: calls of an ordinary day of that name.
        parts: what each part adds, in the order of the columns.
        sentence: the same in words.
    """

    name: str
    expected: str
    ordinary: str
    parts: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class Reasons:
    """Why so many.

    Args:
        columns: names of the parts.
        rows: of the days.
        furthest: the sentence of the day that is furthest from an ordinary one.
        why: why there are none; "" where there are.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[ReasonRow, ...] = ()
    furthest: str = ""
    why: str = ""


def week_reasons(answers: PageAnswers) -> Reasons:
    """Return the reasons of each day of the week."""
    asked = answers.asked
    try:
        days = answers.explanations("day")
    except NotExplained:
        return Reasons(why="This issue was published without reasons.")
    own = asked.issue.profile.own_parts
    parts = [name for name in explained_parts(days) if name not in ORDINARY]
    told = days[np.isfinite(days["mean"].to_numpy(dtype=np.float64))]
    if not len(told):
        return Reasons(why="Nothing is forecast of these days.")
    names = {part: part_name(part, own) for part in parts if _is_told(told[part])}
    rows = tuple(_row(row, names, parts, asked.area_name) for row in answer_rows(told))
    apart = (told["mean"] - told[[*ORDINARY]].sum(axis=1)).abs().to_numpy()
    return Reasons(tuple(names.values()), rows, rows[int(np.argmax(apart))].sentence)


def explained_parts(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return the names of the columns of an explanation that are parts, in their order."""
    columns = [*frame.columns]
    return tuple(columns[columns.index(PARTS[0]) : columns.index(PARTS[-1]) + 1])


def part_name(part: str, own: Mapping[str, str]) -> str:
    """Return what a part is called; *own*: what feeds the parts that are the force's own."""
    return own.get(part) or NAMES.get(part) or part.replace("_", " ")


def _is_told(values: pd.Series) -> bool:
    return bool((values.abs() >= 0.05).any())  # noqa: PLR2004 - what a decimal can tell


def _row(row: AnswerRow, names: Mapping[str, str], parts: list[str], area: str) -> ReasonRow:
    day = pd.Timestamp(row["force_day"])
    ordinary, mean = sum(row[name] for name in ORDINARY), float(row["mean"])
    changes = {part: row[part] for part in parts}
    # What no column tells is put with the last, so that the row adds up.
    shown = {names[part]: value for part, value in changes.items() if part in names}
    rest = sum(value for part, value in changes.items() if part not in names)
    chart = reasons_chart(ordinary + rest, shown, mean, area, ordinary_text=f"an ordinary {day:%A}")
    scale = 1 if mean >= _ROUNDED_FROM else 10
    told = whole_parts(
        [each * scale for each in (ordinary + rest, *shown.values())], round(mean * scale)
    )
    first, *others = (each / scale for each in told)
    sentence = f"{day_words(day)}: {chart.summary}"
    return ReasonRow(
        day_words(day),
        count_text(round(mean * scale) / scale),
        count_text(first),
        tuple(signed_text(each) for each in others),
        sentence,
    )
