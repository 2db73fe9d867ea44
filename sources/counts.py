"""Counts from a file into the ledger, for forces that have no call records to give.

1. Each row states the count of a cell: interval × area × call type × grade.
2. What can't be taken goes to quarantine; a code that nobody knows stops the import.
3. The difference from what the ledger says becomes new rows of the ledger: known at the end of the
   interval when it is the first statement about it, otherwise at the time of the import. No row
   is ever rewritten, so a past origin sees the counts that were known then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.areas import AreaTree
from forewatch.errors import DataError, SettingsError
from forewatch.history import Step
from forewatch.profile import Profile
from sources.count_file import FRACTIONAL, NEGATIVE, TOO_MANY, CountFile, read_counts
from sources.import_options import AS_USUAL, ImportOptions
from sources.lake import Lake
from sources.observed import Holes, ObservedSpans, of_lake
from sources.plausibility import (
    Doubt,
    local_days,
    spaced_dates,
    stop_at_doubts,
    swapped_dates,
    too_many_refused,
)
from sources.quarantine import BROKEN, put_aside, refused_rows, totals
from sources.receipts import Receipt, line_count
from sources.table_mapping import CountsMapping

Keys = NDArray[np.int64]
_ENCODED = ("area", "call_type", "grade")
_MINUTE_US = 60_000_000


@dataclass(frozen=True)
class Cells:
    """Packs interval × area × call type × grade into one whole number, and back.

    Args:
        areas: the leaves of the tree.
        call_types: ids of the profile's call types.
        grades: the profile's grades.
    """

    areas: tuple[str, ...]
    call_types: tuple[str, ...]
    grades: tuple[str, ...]

    def keys(self, frame: pd.DataFrame) -> Keys:
        """Return one key per row of a frame with start (UTC), area, call_type and grade.

        Raises:
            DataError: if the frame uses an id that the force no longer has.
        """
        key: Keys = _micros(frame["start"]) // _MINUTE_US
        for name, ids in zip(_ENCODED, (self.areas, self.call_types, self.grades), strict=True):
            # Not astype: dtypes that differ in the order of their categories alone count as equal.
            ordered = frame[name].cat.set_categories(list(ids))
            codes = ordered.cat.codes.to_numpy(np.int64)
            if (codes < 0).any():
                gone = sorted(set(frame.loc[codes < 0, name].astype("str")))
                raise DataError(
                    f"counts were imported for {name} {', '.join(gone)}, which the force no longer "
                    "has; put it back into forewatch.toml or start a new history"
                )
            key = key * len(ids) + codes
        return key

    def codes(self, keys: Keys) -> tuple[Keys, Keys, Keys, Keys]:
        """Return minutes since 1970, and the positions of area, call type and grade."""
        rest, grade = np.divmod(keys, len(self.grades))
        rest, call_type = np.divmod(rest, len(self.call_types))
        minute, area = np.divmod(rest, len(self.areas))
        return minute, area, call_type, grade


def import_counts(  # noqa: PLR0913 (one parameter for each thing that an import needs)
    lake: Lake,
    profile: Profile,
    tree: AreaTree,
    file: Path,
    mapping: CountsMapping,
    *,
    imported_at: pd.Timestamp,
    quarantine: Path,
    options: ImportOptions = AS_USUAL,
) -> Receipt:
    """Take a file of counts into the lake in one commit and say what became of its rows.

    Args:
        lake: where the ledger is kept.
        profile: names the call types, the grades and the force-day.
        tree: names the areas; counts belong to its leaves.
        file: CSV, CSV.gz or Parquet.
        mapping: how the file is read.
        imported_at: UTC; corrections are known from then on.
        quarantine: folder for the rows that can't be taken.
        options: what a person accepted, and whether anything is written.

    Raises:
        UnmappedCodes: naming every code that nothing maps; nothing is imported.
        DataError: if the file can't be read as its mapping says.
        ImplausibleImport: if what came of it can hardly be meant.
        SettingsError: if the history holds calls, or counts of another step.
    """
    cells = Cells(tree.leaves, profile.call_type_ids, profile.grade_ids)
    with options.writing(lake):
        before = of_lake(lake)
        _stop_at_another_kind(lake, before, mapping.resolution)
        key = options.key(lake).encode()
        found = read_counts(file, profile, tree, mapping, imported_at=imported_at, key=key)
        refused = refused_rows(found.readings, found.reason, found.account)
        aside = None if options.is_dry_run else put_aside(quarantine, "counts", file, refused)
        quarantined = totals(found.reason, found.account)
        rows = len(found.reason) + quarantined.get(BROKEN, 0)
        most = mapping.most_quarantined
        days = local_days(_micros(found.readings["start"].dropna()), profile.force.zone)
        doubts = (
            _no_counts(quarantined),
            too_many_refused(rows, quarantined, most, aside),
            _no_interval(found, mapping),
            swapped_dates(days),
            spaced_dates(days) if mapping.resolution == "day" else None,
        )
        stop_at_doubts(file.name, doubts, options.accepted)
        change = _change(lake, cells, found, before, mapping)
        receipt = replace(_receipt(found, change, file), is_dry_run=options.is_dry_run)
        after = _observed_after(cells, found, before, change)
        if (change.keys.size or after != before) and not options.is_dry_run:
            changes = _ledger_rows(cells, change, found, imported_at)
            about = receipt.about(file, imported_at) | after.as_dict(mapping.resolution)
            lake.append("counts", changes, about)
    return receipt


def _no_counts(quarantined: Mapping[str, int]) -> Doubt | None:
    """Return a doubt where numbers can be no counts of calls."""
    found = {
        why: quarantined[why] for why in (NEGATIVE, FRACTIONAL, TOO_MANY) if why in quarantined
    }
    if not found:
        return None
    said = ", ".join(f"{why} ({n:,} rows)" for why, n in found.items())
    return Doubt("counts", f"numbers that can be no counts of calls: {said}")


def _no_interval(found: CountFile, mapping: CountsMapping) -> Doubt | None:
    """Return a doubt where rows are lost of which nobody knows what they count.

    An absent cell of the file would be taken for zero, and may be the one of such a row.
    """
    if not found.nowhere or mapping.absent == "unchanged":
        return None
    return Doubt(
        "quarantine",
        f"{found.nowhere:,} rows can't be taken and don't say of when they are, so that an absent "
        "cell may be one of them, and no zero",
    )


@dataclass(frozen=True)
class _Change:
    """Differences of the ledger, and what each cell of the file was to it."""

    keys: Keys  # cells that change
    difference: Keys
    is_first: NDArray[np.bool_]  # per changed cell: nothing was stated of it before
    stated: Keys  # cells of the taken rows, ascending
    row_cell: Keys  # per taken row of the file, its cell's position in them
    cell_state: NDArray[np.str_]  # per cell of the file: taken, unchanged or superseded
    zeroed: int  # cells that the ledger had, and the file, complete over its span, does not


def _change(
    lake: Lake, cells: Cells, found: CountFile, before: ObservedSpans, mapping: CountsMapping
) -> _Change:
    stated, row_cell = np.unique(cells.keys(found.rows), return_inverse=True)
    new = np.bincount(row_cell, weights=found.rows["count"], minlength=stated.size).astype(np.int64)
    known, old = _known_cells(lake, cells)
    gone = known[(old != 0) & _is_covered(cells, known, found)]
    whole = found.doubtful[found.doubtful[list(_ENCODED)].notna().all(axis=1)]
    gone = np.setdiff1d(np.setdiff1d(gone, stated), cells.keys(whole))
    _stop_at_a_silent_type(cells, gone, found, mapping)
    keys = np.concatenate([stated, gone])
    position = np.searchsorted(known, keys).clip(max=max(known.size - 1, 0))
    hit = known[position] == keys if known.size else np.zeros(keys.size, bool)
    standing = np.where(hit, old[position], 0) if known.size else np.zeros(keys.size, np.int64)
    difference = np.concatenate([new, np.zeros(gone.size, np.int64)]) - standing
    minute, area, call_type, _ = cells.codes(keys)
    had = before.holds(minute * _MINUTE_US, area, call_type, cells.areas, cells.call_types) | hit
    state = np.where(had, np.where(difference == 0, "unchanged", "superseded"), "taken")
    moved = difference != 0
    return _Change(
        keys[moved], difference[moved], ~had[moved], stated, row_cell, state[: stated.size],
        gone.size,
    )  # fmt: skip


def _observed_after(
    cells: Cells, found: CountFile, before: ObservedSpans, change: _Change
) -> ObservedSpans:
    """Return what the history has been told about after the file."""
    if found.scope:
        return before.with_span(found.scope, found.start, found.until, _holes(found))
    minute, area, call_type, _ = cells.codes(change.stated)
    starts = pd.Series(pd.to_datetime(minute * 60, unit="s", utc=True)).dt.as_unit("us")
    ends = _micros(found.clock.end(starts))
    told: Holes = {}
    for a, t, start, end in zip(area, call_type, _micros(starts), ends, strict=True):
        pair = (cells.areas[a], cells.call_types[t])
        told.setdefault(pair, []).append((int(start), int(end)))
    return before.with_cells(told)


def _holes(found: CountFile) -> Holes:
    """Return the intervals of rows that can't be taken, by all areas and types they may be of."""
    rows = found.doubtful
    starts, ends = (_micros(each) for each in (rows["start"], found.clock.end(rows["start"])))
    areas, types = (rows[name].astype("str").fillna("") for name in ("area", "call_type"))
    spans_of: Holes = {}  # by what a row names; "" is any
    for area, call_type, start, end in zip(areas, types, starts, ends, strict=True):
        spans_of.setdefault((area, call_type), []).append((int(start), int(end)))
    holes: Holes = {}
    for (area, call_type), spans in spans_of.items():
        for pair in found.scope:
            if area in ("", pair[0]) and call_type in ("", pair[1]):
                holes.setdefault(pair, []).extend(spans)
    return holes


