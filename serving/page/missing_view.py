"""The view of missing-person demand, and of how far its chances came true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from planning.issues import Issue
from serving.charts.chart import Chart
from serving.charts.reliability import reliability_chart
from serving.charts.words import count_text, percent_text
from serving.model_records import ModelRecords
from serving.page.answer_rows import AnswerRow, answer_rows
from serving.page.chance_words import chance_words
from serving.page.file_links import missing_files
from serving.page.missing_panel import week_missing
from serving.page.page_answers import PageAnswers
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion
from serving.page.plain_table import Cell, PlainTable, plain_table
from serving.page.surroundings import page_frame
from serving.page.view_renderer import PHONE, PageContent, Pictures, ViewSources
from serving.subjects import SUBJECTS

MISSING = "/missing"
CHANCE_NUMBERS = ("said", "came", "low", "high", "n")
_WINDOW, _ALL_LEADS = "day", "all"
_OF_ALL = (
    "How often chances came true is told with counts of all areas of a level, for those who see "
    "the whole force; the verdicts above are drawn from it."
)
_NOT_KEPT = "The record of how often chances came true isn't kept here."


@dataclass(frozen=True)
class Reliability:
    """Chances that were said of past days, beside how often it came so.

    Args:
        chart: of them; None where there is none.
        table: the same.
        why: why there is none; "" where there is.
    """

    chart: Chart | None = None
    table: PlainTable | None = None
    why: str = ""


def missing_view(
    job: PageJob, issue: Issue, sources: ViewSources, pictures: Pictures
) -> PageContent:
    """Return the view of missing-person demand."""
    asked = PageQuestion.of(MISSING, job.question, issue, job.reach, job.now)
    answers = PageAnswers(asked, job.standing)
    week = week_missing(answers)
    frame = page_frame(asked, job, ("week", "area"))
    values: dict[str, object] = {"missing": week, "tables_shown": (), "reliability": None}
    if week.why:
        return PageContent("missing.html", frame, values | {"picture": None})
    tables = [_by_shift(answers), _by_part(answers), _verdicts(asked)]
    reliability = _reliability(asked, sources.models)
    picture = None
    if reliability.chart is not None:
        pictures.order(reliability.chart, looks=(PHONE,))
        picture = pictures.picture(reliability.chart, is_wide=False)
    values |= {
        "tables_shown": tuple(each for each in tables if each is not None),
        "reliability": reliability,
        "files": missing_files(asked, has_chances=reliability.table is not None),
    }
    return PageContent("missing.html", frame, values | {"picture": picture})


def _by_shift(answers: PageAnswers) -> PlainTable | None:
    """Return the demand by shift; None where a force has none, or no hours."""
    issue = answers.asked.issue
    if not issue.profile.shifts or issue.forecast.rates.step == "day":
        return None
    rows = answers.missing_rows("shift")
    names = {each.id: each.name for each in issue.profile.shifts}
    told = [[_shift_name(row, names), *_figures(row)] for row in rows]
    return plain_table("By shift", ("Shift", *_head(rows)), told)


def _by_part(answers: PageAnswers) -> PlainTable | None:
    """Return the week's demand of the areas right below; in their order: no rank."""
    asked = answers.asked
    if not asked.parts:
        return None
    rows = answers.missing_rows("week", area=[*asked.parts])
    told = [
        [Cell(row["area_name"], asked.address(area=row["area"]), is_text=True), *_figures(row)]
        for row in rows
    ]
    return plain_table("The week by area, in the order of the areas", ("Area", *_head(rows)), told)


def _head(rows: list[AnswerRow]) -> tuple[str, ...]:
    least = _least(rows[0])
    return (
        *("Reports", "8 of 10 cases"),
        *(f"Chance of {each} or more" for each in least),
        *("Hours expected", "Enough in 9 of 10", "Remarks"),
    )


