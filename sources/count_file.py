"""A file of counts as rows of cells: read, translated, checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from forewatch.areas import AreaTree
from forewatch.errors import MissingColumns, SettingsError, UnknownCallType
from forewatch.profile import Profile
from sources.count_intervals import Intervals
from sources.crosswalk import EXCLUDE, translate_codes
from sources.extract import column_names
from sources.lines import LineAccount
from sources.observed import Scope
from sources.personal import columns_text, refuse_persons
from sources.quarantine import EARLIEST, reasons
from sources.table_mapping import Coded, CountsMapping
from sources.tabular import table_texts
from sources.unmapped import UnmappedCode, stop_if_unmapped, unmapped_codes

COLUMNS = ("start", "area", "call_type", "grade", "count")
_CODED: tuple[Coded, ...] = ("area", "call_type", "grade")
_OUTSIDE = "outside the observed span"
_EXCLUDED = "excluded by the crosswalk"
_TWICE = "the row stands twice"
_OF_A_LOST_PART = "another row of its cell can't be taken"
MOST_CALLS = 1_000_000  # of one cell; more is another unit, an id or a time
NEGATIVE, FRACTIONAL, TOO_MANY = "count is negative", "count is not whole", "count is beyond 10⁶"


@dataclass(frozen=True)
class CountFile:
    """What a file of counts says.

    Args:
        readings: what was read of each row: start (UTC), area, call_type, grade, count.
        account: of the file's lines; None for Parquet.
        reason: why a row is not taken, "" where it is or where it was filtered; one per row.
        filtered: rows left out by the mapping, by reason.
        repeated_hours: rows at a local hour that comes twice.
        rows: the rows taken: start (UTC), area, call_type, grade (categories), count (int64).
        doubtful: quarantined rows that name their interval, columns as in *rows*: what they are of
            is not known to be zero. Area, call type and grade may be NaN: then it is any.
        nowhere: rows that can't be taken and don't say of when they are, broken ones among them.
        scope: the areas and call types that the file is complete over.
        start: the instant from which it is complete, UTC.
        until: the instant up to which it is complete, UTC.
        clock: how intervals lie in time.
    """

    readings: pd.DataFrame
    account: LineAccount | None
    reason: pd.Series
    filtered: dict[str, int]
    repeated_hours: int
    rows: pd.DataFrame
    doubtful: pd.DataFrame
    nowhere: int
    scope: Scope
    start: pd.Timestamp
    until: pd.Timestamp
    clock: Intervals


def read_counts(
    file: Path,
    profile: Profile,
    tree: AreaTree,
    mapping: CountsMapping,
    *,
    imported_at: pd.Timestamp,
    key: bytes,
) -> CountFile:
    """Read, translate and check a file of counts.

    Args:
        file: CSV, CSV.gz or Parquet.
        profile: names the call types, the grades and the force-day.
        tree: names the areas.
        mapping: how the file is read.
        imported_at: UTC; intervals that end later are not over.
        key: of the digests of broken rows.

    Raises:
        DataError: if the file can't be read, a quote swallowed rows, months stand for days, or its
            intervals aren't those of the mapping.
        MissingColumns: if a column is neither in the file nor a constant.
        PersonalData: if the file or the mapping offers a column about persons.
        UnmappedCodes: naming every code that nothing maps.
    """
    clock = Intervals(profile, mapping)
    written, account = _written_columns(file, profile, mapping, clock, key)
    clock.stop_at_months(file.name, written["start"])
    ids = _ids(written, profile, tree, mapping)
    lost: dict[str, list[UnmappedCode]] = {
        name: unmapped_codes(written[name], ids[name]) for name in ids
    }
    stop_if_unmapped(file.name, lost, account, key, "[crosswalk]")
    part, repeated_hours = _starts(written, clock)
    clock.stop_at_other_intervals(file.name, part)
    frame = pd.DataFrame({"start": clock.hour(part), **ids, "count": _numbers(written["count"])})
    span = _span(mapping, clock)
    filtered = pd.Series("", index=frame.index, dtype="str")
    filtered = filtered.mask(_is_outside(frame["start"], span), _OUTSIDE)
    filtered = filtered.mask((frame[list(_CODED)] == EXCLUDE).any(axis=1), _EXCLUDED)
    checks = _checks(written, frame, part, clock, imported_at) | clock.cut_hours(part, span)
    reason = reasons(checks).mask(filtered != "", "")
    reason = _by_cell(frame, reason, filtered)
    is_taken = (reason == "") & (filtered == "")
    skipped = _by_category(written["start"], clock.is_skipped).fillna(value=False).astype("bool")
    is_lost = (frame["start"].isna() & ~skipped) | (frame["start"] < EARLIEST)
    rows = frame[is_taken].astype({"count": "int64"}).reset_index(drop=True)
    doubtful = frame[(reason != "") & (reason != _TWICE) & frame["start"].notna() & ~is_lost]
    left_out = filtered[filtered != ""].value_counts()
    return CountFile(
        readings=frame,
        account=account,
        reason=reason,
        filtered={str(name): int(n) for name, n in left_out.items()},
        repeated_hours=repeated_hours,
        rows=rows,
        doubtful=doubtful.reset_index(drop=True),
        nowhere=int((is_lost & (reason != "")).sum()) + (len(account.broken) if account else 0),
        scope=_scope(rows, frame["area"], tree, profile, mapping),
        start=span[0] if span[0] is not None else rows["start"].min(),
        until=span[1] if span[1] is not None else clock.end(rows["start"]).max(),
        clock=clock,
    )


def _ids(
    written: pd.DataFrame, profile: Profile, tree: AreaTree, mapping: CountsMapping
) -> dict[str, pd.Series]:
    """Return the ids that each row's codes mean, NaN where they mean none."""
    names: dict[Coded, dict[str, str]] = {
        "area": {leaf: tree.area(leaf).name for leaf in tree.leaves},
        "call_type": {entry.id: entry.name for entry in profile.call_types},
        "grade": {grade: grade for grade in profile.grade_ids},
    }
    return {
        name: translate_codes(
            written[name],
            mapping.crosswalk.get(name, "identity"),
            names[name],
            falls_back=name == "area",
        )
        for name in names
    }


