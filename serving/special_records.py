"""Events, special days and breaks of a workspace, for those who ask again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from forewatch.tables import BREAKS, EVENTS, empty
from serving.lake_records import LakeRecord, LakeRecords

if TYPE_CHECKING:
    from forewatch.history import History

_TABLES = (EVENTS.name, "holidays", BREAKS.name)


@dataclass(frozen=True)
class SpecialRecord(LakeRecord):
    """What was known of special times at an instant.

    Args:
        events: rows of the table `events`, of each event the latest that was told.
        holidays: columns date (local), kind, name and area ("": everywhere).
        breaks: rows of the table `breaks`.
    """

    events: pd.DataFrame = field(default_factory=lambda: empty(EVENTS.name), repr=False)
    holidays: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"date": [], "kind": [], "name": [], "area": []}),
        repr=False,
    )
    breaks: pd.DataFrame = field(default_factory=lambda: empty(BREAKS.name), repr=False)


def special_record(history: History, now: pd.Timestamp) -> SpecialRecord:
    """Return what a history tells of special times as it was known at an instant."""
    from features.asof import AsOf  # noqa: PLC0415 - it takes long to import

    view = AsOf(history, now)
    return SpecialRecord(view.published(EVENTS), view.holidays(), view.published(BREAKS))


class SpecialRecords(LakeRecords[SpecialRecord]):
    """The record of a workspace, as `LakeRecords` has it."""

    def __init__(self, history: Path, read: Callable[[pd.Timestamp], SpecialRecord]) -> None:
        """Remember where it is, see `LakeRecords`."""
        super().__init__(history, read, _TABLES, SpecialRecord(is_known=False))
