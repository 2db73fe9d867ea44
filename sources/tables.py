"""Tables beside the calls: tourism, events, holidays, windows, breaks, covariates, areas, counts.

Each import is one commit: the table reads as before or as after. Rows have a natural key; a key
that stands in the table already keeps its row if nothing changed, and gets the new one otherwise.
A later publication of the same figure has another key: both stay, so that a past origin sees what
was published then.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from forewatch.areas import AreaTree
from forewatch.errors import SettingsError
from forewatch.profile import Profile
from forewatch.tables import Table, check, empty
from sources.areas import area_table
from sources.counts import import_counts
from sources.import_options import AS_USUAL, ImportOptions
from sources.lake import Lake
from sources.plausibility import stop_at_doubts, too_many_refused
from sources.quarantine import BROKEN, put_aside, refused_rows, totals
from sources.receipts import Receipt, line_count
from sources.table_file import Rows, TableFile
from sources.table_imports import TABLE_IMPORTS
from sources.table_mapping import CountsMapping, TableMapping, read_mapping

_ROW_BY_ROW = {each.table.name: each for each in TABLE_IMPORTS}
IMPORTED = ("counts", *_ROW_BY_ROW, "areas")

_BY_NEWNESS = ("unchanged", "superseded", "taken")


def import_table(  # noqa: PLR0913 (one parameter for each thing that an import needs)
    lake: Lake,
    profile: Profile,
    tree: AreaTree | None,
    table: str,
    file: Path,
    mapping: Path | None,
    *,
    imported_at: pd.Timestamp,
    quarantine: Path | None = None,
    options: ImportOptions = AS_USUAL,
    areas: tuple[str, ...] | None = None,
) -> Receipt:
    """Take a file into one of the tables and say what became of its rows.

    Args:
        lake: where the tables are kept.
        profile: the force's profile.
        tree: the force's areas; None only for the import of the areas themselves.
        table: one of IMPORTED.
        file: CSV, CSV.gz or Parquet; GeoJSON for areas.
        mapping: TOML that says how to read the file; None if its columns have the standard names.
        imported_at: UTC; corrections of counts are known from then on.
        quarantine: folder for rows that can't be taken; None: `quarantine` beside the lake.
        options: what a person accepted, and whether anything is written.
        areas: ids of those that the sender may write, see `sources.table_file`; None: every area.

    Raises:
        DataError: if the file can't be read.
        ImplausibleImport: if what came of it can hardly be meant.
        SettingsError: if there is no such table, or the mapping can't be used.
        MissingColumns, UnmappedCodes, PersonalData: if the file can't be taken; nothing of it is.
    """
    if table not in IMPORTED:
        raise SettingsError(f"no table {table!r} to import; the tables are {', '.join(IMPORTED)}")
    aside = lake.root.parent / "quarantine" if quarantine is None else quarantine
    if table == "areas":
        told = area_table(file, profile, _areas_mapping(profile, file, mapping))
        return _import_areas(lake, told, file, imported_at, options)
    if tree is None:
        raise ValueError("a tree of areas is needed for every table but areas")
    if table == "counts":
        how = read_mapping(mapping, CountsMapping)
        return import_counts(
            lake, profile, tree, file, how,
            imported_at=imported_at, quarantine=aside, options=options,
        )  # fmt: skip
    how_read = read_mapping(mapping, TableMapping)
    with options.writing(lake):
        key = options.key(lake).encode()
        kind = _ROW_BY_ROW[table]
        read = TableFile(
            *(kind, file, profile, tree, how_read), imported_at=imported_at, key=key, areas=areas
        )
        found = kind.read(read)
        read.stop_at_unmapped()
        found = found.without(read.excluded())
        receipt, merged = _merge_rows(lake, kind.table, found, read)
        receipt = replace(receipt, is_dry_run=options.is_dry_run)
        refused = refused_rows(found.readings, found.reason, read.account)
        written = None if options.is_dry_run else put_aside(aside, table, file, refused)
        doubt = too_many_refused(
            receipt.rows, receipt.quarantined, how_read.most_quarantined, written
        )
        stop_at_doubts(file.name, (doubt,), options.accepted)
        news = receipt.taken or receipt.superseded or receipt.notes or table not in lake.names()
        if news and not options.is_dry_run:
            lake.replace(table, merged, receipt.about(file, imported_at))
    return replace(receipt, notes=(*receipt.notes, *found.notes))


def _merge_rows(
    lake: Lake, table: Table, found: Rows, file: TableFile
) -> tuple[Receipt, pd.DataFrame]:
    """Return the receipt, and the table after the file: ascending by its key."""
    standing, key = lake.table(table.name), list(table.key)
    before = empty(table.name) if standing is None else check(table.name, standing)
    rows = found.rows[list(table.columns)]
    known_key, known = _stands_in(rows[key], before[key]), _stands_in(rows, before)
    known |= _says_nothing_new(table, rows, before)
    state = pd.Series("taken", index=rows.index, dtype="str")
    state = state.mask(known_key, "superseded").mask(known, "unchanged")
    kept = before.iloc[0:0] if file.mapping.replaces_table else before
    added = rows if file.mapping.replaces_table else rows[~known]
    together = [frame for frame in (kept, added) if len(frame)]
    merged = pd.concat(together) if together else before.iloc[0:0]
    merged = merged.drop_duplicates(key, keep="last").sort_values(key, ignore_index=True)
    new_keys = len(rows.loc[~known_key & ~known, key].drop_duplicates())
    gone = len(before) + new_keys - len(merged)
    notes = (f"{gone:,} rows that the table held and the file doesn't were removed",) * bool(gone)
    receipt = replace(_receipt(file, found, state), notes=notes)
    return receipt, merged.astype(table.columns)


def _says_nothing_new(table: Table, rows: pd.DataFrame, before: pd.DataFrame) -> pd.Series:
    """Return which rows say what was known of their subject already when they were told."""
    values, subject = list(table.versioned), table.subject
    if not values or not len(rows) or not len(before):
        return pd.Series(data=False, index=rows.index)
    asked = rows[[*subject, "known_at", *values]].assign(row=rows.index).sort_values("known_at")
    earlier = before[[*subject, "known_at", *values]].sort_values("known_at")
    both = pd.merge_asof(asked, earlier, on="known_at", by=subject, suffixes=("", "_before"))
    same = (both[values] == both[[f"{name}_before" for name in values]].to_numpy()).all(axis=1)
    return same.set_axis(both["row"]).reindex(rows.index)


def _stands_in(rows: pd.DataFrame, before: pd.DataFrame) -> pd.Series:
    """Return for each row whether the same values stand in another frame; NaT equals NaT."""
    known = pd.util.hash_pandas_object(before, index=False)
    return pd.util.hash_pandas_object(rows, index=False).isin(known)


def _receipt(file: TableFile, found: Rows, state: pd.Series) -> Receipt:
    """Return the receipt of the file's rows: a row of several days is as new as its newest day."""
    rank = state.map({name: i for i, name in enumerate(_BY_NEWNESS)}).astype("int64")
    in_table = (found.reason == "") & (found.filtered == "")
    by_row = rank.groupby(found.rows["row"].to_numpy()).max()
    # A row whose days another row of the file gave already adds nothing.
    ranks = by_row.reindex(range(len(in_table)), fill_value=0)[in_table.to_numpy()]
    quarantined = totals(found.reason, file.account)
    rows = len(in_table) + quarantined.get(BROKEN, 0)
    return Receipt(
        table=file.table,
        rows=rows,
        unchanged=int((ranks == 0).sum()),
        superseded=int((ranks == 1).sum()),
        taken=int((ranks > 1).sum()),
        filtered=totals(found.filtered, None),
        quarantined=quarantined,
        lines=line_count(file.account, rows),
    )


