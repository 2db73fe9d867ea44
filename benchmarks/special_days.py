"""SARIMA on special and other days of a workspace, by size of the series.

    python -m benchmarks.special_days WORKSPACE UNTIL FOLDS

It is fitted at every third of so many origins, 28 days apart, the last of them 28 days before UNTIL
(a date; "end": that of the counts), and looks 84 days ahead. Printed by calls a day over the last 8
weeks, for special days and others: the mean absolute error ÷ level, the mean square error ÷ level
(1 is Poisson), and how many days of series those are. What SARIMA leaves out is not counted.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.panel import Panel, panel
from forewatch.arrays import Array
from forewatch.history import History
from models.origins import counts_on_days
from models.sarima import Sarima
from serving.workspace import Workspace

_EVERY_DAYS, _AHEAD, _FIT_EVERY, _RECENT_DAYS = 28, 84, 3, 56
_SIZES = (0.0, 10.0, 30.0, 100.0, np.inf)


def forecasts(history: History, until: pd.Timestamp, folds: int) -> Iterator[tuple[Panel, Array]]:
    """Yield the panel and the forecast of each origin, ascending."""
    view = AsOf(history, until)
    last = panel(view, 1).horizon[0]
    member = Sarima()
    for k in range(folds):
        first = last - pd.Timedelta(days=_EVERY_DAYS * (folds - k))
        seen = panel(view.at(view.clock.day_start(first)), _AHEAD)
        if k % _FIT_EVERY == 0:
            member = Sarima().fit(seen)
        yield seen, member.predict(seen)


def rows(history: History, until: pd.Timestamp, folds: int) -> pd.DataFrame:
    """Return one row a day and series that is forecast: size, special, error, square."""
    now, found = panel(AsOf(history, until), 1), []
    for seen, predicted in forecasts(history, until, folds):
        level = np.nanmean(seen.counts[-_RECENT_DAYS:], axis=0)
        error = predicted - counts_on_days(now, seen.horizon)
        special = np.zeros(_AHEAD, bool) if seen.special_ahead is None else seen.special_ahead
        shape = error.shape
        found.append(
            pd.DataFrame(
                {
                    "size": np.broadcast_to(level, shape).ravel(),
                    "special": np.broadcast_to(special[:, None], shape).ravel(),
                    "error": np.abs(error / level).ravel(),
                    "square": (error**2 / level).ravel(),
                }
            )
        )
    return pd.concat(found).dropna()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("until")
    parser.add_argument("folds", type=int)
    asked = parser.parse_args()
    history = Workspace(asked.workspace).history()
    end = history.observed_until if asked.until == "end" else pd.Timestamp(asked.until, tz="UTC")
    found = rows(history, end, asked.folds)
    size = pd.cut(found["size"], list(_SIZES), right=False)
    table = found.groupby([size, "special"], observed=True)[["error", "square"]]
    print(table.mean().assign(days=table.size()).round(4).to_string())


if __name__ == "__main__":
    main()