def _written_columns(
    file: Path, profile: Profile, mapping: CountsMapping, clock: Intervals, key: bytes
) -> tuple[pd.DataFrame, LineAccount | None]:
    """Return our columns as the file writes them; constants, and what the profile has one of."""
    offered = column_names(file, mapping.quoting)
    used = {ours: mapping.columns.get(ours, ours) for ours in COLUMNS}
    if unknown := sorted(set(mapping.columns) - set(COLUMNS)):
        raise SettingsError(
            f"the mapping names columns that counts don't have: {', '.join(unknown)}; they are "
            f"{', '.join(COLUMNS)}"
        )
    refuse_persons(file.name, offered, used.values(), mapping.refuse)
    constants = dict(mapping.constants)
    for name, ids in (("call_type", profile.call_type_ids), ("grade", profile.grade_ids)):
        if len(ids) == 1 and used[name] not in offered:
            constants.setdefault(name, ids[0])
    lost = [ours for ours in COLUMNS if used[ours] not in offered and ours not in constants]
    if lost:
        raise MissingColumns(
            f"counts lack {', '.join(lost)}; {file.name} has "
            f"{columns_text(offered, used.values())}; name the columns under [columns] or "
            "give [constants] in a mapping"
        )
    wanted = tuple(theirs for theirs in used.values() if theirs in offered)
    has_start = clock.is_readable(offered, used["start"])
    read, account = table_texts(file, wanted, mapping.quoting, key, has_start)
    written = {
        ours: read[theirs]
        if theirs in read
        else pd.Series(constants[ours], index=read.index, dtype="str").astype("category")
        for ours, theirs in used.items()
    }
    return pd.DataFrame(written), account


def _starts(written: pd.DataFrame, clock: Intervals) -> tuple[pd.Series, int]:
    """Return each row's start, and the number of rows at a local hour that comes twice.

    A cell's first row at such an hour is the first hour's, its second row the second hour's.
    """
    first = _by_category(written["start"], clock.start)
    second = _by_category(written["start"], lambda t: clock.start(t, second_hour=True))
    twice = (first != second) & first.notna()
    later = twice & written.duplicated(["start", *_CODED], keep="first")
    return first.mask(later, second), int(twice.sum())


