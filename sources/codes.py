"""From a call log's codes to positions in the force's lists, by dated crosswalks.

A code means something from one date until another. What a code meant is looked up once for each
distinct text and period; the rows only pick from that table.
"""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.errors import SettingsError
from sources.crosswalk import EXCLUDE, REASONS, Entry, Reason
from sources.unmapped import UnmappedCode

Positions = NDArray[np.int16]
UNMAPPED = -1
MISSING = -2
_EXCLUDED = -3  # and below: the reason's number further down


def exclusion_code(reason: Reason) -> int:
    """Return the position that stands for "left out, for this reason"."""
    return _EXCLUDED - REASONS.index(reason)


@dataclass
class Codes:
    """Translates the codes of one column.

    Args:
        what: name of the column, for messages.
        ids: id to name of everything a code can mean, in the order of positions.
        entries: the dated crosswalk.
        falls_back: codes that no entry names are ids or names themselves, whatever their case.
        zone: zone of the entries' dates.
    """

    what: str
    ids: Dictionary[str, str]
    entries: tuple[Entry, ...]
    falls_back: bool
    zone: str
    _rows: dict[str, int] = field(default_factory=dict, init=False)
    _table: list[list[int]] = field(default_factory=list, init=False)
    unmapped: dict[str, UnmappedCode] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Cut time at the entries' dates and refuse a code that means two things at once."""
        dates = sorted({d for e in self.entries for d in (e.start, e.until) if d is not None})
        self._dates = dates
        local = pd.DatetimeIndex(pd.to_datetime(dates)).as_unit("us")
        once = np.ones(len(local), bool)
        instants = local.tz_localize(self.zone, nonexistent="shift_forward", ambiguous=once)
        self._cuts = instants.tz_convert("UTC").asi8
        self._positions = {identity: i for i, identity in enumerate(self.ids)}
        folded = {name.casefold(): i for i, name in enumerate(self.ids.values())}
        self._folded = folded | {i.casefold(): n for i, n in self._positions.items()}
        self._by_code: dict[str, list[Entry]] = {}
        for entry in self.entries:
            for code in entry.codes:
                self._by_code.setdefault(code.strip(), []).append(entry)
        for code in self._by_code:
            self._meanings(code)

    def positions(
        self, texts: list[str | None], rows: NDArray[np.int32], received: NDArray[np.int64]
    ) -> Positions:
        """Return what each row's code meant when the call was received.

        Args:
            texts: the distinct texts of a block.
            rows: position in *texts* of each row, -1 where the cell is empty.
            received: microseconds since 1970, UTC; shape of *rows*.

        Returns:
            Positions in *ids*; MISSING, UNMAPPED, or an `excluded` reason.
        """
        known = np.array([self._row(text) for text in texts] + [self._row(None)], np.int64)
        period = np.searchsorted(self._cuts, received, side="right")
        return np.array(self._table, np.int16)[known[rows], period]

    def note_unmapped(
        self,
        texts: list[str | None],
        rows: NDArray[np.int32],
        received: NDArray[np.int64],
        numbers: NDArray[np.int64],
    ) -> None:
        """Count the codes of rows that have no meaning, and when and where they came.

        Args:
            texts: the distinct texts of a block.
            rows: position in *texts* of each row that has no meaning.
            received: microseconds since 1970, UTC; shape of *rows*.
            numbers: of the rows in the file, from 1, ascending; shape of *rows*.
        """
        for i in np.unique(rows):
            here = rows == i
            times, text = received[here], (texts[i] or "").strip()
            found = UnmappedCode(
                text, times.size, int(numbers[here][0]), (int(times.min()), int(times.max()))
            )
            before = self.unmapped.get(text)
            self.unmapped[text] = found if before is None else before.joined(found)

    def _row(self, text: str | None) -> int:
        code = (text or "").strip()
        if code not in self._rows:
            self._rows[code] = len(self._table)
            self._table.append(self._meanings(code))
        return self._rows[code]

    def _meanings(self, code: str) -> list[int]:
        """Return the position that a code means in each period; a blank is a code if mapped."""
        unknown = UNMAPPED if code else MISSING
        found = [unknown] * (len(self._dates) + 1)
        for entry in self._by_code.get(code, []):
            first = self._dates.index(entry.start) + 1 if entry.start else 0
            last = self._dates.index(entry.until) if entry.until else len(self._dates)
            for period in range(first, last + 1):
                if found[period] != unknown:
                    raise SettingsError(
                        f"{self.what} {code!r} means two things at once; give its entries in the "
                        "crosswalk dates that don't overlap"
                    )
                found[period] = self._position(entry)
        if code and code not in self._by_code and self.falls_back:
            found = [self._folded.get(code.casefold(), UNMAPPED)] * len(found)
        return found

    def _position(self, entry: Entry) -> int:
        if entry.to == EXCLUDE:
            return exclusion_code(entry.reason or "other")
        return self._positions[entry.to]
