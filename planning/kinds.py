"""What an answer is: one type, of which each kind of answer is an instance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from planning.issues import Issue
from planning.questions import Question
from planning.tables import Column, OwnParts, Table, Values, column_descriptions


def _nothing(_: Issue, __: Sequence[str]) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class AnswerKind:
    """A kind of answer.

    Args:
        unit: of its numbers.
        ask: looks the names of a question up; raises as `planning.questions.look_up` does.
        columns: of a table with these quantiles and numbers k for P(at least k), of an issue whose
            force has these parts of explanations of its own, each with what it is.
        values: of some rows, by the name of their column; no other rows are computed.
        title: lines that say to a person what the table tells, and what it was asked for.
        facts: what provenance says of it beside what all kinds say, within levels of areas.
    """

    unit: str
    ask: Callable[..., Question]
    columns: Callable[[tuple[float, ...], tuple[int, ...], OwnParts], tuple[Column, ...]]
    values: Callable[[Issue, Question, pd.Timestamp, slice], Values]
    title: Callable[[Issue, Question], tuple[str, ...]]
    facts: Callable[[Issue, Sequence[str]], dict[str, Any]] = _nothing

    def columns_for(self, issue: Issue, question: Question) -> tuple[Column, ...]:
        """Return the columns of the answer to a question; shifts overlap and show their ends."""
        found = self._columns(issue, question)
        if question.by != "shift":
            return found
        return tuple(
            replace(each, shown="differing") if each.name == "end_local" else each for each in found
        )

    def _columns(self, issue: Issue, question: Question) -> tuple[Column, ...]:
        why = issue.forecast.factors
        own = () if why is None else why.own_parts
        meanings = issue.profile.own_parts
        told = tuple((part, meanings.get(part, part.replace("_", " "))) for part in own)
        return self.columns(question.quantiles, question.at_least, told)

    def provenance(self, issue: Issue, question: Question) -> dict[str, Any]:
        """Return where an answer comes from, as JSON values."""
        forecast = issue.forecast
        edges = forecast.rates.edges
        about = {
            "issue": issue.number,
            "origin": instant_text(forecast.origin),
            "data_until": instant_text(forecast.data_until),
            "published_at": instant_text(issue.published_at),
            "horizon": {"start": instant_text(edges[0]), "end": instant_text(edges[-1])},
            "model_version": issue.model_version,
            "models": dict(issue.models),
            "data_version": issue.data_version,
            "zone": issue.profile.force.zone,
            "unit": self.unit,
            "by": question.by,
            "notes": list(issue.notes),
        }
        facts = self.facts(issue, issue.tree.levels)
        return about | facts | {"columns": column_descriptions(self._columns(issue, question))}

    def table(
        self, issue: Issue, question: Question, now: pd.Timestamp, rows: slice = slice(None)
    ) -> Table:
        """Return the answer, or some rows of it, in the order of the question.

        Args:
            issue: the issue asked.
            question: from `ask`.
            now: the instant at which the issue's age is judged, UTC.
            rows: which rows of the answer, without a step; no others are computed.
        """
        return Table(
            self.columns_for(issue, question),
            self.values(issue, question, now, rows),
            self.provenance(issue, question),
            self.title(issue, question),
        )


def instant_text(instant: pd.Timestamp) -> str:
    """Return an instant as it is written in files and answers.

    >>> instant_text(pd.Timestamp("2026-07-01T07:00", tz="Europe/London"))
    '2026-07-01T06:00:00Z'
    """
    return instant.tz_convert("UTC").tz_localize(None).isoformat() + "Z"
