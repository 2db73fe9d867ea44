"""The lake: Delta tables on disk that hold everything a force has imported.

Every change of a table is one Delta commit: after a kill at any point the table reads as before or
as after, never half; files that no commit names are never read. A commit counts once it is flushed
to the disk and confirmed, with digests that every read checks (`sources.confirmed`). A file lock
lets one import at a time change a lake.
"""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
from deltalake import (
    CommitProperties,
    DeltaTable,
    PostCommitHookProperties,
    Schema,
    write_deltalake,
)
from deltalake.transaction import AddAction, create_table_with_add_actions
from pyarrow.dataset import ParquetReadOptions

from forewatch.durable import sync_files
from forewatch.errors import LakeBusy, SettingsError
from forewatch.locks import hold_lock
from forewatch.tables import COLUMNS, SHAPES
from sources.confirmed import (
    FOLDER,
    LOG,
    confirm,
    log_names,
    read_confirmed,
    remove_unused,
    take_back,
    verify,
)

TABLES = ("calls", *COLUMNS)
PARTITION = "month"
# The log says what each import observed and turned away; Delta would clear it away after 30 days.
_KEEP_THE_LOG = {"delta.enableExpiredLogCleanup": "false"}
_KEEP_ON_COMMIT = PostCommitHookProperties(cleanup_expired_logs=False)
_ABOUT = "forewatch"
_WRITERS = 2
# What delta-rs 1.6 (for ?: MLflow's address of SQLite) decodes, cuts or refuses in a path, tried
# sign by sign; %20 is read as a blank there.
_MISREAD = re.compile(r"%[0-9A-Fa-f]{2}|[\[\]\\^|?]")
_CLOCK_STEP_SECONDS = 2  # by which a file system may date a file too early
_OWNER_ONLY = 0o077  # taken from the modes of new files and folders
Mode = Literal["append", "overwrite"]


