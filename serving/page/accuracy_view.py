"""The view of what was said and what came."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from forewatch.errors import DamagedIssue, UnknownIssue
from planning.accuracy import (
    SAID,
    past_scores,
    past_weeks,
    score_of,
    week_issues,
    week_sayings,
    with_actual,
)
from planning.issues import Issue
from planning.past_counts import PastCounts
from serving.api.shelf import Shelf
from serving.model_records import ModelRecords
from serving.page.accuracy import (
    LEADS_DAYS,
    NO_PAST,
    UNTIL_THEN,
    WHOLE_NUMBERS,
    Hindsight,
    days_ahead_words,
    hindsight,
    training_sentences,
    training_table,
)
from serving.page.page_frame import Choice, Complaint, Link, Option
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion
from serving.page.plain_table import PlainTable
from serving.page.surroundings import page_frame
from serving.page.view_renderer import PageContent, Pictures, ViewSources
from serving.subjects import FIRST

ACCURACY = "/accuracy"
_USUAL_LEAD_DAYS = 7
_MOST_LEAD_DAYS = 366
_NUMBER = re.compile(r"[1-9]\d{0,2}", re.ASCII)
_LEAF_LEVEL = "leaf by day"  # of the tests of a training, for areas that have no level there


@dataclass(frozen=True)
class TrainingTests:
    """The tests of a training on past weeks.

    Args:
        sentences: on days as far ahead as asked.
        table: by how far ahead; None where nothing is known.
        why: why there are none; "" where there are.
    """

    sentences: tuple[str, ...] = ()
    table: PlainTable | None = None
    why: str = ""


def accuracy_view(
    job: PageJob, issue: Issue, sources: ViewSources, pictures: Pictures
) -> PageContent:
    """Return the view of what was said and what came."""
    asked = PageQuestion.of(ACCURACY, job.question, issue, job.reach, job.now)
    lead_days, complaints = _lead(asked, job.question)
    asked = replace(asked, complaints=(*asked.complaints, *complaints))
    found = _hindsight(asked, lead_days, sources.shelf)
    if found.chart is not None:
        pictures.order(found.chart)
    tests = _tests(asked, lead_days, sources.models)
    frame = page_frame(asked, job.standing, job.damage, ("area",))
    values = {
        "hindsight": found,
        "tests": tests,
        "ahead": days_ahead_words(lead_days),
        "whole_numbers": WHOLE_NUMBERS,
        "picture": None if found.chart is None else pictures.picture(found.chart),
    }
    choices = (*frame.choices, _lead_choice(lead_days))
    return PageContent("accuracy.html", replace(frame, choices=choices), values)


def _lead(asked: PageQuestion, question: Mapping[str, str]) -> tuple[int, tuple[Complaint, ...]]:
    """Return the days ahead that are asked for, and what is wrong with what was written."""
    text = question.get("lead", "").strip()
    if not text:
        return _USUAL_LEAD_DAYS, ()
    if _NUMBER.fullmatch(text) and int(text) <= _MOST_LEAD_DAYS:
        return int(text), ()
    near = (Link(str(days), asked.address(lead=str(days))) for days in LEADS_DAYS)
    said = f"No number of days ahead: {text!r}; write one from 1 to {_MOST_LEAD_DAYS}."
    return _USUAL_LEAD_DAYS, (Complaint(said, tuple(near), 422),)


def _lead_choice(lead_days: int) -> Choice:
    leads = sorted({*LEADS_DAYS, lead_days})
    options = [Option(str(each), days_ahead_words(each), each == lead_days) for each in leads]
    return Choice("lead", "Said before the week", tuple(options))


def _hindsight(asked: PageQuestion, lead_days: int, shelf: Shelf) -> Hindsight:
    past = asked.issue.past
    if past is None:
        return Hindsight((NO_PAST,))
    weeks = past_weeks(asked.clock, past)
    spoken = week_issues(asked.clock, weeks, shelf.published(), lead_days)
    sayings = _sayings(asked, spoken, shelf)
    if sayings is None:
        return Hindsight((UNTIL_THEN,))
    return _held(asked, sayings, past, lead_days, len(weeks))


def _sayings(
    asked: PageQuestion, spoken: Mapping[pd.Timestamp, int], shelf: Shelf
) -> pd.DataFrame | None:
    """Return what the issues said of their weeks; one that can't be read said nothing."""
    found = []
    for number in sorted(set(spoken.values())):
        mondays = [monday for monday, each in spoken.items() if each == number]
        try:
            issue = shelf.issue(number).issue
        except (DamagedIssue, UnknownIssue):
            continue
        found.append(week_sayings(issue, asked.area, mondays))
    return pd.concat(found, ignore_index=True) if found else None


def _held(
    asked: PageQuestion, sayings: pd.DataFrame, past: PastCounts, lead_days: int, weeks: int
) -> Hindsight:
    told = with_actual(sayings, past, asked.issue.tree.leaves_of(asked.area))
    if not told["week"][[*SAID]].notna().all(axis=1).any():
        return Hindsight((UNTIL_THEN,))
    return hindsight(told, (asked.area_name, asked.zone), lead_days, weeks)


def _tests(asked: PageQuestion, lead_days: int, models: ModelRecords) -> TrainingTests:
    """Return the tests of the version that made the issue."""
    part, tree = asked.issue.whole, asked.issue.tree
    if part.is_baseline:
        return TrainingTests(
            why="The numbers are by the baseline: there is nothing to test beside it."
        )
    rows = models.scores(FIRST, part.model_version)
    level = tree.level(asked.area)
    scores = past_scores(rows, level)
    if not scores and asked.area in tree.leaves:
        scores = past_scores(rows, _LEAF_LEVEL)
    score = score_of(scores, lead_days)
    if score is None:
        return TrainingTests(
            why=f"No tests of model version {part.model_version} are kept here for a {level}."
        )
    return TrainingTests(
        training_sentences(score, part.model_version, level),
        training_table(scores, level, with_counts=asked.reach.is_whole),
    )
