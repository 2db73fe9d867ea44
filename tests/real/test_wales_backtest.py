"""The Welsh counts, in three dimensions, through `import counts` and `backtest`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.slow
ORIGIN = "2018-04-26"


@pytest.fixture(scope="module")
def counted(real_data: Path) -> pd.DataFrame:
    """Incidents by day and board, as pandas sums the file; an absent cell is zero."""
    rows = pd.read_csv(real_data / "wales-ambulance" / "counts.csv.gz", parse_dates=["date"])
    return rows.pivot_table(index="date", columns="area", values="count", aggfunc="sum").fillna(0)


@pytest.fixture(scope="module")
def rows(real_data: Path, workspace_of: Any) -> pd.DataFrame:
    folder, run = workspace_of("wales-ambulance")
    data = real_data / "wales-ambulance"
    run("import", "areas", folder / "areas.csv")
    run("import", "holidays", data / "holidays.csv", "--mapping", folder / "holidays.toml")
    run("import", "counts", data / "counts.csv.gz", "--mapping", folder / "counts.toml")
    run("check")
    out = folder / "backtest.parquet"
    run(
        *("backtest", "--first-origin", ORIGIN, "--every", "42d", "--folds", "2"),
        *("--horizon", "28d", "--step", "1d", "--jobs", "1", "--out", out),
        *("--levels", "total,control_area,board,bottom"),
    )
    return pd.read_parquet(out)


def test_every_level_is_written_and_adds_up(rows: pd.DataFrame) -> None:
    assert rows["origin"].nunique() == 2
    whole = rows[(rows["call_type"] == "all") & (rows["grade"] == "all")]
    by_area = whole.pivot_table(index=["origin", "start"], columns="area", values="mean")
    boards = by_area[
        [name for name in by_area if name in {"ab", "bc", "ctm", "cv", "hd", "pow", "sb"}]
    ]
    assert boards.shape == (56, 7)
    total = by_area[[name for name in by_area if name not in boards]].max(axis=1)
    assert boards.sum(axis=1).to_numpy() == pytest.approx(total.to_numpy(), rel=1e-6)
    bottom = rows[(rows["call_type"] != "all") & (rows["grade"] != "all")]
    summed = bottom.groupby(["origin", "start"])["mean"].sum()
    assert summed.to_numpy() == pytest.approx(total.to_numpy(), rel=1e-6)


def test_the_total_beats_the_mean_of_eight_weeks(rows: pd.DataFrame, counted: pd.DataFrame) -> None:
    whole = rows[(rows["call_type"] == "all") & (rows["grade"] == "all")]
    total = whole.loc[whole.groupby(["origin", "start"])["mean"].idxmax()]
    day = total["start"].dt.tz_convert("Europe/London").dt.tz_localize(None).dt.normalize()
    truth = counted.sum(axis=1).reindex(day).to_numpy()
    ours = np.abs(total["mean"].to_numpy() - truth).mean()
    plain = np.abs(total["baseline"].to_numpy() - truth).mean()
    assert ours < plain
