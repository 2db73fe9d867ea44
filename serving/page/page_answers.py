"""The answers that a view is made of: the same use cases as the API's, within the same reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from planning.tables import Column, Table
from serving import answers
from serving.answers import EXPLANATIONS, FORECASTS, MISSING_PERSONS, Offer, read_query
from serving.page.answer_rows import AnswerRow
from serving.page.page_question import PageQuestion
from serving.queries import MAX_LIST
from serving.standing import Standing
from serving.writers.cells import DECIMALS

_Columns = dict[str, NDArray[Any] | pd.Index]
_UNSEEN = ("start_local", "end_local", "observed_until", "noise_floor")


@dataclass(frozen=True)
class PageAnswers:
    """Answers to what a view is asked.

    Args:
        asked: by the view's address.
        standing: how the issue stands.
    """

    asked: PageQuestion
    standing: Standing

    def calls(self, by: str, **more: Any) -> pd.DataFrame:  # noqa: ANN401 - of a question's fields
        """Return forecasts of the calls that are shown, one row a period; *more*: what differs."""
        return _frame(self._calls(by, more))

    def call_rows(self, by: str, **more: Any) -> list[AnswerRow]:  # noqa: ANN401
        """Return the rows of `calls`."""
        return _rows(self._calls(by, more))

    def call_rows_of(self, areas: Sequence[str], by: str, **more: Any) -> list[AnswerRow]:  # noqa: ANN401
        """Return the rows of several areas, one's after the other's."""
        parts = (areas[i : i + MAX_LIST] for i in range(0, len(areas), MAX_LIST))
        return [row for part in parts for row in self.call_rows(by, area=[*part], **more)]

    def explanations(self, by: str, **more: Any) -> pd.DataFrame:  # noqa: ANN401
        """Return what these calls are made of; raises NotExplained where nobody knows."""
        return _frame(self._columns(EXPLANATIONS, {"by": by, **self._kinds, **more}))

    def missing_rows(self, by: str, **more: Any) -> list[AnswerRow]:  # noqa: ANN401
        """Return missing-person demand by period; raises BadQuestion where the issue holds none."""
        return _rows(self._columns(MISSING_PERSONS, {"by": by, **more}))

    @property
    def _kinds(self) -> dict[str, list[str]]:
        return {"call_type": [self.asked.call_type], "grade": [self.asked.grade]}

    def _calls(self, by: str, more: Mapping[str, Any]) -> _Columns:
        return self._columns(FORECASTS, {"by": by, **self._kinds, **more})

    def _columns(self, offer: Offer, question: dict[str, Any]) -> _Columns:
        asked = self.asked
        said = {"area": [asked.area]} | ({} if "from_" in question else {"week": asked.week})
        query = read_query(offer.query, said | question)
        looked_up = answers.question(offer, asked.issue, query, asked.reach)
        table = answers.answer_table(
            offer, asked.issue, self.standing, looked_up, asked.now, reach=asked.reach
        )
        return _plain_columns(table)


def _plain_columns(table: Table) -> _Columns:
    """Return the columns of an answer that views show, numbers as precise as the API tells them."""
    held = table.values  # noqa: PD011 - of an answer, which is no frame
    shown = (each for each in table.columns if each.name not in _UNSEEN)
    return {each.name: _plain_column(each, held[each.name]) for each in shown}


def _rows(columns: _Columns) -> list[AnswerRow]:
    values = zip(*(each.tolist() for each in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]


def _frame(columns: _Columns) -> pd.DataFrame:
    return pd.DataFrame(columns, copy=False)  # nobody else has them


def _plain_column(column: Column, values: NDArray[Any]) -> NDArray[Any] | pd.Index:
    if values.dtype.kind == "M":
        times = pd.DatetimeIndex(values)
        return times.tz_localize("UTC") if column.type == "instant" else times
    if values.dtype == object:  # as it is: making strings of another kind takes longer than asking
        texts: pd.Index = pd.Index(values, dtype=object)
        return texts
    rounded: NDArray[Any] = values.round(DECIMALS) if column.type == "number" else values
    return rounded