def _areas_mapping(profile: Profile, file: Path, mapping: Path | None) -> TableMapping:
    if profile.areas:
        raise SettingsError(
            f"forewatch.toml has {len(profile.areas)} [[areas]] of its own; take them out before "
            f"importing {file.name}, so that there is one tree"
        )
    return read_mapping(mapping, TableMapping)


def _import_areas(
    lake: Lake,
    areas: pd.DataFrame,
    file: Path,
    imported_at: pd.Timestamp,
    options: ImportOptions,
) -> Receipt:
    """Put a file's tree in the place of the imported one."""
    with options.writing(lake):
        standing = lake.table("areas")
        before = {} if standing is None else standing.set_index("id").to_dict("index")
        now = areas.set_index("id").to_dict("index")
        same = sum(str(before.get(i)) == str(row) for i, row in now.items())
        changed = sum(i in before for i in now) - same
        receipt = Receipt(
            table="areas",
            rows=len(areas),
            taken=len(areas) - same - changed,
            unchanged=same,
            superseded=changed,
            notes=(f"{len(gone)} areas are no longer in the tree: {', '.join(sorted(gone))}",)
            if (gone := {str(i) for i in before if i not in now})
            else (),
            is_dry_run=options.is_dry_run,
        )
        if not options.is_dry_run:
            lake.replace("areas", areas, receipt.about(file, imported_at))
    return receipt
