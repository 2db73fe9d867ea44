import numpy as np
import pandas as pd
import pytest

from benchmarks.peers import series
from benchmarks.peers.forecasters import QUANTILES, Asked, Made, _through
from benchmarks.peers.rolling import rows_of

DAYS = pd.date_range("2026-03-23", periods=10)  # from a Monday


def asked(counts: list[float]) -> Asked:
    past = pd.DataFrame({"0": counts}, index=DAYS[: len(counts)])
    return Asked(past, pd.DataFrame({"holiday": 0.0}, index=DAYS), jobs=1)


def test_a_missing_day_takes_the_count_of_a_week_before_else_of_a_week_later() -> None:
    gap = float("nan")
    filled = asked([gap, 2, 3, 4, 5, 6, 7, 8, gap]).filled()["0"]
    assert filled.tolist() == [8, 2, 3, 4, 5, 6, 7, 8, 2]


def test_the_horizon_is_what_the_covariates_reach_beyond_the_past() -> None:
    assert asked([1.0] * 7).horizon == 3


def test_quantiles_are_drawn_through_the_known_ones_and_beyond() -> None:
    known, wanted = np.array([0.0, 1.0, 3.0]), np.array([-1.0, 0.5, 1.0, 2.0, 4.0])
    values = np.array([[10.0, 20.0, 24.0]])
    assert _through(known, wanted, values).tolist() == [[0.0, 15.0, 20.0, 22.0, 26.0]]


def test_rows_start_at_local_days_and_forecasts_below_zero_become_zero() -> None:
    columns = pd.MultiIndex.from_tuples(
        [("total", "town", "all", "all"), ("zone", "north", "all", "all")],
        names=["level", *series.KEYS],
    )
    case = series.Case(
        counts=pd.DataFrame(0.0, index=DAYS, columns=columns),
        covariates=pd.DataFrame(index=DAYS),
        zone="Europe/London",
        day_starts_at=7,
        origins=DAYS[5:6],
        horizon_days=2,
    )
    mean = np.array([[3.0, -1.0], [4.0, 2.0]])  # days × series
    quantiles = mean[:, :, None] + np.linspace(-2.0, 2.0, len(QUANTILES))
    rows = rows_of(Made(mean, quantiles), case, columns, DAYS[5])
    assert rows["area"].tolist() == ["town", "town", "north", "north"]
    assert rows["mean"].tolist() == [3.0, 4.0, 0.0, 2.0]
    assert rows["q05"].tolist() == [1.0, 2.0, 0.0, 0.0]
    assert rows["q95"].tolist() == [5.0, 6.0, 1.0, 4.0]
    # the clock goes forward on 29 March 2026: 07:00 is 07:00 UTC before and 06:00 UTC after
    assert rows["origin"].unique().tolist() == [pd.Timestamp("2026-03-28T07:00Z")]
    assert rows["start"].tolist()[:2] == [
        pd.Timestamp("2026-03-28T07:00Z"),
        pd.Timestamp("2026-03-29T06:00Z"),
    ]


def test_a_forecast_that_is_no_number_stops_the_run() -> None:
    columns = pd.MultiIndex.from_tuples(
        [("total", "town", "all", "all")], names=["level", *series.KEYS]
    )
    counts = pd.DataFrame(0.0, index=DAYS, columns=columns)
    case = series.Case(counts, counts, "UTC", 0, DAYS[5:6], 1)
    made = Made(np.array([[np.nan]]), np.zeros((1, 1, len(QUANTILES))))
    with pytest.raises(ValueError, match="from 2026-03-28 is not a number; leave that peer"):
        rows_of(made, case, columns, DAYS[5])
