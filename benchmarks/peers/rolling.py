"""One peer over all origins of a set, written as a backtest file."""

from __future__ import annotations

import argparse
import resource

import numpy as np
import pandas as pd

from benchmarks.peers.forecasters import QUANTILES, Asked, Made, peer
from benchmarks.peers.series import CASES, KEYS, Case


def written(asked: argparse.Namespace) -> dict[str, object]:
    """Forecast from every origin with one peer, write the file, and return what was done."""
    case = CASES[asked.case](asked.data)
    reading = resource.getrusage(resource.RUSAGE_SELF)
    counts = case.counts[asked.levels] if asked.levels else case.counts
    name = asked.peers[0]
    forecast = peer(name, asked.refit_every)
    made = []
    for origin in case.origins[: asked.folds]:
        past = counts.loc[: origin - pd.Timedelta(days=1)].set_axis(
            [f"{n:04d}" for n in range(counts.shape[1])], axis="columns"
        )
        until = origin + pd.Timedelta(days=case.horizon_days - 1)
        given = Asked(past, case.covariates.loc[past.index[0] : until], asked.jobs)
        made.append(rows_of(forecast(given), case, counts.columns, origin))
    rows = pd.concat(made, ignore_index=True)
    rows.to_parquet(asked.out / f"{asked.case}-{name}.parquet", index=False)
    return {
        "levels": list(dict.fromkeys(counts.columns.get_level_values("level"))),
        "series": counts.shape[1],
        "origins": len(made),
        "horizon_days": case.horizon_days,
        "rows": len(rows),
        "cpu_seconds_reading": round(reading.ru_utime + reading.ru_stime, 1),
        "peak_mib_reading": reading.ru_maxrss // 1024,
    }


def rows_of(made: Made, case: Case, series: pd.Index[str], origin: pd.Timestamp) -> pd.DataFrame:
    """Return the rows of one origin, series by series; forecasts below zero become zero."""
    if not (np.isfinite(made.mean).all() and np.isfinite(made.quantiles).all()):
        msg = f"a forecast from {origin:%Y-%m-%d} is not a number; leave that peer or series out"
        raise ValueError(msg)
    days = pd.date_range(origin, periods=case.horizon_days)
    rows = pd.DataFrame(
        {
            "origin": np.repeat(case.instants(days[:1]), len(days) * len(series)),
            "start": np.tile(case.instants(days), len(series)),
        }
    )
    for key in KEYS:
        rows[key] = np.repeat(series.get_level_values(key).to_numpy(dtype=object), len(days))
    rows["mean"] = np.maximum(made.mean, 0.0).T.ravel()
    levels = np.sort(np.maximum(made.quantiles, 0.0), axis=-1).swapaxes(0, 1)
    names = [f"q{round(100 * q):02d}" for q in QUANTILES]
    columns = pd.DataFrame(levels.reshape(-1, len(names)), columns=names)
    return pd.concat([rows, columns], axis="columns")