@dataclass
class Lake:
    """The Delta tables under one folder, each in the folder of its name.

    Args:
        root: the folder; it is made by the first write.
    """

    root: Path
    notes: list[str] = field(default_factory=list, init=False)  # what was found and mended
    _held: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse a path that the table library would take for another one.

        Raises:
            SettingsError: naming what in the path it would misread.
        """
        if found := _MISREAD.search(str(self.root.absolute())):
            raise SettingsError(
                f"the path of the workspace holds {found[0]!r}, which a library takes for "
                f"something else, so that another folder would be written: {self.root.absolute()}; "
                "rename the folder"
            )

    def names(self) -> tuple[str, ...]:
        """Return the tables that exist, in the order of TABLES."""
        return tuple(name for name in TABLES if self._delta(name) is not None)

    def table(self, name: str, columns: list[str] | None = None) -> pd.DataFrame | None:
        """Return a table as it stands, in the order it was written, or None if there is none.

        Instants are `datetime64[us, UTC]`, dates `datetime64[us]`, texts `str`; the partition
        column comes last.
        """
        found = self.arrow(name, columns)
        return None if found is None else found.to_pandas()

    def arrow(
        self, name: str, columns: list[str] | None = None, encoded: tuple[str, ...] = ()
    ) -> pa.Table | None:
        """Return a table as Arrow data, or None; columns named by *encoded* as dictionaries."""
        delta = self._delta(name)
        if delta is None:
            return None
        if (held := read_confirmed(self.root, name)) is not None:
            verify(self.root, name, held, _data_files(delta, self._folder(name)))
        options = ParquetReadOptions(dictionary_columns=set(encoded)) if encoded else None
        return delta.to_pyarrow_dataset(parquet_read_options=options).to_table(columns=columns)

    def column_names(self, name: str) -> tuple[str, ...]:
        """Return the columns of a table, () if there is none."""
        delta = self._delta(name)
        return () if delta is None else tuple(field.name for field in delta.schema().fields)

    def replace(self, name: str, frame: pd.DataFrame, about: dict[str, Any]) -> bool:
        """Put *frame* in the place of a table in one commit; False if it already reads so.

        Args:
            name: one of TABLES.
            frame: the whole new table; instants in UTC.
            about: JSON-able facts of the import, kept with the commit, see `imports`.
        """
        data = _arrow(frame)
        with self.lock():
            standing = self.arrow(name)
            if standing is not None and _same(standing, data):
                return False
            with self._commit(name, about):
                self._write(name, data, about, mode="overwrite")
        return True

    def append(self, name: str, data: pa.Table | pd.DataFrame, about: dict[str, Any]) -> None:
        """Add rows to a table; a column `month` partitions it.

        Columns that such a table lacks are added to it, unknown in the rows that it has.

        Args:
            name: one of TABLES.
            data: rows of the table's columns; no rows at all records *about* alone.
            about: JSON-able facts of the import, kept with the commit, see `imports`.
        """
        if isinstance(data, pd.DataFrame):
            data = _arrow(data)
        with self.lock(), self._commit(name, about):
            if PARTITION in data.column_names:
                self._write_months(name, data, about)
            else:
                self._write(name, data, about, mode="append")

    def imports(self, name: str) -> list[dict[str, Any]]:
        """Return what each commit of a table said about itself, oldest first."""
        delta = self._delta(name)
        if delta is None:
            return []
        # Not delta.history(): it also tells of commits after the version that is open, which
        # nothing confirms, under the numbers of those that are.
        log = self._folder(name) / LOG
        commits = (log / f"{version:020d}.json" for version in range(delta.version() + 1))
        lines = (line for each in commits for line in each.read_text("utf-8").splitlines())
        infos = (json.loads(line).get("commitInfo", {}) for line in lines)
        return [json.loads(info[_ABOUT]) for info in infos if _ABOUT in info]

    def version(self) -> str:
        """Return a text that is the same only while every table that forecasts know is the same."""
        found = {name: self._delta(name) for name in TABLES if name != SHAPES.name}
        return " ".join(
            f"{name}@{delta.version()}-{str(delta.metadata().id)[:8]}"
            for name, delta in found.items()
            if delta is not None
        )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lake for this process's changes; the same lake may be locked again inside.

        What is written meanwhile can be read by its owner only.

        Raises:
            LakeBusy: if another process is changing this lake.
        """
        if self._held:
            self._held += 1
            try:
                yield
            finally:
                self._held -= 1
            return
        mask = os.umask(_OWNER_ONLY)
        try:
            with ExitStack() as held:
                try:
                    held.enter_context(hold_lock(self.root / ".lock", waits=False))
                except BlockingIOError as error:
                    raise LakeBusy(
                        f"another import is changing {self.root.name}; wait until it has ended"
                    ) from error
                self._held = 1
                try:
                    self._mend()
                    yield
                finally:
                    self._held = 0
        finally:
            os.umask(mask)

    def verify(self) -> None:
        """Stop where a file of any table is not what was confirmed; DamagedHistory names it."""
        for name in TABLES:
            if (held := read_confirmed(self.root, name)) is not None:
                verify(self.root, name, held, held.files)

    def _delta(self, name: str) -> DeltaTable | None:
        """Return the table as it is confirmed, None if there is none."""
        folder = self._folder(name)
        held = read_confirmed(self.root, name)
        if held is not None:
            verify(self.root, name, held, log_names(held))
            return DeltaTable(folder, version=held.version)
        # a lake of before has tables that nothing confirms; the next import does
        is_of_before = not (self.root / FOLDER).is_dir()
        return DeltaTable(folder) if is_of_before and self._is_table(name) else None

    def _mend(self) -> None:
        """Take back what was never confirmed, and remove what nothing names; the lake is locked."""
        if not (self.root / FOLDER).is_dir():
            for name in TABLES:
                if self._is_table(name):
                    self._confirm(name, {})
            (self.root / FOLDER).mkdir(exist_ok=True)
            sync_files([], self.root)
            sync_files([], self.root.parent)
        for name in TABLES:
            if note := take_back(self.root, name):
                self.notes.append(note)
            remove_unused(self.root, name)

    def _confirm(self, name: str, about: dict[str, Any]) -> None:
        delta = DeltaTable(self._folder(name))
        files = _data_files(delta, self._folder(name))
        confirm(self.root, name, delta.version(), files, about)

    @contextmanager
    def _commit(self, name: str, about: dict[str, Any]) -> Iterator[None]:
        """Confirm the commit that the block makes; remove its files if it fails."""
        began = time.time() - _CLOCK_STEP_SECONDS
        try:
            yield
        except BaseException:
            remove_unused(self.root, name, since=began)
            raise
        self._confirm(name, about)

    def _write(self, name: str, data: pa.Table, about: dict[str, Any], mode: Mode) -> None:
        write_deltalake(
            self._folder(name),
            data.combine_chunks(),  # chunks are written side by side, in any order
            mode=mode,
            schema_mode="overwrite" if mode == "overwrite" else None,
            configuration=_KEEP_THE_LOG,
            commit_properties=_said(about),
            post_commithook_properties=_KEEP_ON_COMMIT,
        )

    def _write_months(self, name: str, data: pa.Table, about: dict[str, Any]) -> None:
        # deltalake's own writer takes four times as long over partitions (benchmarks/import_speed)
        folder = self._folder(name)
        files = _month_files(folder, data)
        schema = pa.schema([(f.name, _delta_type(f.type)) for f in data.schema])
        delta = self._delta(name)
        if delta is None:
            create_table_with_add_actions(
                str(folder), Schema.from_arrow(schema), files, mode="error",
                partition_by=[PARTITION], configuration=_KEEP_THE_LOG,
                commit_properties=_said(about), post_commithook_properties=_KEEP_ON_COMMIT,
            )  # fmt: skip
        else:
            known = {each.name for each in delta.schema().fields}
            if lacking := [f for f in Schema.from_arrow(schema).fields if f.name not in known]:
                delta.alter.add_columns(lacking, post_commithook_properties=_KEEP_ON_COMMIT)
            delta.create_write_transaction(
                [*files], "append", Schema.from_arrow(schema), [PARTITION],
                commit_properties=_said(about), post_commithook_properties=_KEEP_ON_COMMIT,
            )  # fmt: skip

    def _folder(self, name: str) -> Path:
        if name not in TABLES:
            raise ValueError(f"no table {name!r}; the tables are {', '.join(TABLES)}")
        return self.root / name

    def _is_table(self, name: str) -> bool:
        return (self.root / name).is_dir() and DeltaTable.is_deltatable(str(self._folder(name)))


