"""A file of counts as rows of cells: read, translated, checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from forewatch.areas import AreaTree
from forewatch.errors import MissingColumns, SettingsError, UnknownCallType
from forewatch.profile import Profile
from sources import instants
from sources.crosswalk import EXCLUDE, stop_if_unmapped, translated, unmapped
from sources.observed import Scope
from sources.personal import refuse_persons
from sources.quarantine import reasons
from sources.table_mapping import Coded, CountsMapping
from sources.tabular import column_names, texts

COLUMNS = ("start", "area", "call_type", "grade", "count")
_CODED: tuple[Coded, ...] = ("area", "call_type", "grade")
_OUTSIDE = "outside the observed span"
_EXCLUDED = "excluded by the crosswalk"


@dataclass(frozen=True)
class CountFile:
    """What a file of counts says.

    Args:
        texts: the mapped columns as the file writes them, all rows.
        reason: why a row is not taken, "" where it is or where it was filtered; one per row.
        filtered: rows left out by the mapping, by reason.
        repeated_hours: rows at a local hour that comes twice.
        rows: the rows taken: start (UTC), area, call_type, grade (categories), count (int64).
        doubtful: cells of quarantined rows that name their cell: these are not known to be zero.
        scope: the areas and call types that the file is complete over.
        start: the instant from which it is complete, UTC.
        until: the instant up to which it is complete, UTC.
        clock: how intervals lie in time.
    """

    texts: pd.DataFrame
    reason: pd.Series
    filtered: dict[str, int]
    repeated_hours: int
    rows: pd.DataFrame
    doubtful: pd.DataFrame
    scope: Scope
    start: pd.Timestamp
    until: pd.Timestamp
    clock: Intervals

    def interval_end(self, starts: pd.Series) -> pd.Series:
        """Return the instant at which each interval ends, UTC."""
        return self.clock.end(starts)


@dataclass(frozen=True)
class Intervals:
    """Hours, or the force-days of 23, 24 or 25 hours, of a profile and mapping."""

    profile: Profile
    mapping: CountsMapping

    def start(self, written: pd.Series, *, second_hour: bool = False) -> pd.Series:
        """Return the UTC instant at which each interval written begins; NaT where unreadable."""
        form, zone = self.mapping.time.format, self.mapping.time.zone or self.profile.force.zone
        if self.mapping.resolution == "hour":
            return instants.instants(written, zone, form=form, second_hour=second_hour)
        return self._day_start(instants.dates(written, form=form))

    def is_whole(self, written: pd.Series, starts: pd.Series) -> pd.Series:
        """Return whether a text names the beginning of an interval, not a time within it."""
        if self.mapping.resolution == "hour":
            # Local time: a zone half an hour off UTC has its hours at half past, UTC.
            local = starts.dt.tz_convert(self.profile.force.zone)
            wall = local.dt.tz_localize(None)
            on_the_hour: pd.Series = wall.dt.floor("h") == wall
            return on_the_hour
        if self.mapping.time.format != instants.ISO:
            return starts.notna()
        allowed = {"", "00:00", f"{self.profile.force.day_starts_at:%H:%M}"}
        return written.astype("str").str.slice(11, 16).isin(allowed)

    def end(self, starts: pd.Series) -> pd.Series:
        """Return the instant at which each interval ends, UTC."""
        if self.mapping.resolution == "hour":
            return starts + pd.Timedelta(hours=1)
        local = starts.dt.tz_convert(self.profile.force.zone).dt.tz_localize(None)
        return self._day_start(local.dt.normalize() + pd.Timedelta(days=1))

    def _day_start(self, days: pd.Series) -> pd.Series:
        force = self.profile.force
        return instants.day_start(days, force.zone, force.day_starts_at)


def read_counts(
    file: Path,
    profile: Profile,
    tree: AreaTree,
    mapping: CountsMapping,
    *,
    imported_at: pd.Timestamp,
) -> CountFile:
    """Read, translate and check a file of counts.

    Raises:
        MissingColumns: if a column is neither in the file nor a constant.
        PersonalData: if the file or the mapping offers a column about persons.
        UnmappedCodes: naming every code that nothing maps.
    """
    written = _written(file, profile, mapping)
    names: dict[Coded, dict[str, str]] = {
        "area": {leaf: tree.area(leaf).name for leaf in tree.leaves},
        "call_type": {entry.id: entry.name for entry in profile.call_types},
        "grade": {str(grade): grade for grade in profile.grades},
    }
    ids: dict[str, pd.Series] = {
        name: translated(written[name], mapping.crosswalk.get(name, "identity"), names[name])
        for name in names
    }
    stop_if_unmapped({name: unmapped(written[name], ids[name]) for name in names})
    clock = Intervals(profile, mapping)
    start, repeated_hours = _starts(written, clock)
    frame = pd.DataFrame({"start": start, **ids, "count": _numbers(written["count"])})
    span = _span(mapping, clock)
    filtered = pd.Series("", index=frame.index, dtype="str")
    filtered = filtered.mask(_is_outside(frame["start"], span), _OUTSIDE)
    filtered = filtered.mask((frame[list(_CODED)] == EXCLUDE).any(axis=1), _EXCLUDED)
    reason = reasons(_checks(written, frame, clock, imported_at)).mask(filtered != "", "")
    is_taken = (reason == "") & (filtered == "")
    rows = frame[is_taken].astype({"count": "int64"}).reset_index(drop=True)
    doubtful = frame[(reason != "") & frame[["start", *_CODED]].notna().all(axis=1)]
    left_out = filtered[filtered != ""].value_counts()
    return CountFile(
        texts=written,
        reason=reason,
        filtered={str(name): int(n) for name, n in left_out.items()},
        repeated_hours=repeated_hours,
        rows=rows,
        doubtful=doubtful.reset_index(drop=True),
        scope=_scope(rows, tree, profile, mapping),
        start=span[0] if span[0] is not None else rows["start"].min(),
        until=span[1] if span[1] is not None else clock.end(rows["start"]).max(),
        clock=clock,
    )


def _written(file: Path, profile: Profile, mapping: CountsMapping) -> pd.DataFrame:
    """Return our columns as the file writes them; constants, and what the profile has one of."""
    offered = column_names(file)
    used = {ours: mapping.columns.get(ours, ours) for ours in COLUMNS}
    if unknown := sorted(set(mapping.columns) - set(COLUMNS)):
        raise SettingsError(
            f"the mapping names columns that counts don't have: {', '.join(unknown)}; they are "
            f"{', '.join(COLUMNS)}"
        )
    refuse_persons(file.name, offered, used.values(), mapping.refuse)
    constants = dict(mapping.constants)
    for name, ids in (("call_type", profile.call_type_ids), ("grade", profile.grades)):
        if len(ids) == 1 and used[name] not in offered:
            constants.setdefault(name, ids[0])
    read = texts(file, tuple(theirs for theirs in used.values() if theirs in offered))
    lost = [ours for ours in COLUMNS if used[ours] not in read and ours not in constants]
    if lost:
        raise MissingColumns(
            f"counts lack {', '.join(lost)}; {file.name} has {', '.join(offered)}; name the "
            "columns under [columns] or give [constants] in a mapping"
        )
    return pd.DataFrame(
        {
            ours: read[theirs]
            if theirs in read
            else pd.Series(constants[ours], index=read.index, dtype="str").astype("category")
            for ours, theirs in used.items()
        }
    )


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
    written: pd.DataFrame, frame: pd.DataFrame, clock: Intervals, imported_at: pd.Timestamp
) -> dict[str, pd.Series]:
    """Return for each reason, in order, the rows that fail it."""
    count, start = frame["count"], frame["start"]
    whole = _by_category(written["start"], lambda t: clock.is_whole(t, clock.start(t)))
    cell = written[[*_CODED, "count"]].assign(start=start)
    doubled = cell.duplicated(["start", *_CODED], keep=False)
    # Of two different numbers neither is believed.
    numbers = cell[doubled].groupby(["start", *_CODED], observed=True)["count"].transform("nunique")
    several = (numbers.reindex(cell.index) > 1).astype("bool")
    checks = {
        "start is missing": written["start"].isna(),
        "start can't be read, or is an hour that the clock jumped over": start.isna(),
        f"start is not the beginning of a {clock.mapping.resolution}": ~whole.astype("bool"),
        "the interval had not ended at the time of the import": clock.end(start) > imported_at,
    }
    checks |= {f"{name} is missing": frame[name].isna() for name in _CODED}
    return checks | {
        "count is no number": count.isna(),
        "count is negative": count < 0,
        "count is not whole": count % 1 != 0,
        "the cell stands twice with different counts": several,
        "the row stands twice": cell.duplicated(keep="first"),
    }


def _scope(rows: pd.DataFrame, tree: AreaTree, profile: Profile, mapping: CountsMapping) -> Scope:
    """Return the areas and call types that the file is complete over.

    Raises:
        SettingsError: if the file holds nothing of an area, and nobody says what that means.
    """
    if mapping.absent == "unchanged" or not len(rows):
        return frozenset()
    stated, types = mapping.observed.areas, mapping.observed.call_types
    if stated is None:
        found = set(rows["area"].unique())
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
