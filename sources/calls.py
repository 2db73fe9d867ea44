"""A call log into the lake: read in blocks, compared with what is known, one commit.

1. Columns about persons stop it before a row is read.
2. Blocks become records; what can't be taken goes to quarantine; unmapped codes stop it.
3. Each record is new, a correction, unchanged, or a duplicate within the file.
4. Every line of the file is accounted for; a result that can hardly be meant stops it.
5. The quarantine file appears, then the new versions in one commit. A kill before the commit
   leaves the history as it was, and the same import can simply be run again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from forewatch.areas import AreaTree
from forewatch.clock import Clock
from forewatch.errors import DataError, SettingsError
from forewatch.profile import Profile
from forewatch.progress import Progress
from sources.attendance import (
    attendance_columns,
    figure_columns,
    stored_figures,
    with_figures,
)
from sources.extract import Extract
from sources.import_options import AS_USUAL, ImportOptions
from sources.lake import Lake
from sources.lines import LineAccount
from sources.mapping import OFFSET, Mapping, stop_at_unknown_ids
from sources.personal import columns_text, refuse_persons
from sources.plausibility import (
    local_days,
    moved_corrections,
    shared_references,
    stop_at_doubts,
    swapped_dates,
    too_many_refused,
)
from sources.quarantine import put_aside, totals, with_broken
from sources.receipts import Receipt, line_count
from sources.records import STATES, TAKEN, Reader, Records, concatenate_records
from sources.spans import Span, is_within, spans_of
from sources.stored import ints, positions
from sources.tabular import file_line
from sources.versions import (
    DUPLICATE,
    NEW,
    NO_VERSIONS,
    SUPERSEDING,
    UNCHANGED,
    Standings,
    Versions,
    content,
    standings,
)
from sources.wall_clock import NONE, Flags, Micros, instants

_ENCODED = ("area", "call_type", "grade", "state")


@dataclass(frozen=True)
class _Found:
    """What a file held: records, refused rows, lines, the clock's doings, unread columns.

    *content* is the same only for files of the same bytes, however they are read; *outside* counts
    rows that the mapping's span leaves out.
    """

    records: Records
    rows: int
    content: str
    outside: int
    refused: pd.DataFrame
    account: LineAccount | None
    clock: dict[str, int]
    unread: tuple[str, ...]

    def quarantined(self) -> dict[str, int]:
        """Return the refused rows by reason."""
        return totals(self.refused["reason"], None) if len(self.refused) else {}


def import_calls(  # noqa: PLR0913 - the three last are by name only
    lake: Lake, profile: Profile, tree: AreaTree, file: Path, mapping: Mapping, quarantine: Path,
    *, extracted_at: pd.Timestamp, options: ImportOptions = AS_USUAL,
    progress: Progress = lambda _what, _done, _total: None,
) -> Receipt:  # fmt: skip
    """Take a call log into the lake in one commit and say what became of its rows.

    Args:
        lake: where the versions of calls are kept.
        profile: names the zone, the call types and the grades.
        tree: names the areas; calls belong to its leaves.
        file: CSV, CSV.gz or Parquet.
        mapping: how the file is read.
        quarantine: folder for the rows that can't be taken.
        extracted_at: UTC, when the file was made; nothing in it is later, and a correction without
            a time of its own is known from then on.
        options: what a person accepted, and whether anything is written.
        progress: told the step, the rows done and, once known, the rows in all (else 0).

    Raises:
        PersonalData: if a column about persons is read, or neither stripped nor refused.
        UnmappedCodes: naming every code that nothing maps; nothing is imported.
        MissingColumns: if the file lacks a column that the mapping reads.
        SettingsError: if the mapping leads to unknown ids, or the history holds counts.
        DataError: if the file can't be read, or a quote swallowed some of its rows.
        ImplausibleImport: if what came of it can hardly be meant.
        LakeBusy: if another import is at work.
    """
    stop_at_unknown_ids(mapping, profile, tree)
    with options.writing(lake):
        _stop_at_counts(lake)
        cut = int(extracted_at.value) // 1000
        reader = Reader(profile, tree, mapping, options.key(lake), cut)
        found = _read(file, mapping, reader, progress)
        progress("comparing with the history", 0, found.rows)
        ids = (tree.leaves, profile.call_type_ids, profile.grade_ids)
        names = dict(zip(("area", "call_type", "grade"), ids, strict=True))
        imports, digest = lake.imports("calls"), _digest(found.records, names)
        attendance = attendance_columns(mapping.columns)
        alike = [past for past in imports if past.get("content") == found.content]
        read_anew = bool(alike) and alike[-1].get("digest") != digest
        if not read_anew and digest in {past.get("digest") for past in imports}:
            kinds = _nothing_new(standings(found.records, NO_VERSIONS, cut))
        else:
            known = _known_versions(lake, names, attendance)
            kinds = standings(found.records, known, cut, read_anew=read_anew)
        receipt = replace(_receipt(found, kinds), is_dry_run=options.is_dry_run)
        aside = None if options.is_dry_run else put_aside(quarantine, "calls", file, found.refused)
        doubts = (
            too_many_refused(found.rows, found.quarantined(), mapping.most_quarantined, aside),
            moved_corrections(kinds.moved, len(found.records)),
            shared_references(kinds.repeated, len(found.records)),
            swapped_dates(local_days(found.records.received, profile.force.zone)),
        )
        stop_at_doubts(file.name, doubts, options.accepted)
        span = _complete_span(found.records, mapping, reader.zone, profile, cut)
        new = np.flatnonzero((kinds.kind == NEW) | (kinds.kind == SUPERSEDING))
        is_news = new.size or (span and not is_within(span, spans_of(imports)))
        if is_news and not options.is_dry_run:
            progress("writing the history", 0, new.size)
            number = len(imports) + 1
            about = {
                "import": number,
                **receipt.about(file, extracted_at),
                "digest": digest,
                "content": found.content,
                **(span.as_dict() if span else {}),
            }
            rows = _rows(found.records.at(new), kinds.known[new], names, number, attendance)
            lake.append("calls", rows, about)
            progress("writing the history", new.size, new.size)
    return receipt


def _stop_at_counts(lake: Lake) -> None:
    if "counts" in lake.names():
        raise SettingsError(
            "this history holds counts, and calls would count them twice; import the calls into a "
            "workspace of their own"
        )


def _read(file: Path, mapping: Mapping, reader: Reader, progress: Progress) -> _Found:
    columns = mapping.columns
    texts = (columns.reference, columns.received_at, columns.updated_at)
    plain = tuple(name for name in texts if name is not None)
    coded = tuple(name for name in mapping.used if name not in plain)
    extract = Extract(file, plain, coded, mapping.quoting)
    offered = extract.columns()
    refuse_persons(file.name, offered, mapping.used, mapping.refuse)
    parts = []
    for block in extract.blocks():
        parts.append(reader.read(block))
        progress(f"reading {file.name}", reader.rows, 0)
    at = offered.index(columns.received_at)

    def has_time(lines: list[list[str]]) -> Flags:
        written = pa.array([cells[at].strip() or None for cells in lines], pa.string())
        found: Flags = instants(written, mapping.time.format, reader.zone).utc != NONE
        return found

    account = extract.account(reader.key.encode(), has_time)
    reader.stop_if_unmapped(file.name, account)
    records = reader.settle(concatenate_records(parts, len(attendance_columns(columns))))
    is_outside = _is_outside(records, mapping, reader)
    unread = set(offered) - {*mapping.used, *mapping.refuse, *mapping.ignore}
    return _Found(
        records.at(~is_outside) if is_outside.any() else records,
        reader.rows + (len(account.broken) if account else 0),
        extract.content(), int(is_outside.sum()), _refused_rows(reader, account), account,
        reader.clock, tuple(name for name in offered if name in unread),
    )  # fmt: skip


def _refused_rows(reader: Reader, account: LineAccount | None) -> pd.DataFrame:
    """Return the rows that can't be taken, each with its line."""
    if not reader.quarantine:
        return with_broken(pd.DataFrame(), account)
    rows = pd.concat(reader.quarantine, ignore_index=True).sort_values("row", kind="stable")
    line = file_line(account, rows.pop("row").to_numpy())
    rows.insert(1, "line", line)
    return with_broken(rows, account)


