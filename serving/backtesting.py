"""Use case: forecasts of the past in one file, for scorers who know nothing of Forewatch.

The file is described in docs/guides/backtest-file.md.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import pyarrow as pa
import pyarrow.parquet as pq

from features.clock import Clock
from forewatch.errors import BadQuestion
from models.base import Progress
from models.rolling import BacktestPlan
from models.rolling import backtest as frames
from serving.spans import instant
from serving.workspace import Workspace

_DAYS = re.compile(r"(\d+)\s*d?")
_WEEKS = re.compile(r"(\d+)\s*w")
_STEPS = {"1d": "day", "1h": "hour"}


@dataclass(frozen=True)
class Asked:
    """A backtest as a person writes it; see the options of `forewatch backtest`."""

    first_origin: str
    every: str
    folds: int
    horizon: str
    step: str
    levels: str


def backtest(
    workspace: Workspace, asked: Asked, out: Path, *, jobs: int | None, progress: Progress
) -> int:
    """Write the forecasts of every fold to a Parquet file and return the number of rows.

    The file appears when it is complete; a run that is cut short leaves none.
    """
    plan = BacktestPlan(
        first_origin=instant(Clock.of(workspace.profile), asked.first_origin),
        every_days=days("--every", asked.every),
        folds=asked.folds,
        horizon_days=days("--horizon", asked.horizon),
        step=cast("Literal['day', 'hour']", _STEPS[asked.step]),
        levels=tuple(name.strip() for name in asked.levels.split(",") if name.strip()) or None,
    )
    progress("reading the history", 0, 0)
    history = workspace.history()
    recipe = workspace.settings().training
    out.parent.mkdir(parents=True, exist_ok=True)
    half = out.with_name(f".{out.name}.{os.getpid()}")
    rows, writer = 0, None
    try:
        for frame in frames(
            history, recipe, plan, jobs=jobs or os.cpu_count() or 1, progress=progress
        ):
            table = pa.Table.from_pandas(frame, preserve_index=False)
            writer = writer or pq.ParquetWriter(half, table.schema, compression="zstd")
            writer.write_table(table.cast(writer.schema))
            rows += len(frame)
        if writer is None:
            raise BadQuestion("the backtest has no fold; ask for an earlier --first-origin")
        writer.close()
        half.replace(out)
    finally:
        half.unlink(missing_ok=True)
    return rows


def days(option: str, text: str) -> int:
    """Return the days that a text such as 42d or 6w means.

    >>> days("--every", "42d"), days("--every", "6w")
    (42, 42)
    """
    text = text.strip().lower()
    if found := _DAYS.fullmatch(text):
        number = int(found[1])
    elif found := _WEEKS.fullmatch(text):
        number = 7 * int(found[1])
    else:
        number = 0
    if number < 1:
        raise BadQuestion(f"{option} {text!r} is no number of days; write 42d or 6w")
    return number
