"""What the calls are: by call type and by grade, beside the last 8 weeks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.questions import ALL, EACH
from serving.charts.breakdown import breakdown_chart
from serving.charts.chart import Chart
from serving.charts.words import count_text, level_text
from serving.page.answer_rows import AnswerRow
from serving.page.page_answers import PageAnswers
from serving.page.page_frame import Link
from serving.page.page_words import week_text


@dataclass(frozen=True)
class BreakdownRow:
    """A part of the calls.

    Args:
        link: its name, leading to it alone.
        expected: calls.
        span: in which they lie in 8 of 10 cases.
        usual: calls of the last 8 weeks.
        level: how what is expected is to these.
    """

    link: Link
    expected: str
    span: str
    usual: str
    level: str


@dataclass(frozen=True)
class Breakdown:
    """The parts of the calls.

    Args:
        title: by what they are told apart.
        column: what the names are.
        rows: in the force's order.
        chart: of them, the largest first.
    """

    title: str
    column: str
    rows: tuple[BreakdownRow, ...]
    chart: Chart


def week_breakdowns(answers: PageAnswers) -> tuple[Breakdown, ...]:
    """Return the breakdowns that say something: not of one call type, and not of one grade."""
    asked, rates = answers.asked, answers.asked.issue.forecast.rates
    found = []
    if asked.call_type == ALL and len(rates.call_types) > 1:
        rows = answers.call_rows("week", call_type=[EACH], quantiles="0.1,0.9")
        found.append(_breakdown(answers, rows, "call_type", "Call type", "call_type_name"))
    if asked.grade == ALL and len(rates.grades) > 1:
        rows = answers.call_rows("week", grade=[EACH], quantiles="0.1,0.9")
        found.append(_breakdown(answers, rows, "grade", "Grade", "grade"))
    return tuple(found)


def _breakdown(
    answers: PageAnswers, rows: list[AnswerRow], name: str, column: str, names: str
) -> Breakdown:
    asked, texts = answers.asked, [row[names].replace("_", " ") for row in rows]
    about = f"by {column.lower()}, {asked.area_name}, {week_text(asked.monday)}"
    return Breakdown(
        f"By {column.lower()}",
        column,
        tuple(
            BreakdownRow(
                Link(text, asked.address(**{name: str(row[name])})),
                count_text(row["mean"]),
                f"{count_text(row['q10'])} to {count_text(row['q90'])}",
                count_text(row["baseline"]),
                _level(row["mean"], row["baseline"]),
            )
            for row, text in zip(rows, texts, strict=True)
        ),
        breakdown_chart(
            texts, [row["mean"] for row in rows], [row["baseline"] for row in rows], about
        ),
    )


def _level(mean: float, usual: float) -> str:
    return level_text(mean, usual) if np.isfinite(mean) and np.isfinite(usual) else "unknown"