def _known_versions(
    lake: Lake, names: dict[str, tuple[str, ...]], attendance: tuple[str, ...]
) -> Versions:
    """Return the versions that the lake holds, in the order in which they came.

    Args:
        lake: the tables.
        names: the ids of each coded column.
        attendance: the figures that the file has; of others it says nothing, and corrects none.
    """
    wanted = ["reference_hash", "received_at", "known_at", "import_id", "row", *_ENCODED]
    wanted += [name for name in attendance if name in lake.column_names("calls")]
    table = lake.arrow("calls", wanted, encoded=_ENCODED)
    if table is None:
        return NO_VERSIONS
    codes = tuple(positions(table, name, names.get(name, STATES)) for name in _ENCODED)
    received = ints(table, "received_at")
    says = with_figures(content(received, codes), stored_figures(table, attendance))
    order = np.lexsort((ints(table, "row"), ints(table, "import_id")))
    return Versions(
        ints(table, "reference_hash").view(np.uint64)[order],
        received[order],
        ints(table, "known_at")[order],
        says[order],
    )


def _nothing_new(found: Standings) -> Standings:
    """Return the rows of a file that was imported before: an old statement corrects nothing.

    Args:
        found: the rows beside nothing but themselves.
    """
    kind = np.where(found.kind == DUPLICATE, DUPLICATE, UNCHANGED).astype(np.int8)
    return Standings(kind, found.known)


