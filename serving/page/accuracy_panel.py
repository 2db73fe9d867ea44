"""What was said of an area and what came, as a panel: by issues, and in the model's training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from forewatch.errors import DamagedIssue, UnknownIssue
from planning.accuracy import (
    SAID,
    PastScore,
    past_scores,
    past_weeks,
    score_of,
    told_sayings,
    week_issues,
    week_sayings,
    with_actual,
)
from serving.api.shelf import Shelf
from serving.model_records import ModelRecords
from serving.page.accuracy import (
    NO_PAST,
    UNTIL_THEN,
    WHOLE_NUMBERS,
    Hindsight,
    days_ahead_words,
    hindsight,
    training_sentences,
    training_table,
)
from serving.page.page_question import PageQuestion
from serving.page.plain_table import PlainTable
from serving.page.view_renderer import Picture, Pictures, ViewSources
from serving.subjects import FIRST

USUAL_LEAD_DAYS = 7
_PAST_NAMES = ["by", "day", "start", "end", "issue", *SAID, "actual", "said_at"]
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


@dataclass(frozen=True)
class AccuracyPanel:
    """What was said of an area and what came.

    Args:
        ahead: how long before the weeks it was said.
        hindsight: of issues.
        picture: of their weeks; None where there is none.
        tests: in the model's training.
        whole_numbers: what a range of whole numbers holds.
    """

    ahead: str
    hindsight: Hindsight
    picture: Picture | None
    tests: TrainingTests
    whole_numbers: str = WHOLE_NUMBERS


def area_accuracy(
    asked: PageQuestion, sources: ViewSources, pictures: Pictures, lead_days: int = USUAL_LEAD_DAYS
) -> AccuracyPanel:
    """Return what was said of the area that is shown, and what came.

    Args:
        asked: by the view's address.
        sources: the shelf of issues, and what trainings left behind.
        pictures: draws the chart.
        lead_days: days before a week in which it was said.
    """
    found = _hindsight(asked, lead_days, sources.shelf)
    pictures.order(found.chart)
    tests = _tests(asked, lead_days, sources.models)
    picture = None if found.chart is None else pictures.picture(found.chart)
    return AccuracyPanel(days_ahead_words(lead_days), found, picture, tests)


def _hindsight(asked: PageQuestion, lead_days: int, shelf: Shelf) -> Hindsight:
    past = asked.issue.past
    if past is None:
        return Hindsight((NO_PAST,))
    weeks = past_weeks(asked.clock, past)
    told = _past_sayings(asked, lead_days, shelf, weeks)
    if told is None:
        return Hindsight((UNTIL_THEN,))
    return hindsight(told, (asked.area_name, asked.zone), lead_days, len(weeks))


def past_sayings(asked: PageQuestion, lead_days: int, shelf: Shelf) -> Mapping[str, pd.DataFrame]:
    """Return what issues said of the area's last weeks and their days, beside what came.

    Args:
        asked: by the view's address.
        lead_days: days before a week in which it was said.
        shelf: of issues.

    Returns:
        Rows of `planning.accuracy.with_actual` and said_at (UTC), by "week" and "day", of those
        periods that something was said of; no rows where the view has no weeks.
    """
    past = asked.issue.past
    weeks = () if past is None else past_weeks(asked.clock, past)
    told = _past_sayings(asked, lead_days, shelf, weeks)
    if told is None:
        return dict.fromkeys(("week", "day"), pd.DataFrame(columns=_PAST_NAMES))
    said_at = {each.number: each.published_at for each in shelf.published()}
    found = {by: told_sayings(rows) for by, rows in told.items()}
    return {by: rows.assign(said_at=rows["issue"].map(said_at)) for by, rows in found.items()}


def _past_sayings(
    asked: PageQuestion, lead_days: int, shelf: Shelf, weeks: tuple[pd.Timestamp, ...]
) -> Mapping[str, pd.DataFrame] | None:
    spoken = week_issues(asked.clock, weeks, shelf.published(), lead_days)
    sayings = _sayings(asked, spoken, shelf)
    if sayings is None or asked.issue.past is None:
        return None
    told = with_actual(sayings, asked.issue.past, asked.issue.tree.leaves_of(asked.area))
    return told if told["week"][[*SAID]].notna().all(axis=1).any() else None


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


def _tests(asked: PageQuestion, lead_days: int, models: ModelRecords) -> TrainingTests:
    """Return the tests of the version that made the issue."""
    part, level = asked.issue.whole, asked.issue.tree.level(asked.area)
    if part.is_baseline:
        return TrainingTests(
            why="The numbers are by the baseline: there is nothing to test beside it."
        )
    scores = training_scores(asked, models)
    score = score_of(scores, lead_days)
    if score is None:
        return TrainingTests(
            why=f"No tests of model version {part.model_version} are kept here for a {level}."
        )
    return TrainingTests(
        training_sentences(score, part.model_version, level),
        training_table(scores, level, with_counts=asked.reach.is_whole),
    )


def training_scores(asked: PageQuestion, models: ModelRecords) -> tuple[PastScore, ...]:
    """Return the tests of the version that made the issue, of the level of the area; () for none.

    Args:
        asked: by the view's address.
        models: what trainings left behind.
    """
    part, tree = asked.issue.whole, asked.issue.tree
    if part.is_baseline:
        return ()
    rows = models.scores(FIRST, part.model_version)
    scores = past_scores(rows, tree.level(asked.area))
    if not scores and asked.area in tree.leaves:
        scores = past_scores(rows, _LEAF_LEVEL)
    return scores
