"""The published protocol by hand: the root per fold, then the mean over folds."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy.forecasts import Contender, Targets
from benchmarks.accuracy.scoring import Case
from benchmarks.accuracy.southwest import PUBLISHED, tables


def test_the_root_is_taken_fold_by_fold() -> None:
    days = 84
    lead = np.tile(np.arange(1, days + 1), 2)
    origin = np.repeat([0, 1], days)
    starts = pd.DatetimeIndex(
        np.concatenate([pd.date_range(f"2019-01-0{k}", periods=days) for k in (1, 8)])
    ).tz_localize("UTC")
    error = np.where(origin == 0, 3.0, 5.0) * np.where(lead <= 7, 1, 2)
    series = (("trust", "all", "all"), ("somerset", "all", "all"))
    counts = np.stack([error * 100, error], axis=1)
    zero = Contender("ours", np.zeros(counts.shape, "f4"), None)
    targets = Targets(origin, starts[[0, days]], starts, lead, series)
    level = ("trust", "county")
    [table] = tables(Case(targets, counts, (zero,), level, np.ones(2)))
    rows = table.rows.set_index("county")
    assert list(rows.index) == ["somerset", "mean of 7"]
    found = [float(rows[name].iloc[0]) for name in ("rmse 7", "rmse 84", "÷ 84")]
    far = (np.sqrt((7 * 9 + 77 * 36) / 84) + np.sqrt((7 * 25 + 77 * 100) / 84)) / 2
    assert found == pytest.approx([(3 + 5) / 2, far, far / PUBLISHED["somerset"][2]], abs=1e-3)
