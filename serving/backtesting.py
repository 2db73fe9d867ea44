"""Use case: forecasts of the past in one file, for scorers who know nothing of Forewatch.

The file is described in docs/guides/backtest-file.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from forewatch.clock import WEEK_DAYS, Clock
from forewatch.durable import whole_file
from forewatch.errors import BadQuestion
from forewatch.progress import Progress
from models.rolling import BacktestPlan, Interval
from models.rolling import backtest as frames
from models.subject import Subject
from serving.pooling import settle_pools
from serving.settings import complaints
from serving.spans import instant
from serving.workspace import Workspace

# Not pandas.Timedelta, to which 42d and 6w are out of date, 42 is nanoseconds, and "" is a span.
_SPAN = re.compile(r"(\d{1,5})\s*([dw]?)", re.ASCII)
_STEPS: dict[str, Interval] = {"1d": "day", "1h": "hour", "shift": "shift"}


@dataclass(frozen=True)
class BacktestRequest:
    """A backtest as a person writes it; see the options of `forewatch backtest`."""

    subject: Subject
    first_origin: str
    every: str
    folds: int
    horizon: str
    step: str
    retrain: str
    levels: str


def write_backtest(
    workspace: Workspace, asked: BacktestRequest, out: Path, *, jobs: int | None, progress: Progress
) -> int:
    """Write the forecasts of every fold to a Parquet file and return the number of rows.

    The file appears when it is complete; a run that is cut short leaves none.
    """
    plan = _plan(Clock.of(workspace.profile), asked)
    progress("reading the history", 0, 0)
    history = settle_pools(workspace)
    recipe = workspace.settings().recipe(asked.subject)
    jobs = jobs or os.cpu_count() or 1
    with whole_file(out) as beside:
        made = frames(asked.subject, history, recipe, plan, jobs=jobs, progress=progress)
        return _write_frames(made, beside)


def _plan(clock: Clock, asked: BacktestRequest) -> BacktestPlan:
    every_days = days("--every", asked.every)
    try:
        return BacktestPlan(
            first_origin=instant(clock, asked.first_origin),
            every_days=every_days,
            retrain_every=origins_between(asked.retrain, every_days),
            folds=asked.folds,
            horizon_days=days("--horizon", asked.horizon),
            step=_STEPS[asked.step],
            levels=tuple(name.strip() for name in asked.levels.split(",") if name.strip()) or None,
        )
    except ValidationError as error:
        said = "; ".join(complaints(error, BacktestPlan))
        raise BadQuestion(f"the backtest can't be run as asked: {said}") from error


def origins_between(retrain: str, every_days: int) -> int:
    """Return the origins from one whole training to the next, 0 for a single one.

    >>> origins_between("84d", 42), origins_between("never", 42)
    (2, 0)
    """
    if retrain.strip().lower() == "never":
        return 0
    return max(days("--retrain", retrain) // every_days, 1)


def _write_frames(made: Iterator[pd.DataFrame], path: Path) -> int:
    """Write frames one after the other, so that one at a time is held; return their rows."""
    first = _table(next(made))
    rows = len(first)
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for frame in made:
            writer.write_table(_table(frame).cast(first.schema))
            rows += len(frame)
    return rows


def _table(frame: pd.DataFrame) -> pa.Table:
    """Return the rows as plain columns: UTC instants, texts, numbers."""
    columns = {}
    for name, column in frame.items():
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            wall = column.dt.tz_convert(None).to_numpy("M8[us]")
            columns[name] = pa.array(wall).cast(pa.timestamp("us", tz="UTC"))
        elif isinstance(column.dtype, pd.CategoricalDtype):
            columns[name] = pa.array(column.astype("str"), pa.string())
        else:
            columns[name] = pa.array(column, from_pandas=True)
    return pa.table(columns)


def days(option: str, text: str) -> int:
    """Return the days that a text such as 42d or 6w means.

    >>> days("--every", "42d"), days("--every", "6w")
    (42, 42)
    """
    text = text.strip().lower()
    found = _SPAN.fullmatch(text)
    number = int(found[1]) * (WEEK_DAYS if found[2] == "w" else 1) if found else 0
    if number < 1:
        raise BadQuestion(f"{option} {text!r} is no number of days; write 42d or 6w")
    return number
