"""The South West's published protocol: root mean squared error over days 1–h, fold by fold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.accuracy.calibration import inside
from benchmarks.accuracy.scoring import Case
from benchmarks.accuracy.tables import Table

HORIZONS = (7, 28, 84)
# Mean over 41 folds of the best published forecast: RMSE over days 1–7, 1–28, 1–84, and coverage of
# its central 80 % interval over days 1–84. Source: ../shared/benchmarks/anchors.json.
PUBLISHED = {
    "bnssg": (23.297, 24.473, 26.199, 0.845),
    "cornwall": (14.751, 15.230, 15.682, 0.854),
    "devon": (23.571, 24.326, 25.053, 0.857),
    "dorset": (16.427, 17.108, 18.085, 0.869),
    "gloucestershire": (12.125, 12.423, 12.553, 0.837),
    "somerset": (13.608, 14.337, 15.386, 0.796),
    "wiltshire": (16.238, 17.349, 18.505, 0.842),
}


def tables(case: Case) -> list[Table]:
    """Return one table a contender: RMSE by county and horizon ÷ published, and coverage."""
    found = []
    for number, contender in enumerate(case.contenders):
        rows = pd.DataFrame(
            [
                _row(case, number, i)
                for i, key in enumerate(case.targets.series)
                if key[0] in PUBLISHED
            ]
        )
        mean = rows.drop(columns="county").mean().to_frame().T.assign(county="mean of 7")
        printed = pd.concat([rows, mean]).map(lambda x: x if isinstance(x, str) else f"{x:.3f}")
        title = (
            f"{contender.name}: RMSE over days 1–h by fold, mean over {len(case.targets.origins)} "
            "folds (published: equal mean of Prophet and regression with ARIMA errors)"
        )
        found.append(Table(title, printed))
    return found


def _row(case: Case, number: int, series: int) -> dict[str, str | float]:
    county = case.targets.series[series][0]
    contender = case.contenders[number]
    error = case.counts[:, series] - contender.mean[:, series]
    row: dict[str, str | float] = {"county": county}
    for k, horizon in enumerate(HORIZONS):
        near = case.targets.lead_day <= horizon
        squares = pd.Series(error[near] ** 2).groupby(case.targets.origin[near]).mean()
        rmse = float(np.sqrt(squares).mean())
        row |= {f"rmse {horizon}": rmse, f"÷ {horizon}": rmse / PUBLISHED[county][k]}
    if contender.quantiles is not None:
        held = inside(contender.quantiles[:, series].astype(float), case.counts[:, series], 0.8)
        row |= {"cover80": float(np.nanmean(held)), "published cover80": PUBLISHED[county][3]}
    return row