def _digest(records: Records, names: dict[str, tuple[str, ...]]) -> str:
    """Return a text that is the same for two files that say the same, whatever their format.

    Args:
        records: what the file says.
        names: the ids that its positions stand for.
    """
    found = hashlib.blake2b(repr(names).encode(), digest_size=16)
    for name in (f.name for f in fields(records) if f.name != "row"):
        found.update(np.ascontiguousarray(getattr(records, name)).data)
    return found.hexdigest()


def _receipt(found: _Found, standing: Standings) -> Receipt:
    kind, state = standing.kind, found.records.state
    left_out = np.bincount(state[kind == NEW], minlength=len(STATES))
    filtered = {name: int(n) for name, n in zip(STATES, left_out, strict=True) if n}
    taken = filtered.pop(STATES[TAKEN], 0)
    if twice := int((kind == DUPLICATE).sum()):
        filtered["duplicate"] = filtered.get("duplicate", 0) + twice
    if found.outside:
        filtered["outside the observed span"] = found.outside
    notes = (f"not read: {columns_text(found.unread)}",) if found.unread else ()
    return Receipt(
        table="calls",
        rows=found.rows,
        taken=taken,
        unchanged=int((kind == UNCHANGED).sum()),
        superseded=int((kind == SUPERSEDING).sum()),
        filtered=filtered,
        quarantined=found.quarantined(),
        clock=found.clock,
        notes=notes,
        lines=line_count(found.account, found.rows),
    )


def _is_outside(records: Records, mapping: Mapping, reader: Reader) -> Flags:
    """Return which records the stated span leaves out: of it the file says that it is complete."""
    first, until = _stated_span(mapping, reader.zone, reader.profile)
    outside = np.zeros(len(records), bool)
    if first is not None:
        outside |= records.received < first
    if until is not None:
        outside |= records.received >= until
    return outside


def _stated_span(mapping: Mapping, zone: str, profile: Profile) -> tuple[int | None, int | None]:
    zone = profile.force.zone if zone == OFFSET else zone
    first, until = (
        None if stated is None else _instant(stated, zone)
        for stated in (mapping.observed.start, mapping.observed.until)
    )
    return first, until


def _complete_span(
    records: Records, mapping: Mapping, zone: str, profile: Profile, cut: int
) -> Span | None:
    """Return the span that the file is complete over; None where it says nothing."""
    stated = mapping.observed
    first, until = _stated_span(mapping, zone, profile)
    if len(records):
        ends = np.array([records.received.min(), records.received.max(), cut])
        starts, after = Clock.of(profile).hour_bounds(ends)
        first = int(starts[0]) if first is None else first
        if until is None:  # the hour in which the extract was made is not over
            until = min(int(after[1]), int(starts[2]))
    if first is None or until is None:
        return None
    if stated.until and until <= first:
        raise DataError(f"[observed] ends at {stated.until}, not after it begins; mend the mapping")
    until = min(until, cut)
    return Span(first, until, stated.start is not None, stated.until is not None)


def _instant(stated: date, zone: str) -> int:
    local = stated if isinstance(stated, datetime) else datetime.combine(stated, time())
    found = pd.Timestamp(local)
    if found.tzinfo is None:
        found = found.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return int(found.tz_convert("UTC").as_unit("us").value) // 1000


def _rows(
    records: Records,
    known: Micros,
    names: dict[str, tuple[str, ...]],
    number: int,
    attendance: tuple[str, ...],
) -> pa.Table:
    """Return versions as rows of the table "calls"."""
    instant = pa.timestamp("us", "UTC")
    each = records.received.view("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    first = int(each.min()) if each.size else 0
    month = each - first  # few months, none of them sorted for
    months = np.arange(first, first + int(month.max(initial=-1)) + 1).astype("datetime64[M]")
    columns = {
        "reference_hash": pa.array(records.reference.view(np.int64)),
        "received_at": pa.array(records.received, instant),
        "known_at": pa.array(known, instant),
        "import_id": pa.array(np.full(len(records), number, np.int32)),
        "row": pa.array(records.row),
    }
    for name in ("area", "call_type", "grade"):
        columns[name] = _dictionary(getattr(records, name), list(names[name]))
    columns["state"] = _dictionary(records.state, list(STATES))
    columns["month"] = _dictionary(month, [str(m) for m in months])
    columns |= figure_columns(records.attendance, attendance)
    return pa.table(columns)


def _dictionary(codes: np.ndarray[Any, Any], names: list[str]) -> pa.DictionaryArray:
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))
