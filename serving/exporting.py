"""Use case: the counts of the history as a file, for anybody to count again."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from forewatch.clock import Clock, instants_us
from forewatch.durable import OWNER_ONLY, whole_file
from forewatch.errors import SettingsError
from serving.spans import instant
from serving.workspace import Workspace
from sources.ledger_cells import LedgerCells, ledger_cells

_SCHEMA = pa.schema(
    [
        ("start", pa.timestamp("us", "UTC")),
        ("force_day", pa.date32()),
        ("area", pa.string()),
        ("call_type", pa.string()),
        ("grade", pa.string()),
        ("count", pa.int64()),
        ("observed", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class ExportQuery:
    """What to export.

    Args:
        by: "hour" or "day".
        out: the file; its name says how it is written: .csv, .csv.gz or .parquet.
        start: the first instant, as a person writes it; None: the beginning of what was observed.
        end: the last, not in it; None: the end of what was observed.
        zeros: whether cells without a call are rows too.
        replaces: whether a file of that name may be replaced.
    """

    by: Literal["hour", "day"]
    out: Path
    start: str | None = None
    end: str | None = None
    zeros: bool = False
    replaces: bool = False


def export_counts(workspace: Workspace, wanted: ExportQuery) -> str:
    """Write the counts of the history, and say in a sentence or two what was written.

    Raises:
        SettingsError: if the file is there already, has a name of no known kind, can't be written,
            or would have too many rows.
        BadQuestion: if the span or the interval can't be had.
    """
    write = _writer(wanted.out)
    if wanted.out.exists() and not wanted.replaces:
        raise SettingsError(
            f"{wanted.out} is there already; give another name, or --force to replace it"
        )
    history, clock = workspace.history(), Clock.of(workspace.profile)
    start, end = (instant(clock, t) if t else None for t in (wanted.start, wanted.end))
    cells = ledger_cells(history, wanted.by, start, end, zeros=wanted.zeros)
    cells.stop_if_too_many()
    try:
        with whole_file(wanted.out, OWNER_ONLY) as beside:
            write(beside, cells)
    except OSError as error:
        raise SettingsError(
            f"{wanted.out} can't be written: {error.strerror}; give another place"
        ) from error
    said = f"wrote {cells.rows:,} rows with {cells.calls:,} calls to {wanted.out}"
    if cells.calls_left_out:
        said += (
            f"\n{cells.calls_left_out:,} calls are not in it: they were recorded in {wanted.by}s "
            "that are declared unobserved, in whole or in part"
        )
    return said


def _writer(out: Path) -> Callable[[Path, LedgerCells], None]:
    """Return how a file of this name is written."""
    name = out.name.lower()
    for ending, write in ((".csv", _csv), (".csv.gz", _csv_gz), (".parquet", _parquet)):
        if name.endswith(ending):
            return write
    raise SettingsError(f"{out.name} has no known ending; end it with .csv, .csv.gz or .parquet")


def _csv(path: Path, cells: LedgerCells) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        for text in _csv_texts(cells):
            file.write(text)


def _csv_gz(path: Path, cells: LedgerCells) -> None:
    with ExitStack() as stack:
        raw = stack.enter_context(path.open("wb"))
        # Without a name and a time in its head the same counts make the same file.
        packed = stack.enter_context(gzip.GzipFile("", "wb", fileobj=raw, mtime=0))
        file = stack.enter_context(TextIOWrapper(packed, encoding="utf-8", newline=""))
        for text in _csv_texts(cells):
            file.write(text)


def _csv_texts(cells: LedgerCells) -> Iterator[str]:
    for number, frame in enumerate(cells.frames()):
        starts = pd.DatetimeIndex(frame["start"])
        shown = frame.assign(
            start=_instant_texts(starts, "%Y-%m-%dT%H:%M:%SZ"),
            force_day=_instant_texts(pd.DatetimeIndex(frame["force_day"]), "%Y-%m-%d"),
            observed=frame["observed"].map({True: "true", False: "false"}),
        )
        yield shown.to_csv(index=False, header=number == 0, lineterminator="\n")


def _instant_texts(instants: pd.DatetimeIndex, form: str) -> pd.Categorical[str]:
    """Return instants as text; each is spelt once, however many rows it has."""
    codes, each = pd.factorize(instants)
    return pd.Categorical.from_codes(codes, pd.DatetimeIndex(each).strftime(form))


def _parquet(path: Path, cells: LedgerCells) -> None:
    with parquet.ParquetWriter(path, _SCHEMA) as file:
        for frame in cells.frames():
            file.write_table(_arrow(frame))


def _arrow(frame: pd.DataFrame) -> pa.Table:
    columns = {
        "start": pa.array(instants_us(pd.DatetimeIndex(frame["start"]))),
        "force_day": pa.array(frame["force_day"].to_numpy("datetime64[D]")),
        "count": pa.array(frame["count"].fillna(0).to_numpy("int64"), mask=frame["count"].isna()),
        "observed": pa.array(frame["observed"].to_numpy()),
    }
    for name in ("area", "call_type", "grade"):
        codes = frame[name].cat.codes.to_numpy("int32")
        known = pa.array(frame[name].cat.categories.to_list(), pa.string())
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), known)
    return pa.table(
        [columns[name].cast(_SCHEMA.field(name).type) for name in _SCHEMA.names], _SCHEMA
    )
