"""Accuracy on the Welsh counts at the published protocol: one backtest of the whole engine.

    python benchmarks/accuracy.py ../shared/data/wales-ambulance [--jobs 2] [--out rows.parquet]

Ten origins 42 days apart from 25 April 2018, 84 days ahead. Printed per level, for days 1-7 and
43-84: MAE over the mean absolute deviation of the series about its mean over all days, MSE, the
same of the honest baseline, and how often the 80 % interval held what happened.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from wales import wales

from features.asof import AsOf
from forewatch.history import History
from models.recipe import Recipe
from models.rolling import BacktestPlan, backtest

FIRST = pd.Timestamp("2018-04-26", tz="Europe/London")
BLOCKS = {"1-7": (0, 7), "43-84": (42, 84)}
KEYS = ["area", "call_type", "grade"]


def truth(history: History) -> pd.DataFrame:
    """Return counts by day and series of every level, indexed like the rows of a backtest."""
    counts = AsOf(history, history.observed_until).counts().astype(dict.fromkeys(KEYS, "str"))
    tree = history.tree
    days = pd.DatetimeIndex(pd.unique(counts["start"])).sort_values()
    frames = []
    for area in tree.ids:
        here = counts[counts["area"].isin(tree.leaves_of(area))]
        frames.append(here.assign(area=area, call_type="all", grade="all"))
        if area == tree.root:
            frames.append(here.assign(area=area, grade="all"))
    frames.append(counts)
    long = pd.concat(frames).groupby(["start", *KEYS])["count"].sum()
    return long.unstack(KEYS).reindex(days).fillna(0.0)  # noqa: PD010 - sparse keys, no pivot


def level(row: pd.DataFrame, history: History) -> pd.Series:
    """Return the name of the level of each row."""
    names = pd.Series("cell", index=row.index)
    names[row["grade"] != "all"] = "bottom"
    whole = (row["call_type"] == "all") & (row["grade"] == "all")
    names[whole] = row.loc[whole, "area"].map(history.tree.level)
    root = (row["area"] == history.tree.root) & (row["call_type"] != "all")
    names[root] = "call_type"
    return names


def main() -> None:
    """Run the backtest and print its scores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--retrain-every", type=int, default=0)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    history = wales(asked.folder)
    plan = BacktestPlan(
        first_origin=FIRST.to_pydatetime(),
        every_days=42,
        folds=asked.folds,
        horizon_days=84,
        levels=("nation", "control", "board", "call_type", "bottom"),
        retrain_every=asked.retrain_every,
    )
    began = time.perf_counter()
    made = []
    for frame in backtest(history, Recipe(), plan, jobs=asked.jobs):
        made.append(frame)
        print(frame["origin"].iloc[0], f"{time.perf_counter() - began:.0f} s", flush=True)
    rows = pd.concat(made, ignore_index=True)
    if asked.out:
        rows.to_parquet(asked.out)
    print(scores(rows, history).round(3).to_string())


def scores(rows: pd.DataFrame, history: History) -> pd.DataFrame:
    """Return the scores by level and block of days ahead."""
    wide = truth(history)
    deviation = (wide - wide.mean()).abs().mean()
    keys = pd.MultiIndex.from_frame(rows[KEYS])
    at = wide.index.get_indexer(pd.DatetimeIndex(rows["start"]))
    column = wide.columns.get_indexer(keys)
    known = column >= 0
    y = np.where(known, wide.to_numpy()[at, np.maximum(column, 0)], 0.0)
    rows = rows.assign(
        y=y,
        mad=np.where(known, deviation.to_numpy()[np.maximum(column, 0)], np.nan),
        lead=((rows["start"] - rows["origin"]) // pd.Timedelta(hours=23)).astype(int),
        level=level(rows, history),
    )
    found = []
    for name, (first, after) in BLOCKS.items():
        part = rows[(rows["lead"] >= first) & (rows["lead"] < after) & rows["mad"].notna()]
        for one, group in part.groupby("level"):
            error, plain = group["y"] - group["mean"], group["y"] - group["baseline"]
            scaled = error.abs().groupby([group[k] for k in KEYS]).mean()
            spread = group.groupby(KEYS)["mad"].first()
            base = plain.abs().groupby([group[k] for k in KEYS]).mean()
            inside = (group["y"] >= group["q10"]) & (group["y"] <= group["q90"])
            found.append(
                {
                    "level": one,
                    "days": name,
                    "mae/mad": (scaled / spread).mean(),
                    "baseline": (base / spread).mean(),
                    "mse": (error**2).mean(),
                    "baseline mse": (plain**2).mean(),
                    "inside 80 %": inside.mean(),
                }
            )
    return pd.DataFrame(found)


if __name__ == "__main__":
    main()
