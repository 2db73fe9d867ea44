"""A table's file under the mapping's names: the texts, numbers, times and areas of its rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.areas import AreaTree
from forewatch.arrays import Mask
from forewatch.errors import DataError, MissingColumns, SettingsError
from forewatch.history import History
from forewatch.profile import Profile
from forewatch.tables import PLAN, Table
from sources import instants
from sources.crosswalk import EXCLUDE, Entry, translate_codes
from sources.dated_codes import all_entries, dated_ids, without_ids
from sources.extract import column_names
from sources.personal import columns_text, refuse_persons
from sources.quarantine import reasons
from sources.sections import Section
from sources.table_mapping import TableCoded, TableMapping
from sources.tabular import table_texts
from sources.time_format import has_day
from sources.unmapped import LEAST_ROWS, UnmappedCode, stop_if_unmapped, unmapped_codes
from sources.workbook import Workbook, is_workbook

_IDS = get_args(TableCoded)
_FALLING_BACK = ("area", "role", "shift")  # codes that nothing maps are ids or names themselves
_ROWS_SHOWN = 5
_MONTH = "month"  # the one column of times that needs no day


@dataclass(frozen=True)
class Rows:
    """The rows of a file for a table.

    Args:
        rows: columns of the table, and `row`, the position in the file of the row that each comes
            from; a file's row may give several, or none.
        reason: per row of the file why it can't be taken, "" where it can.
        filtered: per row of the file why the mapping leaves it out, "" where it doesn't.
        readings: per row of the file the times, numbers and ids that were read; nothing as written.
        notes: sentences for the person who imports.
    """

    rows: pd.DataFrame
    reason: pd.Series
    filtered: pd.Series
    readings: pd.DataFrame
    notes: tuple[str, ...] = ()

    def without(self, excluded: pd.Series) -> Rows:
        """Return the same without the rows of the file that the crosswalk leaves out."""
        left = ~self.rows["row"].isin(np.flatnonzero(excluded))
        return replace(
            self,
            rows=self.rows[left],
            reason=self.reason.mask(excluded, ""),
            filtered=self.filtered.mask(excluded, "excluded by the crosswalk"),
        )


@dataclass(frozen=True, eq=False)
class TableImport:
    """How files of a table are read, and what the check says of it.

    Args:
        table: what comes of them.
        columns: the standard columns of a file.
        times: those of them that hold times; by one a line that a quote swallowed is told a row.
        read: gives the rows of a file.
        findings: sections of the check on the table alone; None: there are none.
    """

    table: Table
    columns: tuple[str, ...]
    times: tuple[str, ...]
    read: Callable[[TableFile], Rows]
    findings: Callable[[History], tuple[Section, ...]] | None = None


class TableFile:
    """The mapped columns of a file; what the file lacks is a constant, or empty in every row.

    Args:
        kind: the table's import.
        file: CSV, CSV.gz, Parquet or a workbook.
        profile: the force's, for the zone of wall-clock times.
        tree: the force's areas.
        mapping: how the file is read.
        imported_at: UTC, when what says nothing else became known.
        key: of the digests of broken rows.
        areas: ids of those that the sender may write; None: every area. What is of others alone is
            answered like what isn't there.

    Attributes:
        texts: the mapped columns as the file writes them, categories, NaN where empty.
        account: of the file's lines, or the sheet's rows; None for Parquet.
        has: names of the columns that the file or the constants give.

    Raises:
        PersonalData: if the file or the mapping offers a column about persons.
        MissingColumns: if the mapping names a column that the file lacks.
        SettingsError: if the mapping names a column that the table doesn't have.
    """

    def __init__(  # noqa: PLR0913 (one parameter for each thing that reading needs)
        self,
        kind: TableImport,
        file: Path,
        profile: Profile,
        tree: AreaTree,
        mapping: TableMapping,
        *,
        imported_at: pd.Timestamp,
        key: bytes = b"",
        areas: tuple[str, ...] | None = None,
    ) -> None:
        self.areas = tree.ids if areas is None else areas
        self.kind, self.table, self.name = kind, kind.table.name, file.name
        self.profile, self.tree, self.mapping = profile, tree, mapping
        self.imported_at = imported_at
        self.zone = mapping.time.zone or profile.force.zone
        self._standard, self._key = (*kind.columns, *mapping.flags), key
        book = self._workbook(file)
        offered = column_names(file, mapping.quoting) if book is None else book.columns
        used = self._columns_to_read(offered)
        self._used = tuple(used.values())
        self._of_time = [offered.index(used[name]) for name in kind.times if name in used]
        if book is None:
            read, self.account = table_texts(file, self._used, mapping.quoting, key, self._has_time)
            self._times: dict[str, Mask] = {}
        else:
            read, self.account = book.texts(self._used), book.account
            self._times = {ours: book.is_time(theirs) for ours, theirs in used.items()}
        self._excluded = pd.Series(data=False, index=read.index)
        self._unmapped: dict[str, Sequence[UnmappedCode]] = {}
        constants = {
            ours: pd.Series(value, index=read.index, dtype="str").astype("category")
            for ours, value in mapping.constants.items()
        }
        self.texts = pd.DataFrame(
            {ours: read[theirs] for ours, theirs in used.items()}
            | {ours: value for ours, value in constants.items() if ours not in used},
            index=read.index,
        )
        self.has = frozenset(self.texts.columns)
        self.offered = offered

    def _workbook(self, file: Path) -> Workbook | None:
        how = self.mapping
        if is_workbook(file):
            return Workbook(file, how.sheet, how.header_row)
        if how.sheet is not None or how.header_row > 1:
            raise SettingsError(
                f"sheet and header_row are of workbooks, and {file.name} is none; leave them out"
            )
        return None

    def _columns_to_read(self, offered: tuple[str, ...]) -> dict[str, str]:
        """Return our names of the columns that are read, and the file's."""
        kind, mapping = self.kind, self.mapping
        if _MONTH not in kind.columns and not has_day(mapping.time.format):
            raise SettingsError(
                f"[time] format {mapping.time.format!r} has no day, and {self.table} are by days; "
                "write a format with %d"
            )
        self._check_names(offered)
        used = {ours: mapping.columns.get(ours, ours) for ours in self._standard}
        used = {ours: theirs for ours, theirs in used.items() if theirs in offered}
        refuse_persons(
            self.name, offered, used.values(), mapping.refuse, allowed=self._standard
        )  # a flag is 0 or 1, whatever its column is called
        if not used:
            raise MissingColumns(
                f"{self.name} has none of the columns of {self.table} "
                f"({', '.join(self._standard)}); it has {columns_text(offered, ())}; name them "
                "under [columns] in a mapping"
            )
        return used

    def require(self, *columns: str, hint: str = "") -> None:
        """Stop where a column is neither in the file nor a constant.

        Raises:
            MissingColumns: naming what is absent, what was found and what to do.
        """
        if lost := [name for name in columns if name not in self.has]:
            raise MissingColumns(
                f"{self.table} lack {', '.join(lost)}; {self.name} has "
                f"{columns_text(self.offered, self._used)}; "
                f"{hint or 'name the columns under [columns] or give [constants] in a mapping'}"
            )

    def text(self, name: str) -> pd.Series:
        """Return a column's texts, NaN where empty or absent."""
        if name not in self.has:
            return pd.Series(index=self.texts.index, dtype="str")
        return self.texts[name].astype("str")

    def number(self, name: str) -> pd.Series:
        """Return a column's numbers, NaN where empty, absent, infinite or no number."""
        found = pd.to_numeric(self.text(name), errors="coerce").astype("float64")
        return found.where(np.isfinite(found))

    def is_time(self, name: str) -> pd.Series:
        """Return which cells a workbook keeps as dates, times or yes and no; none of a CSV."""
        none = np.zeros(len(self.texts), dtype=bool)
        return pd.Series(self._times.get(name, none), index=self.texts.index)

    def excluded(self) -> pd.Series:
        """Return the rows of which a code that was looked up is left out by the crosswalk."""
        return self._excluded

    def date(self, name: str) -> pd.Series:
        """Return a column's local dates, NaT where empty, absent or no date.

        Raises:
            DataError: if months stand for days.
        """
        texts, form = self.text(name), self.mapping.time.format
        if name != _MONTH:
            instants.stop_at_months(self.name, name, texts, form)
        read = instants.dates(texts, form=form, months=name == _MONTH)
        # a date of a workbook is written in its own form, whatever the texts beside it look like
        return read.mask(self.is_time(name), instants.dates(texts))

    def instant(self, name: str, *, date_means_end: bool = False) -> pd.Series:
        """Return a column's UTC instants, NaT where empty, absent or unreadable.

        Raises:
            DataError: if months stand for days.
        """
        texts, form = self.text(name), self.mapping.time.format
        instants.stop_at_months(self.name, name, texts, form)
        read = instants.written_instants(texts, self.zone, form=form, date_means_end=date_means_end)
        of_book = instants.written_instants(texts, self.zone, date_means_end=date_means_end)
        return read.mask(self.is_time(name), of_book)

    def known_at(self, start: pd.Series, column: str, verb: str) -> pd.Series:
        """Return when rows became known: as written, else so many days before they start."""
        lead = self.mapping.time.announced_before_days
        if lead is None:
            self.require(
                column,
                hint=f"say when {self.table} {verb}: a column {column}, or announced_before_days "
                "under [time] (days before the start)",
            )
        told = self.instant(column, date_means_end=True)
        return told if lead is None else told.fillna(start - pd.Timedelta(days=lead))

    def passing_rows(self, rows: pd.DataFrame, checks: dict[str, pd.Series]) -> Rows:
        """Return the rows that pass the checks, and those of one key that say different things."""
        table, key = self.kind.table, list(self.kind.table.key)
        bare = reasons(checks)
        passed = rows[bare == ""]
        twice = passed.duplicated(keep="first").reindex(rows.index, fill_value=False)
        once = passed.drop_duplicates()
        differs = once.duplicated(key, keep=False)
        keys = pd.MultiIndex.from_frame(once.loc[differs, key])
        clash = (bare == "") & pd.MultiIndex.from_frame(rows[key]).isin(keys)
        reason = reasons(
            {
                "_": bare != "",
                "the same row twice, with different values": clash,
                "the row stands twice": twice,
            }
        ).where(bare == "", bare)
        kept = rows[reason == ""].assign(row=[i for i, r in enumerate(reason) if r == ""])
        # Texts that are no ids of ours: a person wrote them.
        words = [name for name, kind in table.columns.items() if kind == "str" and name not in _IDS]
        readings = rows.drop(columns=words)
        return Rows(kept.astype(table.columns), reason, no_text(reason), readings)

    def area(self, on: pd.Series | None = None) -> pd.Series:
        """Return the ids of the areas, NaN where empty, absent or no area.

        Args:
            on: local date of each row, by which entries with dates are looked up.
        """
        return self.ids("area", {i: self.tree.area(i).name for i in self.tree.ids}, on)

    def call_type(self) -> pd.Series:
        """Return the ids of the call types, NaN where empty, absent or no call type."""
        return self.ids("call_type", {one.id: one.name for one in self.profile.call_types})

    def ids(
        self,
        name: TableCoded,
        names: dict[str, str],
        on: pd.Series | None = None,
        own: tuple[Entry, ...] = (),
        hidden: Collection[str] = (),
    ) -> pd.Series:
        """Return what the codes of a column mean, NaN where empty or absent.

        Args:
            name: of the column.
            names: id to name of everything a code can mean.
            on: local date of each row, by which entries with dates are looked up.
            own: codes that the profile knows; what the mapping says of them comes first.
            hidden: ids that the sender isn't told of: codes that lead to them lead nowhere.

        Codes without a meaning are NaN too, until `stop_at_unmapped` tells them.

        Raises:
            DataError: if a workbook keeps some of them as dates or times.
            SettingsError: if an entry has dates and the table has none, or leads nowhere.
        """
        if name not in self.has:
            return pd.Series(index=self.texts.index, dtype="str")
        self._stop_at_times(name)
        codes = self.texts[name]
        given = without_ids(self.mapping.crosswalk.get(name, "identity"), hidden)
        if isinstance(given, tuple) or own:
            ids, lost = dated_ids(
                codes, on, names, all_entries(given, own), falls_back=name in _FALLING_BACK
            )
        else:
            ids = translate_codes(codes, given, names, falls_back=name in _FALLING_BACK)
            lost = unmapped_codes(codes, ids)
        self._unmapped[name] = lost
        self._excluded |= (ids == EXCLUDE).to_numpy(bool)
        return ids.astype("str")

    def stop_at_unmapped(self) -> None:
        """Stop where a column that was looked up has codes without a meaning.

        Raises:
            UnmappedCodes: naming those of all columns, with the dates on which they stand.
        """
        # A plan is counts: a code that stands once in it, of a rare shift, is one too.
        least = 1 if self.table == PLAN.name else LEAST_ROWS
        stop_if_unmapped(self.name, self._unmapped, self.account, self._key, "[crosswalk]", least)

    def _stop_at_times(self, name: str) -> None:
        """Stop where a workbook's program took a code for a date or a time."""
        at = np.flatnonzero(self.is_time(name))
        if at.size and self.account is not None:
            rows = self.account.line(at[:_ROWS_SHOWN] + 1)
            more = f" and {at.size - _ROWS_SHOWN:,} more" if at.size > _ROWS_SHOWN else ""
            raise DataError(
                f"{self.name}: {name} holds dates or times in rows "
                f"{', '.join(map(str, rows))}{more} of the sheet, which the spreadsheet made of "
                "codes; format the column as text and enter the codes again, or import a CSV"
            )

    def _has_time(self, lines: list[list[str]]) -> NDArray[np.bool_]:
        """Return whether a cell of a column of times can be read in each line."""
        form, found = self.mapping.time.format, np.zeros(len(lines), bool)
        for at in self._of_time:
            written = pd.Series([cells[at].strip() for cells in lines], dtype="str")
            found |= instants.dates(written, form=form, months=True).notna().to_numpy(bool)
        return found

    def _check_names(self, offered: tuple[str, ...]) -> None:
        named = {*self.mapping.columns, *self.mapping.constants}
        if unknown := sorted(named - set(self._standard)):
            raise SettingsError(
                f"the mapping names columns that {self.table} don't have: {', '.join(unknown)}; "
                f"they are {', '.join(self._standard)}"
            )
        wanted = {*self.mapping.columns.values(), *self.mapping.flags}
        if lost := sorted(wanted - set(offered)):
            raise MissingColumns(
                f"the mapping reads {', '.join(lost)}; {self.name} has "
                f"{columns_text(offered, wanted)}; mend the names in the mapping"
            )


def no_text(like: pd.Series) -> pd.Series:
    """Return "" for each row of another column."""
    return pd.Series("", index=like.index, dtype="str")
