"""What tables of a lake tell, for those who ask again and again.

A service looks at the clock of the files with each question and reads them again where they
changed. Where they can't be read the last that was read is used; what never was is unknown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

import pandas as pd

from forewatch.errors import ForewatchError
from sources.confirmed import confirmed_at

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class LakeRecord:
    """What was known at an instant.

    Args:
        is_known: whether it ever could be read.
        is_sure: whether it could be read now.
    """

    is_known: bool = True
    is_sure: bool = True


RecordT = TypeVar("RecordT", bound=LakeRecord)


class LakeRecords(Generic[RecordT]):
    """The record of a workspace, read again when it changed; safe to use from several threads."""

    def __init__(
        self,
        history: Path,
        read: Callable[[pd.Timestamp], RecordT],
        tables: tuple[str, ...],
        unknown: RecordT,
    ) -> None:
        """Remember where it is; nothing is read yet.

        Args:
            history: folder of the lake.
            read: gives the record as it is known at an instant; raises where it can't be read.
            tables: that it is read from.
            unknown: the record as long as nothing could be read.
        """
        self._history, self._read, self._tables = history, read, tables
        self._unknown = unknown
        self._lock = Lock()
        self._held: tuple[tuple[str, pd.Timestamp], RecordT] | None = None

    def version(self) -> str:
        """Return a text that changes with the tables; no file is read."""
        return " ".join(str(confirmed_at(self._history, name)) for name in self._tables)

    def changed_at(self) -> pd.Timestamp | None:
        """Return when any of the tables was imported last, UTC; None: never. No file is read."""
        found = (confirmed_at(self._history, name) for name in self._tables)
        last = max((at for at in found if at is not None), default=None)
        return None if last is None else pd.Timestamp(last, unit="s", tz="UTC")

    def at(self, now: pd.Timestamp) -> RecordT:
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
                _LOG.warning("%s can't be read: %s", ", ".join(self._tables), error)
                # What stands there may have changed since: it is told, and told to be unsure.
                held = self._unknown if self._held is None else self._held[1]
                return replace(held, is_sure=False)
            self._held = (asked, found)
            return found