def _data_files(delta: DeltaTable, folder: Path) -> list[str]:
    """Return the paths of a table's data files, below its folder."""
    paths = delta.get_add_actions(flatten=True).column("path").to_pylist()
    return [unquote(path) if not (folder / path).exists() else path for path in paths]


def _said(about: dict[str, Any]) -> CommitProperties:
    return CommitProperties(custom_metadata={_ABOUT: json.dumps(about)})


def _month_files(folder: Path, data: pa.Table) -> list[AddAction]:
    """Write one Parquet file a month; until a commit names them, nobody reads them."""
    month = pc.dictionary_encode(data.column(PARTITION)).unify_dictionaries()
    rows = data.drop_columns([PARTITION])
    chunks = [c.indices.to_numpy(zero_copy_only=False) for c in month.chunks]
    code = np.concatenate(chunks) if chunks else np.empty(0, np.int32)
    names = month.chunk(0).dictionary.to_pylist() if month.num_chunks else []

    # a log in order of time has its months one after the other, and none has to be picked out
    first = np.searchsorted(code, np.arange(len(names) + 1)) if (np.diff(code) >= 0).all() else None

    def of_month(i: int) -> pa.Table:
        if first is None:
            return rows.take(pa.array(np.flatnonzero(code == i)))
        return rows.slice(first[i], first[i + 1] - first[i])

    def written(i: int) -> AddAction:
        return _month_file(folder, names[i], of_month(i))

    with ThreadPoolExecutor(_WRITERS) as pool:
        return list(pool.map(written, np.unique(code).tolist()))


def _month_file(folder: Path, month: str, rows: pa.Table) -> AddAction:
    path = f"{PARTITION}={month}/part-{uuid.uuid4()}.parquet"
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    instants = [f.name for f in rows.schema if pa.types.is_timestamp(f.type)]
    pyarrow.parquet.write_table(
        rows,
        file,
        compression="zstd",
        use_dictionary=[f.name for f in rows.schema if pa.types.is_string(_delta_type(f.type))],
        column_encoding=dict.fromkeys(instants, "DELTA_BINARY_PACKED"),
    )
    status = file.stat()
    stats = json.dumps({"numRecords": rows.num_rows})
    return AddAction(
        path=path,
        size=status.st_size,
        partition_values={PARTITION: month},
        modification_time=int(status.st_mtime * 1000),
        data_change=True,
        stats=stats,
    )


def _delta_type(kind: pa.DataType) -> pa.DataType:
    """Return the type in which Delta knows a column."""
    return _delta_type(kind.value_type) if pa.types.is_dictionary(kind) else kind


def _same(standing: pa.Table, data: pa.Table) -> bool:
    alike = standing.column_names == data.column_names and standing.num_rows == data.num_rows
    return alike and bool(standing.equals(data.cast(standing.schema)))


def _arrow(frame: pd.DataFrame) -> pa.Table:
    """Return a frame's columns as Arrow data; instants with a zone as UTC microseconds."""
    return pa.table({str(name): _arrow_column(frame[name]) for name in frame})


def _arrow_column(column: pd.Series[Any]) -> pa.Array:
    # Arrow 25 takes zoned instants by a road that pandas 3.1 has deprecated.
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        naive = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        return pa.array(naive, type=pa.timestamp("us"), from_pandas=True).cast(
            pa.timestamp("us", "UTC")
        )
    return pa.array(column, from_pandas=True)
