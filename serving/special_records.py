"""Events, special days and breaks of a workspace, for those who ask again and again.

A service looks at the clock of the files with each question and reads them again where they
changed. Where they can't be read the last that were read are used; what never was is unknown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import pandas as pd

from forewatch.errors import ForewatchError
from forewatch.tables import BREAKS, EVENTS, empty
from sources.confirmed import confirmed_at

if TYPE_CHECKING:
    from forewatch.history import History

_TABLES = (EVENTS.name, "holidays", BREAKS.name)
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class SpecialRecord:
    """What was known of special times at an instant.

    Args:
        events: rows of the table `events`, of each event the latest that was told.
        holidays: columns date (local), kind, name and area ("": everywhere).
        breaks: rows of the table `breaks`.
        is_known: whether it ever could be read.
        is_sure: whether it could be read now.
    """

    events: pd.DataFrame = field(default_factory=lambda: empty(EVENTS.name), repr=False)
    holidays: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"date": [], "kind": [], "name": [], "area": []}),
        repr=False,
    )
    breaks: pd.DataFrame = field(default_factory=lambda: empty(BREAKS.name), repr=False)
    is_known: bool = True
    is_sure: bool = True


def special_record(history: History, now: pd.Timestamp) -> SpecialRecord:
    """Return what a history tells of special times as it was known at an instant."""
    from features.asof import AsOf  # noqa: PLC0415 - it takes long to import

    view = AsOf(history, now)
    return SpecialRecord(view.published(EVENTS), view.holidays(), view.published(BREAKS))


class SpecialRecords:
    """The record of a workspace, read again when it changed; safe to use from several threads."""

    def __init__(self, history: Path, read: Callable[[pd.Timestamp], SpecialRecord]) -> None:
        """Remember where it is; nothing is read yet.

        Args:
            history: folder of the lake.
            read: gives the record as it is known at an instant; raises where it can't be read.
        """
        self._history = history
        self._read = read
        self._lock = Lock()
        self._held: tuple[tuple[str, pd.Timestamp], SpecialRecord] | None = None

    def version(self) -> str:
        """Return a text that changes with the tables; no file is read."""
        return " ".join(str(confirmed_at(self._history, name)) for name in _TABLES)

    def at(self, now: pd.Timestamp) -> SpecialRecord:
        """Return the record as it is known at *now*; the last that could be read where it can't be.

        What is told ahead of its time is known from the next hour on.
        """
        asked = (self.version(), now.floor("h"))
        with self._lock:
            if self._held is not None and self._held[0] == asked:
                return self._held[1]
            try:
                found = self._read(now)
            except (OSError, ForewatchError) as error:
                _LOG.warning("events, holidays and breaks can't be read: %s", error)
                held = SpecialRecord(is_known=False) if self._held is None else self._held[1]
                return SpecialRecord(
                    held.events, held.holidays, held.breaks, held.is_known, is_sure=False
                )
            self._held = (asked, found)
            return found
