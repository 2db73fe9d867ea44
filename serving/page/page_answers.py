"""The answers that a view is made of: the same use cases as the API's, within the same reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from planning.tables import Column, Table
from serving import answers
from serving.answers import EXPLANATIONS, FORECASTS, MISSING_PERSONS, Offer, read_query
from serving.page.page_question import PageQuestion
from serving.queries import MAX_LIST
from serving.standing import Standing
from serving.writers.cells import DECIMALS

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
        kinds = {"call_type": [self.asked.call_type], "grade": [self.asked.grade]}
        return self._frame(FORECASTS, {"by": by, **kinds, **more})

    def calls_of(self, areas: Sequence[str], by: str, **more: Any) -> pd.DataFrame:  # noqa: ANN401
        """Return forecasts of several areas, the rows of one after the other's."""
        starts = range(0, len(areas), MAX_LIST)
        parts = [self.calls(by, area=[*areas[i : i + MAX_LIST]], **more) for i in starts]
        return pd.concat(parts, ignore_index=True)

    def explanations(self, by: str, **more: Any) -> pd.DataFrame:  # noqa: ANN401
        """Return what these calls are made of; raises NotExplained where nobody knows."""
        kinds = {"call_type": [self.asked.call_type], "grade": [self.asked.grade]}
        return self._frame(EXPLANATIONS, {"by": by, **kinds, **more})

    def missing_persons(self, by: str, **more: Any) -> pd.DataFrame:  # noqa: ANN401
        """Return missing-person demand; raises BadQuestion where the issue holds none."""
        return self._frame(MISSING_PERSONS, {"by": by, **more})

    def _frame(self, offer: Offer, question: dict[str, Any]) -> pd.DataFrame:
        asked = self.asked
        said = {"area": [asked.area]} | ({} if "from_" in question else {"week": asked.week})
        query = read_query(offer.query, said | question)
        looked_up = answers.question(offer, asked.issue, query, asked.reach)
        table = answers.answer_table(
            offer, asked.issue, self.standing, looked_up, asked.now, reach=asked.reach
        )
        return _plain_frame(table)


def _plain_frame(table: Table) -> pd.DataFrame:
    """Return the columns of an answer that views show, numbers as precise as the API tells them."""
    held = table.values  # noqa: PD011 - of an answer, which is no frame
    shown = [each for each in table.columns if each.name not in _UNSEEN]
    return pd.DataFrame({each.name: _plain_column(each, held[each.name]) for each in shown})


def _plain_column(
    column: Column, values: NDArray[Any]
) -> NDArray[Any] | pd.DatetimeIndex | pd.Index:
    if column.type == "instant":
        return pd.DatetimeIndex(values).tz_localize("UTC")
    if values.dtype == object:  # as it is: making strings of another kind takes longer than asking
        plain: pd.Index = pd.Index(values, dtype=object)
        return plain
    rounded: NDArray[Any] = values.round(DECIMALS) if column.type == "number" else values
    return rounded