def _figures(row: AnswerRow) -> list[str | Cell]:
    low, high = (row.get(level, np.nan) for level in ("q10", "q90"))
    doubts = {
        "⚠ stale": row["state"] == "stale",
        "∅ not forecast": row["state"] == "no_forecast",
        f"≈ told together: {row['pooled']}": bool(row["pooled"]),
        "~ not calibrated": bool(row["uncalibrated"]),
        f"{row['sign']} {row['band']}": row["band"] not in ("", "nothing reserved"),
    }
    remarks = "; ".join(text for text, is_so in doubts.items() if is_so)
    return [
        count_text(row["expected"]),
        f"{count_text(low)} to {count_text(high)}",
        *(Cell(chance_words(row[f"p_at_least_{k}"]), is_text=True) for k in _least(row)),
        count_text(row["landing_mean"]),
        count_text(row["landing_q90"]),
        Cell(remarks or "–", is_text=True),
    ]


def _least(row: AnswerRow) -> list[int]:
    """Return the numbers of reports of which the chance is told."""
    return [int(name.rpartition("_")[2]) for name in row if name.startswith("p_at_least_")]


def _shift_name(row: AnswerRow, names: dict[str, str]) -> Cell:
    day, shift = row["force_day"], row["period"].rpartition("/")[2]
    return Cell(f"{day:%a} {day.day} {day:%b}, {names.get(shift, shift)}", is_text=True)


def _verdicts(asked: PageQuestion) -> PlainTable:
    """Return whether chances may be trusted, by level of areas and kind of window."""
    rows = [
        [
            Cell(level, is_text=True),
            Cell(window, is_text=True),
            Cell(f"~ no: {why}" if why else "✓ yes", is_text=True),
        ]
        for level, window, why in missing_verdicts(asked)
    ]
    return plain_table(
        "May the chances be trusted? Judged on past weeks that the model had not seen",
        ("Areas", "By", "May they be trusted?"),
        rows,
    )


def missing_verdicts(asked: PageQuestion) -> tuple[tuple[str, str, str], ...]:
    """Return level of areas, kind of window, and why chances aren't to be trusted; "" where so."""
    seen = asked.reach.levels(asked.issue.tree)
    part = asked.issue.casework
    told = {} if part is None else part.uncalibrated
    return tuple((level, window, why) for (level, window), why in told.items() if level in seen)


def missing_chances(asked: PageQuestion, models: ModelRecords) -> pd.DataFrame:
    """Return chances that were said of past days of areas of one level, and how often it came so.

    Args:
        asked: by the view's address; of the level of the area that is shown.
        models: what trainings left behind.

    Returns:
        Columns level, at_least (reports), and `CHANCE_NUMBERS`: said, came with the ends of its
        95 % interval (shares), n (days of areas); ascending by what was said. No rows where nothing
        is kept, or not all areas may be seen.
    """
    part, level = asked.issue.casework, asked.issue.tree.level(asked.area)
    subject = next(each for each in SUBJECTS if each.has_casework)
    is_told = part is not None and not part.is_baseline and asked.reach.is_whole
    every = models.reliability(subject, part.model_version) if part and is_told else None
    if every is None:
        return pd.DataFrame(columns=["level", "at_least", *CHANCE_NUMBERS])
    here = every[
        (every["level"] == level) & (every["window"] == _WINDOW) & (every["block"] == _ALL_LEADS)
    ]
    # The number of reports whose chance differs most between days tells most.
    groups = here["at_least"].to_numpy(dtype=np.int64)
    least = int(np.bincount(groups).argmax()) if len(groups) else 0
    rows = here[here["at_least"] == least].rename(columns={"predicted": "said", "observed": "came"})
    return rows.sort_values("said")


def _reliability(asked: PageQuestion, models: ModelRecords) -> Reliability:
    """Return it for the level of the area that is shown."""
    rows = missing_chances(asked, models)
    if not len(rows):
        return Reliability(why=_NOT_KEPT if asked.reach.is_whole else _OF_ALL)
    least, level = int(rows["at_least"].iloc[0]), asked.issue.tree.level(asked.area)
    about = f"{least} report{'s' * (least != 1)} or more on a {level}'s day"
    table = plain_table(
        f"Chance of {about}: what was said, and how often it came so",
        ("Said", "Came", "Cases"),
        [
            [percent_text(row["said"]), percent_text(row["came"]), f"{row['n']:,}"]
            for row in answer_rows(rows)
        ],
    )
    return Reliability(reliability_chart(rows, about), table)
