"""What an export of an issue holds: tidy tables, one kind of row each, made block by block.

Which tables there are, and their order, stands in `table_sources`: one more is one more line. What
an issue doesn't hold (hours of a daily history, missing-person demand) is left out and the reason
told. Nothing is in memory but a block of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from planning.issues import Issue
from planning.kinds import instant_text
from planning.questions import ALL, EACH
from planning.tables import Column, Table
from planning.uses import USES
from serving import answers, catalogue_tables
from serving.answers import EXPLANATIONS, FORECASTS, MISSING_PERSONS, Offer
from serving.duty_records import DutyRecord
from serving.queries import SpanQuery
from serving.reach import Reach
from serving.standing import Standing

OFFICERS = "officers_by_shift"
BLOCK_ROWS = 10_000
_BLOCK_AREAS = 4  # whose officers are found at once: each block takes a second or two
_ISSUE = Column("issue", "number of the issue", type="whole", low=1, example=12)
_LEVEL = Column("level", "name of the area's level", type="text", example="district")
_USES = Column("uses", "what the figures may be used for", type="text", example=USES)
# Of the provenance of an answer, what is of the one answer and not of the issue.
_OF_AN_ANSWER = ("unit", "by", "columns", "uses")

Stop = Callable[[], None]


@dataclass(frozen=True)
class IssueExport:
    """What is exported, for whom and when.

    Args:
        issue: all of it.
        standing: how it stands.
        reach: the areas that may be seen.
        now: the instant at which the issue's age is judged and notice is given, UTC.
        record: the plan of duty; None: whoever asks may not see officers, and these are left out.
    """

    issue: Issue
    standing: Standing
    reach: Reach
    now: pd.Timestamp
    record: DutyRecord | None

    @property
    def seen(self) -> tuple[str, ...]:
        """The areas within reach, in the tree's order."""
        return self.reach.seen(self.issue.tree)

    def about(self) -> dict[str, Any]:
        """Return where everything in it comes from, as JSON values."""
        issue, tree = self.issue, self.issue.tree
        edges, forecast = issue.forecast.rates.edges, issue.forecast
        why = issue.why_stale(self.now)
        return {
            "issue": issue.number,
            "published_at": instant_text(issue.published_at),
            "origin": instant_text(forecast.origin),
            "data_until": instant_text(forecast.data_until),
            "horizon": {"start": instant_text(edges[0]), "end": instant_text(edges[-1])},
            "is_stale": bool(why),
            "why_stale": self.reach.reason(tree, why),
            **self.reach.standing(tree, self.standing).about(),
            "model_version": issue.model_version,
            "models": dict(issue.models),
            "data_version": issue.data_version,
            "zone": issue.profile.force.zone,
            "areas": None if self.reach.areas is None else list(self.reach.areas),
            "notes": self.reach.notes(tree, issue.notes),
        }


@dataclass(frozen=True)
class TableSource:
    """A table before any of it is made.

    Args:
        name: of its file, without ending.
        about: what a row is.
        blocks: gives one block of rows at least, all of the same columns; the function that it
            takes is called between them, and what that raises ends the work.
    """

    name: str
    about: str
    blocks: Callable[[Stop], Iterator[Table]]


@dataclass(frozen=True)
class AnswerRows:
    """A table that has the rows of a kind of answer.

    Args:
        name, about: as of `TableSource`.
        offer: the kind.
        query: the question; its areas are ids, and none of them means no rows.
    """

    name: str
    about: str
    offer: Offer
    query: SpanQuery


def exported_answers(export: IssueExport) -> tuple[AnswerRows, ...]:
    """Return the tables with rows of answers."""
    issue, seen = export.issue, set(export.seen)
    tree, modelled = issue.tree, issue.profile.levels.modelled
    places = [area for area in tree.cut(modelled) if area in seen]
    leaves = [area for area in tree.leaves if area in seen]
    upper = [area for area in tree.ids if area in seen and _is_upper(issue, area)]
    every = [area for area in tree.ids if area in seen]
    each: dict[str, Any] = {"call_type": [EACH]}
    total: dict[str, Any] = {"call_type": [ALL]}
    edges = issue.forecast.rates.edges
    when = {"from": edges[0].isoformat(), "to": edges[-1].isoformat()}

    def rows(
        name: str, about: str, offer: Offer, areas: Sequence[str], by: str, more: dict[str, Any]
    ) -> AnswerRows:
        query = offer.query.model_validate({**when, "by": by, **more})
        return AnswerRows(name, about, offer, query.model_copy(update={"area": list(areas)}))

    calls = FORECASTS
    return (
        rows("calls_by_hour", f"calls of a {modelled}, a type and an hour", calls, places, "hour",
             each),
        rows("calls_by_day", f"calls of a {modelled}, a type and a force-day", calls, places,
             "day", each),
        rows("leaf_calls_by_day", "calls of a smallest area, a type and a force-day", calls,
             leaves, "day", each),
        rows("total_calls_by_hour", f"calls of all types of an area down to the {modelled} and an "
             "hour", calls, upper, "hour", total),
        rows("total_calls_by_day", "calls of all types of an area of any level and a force-day",
             calls, every, "day", total),
        rows("reasons_by_day", f"what the expected calls of a {modelled}, a type and a force-day "
             "are made of", EXPLANATIONS, places, "day", each),
        rows("missing_by_shift", "missing-person demand of an area and a shift", MISSING_PERSONS,
             upper, "shift", {}),
        rows("missing_by_day", "missing-person demand of an area and a force-day",
             MISSING_PERSONS, upper, "day", {}),
    )  # fmt: skip