def _micros(instants: pd.Series) -> NDArray[np.int64]:
    return instants.to_numpy("datetime64[us]").astype(np.int64)


def _known_cells(lake: Lake, cells: Cells) -> tuple[Keys, Keys]:
    """Return the ledger's cells in ascending order, and the count each has now."""
    table = lake.arrow("counts", ["start", *_ENCODED, "count"], encoded=_ENCODED)
    if table is None or not table.num_rows:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    frame = table.to_pandas()
    known, cell = np.unique(cells.keys(frame), return_inverse=True)
    return known, np.bincount(cell, weights=frame["count"]).astype(np.int64)


def _is_covered(cells: Cells, keys: Keys, found: CountFile) -> NDArray[np.bool_]:
    """Return for each cell whether the file claims to be complete about it."""
    if not found.scope:
        return np.zeros(keys.size, bool)
    minute, area, call_type, _ = cells.codes(keys)
    areas = {a for a, _ in found.scope}
    types = {t for _, t in found.scope}
    inside = (minute * _MINUTE_US >= found.start.value // 1000) & (
        minute * _MINUTE_US < found.until.value // 1000
    )
    in_area = np.array([a in areas for a in cells.areas])[area]
    in_type = np.array([t in types for t in cells.call_types])[call_type]
    covered: NDArray[np.bool_] = inside & in_area & in_type
    return covered


