"""A backtest file as arrays, and the contenders that are scored on its rows.

The format is that of docs/guides/backtest-file.md; rows may come in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.accuracy.truth import Series
from forewatch.arrays import Index
from forewatch.clock import Clock
from models.rolling import QUANTILE_COLUMNS

Array = NDArray[np.float32]
_KEYS = ["area", "call_type", "grade"]
_ROWS = 500_000  # of a batch; bounds memory


@dataclass(frozen=True)
class Contender:
    """One forecast of every target.

    Args:
        name: as it is printed.
        mean: shape (targets, series); NaN where it says nothing.
        quantiles: at 0.05 … 0.95, shape (targets, series, 19); None: a number without a spread.
    """

    name: str
    mean: Array
    quantiles: Array | None


@dataclass(frozen=True)
class Targets:
    """What was forecast: one interval from one origin.

    Args:
        origin: number of the origin; origins: their instants, ascending.
        starts: instants (UTC) at which the intervals begin.
        lead_day: day ahead, from 1, by force-day.
        series: area, call type, grade of the columns.
    """

    origin: Index
    origins: pd.DatetimeIndex
    starts: pd.DatetimeIndex
    lead_day: Index
    series: tuple[Series, ...]


def targets_of(file: Path, clock: Clock) -> Targets:
    """Return the targets of a backtest file, ascending by origin and start."""
    pairs, series = set[tuple[pd.Timestamp, pd.Timestamp]](), dict[Series, None]()
    for batch in pq.ParquetFile(file).iter_batches(_ROWS, columns=["origin", "start", *_KEYS]):
        frame = batch.to_pandas()
        unique = frame[["origin", "start"]].drop_duplicates()
        pairs.update(zip(unique["origin"], unique["start"], strict=True))
        keys = frame[_KEYS].drop_duplicates()
        series |= dict.fromkeys(keys.itertuples(index=False, name=None))
    origin, start = zip(*sorted(pairs), strict=True)
    starts, at = pd.DatetimeIndex(start).as_unit("us"), pd.DatetimeIndex(origin).as_unit("us")
    origins, number = pd.DatetimeIndex(at.unique()), at.unique().get_indexer(at)
    first = pd.DatetimeIndex([clock.first_day_from(one) for one in origins])
    lead = (clock.force_day(starts) - first[number]).days.to_numpy() + 1
    return Targets(number.astype(np.int64), origins, starts, lead, tuple(series))


def read(file: Path, name: str, targets: Targets) -> dict[str, Contender]:
    """Return the contenders of a file: its own forecast and, if it has one, its baseline.

    Rows that are none of the targets are left out; targets that the file lacks are NaN.
    """
    shape = (len(targets.starts), len(targets.series))
    parquet = pq.ParquetFile(file)
    mean, quantiles = np.full(shape, np.nan, np.float32), np.full((*shape, 19), np.nan, np.float32)
    has_baseline = "baseline" in parquet.schema_arrow.names
    baseline = np.full(shape if has_baseline else (0, 0), np.nan, np.float32)
    rows = pd.MultiIndex.from_arrays([targets.origins[targets.origin], targets.starts])
    columns = pd.MultiIndex.from_tuples(targets.series)
    for batch in parquet.iter_batches(_ROWS):
        row, column = _codes(batch, ["origin", "start"], rows), _codes(batch, _KEYS, columns)
        known = (row >= 0) & (column >= 0)
        row, column = row[known], column[known]
        mean[row, column] = batch["mean"].to_numpy(zero_copy_only=False)[known]
        for k, level in enumerate(QUANTILE_COLUMNS):
            quantiles[row, column, k] = batch[level].to_numpy(zero_copy_only=False)[known]
        if has_baseline:
            baseline[row, column] = batch["baseline"].to_numpy(zero_copy_only=False)[known]
    found = {name: Contender(name, mean, quantiles)}
    if has_baseline:
        found["baseline"] = Contender("baseline", baseline, None)
    return found


def _codes(batch: pa.RecordBatch, names: list[str], wanted: pd.MultiIndex) -> Index:
    """Return the number of each row's key among the wanted; -1 if it is none of them."""
    frame = batch.select(names).to_pandas()
    if names != _KEYS:
        frame = frame.astype("datetime64[us, UTC]")
    groups = frame.groupby(names, sort=False, observed=True)
    unique = pd.MultiIndex.from_frame(frame.drop_duplicates())
    found: Index = wanted.get_indexer(unique)[groups.ngroup().to_numpy()]
    return found