def officer_areas(export: IssueExport) -> tuple[str, ...]:
    """Return the areas whose officers are told: those down to the modelled level."""
    return tuple(area for area in export.seen if _is_upper(export.issue, area))


def table_sources(export: IssueExport) -> tuple[TableSource, ...]:
    """Return every table, in the order in which they are made."""
    found = [
        TableSource(each.name, each.about, _answer_blocks(export, each))
        for each in exported_answers(export)
    ]
    if export.record is not None:
        about = "officers that an area needs on a shift, beside the plan of it, by role"
        found.append(TableSource(OFFICERS, about, lambda stop: _officers(export, stop)))
    issue, reach = export.issue, export.reach
    plain = (
        ("areas", "an area", lambda: catalogue_tables.area_table(issue, reach)),
        ("call_types", "a call type", lambda: catalogue_tables.call_type_table(issue)),
        ("notes", "a remark on the issue", lambda: catalogue_tables.note_table(issue, reach)),
    )
    for name, about, make in plain:
        found.append(TableSource(name, about, _one_block(export, make)))
    return tuple(found)


def _is_upper(issue: Issue, area: str) -> bool:
    """Return whether an area stands at the modelled level or above it."""
    levels = issue.tree.levels
    return levels.index(issue.tree.level(area)) <= levels.index(issue.profile.levels.modelled)


def _answer_blocks(export: IssueExport, rows: AnswerRows) -> Callable[[Stop], Iterator[Table]]:
    def blocks(stop: Stop) -> Iterator[Table]:
        issue, query = export.issue, rows.query
        asked = answers.question(rows.offer, issue, query, export.reach)
        # Of no area the columns are told: a question that names none is about the highest.
        count = asked.rows if query.area else 1
        for begin in range(0, count, BLOCK_ROWS):
            stop()
            block = slice(begin, min(begin + BLOCK_ROWS, count))
            made = answers.answer_table(
                rows.offer,
                issue,
                export.standing,
                asked,
                export.now,
                reach=export.reach,
                rows=block,
                stop_if_told=stop,
            )
            yield _with_keys(export, made if query.area else _without_rows(made))

    return blocks


def _officers(export: IssueExport, stop: Stop) -> Iterator[Table]:
    # The solver takes long to import, and who may not see officers needs none.
    from serving.staffing_answers import (  # noqa: PLC0415
        Kept,
        StaffingQuestion,
        requirement_table,
        requirements,
    )

    issue, record = export.issue, export.record
    days, areas = issue.forecast.rates.force_days, officer_areas(export)
    settings = issue.profile.staffing
    if record is None:
        return
    # Without an area the columns are still told: of any area, without its rows.
    blocks = [areas[n : n + _BLOCK_AREAS] for n in range(0, len(areas), _BLOCK_AREAS)]
    for role in settings.role_ids:
        for block in blocks or [export.seen[:1]]:
            stop()
            asked = StaffingQuestion(block, role, settings.percentile, days[0], len(days))
            found = requirements(issue, asked, record, export.now, Kept(most=1))
            table = requirement_table(found, export.now)
            table = table.with_values(answers.told_within(export.reach, issue.tree, table.values))
            if not blocks:
                table = _without_rows(table)
            yield _with_keys(export, table)


def _without_rows(table: Table) -> Table:
    return table.with_rows(np.zeros(len(table), dtype=bool))


def _one_block(export: IssueExport, make: Callable[[], Table]) -> Callable[[Stop], Iterator[Table]]:
    def blocks(stop: Stop) -> Iterator[Table]:
        stop()
        yield _with_keys(export, make())

    return blocks


def _with_keys(export: IssueExport, table: Table) -> Table:
    """Return rows with what joins them to others: the issue, and the level beside the area."""
    columns, values, count = list(table.columns), dict(table.values), len(table)
    names = [each.name for each in columns]
    if "area_name" in names and "level" not in names:
        tree = export.issue.tree
        levels = {area: tree.level(area) for area in set(values["area"].tolist())}
        columns.insert(names.index("area_name") + 1, _LEVEL)
        values["level"] = np.array([levels[a] for a in values["area"].tolist()], dtype=object)
    if "issue" not in names:
        columns.insert(0, _ISSUE)
        values["issue"] = np.full(count, float(export.issue.number))
    if uses := table.provenance.get("uses"):
        columns.append(_USES)
        values["uses"] = np.full(count, uses, dtype=object)
    about = {k: v for k, v in table.provenance.items() if k not in _OF_AN_ANSWER}
    return Table(tuple(columns), values, about or export.about())
