"""The lake: Delta tables on disk that hold everything a force has imported.

Every change of a table is one Delta commit: after a kill at any point the table reads as before or
as after, never half; files that no commit names are never read. A file lock lets one import at a
time change a lake.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, write_deltalake
from pyarrow.dataset import ParquetReadOptions

from forewatch.errors import LakeBusy

TABLES = ("calls", "counts", "tourism", "events", "holidays", "unobserved", "areas")
PARTITION = "month"
# The log says what each import observed and turned away; Delta would clear it away after 30 days.
_KEEP_THE_LOG = {"delta.enableExpiredLogCleanup": "false"}
_KEEP_ON_COMMIT = PostCommitHookProperties(cleanup_expired_logs=False)
_ABOUT = "forewatch"
Mode = Literal["append", "overwrite"]


@dataclass
class Lake:
    """The Delta tables under one folder, each in the folder of its name.

    Args:
        root: the folder; it is made by the first write.
    """

    root: Path
    _held: int = field(default=0, init=False, repr=False)

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
        options = ParquetReadOptions(dictionary_columns=set(encoded)) if encoded else None
        return delta.to_pyarrow_dataset(parquet_read_options=options).to_table(columns=columns)

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
            self._write(name, data, about, mode="overwrite")
        return True

    def append(self, name: str, data: pa.Table | pd.DataFrame, about: dict[str, Any]) -> None:
        """Add rows to a table in one commit; a column `month` partitions it.

        Args:
            name: one of TABLES.
            data: rows of the table's columns; no rows at all records *about* alone.
            about: JSON-able facts of the import, kept with the commit, see `imports`.
        """
        if isinstance(data, pd.DataFrame):
            data = _arrow(data)
        with self.lock():
            self._write(name, data, about, mode="append")

    def imports(self, name: str) -> list[dict[str, Any]]:
        """Return what each commit of a table said about itself, oldest first."""
        delta = self._delta(name)
        if delta is None:
            return []
        commits = [entry for entry in delta.history() if _ABOUT in entry]
        return [json.loads(entry[_ABOUT]) for entry in reversed(commits)]

    def version(self) -> str:
        """Return a text that is the same only while every table is the same."""
        found = {name: self._delta(name) for name in TABLES}
        return " ".join(
            f"{name}@{delta.version()}-{str(delta.metadata().id)[:8]}"
            for name, delta in found.items()
            if delta is not None
        )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lake for this process's changes; the same lake may be locked again inside.

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
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LakeBusy(
                    f"another import is changing {self.root.name}; wait until it has ended"
                ) from error
            self._held = 1
            try:
                yield
            finally:
                self._held = 0

    def _delta(self, name: str) -> DeltaTable | None:
        if name not in TABLES:
            raise ValueError(f"no table {name!r}; the tables are {', '.join(TABLES)}")
        folder = self.root / name
        return DeltaTable(folder) if DeltaTable.is_deltatable(str(folder)) else None

    def _write(self, name: str, data: pa.Table, about: dict[str, Any], mode: Mode) -> None:
        if name not in TABLES:
            raise ValueError(f"no table {name!r}; the tables are {', '.join(TABLES)}")
        partitioned = mode == "append" and PARTITION in data.column_names
        write_deltalake(
            self.root / name,
            data,
            mode=mode,
            schema_mode="overwrite" if mode == "overwrite" else None,
            partition_by=[PARTITION] if partitioned else None,
            configuration=_KEEP_THE_LOG,
            commit_properties=CommitProperties(custom_metadata={_ABOUT: json.dumps(about)}),
            post_commithook_properties=_KEEP_ON_COMMIT,
        )


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
