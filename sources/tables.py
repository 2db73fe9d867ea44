"""Tables beside the calls: tourism, events, holidays, unobserved windows, breaks, areas, counts.

Each import is one commit: the table reads as before or as after. Rows have a natural key; a key
that stands in the table already keeps its row if nothing changed, and gets the new one otherwise.
A later publication of the same figure has another key: both stay, so that a past origin sees what
was published then.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from forewatch.areas import AreaTree
from forewatch.errors import SettingsError
from forewatch.history import COLUMNS, empty
from forewatch.profile import Profile
from sources.areas import area_table
from sources.counts import import_counts
from sources.lake import Lake
from sources.quarantine import put_aside, totals
from sources.receipts import Receipt
from sources.table_file import TableFile
from sources.table_mapping import CountsMapping, TableMapping, read_mapping
from sources.table_rows import KEYS, READERS, Rows

IMPORTED = ("counts", "tourism", "events", "holidays", "unobserved", "breaks", "areas")

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

    Raises:
        SettingsError: if there is no such table, or the mapping can't be used.
        MissingColumns, UnmappedCodes, PersonalData: if the file can't be taken; nothing of it is.
    """
    if table not in IMPORTED:
        raise SettingsError(f"no table {table!r} to import; the tables are {', '.join(IMPORTED)}")
    aside = lake.root.parent / "quarantine" if quarantine is None else quarantine
    if table == "areas":
        return _import_areas(lake, profile, file, _table_mapping(mapping), imported_at)
    if tree is None:
        raise ValueError("a tree of areas is needed for every table but areas")
    if table == "counts":
        how = CountsMapping() if mapping is None else read_mapping(mapping, CountsMapping)
        return import_counts(
            lake, profile, tree, file, how, imported_at=imported_at, quarantine=aside
        )
    read = TableFile(table, file, profile, tree, _table_mapping(mapping))
    found = READERS[table](read)
    with lake.lock():
        receipt, merged = _merged(lake, table, found, replaces=read.mapping.replaces_table)
        put_aside(aside, table, file, read.texts, found.reason)
        if receipt.taken or receipt.superseded or receipt.notes or table not in lake.names():
            lake.replace(table, merged, _about(file, imported_at, receipt))
    return receipt


def _table_mapping(mapping: Path | None) -> TableMapping:
    return TableMapping() if mapping is None else read_mapping(mapping, TableMapping)


def _merged(lake: Lake, table: str, found: Rows, *, replaces: bool) -> tuple[Receipt, pd.DataFrame]:
    """Return the receipt, and the table after the file: ascending by its key."""
    standing = lake.table(table)
    before = empty(table) if standing is None else standing.astype(COLUMNS[table])
    key, columns = list(KEYS[table]), list(COLUMNS[table])
    rows = found.rows[columns]
    known_key, known = _stands_in(rows[key], before[key]), _stands_in(rows, before[columns])
    state = pd.Series("taken", index=rows.index, dtype="str")
    state = state.mask(known_key, "superseded").mask(known, "unchanged")
    kept = before.iloc[0:0] if replaces else before
    together = [frame for frame in (kept, rows) if len(frame)]
    merged = pd.concat(together) if together else before.iloc[0:0]
    merged = merged.drop_duplicates(key, keep="last").sort_values(key, ignore_index=True)
    gone = len(before) + int((~known_key).sum()) - len(merged)
    notes = (f"{gone:,} rows that the table held and the file doesn't were removed",) * bool(gone)
    return _receipt(table, found, state, notes), merged.astype(COLUMNS[table])


def _stands_in(rows: pd.DataFrame, before: pd.DataFrame) -> pd.Series:
    """Return for each row whether the same values stand in another frame; NaT equals NaT."""
    known = pd.util.hash_pandas_object(before, index=False)
    return pd.util.hash_pandas_object(rows, index=False).isin(known)


def _receipt(table: str, found: Rows, state: pd.Series, notes: tuple[str, ...]) -> Receipt:
    """Return the receipt of the file's rows: a row of several days is as new as its newest day."""
    rank = state.map({name: i for i, name in enumerate(_BY_NEWNESS)}).astype("int64")
    in_table = (found.reason == "") & (found.filtered == "")
    by_row = rank.groupby(found.rows["row"].to_numpy()).max()
    # A row whose days another row of the file gave already adds nothing.
    ranks = by_row.reindex(range(len(in_table)), fill_value=0)[in_table.to_numpy()]
    return Receipt(
        table=table,
        rows=len(in_table),
        unchanged=int((ranks == 0).sum()),
        superseded=int((ranks == 1).sum()),
        taken=int((ranks > 1).sum()),
        filtered=totals(found.filtered),
        quarantined=totals(found.reason),
        notes=notes,
    )


def _import_areas(
    lake: Lake, profile: Profile, file: Path, mapping: TableMapping, imported_at: pd.Timestamp
) -> Receipt:
    """Put a file's tree in the place of the imported one."""
    if profile.areas:
        raise SettingsError(
            f"forewatch.toml has {len(profile.areas)} [[areas]] of its own; take them out before "
            f"importing {file.name}, so that there is one tree"
        )
    areas = area_table(file, profile, mapping)
    with lake.lock():
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
        )
        lake.replace("areas", areas, _about(file, imported_at, receipt))
    return receipt


def _about(file: Path, imported_at: pd.Timestamp, receipt: Receipt) -> dict[str, object]:
    return {
        "file": file.name,
        "imported_at": imported_at.isoformat(),
        "receipt": receipt.as_dict(),
    }