def _ledger_rows(
    cells: Cells, change: _Change, found: CountFile, imported_at: pd.Timestamp
) -> pd.DataFrame:
    minute, area, call_type, grade = cells.codes(change.keys)
    start = pd.Series(pd.to_datetime(minute * 60, unit="s", utc=True)).dt.as_unit("us")
    end = found.clock.end(start)
    later = end.where(end > imported_at, imported_at)
    return pd.DataFrame(
        {
            "start": start,
            "area": pd.Categorical.from_codes(area, pd.Index(cells.areas)),
            "call_type": pd.Categorical.from_codes(call_type, pd.Index(cells.call_types)),
            "grade": pd.Categorical.from_codes(grade, pd.Index(cells.grades)),
            "count": change.difference.astype(np.int32),
            "known_at": end.where(change.is_first, later).dt.as_unit("us"),
            "month": _months(start),
        }
    )


def _months(starts: pd.Series) -> pd.Index:
    """Return the month of each instant in UTC, "2024-07": the partition of its row."""
    months, codes = np.unique(
        starts.to_numpy("datetime64[us]").astype("datetime64[M]"), return_inverse=True
    )
    found: pd.Index = pd.Index(months.astype(str), dtype="str").take(codes)
    return found


def _receipt(found: CountFile, change: _Change, file: Path) -> Receipt:
    states = pd.Series(change.cell_state[change.row_cell]).value_counts()
    notes = (
        (f"{change.zeroed:,} cells that {file.name} no longer holds became zero",)
        if change.zeroed
        else ()
    )
    quarantined = totals(found.reason, found.account)
    rows = len(found.reason) + quarantined.get(BROKEN, 0)
    return Receipt(
        table="counts",
        rows=rows,
        taken=int(states.get("taken", 0)),
        unchanged=int(states.get("unchanged", 0)),
        superseded=int(states.get("superseded", 0)),
        filtered=found.filtered,
        quarantined=quarantined,
        lines=line_count(found.account, rows),
        clock={"at an hour that comes twice": found.repeated_hours} if found.repeated_hours else {},
        notes=notes,
    )


def _stop_at_a_silent_type(
    cells: Cells, gone: Keys, found: CountFile, mapping: CountsMapping
) -> None:
    """Stop where a file without a row of a call type would set its known counts to zero."""
    if mapping.observed.call_types is not None:
        return
    present = set(found.rows["call_type"].unique())
    lost = sorted({cells.call_types[i] for i in cells.codes(gone)[2]} - present)
    if lost:
        raise SettingsError(
            f"the file has no row of {', '.join(lost)}, of which counts are known in its span; "
            'write call_types = "all" under [observed] in the mapping if there were none, else '
            "the call types that the file covers"
        )


def _stop_at_another_kind(lake: Lake, before: ObservedSpans, step: Step) -> None:
    if "calls" in lake.names():
        raise SettingsError(
            "this history holds calls, and counts would count them twice; import the counts into "
            "a workspace of their own"
        )
    if before.step not in (None, step):
        raise SettingsError(
            f"this history holds counts by {before.step}, the mapping says resolution = "
            f"{step!r}; use one of them, or a workspace of its own"
        )
