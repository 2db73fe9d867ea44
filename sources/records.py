"""From the blocks of a call log to compact records: what is kept of a call, and what is not.

A record is a keyed hash of the reference, two instants and three positions in the force's lists:
about thirty bytes, and nothing in it about a person. Rows that can't be taken are put aside with
their reason and what was read of them; codes that nothing maps are counted, and stop the import
afterwards. No text of the file outlives its block, but for codes that nothing maps.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from forewatch.areas import AreaTree
from forewatch.clock import utc_instants
from forewatch.hashes import hash_pairs
from forewatch.profile import Profile
from sources.attendance import Figures, attendance_columns, figures_of
from sources.codes import MISSING, UNMAPPED, Codes, exclusion_code
from sources.crosswalk import REASONS
from sources.lines import LineAccount
from sources.mapping import OFFSET, Mapping
from sources.quarantine import EARLIEST, plausible
from sources.unmapped import stop_if_unmapped
from sources.wall_clock import (
    NONE,
    Flags,
    Instants,
    Micros,
    after_the_gap,
    by_arrival,
    instants,
    second_round,
)

TAKEN = 0  # state of a record of public demand; the others are 1 + position in REASONS
STATES = ("taken", *REASONS)
_EARLIEST_US = int(EARLIEST.value) // 1000
_DAY = 86_400_000_000
_CODED = ("area", "call_type", "grade")
# Why a row can't be taken; where several hold, the one that stands first here.
WHY = (
    "",
    "no reference",
    "no received_at",
    "impossible local time",
    "unreadable received_at",
    "received before 1990",
    "received after the extract was made",
    "unreadable updated_at",
    "updated after the extract was made",
    "no area",
    "no call_type",
    "no grade",
    "unreadable officers",
    "impossible officers",
    "unreadable attended_minutes",
    "impossible attended_minutes",
    "out of order in the hour that comes twice",
)
_OUT_OF_ORDER = len(WHY) - 1
_PERIODS = {"day": "datetime64[D]", "month": "datetime64[M]", "year": "datetime64[Y]"}


@dataclass(frozen=True)
class Records:
    """What is kept of the rows of a file, in its order; every field but one has shape (rows,).

    Args:
        row: number of the row in the file, from 1.
        reference: keyed hash of the source's reference.
        received: microseconds since 1970, UTC.
        updated: when this version was written; NONE where the file does not say.
        area: position in the tree's leaves; negative where unknown (filtered rows only).
        call_type: position in the profile's call types, likewise.
        grade: position in the profile's grades, likewise.
        state: position in STATES.
        attendance: those of ATTENDANCE that the mapping reads, shape (rows, k), NaN where unknown.
    """

    row: NDArray[np.int64]
    reference: NDArray[np.uint64]
    received: Micros
    updated: Micros
    area: NDArray[np.int16]
    call_type: NDArray[np.int16]
    grade: NDArray[np.int16]
    state: NDArray[np.int8]
    attendance: Figures

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.row)

    def at(self, which: NDArray[np.int64] | Flags) -> Records:
        """Return the rows at ascending positions, or where a mask is True; itself if all."""
        if which.dtype != np.bool_ and which.size == len(self):
            return self
        return Records(*(getattr(self, f.name)[which] for f in fields(self)))


def concatenate_records(parts: list[Records], figures: int = 0) -> Records:
    """Return the rows of several parts, one after the other.

    Args:
        parts: in the file's order.
        figures: how many of ATTENDANCE the mapping reads.
    """
    if not parts:
        whole, small = np.empty(0, np.int64), np.empty(0, np.int16)
        none = np.empty(0, np.uint64)
        state, attendance = np.empty(0, np.int8), np.empty((0, figures), np.float32)
        return Records(whole, none, whole, whole, small, small, small, state, attendance)
    columns: list[Any] = [
        np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Records)
    ]
    return Records(*columns)


@dataclass
class Reader:
    """Turns blocks into records, one after the other, and keeps the account.

    Args:
        profile: names the zone, the call types and the grades.
        tree: names the areas; calls belong to its leaves.
        mapping: how the file is read.
        key: sixteen letters that make the hashes of references the lake's own.
        extracted_at: when the file was made, microseconds since 1970; nothing in it is later.
    """

    profile: Profile
    tree: AreaTree
    mapping: Mapping
    key: str
    extracted_at: int
    rows: int = field(default=0, init=False)
    quarantine: list[pd.DataFrame] = field(default_factory=list, init=False)
    clock: dict[str, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Prepare the translation of each coded column."""
        mapping = self.mapping
        self.zone = mapping.time.zone or self.profile.force.zone
        zone = self.profile.force.zone if self.zone == OFFSET else self.zone
        leaves = {leaf: self.tree.area(leaf).name for leaf in self.tree.leaves}
        types = {entry.id: entry.name for entry in self.profile.call_types}
        grades = {entry.id: entry.name for entry in self.profile.grades}
        walk = mapping.crosswalk
        areas = mapping.area_entries()
        self._codes = {
            "area": Codes("area", leaves, areas, falls_back=True, zone=zone),
            "call_type": Codes(
                "call type", types, walk.call_type, falls_back=not walk.call_type, zone=zone
            ),
            "grade": Codes("grade", grades, walk.grade, falls_back=not walk.grade, zone=zone),
        }
        self._ids = {"area": [*leaves], "call_type": [*types], "grade": [*grades]}
        by_type = mapping.grade_by_call_type
        self._grade_of = np.array(
            [self._ids["grade"].index(by_type[t]) if by_type else MISSING for t in types], np.int16
        )
        self._doubtful: list[tuple[NDArray[np.int64], Micros]] = []
        self._ends: list[int] = []

    def read(self, block: pa.RecordBatch) -> Records:
        """Return the records of the block's rows that can be taken; filtered rows are among them.

        Ambiguous times are taken as the first of the two until `settle` has seen the whole file.
        """
        columns = self.mapping.columns
        row = self.rows + 1 + np.arange(block.num_rows)
        self.rows += block.num_rows
        form = self.mapping.time.format
        received = instants(block.column(columns.received_at), form, self.zone)
        updated = None
        if columns.updated_at is not None:
            updated = instants(block.column(columns.updated_at), form, self.zone)
        why = self._time_reasons(block, received, updated)
        state = self._states(block)
        found = {name: self._positions(name, block, received.utc) for name in _CODED}
        if self.mapping.grade_by_call_type:
            graded = self._grade_of[np.maximum(found["call_type"], 0)]
            found["grade"] = np.where(found["call_type"] >= 0, graded, found["call_type"])
        for name in _CODED:
            state = _excluded_states(state, found[name])
            why[(state == TAKEN) & (found[name] == MISSING) & (why == 0)] = WHY.index(f"no {name}")
        attendance = self._attendance(block, state, why)
        lost = (state == TAKEN) & (why == 0)
        for name in _CODED:
            self._note_unmapped(name, block, lost & (found[name] == UNMAPPED), received.utc)
        kept = why == 0
        instants_read = (received.utc, NONE if updated is None else updated.utc)
        self._put_aside(row, why, instants_read, tuple(found[name] for name in _CODED))
        self._note_clock(row[kept], received, kept)
        reference = block.column(columns.reference).filter(pa.array(kept))
        return Records(
            row=row[kept],
            reference=self._hashes(reference, received.utc[kept]),
            received=received.utc[kept],
            updated=self._updated(received, updated)[kept],
            **{name: np.maximum(found[name][kept], -1).astype(np.int16) for name in _CODED},
            state=state[kept],
            attendance=attendance[kept],
        )

    def stop_if_unmapped(self, file: str, account: LineAccount | None) -> None:
        """Stop where a column used codes that nothing maps.

        Raises:
            UnmappedCodes: naming every code with its rows, and when it first and last came.
        """
        found = {codes.what: [*codes.unmapped.values()] for codes in self._codes.values()}
        where = "[areas], [[crosswalk.call_type]], [[crosswalk.grade]]"
        stop_if_unmapped(file, found, account, self.key.encode(), where)

    def settle(self, records: Records) -> Records:
        """Return the records with the times of repeated hours settled by the order of arrival.

        Rows that are out of order by themselves go to quarantine.
        """
        if not self._doubtful:
            return records
        row = np.concatenate([rows for rows, _ in self._doubtful])
        wall = np.concatenate([walls for _, walls in self._doubtful])
        newest_first = self._ends[-1] < self._ends[0]
        second, odd = np.zeros(row.size, bool), np.zeros(row.size, bool)
        for night in np.unique(wall // _DAY):
            here = np.flatnonzero(wall // _DAY == night)
            second[here], odd[here], is_known = by_arrival(wall[here], newest_first=newest_first)
            how = "by order of arrival" if is_known else "no order, taken as the first"
            self._count(f"repeated hour: {how}", here.size - int(odd[here].sum()))
        records = self._in_round(records, np.searchsorted(records.row, row[second & ~odd]))
        out_of_order = np.isin(records.row, row[odd])
        if out_of_order.any():
            some = records.at(out_of_order)
            why = np.full(len(some), _OUT_OF_ORDER, np.int8)
            codes = tuple(getattr(some, name) for name in _CODED)
            self._put_aside(some.row, why, (some.received, some.updated), codes)
            records = records.at(~out_of_order)
        return records

    def _in_round(self, records: Records, later: NDArray[np.int64]) -> Records:
        """Return the records with those at positions moved to the second round of their hour."""
        received, updated = records.received.copy(), records.updated.copy()
        received[later] = second_round(received[later], self.zone)
        updated = np.where(updated == NONE, NONE, np.maximum(updated, received))
        return replace(records, received=received, updated=updated)

    def _time_reasons(
        self, block: pa.RecordBatch, received: Instants, updated: Instants | None
    ) -> NDArray[np.int8]:
        """Return why each row can't be taken, 0 where its reference and times are good."""
        columns = self.mapping.columns
        failed: dict[str, Flags] = {
            "no reference": _is_null(block, columns.reference),
            "no received_at": _is_null(block, columns.received_at),
            "impossible local time": received.impossible,
            "unreadable received_at": received.utc == NONE,
            "received before 1990": received.utc < _EARLIEST_US,
            "received after the extract was made": received.utc > self.extracted_at,
        }
        if updated is not None and columns.updated_at is not None:
            unread = (updated.utc == NONE) & ~_is_null(block, columns.updated_at)
            failed["unreadable updated_at"] = unread & ~updated.impossible
            failed["updated after the extract was made"] = updated.utc > self.extracted_at
        self._count("impossible local time: quarantined", int(received.impossible.sum()))
        why = np.zeros(block.num_rows, np.int8)
        for name in reversed(failed):
            why[failed[name]] = WHY.index(name)
        return why

    def _updated(self, received: Instants, updated: Instants | None) -> Micros:
        """Return when each version was written, never before the call; NONE without the column."""
        if updated is None:
            return np.full(received.utc.size, NONE, np.int64)
        utc = updated.utc.copy()
        # A doubtful time of writing is read late rather than early: it must not leak.
        if updated.ambiguous.any():
            utc[updated.ambiguous] = second_round(utc[updated.ambiguous], self.zone)
        utc[updated.impossible] = after_the_gap(updated.wall[updated.impossible], self.zone)
        return np.maximum(utc, received.utc)

    def _states(self, block: pa.RecordBatch) -> NDArray[np.int8]:
        """Return the first filter that leaves each row out, TAKEN where none does."""
        state = np.zeros(block.num_rows, np.int8)
        for rule in reversed(self.mapping.filters):
            texts, rows = _codes_of(block, rule.column)
            fits = np.array([rule.fits((text or "").strip()) for text in [*texts, ""]])
            state[fits[rows]] = 1 + REASONS.index(rule.reason)
        return state

    def _attendance(
        self, block: pa.RecordBatch, state: NDArray[np.int8], why: NDArray[np.int8]
    ) -> Figures:
        """Return what calls of public demand took; *why* is told where that can't be.

        Of a row that can't be taken for its area, type or grade the figures are not looked at.
        """
        names = attendance_columns(self.mapping.columns)
        found = np.full((block.num_rows, len(names)), np.nan, np.float32)
        for i, name in enumerate(names):
            texts, rows = _codes_of(block, getattr(self.mapping.columns, name))
            figures, is_unread, is_impossible = figures_of(name, texts, rows)
            found[:, i] = np.where(state == TAKEN, figures, np.nan)
            for what, failed in (("unreadable", is_unread), ("impossible", is_impossible)):
                why[(state == TAKEN) & failed & (why == 0)] = WHY.index(f"{what} {name}")
        return found

    def _positions(self, name: str, block: pa.RecordBatch, received: Micros) -> NDArray[np.int16]:
        column = getattr(self.mapping.columns, name)
        if column is None:
            constant = getattr(self.mapping.constants, name)
            position = self._ids[name].index(constant) if constant else MISSING
            return np.full(block.num_rows, position, np.int16)
        texts, rows = _codes_of(block, column)
        return self._codes[name].positions(texts, rows, received)

    def _note_unmapped(
        self, name: str, block: pa.RecordBatch, lost: Flags, received: Micros
    ) -> None:
        column = getattr(self.mapping.columns, name)
        if column is not None and lost.any():
            texts, rows = _codes_of(block, column)
            numbers = self.rows - block.num_rows + 1 + np.flatnonzero(lost)
            self._codes[name].note_unmapped(texts, rows[lost], received[lost], numbers)

    def _hashes(self, reference: pa.Array, received: Micros) -> NDArray[np.uint64]:
        """Return keyed hashes of references; numbers that begin anew count with their period."""
        texts = reference.to_numpy(zero_copy_only=False)
        found: NDArray[np.uint64] = pd.util.hash_array(texts, hash_key=self.key, categorize=False)
        restarts = self.mapping.reference_restarts
        if restarts == "never":
            return found
        local = utc_instants(received).tz_convert(self.profile.force.zone)
        period = local.tz_localize(None).to_numpy().astype(_PERIODS[restarts]).astype(np.int64)
        return hash_pairs(found, period.view(np.uint64))

    def _put_aside(
        self,
        row: NDArray[np.int64],
        why: NDArray[np.int8],
        times: tuple[Micros, Micros | int],
        codes: tuple[NDArray[np.int16], ...],
    ) -> None:
        """Keep what was read of refused rows, and nothing as it was written."""
        bad = why != 0
        if not bad.any():
            return
        received, updated = (np.broadcast_to(each, why.shape)[bad] for each in times)
        frame = pd.DataFrame(
            {
                "reason": np.array(WHY)[why[bad]],
                "row": row[bad],
                "received_at": utc_instants(received),
                "updated_at": utc_instants(updated),
            }
        )
        for name, position in zip(_CODED, codes, strict=True):
            frame[name] = np.array([*self._ids[name], ""])[np.maximum(position[bad], -1)]
        self.quarantine.append(plausible(frame))

    def _note_clock(self, row: NDArray[np.int64], received: Instants, kept: Flags) -> None:
        doubtful = received.ambiguous[kept]
        if doubtful.any():
            self._doubtful.append((row[doubtful], received.wall[kept][doubtful]))
        if kept.any():
            self._ends += [int(received.utc[kept][0]), int(received.utc[kept][-1])]

    def _count(self, what: str, n: int) -> None:
        if n:
            self.clock[what] = self.clock.get(what, 0) + n


def _is_null(block: pa.RecordBatch, name: str) -> Flags:
    found: Flags = pc.is_null(block.column(name)).to_numpy(zero_copy_only=False)
    return found


def _codes_of(block: pa.RecordBatch, name: str) -> tuple[list[str | None], NDArray[np.int32]]:
    column = block.column(name)
    if not pa.types.is_dictionary(column.type):  # a filter on the reference, say
        column = pc.dictionary_encode(column)
    indices = pc.fill_null(column.indices, -1).to_numpy(zero_copy_only=False)
    return column.dictionary.to_pylist(), indices


def _excluded_states(state: NDArray[np.int8], found: NDArray[np.int16]) -> NDArray[np.int8]:
    """Return the states with the rows left out whose code the crosswalk excludes."""
    for i, reason in enumerate(REASONS):
        state = np.where((state == TAKEN) & (found == exclusion_code(reason)), 1 + i, state)
    return state.astype(np.int8)
