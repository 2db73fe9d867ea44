"""Officers that were computed, kept for the views of one service: they take longest."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from serving.api.shelf import Shelf

if TYPE_CHECKING:  # the solver takes long to import, and most workers are never asked for officers
    import pandas as pd

    from planning.requirement_tables import AreaRequirements
    from serving.duty_records import DutyRecord
    from serving.page.page_question import PageQuestion
    from serving.queries import StaffingQuery
    from serving.staffing_answers import Kept


_KEPT: WeakKeyDictionary[Shelf, Kept] = WeakKeyDictionary()


def officers(
    asked: PageQuestion, query: StaffingQuery, record: DutyRecord, shelf: Shelf
) -> tuple[AreaRequirements, pd.DataFrame]:
    """Return what areas need beside the plan of them, and the same as rows by shift, without calls.

    Raises:
        BadQuestion, SettingsError, UnknownName: if it can't be told.
    """
    from serving.staffing_answers import (  # noqa: PLC0415 - see above
        StaffingQuestion,
        requirement_table,
        requirements,
    )

    question = StaffingQuestion.of(asked.issue, query, asked.reach)
    found = requirements(asked.issue, question, record, asked.now, kept_staffing(shelf))
    return found, requirement_table(found, asked.now, ()).frame


def kept_staffing(shelf: Shelf) -> Kept:
    """Return the store for the issues of a shelf, whose numbers mean others on another one."""
    from serving.staffing_answers import Kept  # noqa: PLC0415 - see above

    return _KEPT.setdefault(shelf, Kept())
