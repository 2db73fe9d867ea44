"""The tables of the page that are no answer of the API, as files: of the rows that views show.

A table is a function from what is asked to a `PageRows`; `TABLES` has them by the name in their
address. One that has no rows is a file of its header alone; its notes say why, where it tells them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planning.accuracy_tables import PAST_COLUMNS, past_values, training_columns, training_values
from planning.columns import AREA_KEYS
from planning.issues import Issue
from planning.tables import Column, Table, Values, column_descriptions
from serving.issue_facts import issue_facts
from serving.page.accuracy_panel import past_sayings, training_scores
from serving.page.accuracy_view import accuracy_question
from serving.page.events_view import EVENTS, reached_lines, week_of
from serving.page.missing_view import (
    CHANCE_NUMBERS,
    MISSING,
    missing_chances,
    missing_verdicts,
)
from serving.page.page_frame import Complaint, Link
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion, refuse_complaints
from serving.page.shift_officers import shift_officers
from serving.page.shift_view import shift_question
from serving.page.special_table import SPECIAL_COLUMNS, special_values
from serving.page.view_renderer import Pictures, ViewSources
from serving.writers.csv_file import csv_file
from serving.writers.json_document import json_document
from serving.writers.workbook import workbook

_WRITERS: dict[str, Callable[[Table], bytes]] = {
    "csv": csv_file,
    "json": json_document,
    "xlsx": workbook,
}
_SHORT_COLUMNS = (
    *AREA_KEYS,
    Column("role", "id of the role", type="text", example="response"),
    Column("period", "stable id of the shift", type="text", example="2026-12-18/late"),
    Column("on_duty", "officers on duty", "officers", "whole", 8),
    Column("share_of_time_short", "share of its time in which more are busy than free, the other "
           "shifts being as planned, else as needed", "share", high=1, example=0.07),
)  # fmt: skip
_CHANCE_COLUMNS = (
    Column("level", "level of the areas", type="text", example="district"),
    Column("at_least", "reports, at least so many", "reports", "whole", 1),
    Column("said", "mean chance that was said of them", "probability", high=1, example=0.31),
    Column("came", "share of the days of areas on which it came so", "share", high=1, example=0.3),
    Column("low", "lower end of the 95 % interval of that share", "share", high=1, example=0.24),
    Column("high", "upper end of it", "share", high=1, example=0.37),
    Column("n", "days of areas of which it was said", "days", "whole", 412),
)  # fmt: skip
_TRUST_COLUMNS = (
    Column("level", "level of the areas", type="text", example="district"),
    Column("window", "kind of period", type="text", example="day"),
    Column("trusted", "yes; no: on past weeks that the model had not seen they were wrong",
           type="text", example="yes", options=("no", "yes")),
    Column("reason", "why not; empty where they may be", type="text"),
)  # fmt: skip


@dataclass(frozen=True)
class PageRows:
    """The rows of a table.

    Args:
        asked: what they are told of.
        columns: of them.
        values: of the columns.
        is_passing: whether something couldn't be read, so that they mustn't be kept.
        why: why there are none, where that can be told.
    """

    asked: PageQuestion
    columns: tuple[Column, ...]
    values: Values
    is_passing: bool = False
    why: str = ""


@dataclass(frozen=True)
class TableFile:
    """A table before it is written.

    Args:
        table: its rows.
        form: "csv", "json" or "xlsx".
        is_passing: whether something couldn't be read, so that it mustn't be kept.
    """

    table: Table
    form: str
    is_passing: bool
    status: int = 200

    @property
    def rows(self) -> int:
        """How many it has."""
        return len(self.table)

    def content(self) -> bytes:
        """Return the file."""
        return _WRITERS[self.form](self.table)


def table_view(job: PageJob, issue: Issue, sources: ViewSources, _: Pictures) -> TableFile:
    """Return a table of the page's own as a file.

    Raises:
        ForwardedProblem: if the address names what isn't there.
    """
    question = {name: text for name, text in job.question.items() if name not in ("table", "form")}
    found = TABLES[job.question["table"]](replace(job, question=question), issue, sources)
    refuse_complaints(found.asked, "table")
    provenance = _provenance(job, found)
    return TableFile(
        Table(found.columns, found.values, provenance), job.question["form"], found.is_passing
    )


def _provenance(job: PageJob, rows: PageRows) -> dict[str, object]:
    """Return where rows come from, within the reach, as JSON values."""
    asked, issue = rows.asked, rows.asked.issue
    standing = asked.reach.standing(issue.tree, job.standing)
    notes = [*asked.reach.notes(issue.tree, issue.notes), *([rows.why] if rows.why else [])]
    return issue_facts(issue, standing, job.now) | {
        "why_stale": asked.why_stale,
        "zone": asked.zone,
        "model_version": issue.model_version,
        "notes": notes,
        "columns": column_descriptions(rows.columns),
    }


def _past(job: PageJob, issue: Issue, sources: ViewSources) -> PageRows:
    asked, lead_days = accuracy_question(job, issue)
    by = job.question.get("by") or "week"
    if by not in ("week", "day"):
        near = tuple(Link(each, asked.address(by=each)) for each in ("week", "day"))
        complaint = Complaint(f"No such kind of period: {by!r}.", near, 422)
        asked, by = replace(asked, complaints=(*asked.complaints, complaint)), "week"
    rows = past_sayings(asked, lead_days, sources.shelf)[by]
    values = past_values(rows, (asked.area, asked.area_name), asked.clock)
    return PageRows(asked, PAST_COLUMNS, values)


def _tests(job: PageJob, issue: Issue, sources: ViewSources) -> PageRows:
    asked, _ = accuracy_question(job, issue)
    scores, is_whole = training_scores(asked, sources.models), asked.reach.is_whole
    values = training_values(scores, issue.tree.level(asked.area), with_counts=is_whole)
    return PageRows(asked, training_columns(with_counts=is_whole), values)


def _events(job: PageJob, issue: Issue, sources: ViewSources) -> PageRows:
    asked = PageQuestion.of(EVENTS, job.question, issue, job.reach, job.now)
    record = sources.special.at(job.now)
    lines = reached_lines(asked, record)
    values = special_values(lines, [week_of(asked, line) for line in lines])
    return PageRows(asked, SPECIAL_COLUMNS, values, is_passing=not record.is_sure)


def _officers_short(job: PageJob, issue: Issue, sources: ViewSources) -> PageRows:
    asked, period, role = shift_question(job, issue)
    found = shift_officers(asked, sources, (period.kind, period.id), role, None, "")
    same = (asked.area, asked.area_name, role, period.id)
    values = _columned(_SHORT_COLUMNS, [(*same, *each) for each in found.curve])
    return PageRows(asked, _SHORT_COLUMNS, values, found.is_passing, found.why)


def _chances(job: PageJob, issue: Issue, sources: ViewSources) -> PageRows:
    asked = PageQuestion.of(MISSING, job.question, issue, job.reach, job.now)
    rows = missing_chances(asked, sources.models)[["level", "at_least", *CHANCE_NUMBERS]]
    values = _columned(_CHANCE_COLUMNS, [*rows.itertuples(index=False, name=None)])
    return PageRows(asked, _CHANCE_COLUMNS, values)


def _trust(job: PageJob, issue: Issue, _: ViewSources) -> PageRows:
    asked = PageQuestion.of(MISSING, job.question, issue, job.reach, job.now)
    rows = [
        (level, window, "no" if why else "yes", why)
        for level, window, why in missing_verdicts(asked)
    ]
    return PageRows(asked, _TRUST_COLUMNS, _columned(_TRUST_COLUMNS, rows))


def _columned(columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> Values:
    """Return rows of texts and numbers as columns."""
    return {
        each.name: np.array(
            [row[at] for row in rows], dtype=object if each.type == "text" else np.float64
        )
        for at, each in enumerate(columns)
    }


TABLES: dict[str, Callable[[PageJob, Issue, ViewSources], PageRows]] = {
    "accuracy": _past,
    "accuracy-tests": _tests,
    "events": _events,
    "officers-short": _officers_short,
    "missing-chances": _chances,
    "missing-trust": _trust,
}