def _checks(
    written: pd.DataFrame,
    frame: pd.DataFrame,
    part: pd.Series,
    clock: Intervals,
    imported_at: pd.Timestamp,
) -> dict[str, pd.Series]:
    """Return for each reason, in order, the rows that fail it."""
    count, start = frame["count"], frame["start"]
    whole = _by_category(written["start"], lambda t: clock.is_whole(t, clock.start(t)))
    whole = whole.astype("bool")
    cell = written[[*_CODED, "count"]].assign(start=part)
    hour = written[[*_CODED]].assign(start=start)
    # A row within an hour tells that the hour's own row may be a part of it.
    odd = pd.MultiIndex.from_frame(hour[~whole & start.notna()])
    beside = whole & pd.MultiIndex.from_frame(hour).isin(odd)
    doubled = cell.duplicated(["start", *_CODED], keep=False)
    # Of two different numbers neither is believed.
    numbers = cell[doubled].groupby(["start", *_CODED], observed=True)["count"].transform("nunique")
    several = (numbers.reindex(cell.index) > 1).astype("bool")
    checks = {
        "start is missing": written["start"].isna(),
        "start can't be read, or is an hour that the clock jumped over": start.isna(),
        "start is before 1990": start < EARLIEST,
        f"start is not the beginning of {clock.name}": ~whole,
        "another row lies within the same hour": beside,
        "the interval had not ended at the time of the import": clock.end(start) > imported_at,
    }
    checks |= {f"{name} is missing": frame[name].isna() for name in _CODED}
    return checks | {
        "count is no number": count.isna(),
        NEGATIVE: count < 0,
        TOO_MANY: count > MOST_CALLS,
        FRACTIONAL: count % 1 != 0,
        "the cell stands twice with different counts": several,
        _TWICE: cell.duplicated(keep="first"),
    }


def _by_cell(frame: pd.DataFrame, reason: pd.Series, filtered: pd.Series) -> pd.Series:
    """Return the reasons with those of whole cells: of a sum that lacks a part nothing is known.

    Shorter intervals and codes that mean the same are summed to one cell.
    """
    cell = [frame[name] for name in ("start", *_CODED)]
    taken = (reason == "") & (filtered == "")
    lost = ((reason != "") & (reason != _TWICE) & (filtered == "")).groupby(cell, observed=True)
    reason = reason.mask(taken & lost.transform("any").fillna(value=False), _OF_A_LOST_PART)
    sums = frame["count"].where(reason == "").groupby(cell, observed=True).transform("sum")
    return reason.mask(taken & (reason == "") & (sums > MOST_CALLS), TOO_MANY)


def _scope(
    rows: pd.DataFrame,
    named: pd.Series,
    tree: AreaTree,
    profile: Profile,
    mapping: CountsMapping,
) -> Scope:
    """Return the areas and call types that the file is complete over.

    Args:
        rows: the rows taken.
        named: area of every row, also of those that can't be taken.
        tree: of the areas.
        profile: names the call types.
        mapping: says what the file is complete over.

    Raises:
        SettingsError: if the file holds nothing of an area, and nobody says what that means.
    """
    if mapping.absent == "unchanged" or not len(rows):
        return frozenset()
    stated, types = mapping.observed.areas, mapping.observed.call_types
    if stated is None:
        found = set(named.dropna().unique())
        silent = [leaf for leaf in tree.leaves if leaf not in found]
        if silent and "area" not in mapping.constants:
            raise SettingsError(
                f"the file has no row for {len(silent)} areas: {', '.join(silent)}; if they had no "
                'calls, write areas = "all" under [observed] in the mapping, else the areas that '
                "the file covers"
            )
        areas = [leaf for leaf in tree.leaves if leaf in found]
    elif stated == "all":
        areas = list(tree.leaves)
    else:
        areas = [leaf for area in stated for leaf in tree.leaves_of(area)]
    if types is None and "call_type" in mapping.constants:
        types = (str(rows["call_type"].iloc[0]),)
    if types is None or types == "all":
        types = profile.call_type_ids
    if unknown := sorted(set(types) - set(profile.call_type_ids)):
        raise UnknownCallType(unknown[0], profile.call_type_ids)
    return frozenset((area, call_type) for area in areas for call_type in types)


def _span(
    mapping: CountsMapping, clock: Intervals
) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    found: list[pd.Timestamp | None] = []
    for text in (mapping.observed.start, mapping.observed.until):
        bound = None if text is None else clock.start(pd.Series([text], dtype="str")).iloc[0]
        if bound is pd.NaT:
            raise SettingsError(
                f"[observed] {text!r} can't be read as an instant; write e.g. 2024-01-31"
            )
        found.append(bound)
    return found[0], found[1]


def _is_outside(
    start: pd.Series, span: tuple[pd.Timestamp | None, pd.Timestamp | None]
) -> pd.Series:
    first, until = span
    outside = pd.Series(data=False, index=start.index)
    if first is not None:
        outside |= start < first
    if until is not None:
        outside |= start >= until
    return outside


def _numbers(written: pd.Series) -> pd.Series:
    """Return the counts as float64; NaN where a text is no number."""
    return _by_category(written, lambda t: pd.to_numeric(t, errors="coerce").astype("float64"))


def _by_category(written: pd.Series, read: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Read each text once, whatever the number of rows that carry it."""
    values = read(pd.Series(written.cat.categories, dtype="str"))
    positions = pd.Series(written.cat.codes.to_numpy(), index=written.index)
    return values.reindex(positions.where(positions >= 0)).set_axis(written.index)
