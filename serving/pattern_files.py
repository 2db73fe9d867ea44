"""Use case: sets of shifts in files, compared on an issue's forecast."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pandas as pd
from pydantic import Field, model_validator

from forewatch.clock import WEEK_DAYS, Clock
from forewatch.errors import SettingsError
from forewatch.frozen import Frozen
from forewatch.shifts import DutyShift
from planning.issues import Issue
from planning.patterns import PatternFigures, PatternQuestion, compare_patterns
from serving.duty_plans import PlanQuestion
from serving.printing import Columns, columns_of
from serving.spans import week_meant
from serving.workspace import Workspace
from sources.table_mapping import read_mapping

_YEAR_DAYS = 364
_NAMES = (
    *("area", "pattern", "officer_hours", "unmet_hours", "share_of_time_short"),
    *("share_short_at_first", "held_over_hours"),
)


class ShiftPattern(Frozen):
    """A set of shifts, as a file holds it: [[shifts]] as under [[staffing.shifts]]."""

    shifts: tuple[DutyShift, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_stand_once(self) -> Self:
        ids = [each.id for each in self.shifts]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"shifts: {', '.join(twice)} stands twice; give each its own id")
        return self


def pattern_comparison(
    workspace: Workspace, files: Sequence[Path], asked: PlanQuestion, *, is_year: bool = False
) -> tuple[str, Columns]:
    """Return what sets of shifts come to: a line for a person, and a row for each area and set.

    Args:
        workspace: whose latest issue is covered.
        files: TOML, one for each set; the first is compared with.
        asked: of which week, areas and role, and at which percentile.
        is_year: whether all days that the issue reaches are asked, up to 52 weeks.

    Raises:
        SettingsError: if a file can't be used, or leaves a half-hour without a shift.
        NoIssue, UnknownArea, UnknownRole, BadQuestion: if it can't be answered.
    """
    workspace.stop_without_settings()
    patterns = {_name(file, files): read_mapping(file, ShiftPattern).shifts for file in files}
    store = workspace.issues()
    issue = store.latest() if asked.issue is None else store.read(asked.issue)
    question = _question(issue, asked, is_year=is_year)
    try:
        found = compare_patterns(issue, patterns, question)
    except SettingsError as error:
        raise SettingsError(f"{' or '.join(file.name for file in files)}: {error}") from error
    last = question.first + pd.Timedelta(days=question.days - 1)
    said = (
        f"{issue.profile.force.name}, issue {issue.number}, {question.first:%Y-%m-%d} to "
        f"{last:%Y-%m-%d} ({question.days} force-days), role {question.role}, cover for "
        f"{question.percentile} of 100 cases"
    )
    return said, columns_of(_NAMES, map(_row, found))


def _row(figures: PatternFigures) -> list[object]:
    return [getattr(figures, name) for name in _NAMES]


def _question(issue: Issue, asked: PlanQuestion, *, is_year: bool) -> PatternQuestion:
    clock, own = Clock.of(issue.profile), issue.profile.staffing
    role, percentile = asked.role or own.role_ids[0], asked.percentile or own.percentile
    days = issue.forecast.rates.force_days
    if is_year:
        return PatternQuestion(days[0], min(len(days), _YEAR_DAYS), asked.areas, role, percentile)
    week = week_meant(clock, asked.week, pd.Timestamp.now("UTC"))
    return PatternQuestion(clock.week(week), WEEK_DAYS, asked.areas, role, percentile)


def _name(file: Path, files: Sequence[Path]) -> str:
    """Return what a set is called: its file's name, as short as it is told apart."""
    alike = [each for each in files if each.stem == file.stem]
    return file.stem if len(alike) == 1 else str(file)
