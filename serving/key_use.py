"""On which day each key was last used: a small file, written once a day and key by each process.

Several processes may serve the same keys. Each remembers what it noted, takes a lock before it
writes, and never puts an earlier day in the place of a later one.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from forewatch.durable import OWNER_ONLY, write_file
from forewatch.locks import hold_lock

_DAYS = TypeAdapter(dict[str, date])
_NEXT_TRY = timedelta(minutes=10)  # after the disk refused, so that no request pays for it often
_LOG = logging.getLogger(__name__)


class KeyUse:
    """The last days of use, by the id of the key; days are those of UTC."""

    def __init__(self, path: Path) -> None:
        """Remember the file; it is made with the first use."""
        self._path = path
        self._next: dict[str, datetime] = {}  # the instant from which a use is to be written again

    def is_due(self, key_id: str, now: datetime) -> bool:
        """Return whether a use is still to be written, once: who is told so has to note it."""
        if (after := self._next.get(key_id)) is not None and now < after:
            return False
        self._next[key_id] = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        return True

    def note(self, key_id: str, now: datetime) -> None:
        """Write that a key was used; a disk that refuses stops nobody, and is asked again later."""
        try:
            with hold_lock(self._path.with_suffix(".lock")):
                days = self.days()
                if now.date() > days.get(key_id, date.min):
                    self._write(days | {key_id: now.date()})
        except OSError as error:
            self._next[key_id] = now + _NEXT_TRY
            _LOG.warning("the last use of key %s can't be written: %s", key_id, error)

    def days(self) -> dict[str, date]:
        """Return the last day of use of each key that was ever used.

        What can't be read is told as never used: it decides nothing, and the next use mends it.
        """
        try:
            return _DAYS.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except ValidationError:
            _LOG.warning("%s can't be read; last uses are noted anew", self._path.name)
            return {}

    def _write(self, days: dict[str, date]) -> None:
        content = {key_id: day.isoformat() for key_id, day in days.items()}
        write_file(self._path, json.dumps(content, indent=1).encode(), OWNER_ONLY)
