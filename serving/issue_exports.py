"""Use case: a whole issue as files for other tools, in a folder or wherever files can be opened."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, Literal

import pandas as pd
from threadpoolctl import threadpool_limits

from forewatch import __version__
from forewatch.durable import whole_folder
from forewatch.errors import BadQuestion, NotExplained, SettingsError
from planning.tables import Column, Table
from serving.duty_records import duty_record
from serving.export_tables import OFFICERS, IssueExport, Stop, TableSource, table_sources
from serving.reach import Reach
from serving.workspace import Workspace
from serving.writers.table_blocks import BLOCK_WRITERS

ExportForm = Literal["csv", "parquet"]
MANIFEST = "manifest.json"
_FORMAT = 1  # of the manifest; it stands under the name that tells an export from other folders
_MARK = "forewatch_export"
OpenFile = Callable[[str], IO[bytes]]


@dataclass(frozen=True)
class ExportOrder:
    """What is exported, and where to.

    Args:
        out: the folder.
        form: of the files of tables.
        issue: its number; None: the latest.
        replaces: whether an earlier export may be replaced.
    """

    out: Path
    form: ExportForm = "csv"
    issue: int | None = None
    replaces: bool = False


def export_issue(workspace: Workspace, order: ExportOrder) -> str:
    """Write an issue into a folder, whole or not at all, and say what was written.

    Raises:
        SettingsError: if there is no such workspace, or the folder can't be written: it holds
            something, and isn't an earlier export that may be replaced.
        NoIssue, UnknownIssue, DamagedIssue: if there is no such issue.
    """
    workspace.stop_without_settings()
    _stop_at_other_folder(order)
    store, now = workspace.issues(), pd.Timestamp.now("UTC").as_unit("us")
    issue = store.latest() if order.issue is None else store.read(order.issue)
    record = duty_record(workspace.history(counted=False), now)
    export = IssueExport(issue, store.standing(issue.number), Reach(), now, record)
    try:
        # Sums over small tables gain nothing by several cores, which would wait for each other.
        with whole_folder(order.out, replaces=order.replaces) as beside, threadpool_limits(1):
            writer = ExportWriter(export, order.form, lambda name: (beside / name).open("wb"))
            for _ in writer.write():
                pass
    except OSError as error:
        raise SettingsError(
            f"{order.out} can't be written: {error.strerror or error}; give another folder"
        ) from error
    said = (
        f"wrote issue {issue.number} to {order.out}: {len(writer.tables)} tables with "
        f"{writer.rows:,} rows as {order.form}; {MANIFEST} says what is in them"
    )
    return "\n".join([said, *(f"left out: {n}: {why}" for n, why in writer.left_out.items())])


class ExportWriter:
    """Writes the files of an export, one after the other."""

    def __init__(self, export: IssueExport, form: ExportForm, open_file: OpenFile) -> None:
        """Remember what goes where; nothing is written yet.

        Args:
            export: what is exported, for whom.
            form: of the files of tables.
            open_file: gives a file of a name to write; one is open at a time.
        """
        self.tables: list[dict[str, Any]] = []
        self.left_out: dict[str, str] = {}
        self._export = export
        self._form: ExportForm = form
        self._open = open_file

    @property
    def rows(self) -> int:
        """How many rows the tables have that are written."""
        return sum(each["rows"] for each in self.tables)

    def write(self, stop: Stop = lambda: None) -> Generator[None]:
        """Write everything, the manifest last, and yield after each block of rows.

        Args:
            stop: called between blocks of rows; what it raises ends the work.
        """
        for source in table_sources(self._export):
            blocks = source.blocks(stop)
            try:
                first = next(blocks)
            except (BadQuestion, NotExplained, SettingsError) as error:
                self.left_out[source.name] = str(error)
                continue
            yield from self._table(source, first, chain([first], blocks))
        if self._export.record is None:
            self.left_out[OFFICERS] = "whoever asked may not see officers (scope rota:read)"
        with self._open(MANIFEST) as file:
            file.write(self._manifest())
        yield

    def _table(self, source: TableSource, first: Table, blocks: Iterator[Table]) -> Iterator[None]:
        rows, name = 0, f"{source.name}.{self._form}"
        with self._open(name) as file:
            for written in BLOCK_WRITERS[self._form](file, blocks):
                rows += written
                yield
        about = {"name": source.name, "file": name, "row": source.about, "rows": rows}
        self.tables.append(about | {"columns": [_column(each) for each in first.columns]})

    def _manifest(self) -> bytes:
        head = {_MARK: _FORMAT, "forewatch": __version__, "format": self._form}
        told = {"tables": self.tables, "left_out": self.left_out}
        text = json.dumps(head | self._export.about() | told, indent=1, ensure_ascii=False)
        return text.encode() + b"\n"


def _column(column: Column) -> dict[str, str]:
    told = {"instant": "instant, UTC", "date": "local date", "whole": "whole number"}
    kind = told.get(column.type, column.type)
    return {"name": column.name, "type": kind, "unit": column.unit, "meaning": column.meaning}


def _stop_at_other_folder(order: ExportOrder) -> None:
    """Raise SettingsError where something stands that an export must not take the place of."""
    out = order.out
    if not out.exists():
        return
    if not out.is_dir():
        raise SettingsError(f"{out} is a file; give the name of a folder that isn't there yet")
    if not any(out.iterdir()):
        return
    if not _is_export(out):
        raise SettingsError(
            f"{out} holds something that is no export of an issue; give another folder"
        )
    if not order.replaces:
        raise SettingsError(
            f"{out} holds an export already; give another folder, or --force to replace it"
        )


def _is_export(folder: Path) -> bool:
    try:
        return _MARK in json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, TypeError):
        return False
