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
from planning.pattern_tables import PATTERN_COLUMNS, pattern_values
from planning.patterns import PatternQuestion, compare_patterns
from planning.tables import Table, column_descriptions
from serving.duty_plans import PlanQuestion
from serving.issue_facts import issue_facts, issue_lines
from serving.spans import week_meant
from serving.workspace import Workspace
from sources.table_mapping import read_mapping

_YEAR_DAYS = 364


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
) -> Table:
    """Return what sets of shifts come to, a row for each area and set.

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
    if twice := sorted({str(file) for file in files if files.count(file) > 1}):
        raise SettingsError(f"{', '.join(twice)} is given twice; a set compares with another one")
    patterns = {_name(file, files): read_mapping(file, ShiftPattern).shifts for file in files}
    store, now = workspace.issues(), pd.Timestamp.now("UTC").as_unit("us")
    issue = store.latest() if asked.issue is None else store.read(asked.issue)
    question = _question(issue, asked, now, is_year=is_year)
    try:
        found = compare_patterns(issue, patterns, question)
    except SettingsError as error:
        raise SettingsError(f"{' or '.join(file.name for file in files)}: {error}") from error
    last = question.first + pd.Timedelta(days=question.days - 1)
    standing = store.standing(issue.number)
    said = (
        f"{question.first:%Y-%m-%d} to {last:%Y-%m-%d} ({question.days} force-days), role "
        f"{question.role}, cover for {question.percentile} of 100 cases"
    )
    about = issue_facts(issue, standing, now) | {
        "from_force_day": f"{question.first:%Y-%m-%d}",
        "to_force_day": f"{last:%Y-%m-%d}",
        "role": question.role,
        "percentile": question.percentile,
        "columns": column_descriptions(PATTERN_COLUMNS),
    }
    values = pattern_values(found, lambda area: issue.tree.area(area).name)
    return Table(PATTERN_COLUMNS, values, about, (*issue_lines(issue, standing, now), said))


def _question(
    issue: Issue, asked: PlanQuestion, now: pd.Timestamp, *, is_year: bool
) -> PatternQuestion:
    clock, own = Clock.of(issue.profile), issue.profile.staffing
    role, percentile = asked.role or own.role_ids[0], asked.percentile or own.percentile
    days = issue.forecast.rates.force_days
    if is_year:
        return PatternQuestion(days[0], min(len(days), _YEAR_DAYS), asked.areas, role, percentile)
    week = week_meant(clock, asked.week, now)
    return PatternQuestion(clock.week(week), WEEK_DAYS, asked.areas, role, percentile)


def _name(file: Path, files: Sequence[Path]) -> str:
    """Return what a set is called: its file's name, as short as it is told apart."""
    alike = [each for each in files if each.stem == file.stem]
    return file.stem if len(alike) == 1 else str(file)
