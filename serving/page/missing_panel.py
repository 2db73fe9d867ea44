"""Missing persons: reports and hours to keep free, with whether such figures came true so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forewatch.clock import ONE_DAY
from forewatch.errors import BadQuestion
from planning.missing import missing_part
from planning.uses import USES
from serving.charts.words import count_text
from serving.page.answer_rows import AnswerRow
from serving.page.page_answers import PageAnswers
from serving.page.page_words import day_words, sentence
from serving.page.week_headline import own_doubts


@dataclass(frozen=True)
class MissingRow:
    """A window of time.

    Args:
        name: of it.
        expected: reports.
        span: in which they lie in 8 of 10 cases.
        hours: officer-hours that land, expected.
        enough: hours that are enough in 9 of 10 cases.
        band: whether the hours kept free are likely enough, with a sign; "" where none are named.
    """

    name: str
    expected: str
    span: str
    hours: str
    enough: str
    band: str


@dataclass(frozen=True)
class MissingPanel:
    """Missing-person demand of a week.

    Args:
        rows: of the days, then of the week.
        uses: what the figures may be used for, and what not.
        calibration: whether such figures came true so far, in words.
        doubts: what has to be known of the numbers.
        has_bands: whether hours are kept free anywhere.
        why: why there is none; "" where there is.
    """

    rows: tuple[MissingRow, ...] = ()
    uses: str = USES
    calibration: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    has_bands: bool = False
    why: str = ""


def week_missing(answers: PageAnswers) -> MissingPanel:
    """Return missing-person demand of the week and its days."""
    try:
        days = answers.missing_rows("day")
        week = answers.missing_rows("week")[0]
    except BadQuestion as error:
        return MissingPanel(why=_why(answers, error))
    told = [(day_words(row["force_day"]), row) for row in days]
    rows = tuple(_row(name, row) for name, row in (*told, ("Whole week", week)))
    return MissingPanel(
        rows=rows,
        calibration=_calibration({"day": days[0]["uncalibrated"], "week": week["uncalibrated"]}),
        doubts=_doubts(answers, week),
        has_bands=any(row.band for row in rows),
    )


def day_missing(answers: PageAnswers, day: pd.Timestamp) -> MissingPanel:
    """Return missing-person demand of a local date."""
    span = {"from_": f"{day:%Y-%m-%d}", "to": f"{day + ONE_DAY:%Y-%m-%d}"}
    try:
        row = answers.missing_rows("day", **span)[0]
    except BadQuestion as error:
        return MissingPanel(why=_why(answers, error))
    told = _row(day_words(row["force_day"]), row)
    calibration = _calibration({"day": row["uncalibrated"]})
    told_doubts = _doubts(answers, row)
    return MissingPanel(
        rows=(told,), calibration=calibration, doubts=told_doubts, has_bands=bool(told.band)
    )


def _why(answers: PageAnswers, error: BadQuestion) -> str:
    """Return why there is no missing-person demand, as far as it may be told."""
    text = str(error)
    is_told = answers.asked.reach.notes(answers.asked.issue.tree, [text])
    return sentence(text) if is_told else "This issue holds none."


def _doubts(answers: PageAnswers, row: AnswerRow) -> tuple[str, ...]:
    part = missing_part(answers.asked.issue)
    baseline = "≈ By the climatology, the mean of such days: no trained model may be used."
    return (*([baseline] if part.is_baseline else []), *own_doubts(answers.asked, row))


def _row(name: str, row: AnswerRow) -> MissingRow:
    low, high = (row.get(level, np.nan) for level in ("q10", "q90"))
    is_told = row["band"] not in ("", "nothing reserved")
    return MissingRow(
        name,
        count_text(row["expected"]),
        f"{count_text(low)} to {count_text(high)}",
        count_text(row["landing_mean"]),
        count_text(row["landing_q90"]),
        f"{row['sign']} {row['band']}".strip() if is_told else "",
    )


def _calibration(why: Mapping[str, str]) -> tuple[str, ...]:
    """Return whether chances of each kind of window came true on past occasions."""
    good = [window for window, doubt in why.items() if not doubt]
    windows = " and ".join(f"{window}s" for window in good)
    held = f"✓ Of past {windows} such ranges held as often as they said."
    return (
        *([held] if good else []),
        *(f"~ Not calibrated by {window}: {doubt}." for window, doubt in why.items() if doubt),
    )
