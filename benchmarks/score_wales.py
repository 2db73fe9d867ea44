"""Scores a backtest file of the Welsh counts with nothing but pandas.

    python benchmarks/score_wales.py backtest.parquet ../shared/data/wales-ambulance/counts.csv.gz

Printed per level, for days 1-7 and 43-84: mean absolute error ÷ mean absolute deviation of the
series about its mean over all days (the published scale), mean squared error, the same of the
8-week mean, and how often the interval from q10 to q90 held what happened (both ends included).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

CONTROL = {"bc": "north", "hd": "central", "pow": "central", "sb": "central"}
CONTROL |= dict.fromkeys(("ab", "ctm", "cv"), "south")
GRADE = {"RED": "immediate", "AMBER": "priority", "GREEN": "routine"}
BLOCKS = {"1-7": (1, 7), "43-84": (43, 84)}
KEYS = ["area", "call_type", "grade"]


def truth(file: Path) -> pd.DataFrame:
    """Return counts by day and series of every level; an absent cell is zero."""
    raw = pd.read_csv(file, parse_dates=["date"])
    cells = pd.DataFrame(
        {
            "date": raw["date"],
            "area": raw["area"].str.lower(),
            "call_type": raw["category"].str.lower().str.replace(r"[^a-z0-9]+", "-", regex=True),
            "grade": raw["priority"].map(GRADE),
            "count": raw["count"],
        }
    )
    cells["call_type"] = cells["call_type"].str.strip("-")
    boards = cells.assign(call_type="all", grade="all")
    control = boards.assign(area=boards["area"].map(CONTROL))
    levels = {
        "total": boards.assign(area="wales"),
        "control": control,
        "boards": boards,
        "bottom": cells,
    }
    named = pd.concat(frame.assign(level=name) for name, frame in levels.items())
    wide = named.pivot_table(
        index="date", columns=["level", *KEYS], values="count", aggfunc="sum", fill_value=0
    )
    return wide.reindex(pd.date_range(wide.index[0], wide.index[-1]), fill_value=0)


def main() -> None:
    """Join, score, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("backtest", type=Path)
    parser.add_argument("counts", type=Path)
    asked = parser.parse_args()
    counts = truth(asked.counts)
    deviation = (counts - counts.mean()).abs().mean().rename("mad").reset_index()
    long = counts.rename_axis("date").melt(ignore_index=False, value_name="y").reset_index()
    rows = pd.read_parquet(asked.backtest).astype(dict.fromkeys(KEYS, "str"))
    for name in ("start", "origin"):
        rows[name] = rows[name].dt.tz_convert("Europe/London").dt.tz_localize(None)
    rows["date"] = rows["start"].dt.normalize()
    rows["lead"] = (rows["date"] - rows["origin"].dt.normalize()).dt.days + 1
    scored = rows.merge(long, on=["date", *KEYS]).merge(deviation, on=["level", *KEYS])
    found = []
    for block, (first, last) in BLOCKS.items():
        part = scored[scored["lead"].between(first, last)]
        part = part.assign(
            ours=(part["y"] - part["mean"]).abs() / part["mad"],
            weeks8=(part["y"] - part["baseline"]).abs() / part["mad"],
            mse=(part["y"] - part["mean"]) ** 2,
            weeks8_mse=(part["y"] - part["baseline"]) ** 2,
            inside=part["y"].between(part["q10"], part["q90"]).astype(float),
        )
        names = ["ours", "weeks8", "mse", "weeks8_mse", "inside"]
        means = part.groupby("level", sort=False)[names].mean().reindex(list(levels_of(part)))
        found.append(means.assign(days=block))
    print(pd.concat(found).round(3).to_string())


def levels_of(part: pd.DataFrame) -> list[str]:
    """Return the levels that a part has, from the top down."""
    return [
        name for name in ("total", "control", "boards", "bottom") if (part["level"] == name).any()
    ]


if __name__ == "__main__":
    main()
