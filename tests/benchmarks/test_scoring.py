"""Scores by hand, by simulation from known distributions, and by exact formulas."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy.calibration import bracket, inside
from benchmarks.accuracy.forecasts import Contender, Targets
from benchmarks.accuracy.scoring import Case, scored
from forewatch.arrays import Array
from forewatch.count_distribution import CountDistribution
from models import scores
from models.rolling import QUANTILES


def contender(name: str, mean: Array, variance: Array) -> Contender:
    quantiles = CountDistribution.of(mean, variance).quantiles(QUANTILES)
    return Contender(name, mean.astype("f4"), quantiles.astype("f4"))


def case(counts: Array, *contenders: Contender, scale: float = 1.0) -> Case:
    days = len(counts)
    starts = pd.date_range("2024-01-01", periods=days, tz="UTC", unit="us")
    series = tuple((f"a{i}", "all", "all") for i in range(counts.shape[1]))
    targets = Targets(np.zeros(days, np.int64), starts[:1], starts, np.arange(1, days + 1), series)
    level = ("force",) * counts.shape[1]
    return Case(targets, counts, contenders, level, np.full(counts.shape[1], scale))


def test_errors_are_those_of_a_hand_calculation() -> None:
    ours = Contender("ours", np.array([[2.0], [4.0], [6.0]], "f4"), None)
    counts = np.array([[5.0], [4.0], [np.nan]])
    row = scored(case(counts, ours, scale=2.0), [(1, 3)]).iloc[0]
    assert row["n"] == 2
    assert row["mae"] == pytest.approx((3 + 0) / 2 / 2)
    assert row["mse"] == pytest.approx((9 + 0) / 2)
    assert row["bias"] == pytest.approx(6 / 9 - 1)
    assert row["rms_pearson"] == pytest.approx(np.sqrt((9 / 2 + 0) / 2))
    assert row["calls"] == pytest.approx(4.5)


def test_the_quantile_score_is_twice_the_mean_pinball_loss() -> None:
    quantiles = np.full((1, 1, 19), 3.0, "f4")
    ours = Contender("ours", np.array([[3.0]], "f4"), quantiles)
    row = scored(case(np.array([[7.0]]), ours), [(1, 1)]).iloc[0]
    assert row["crps"] == pytest.approx(2 * np.mean([level * 4 for level in QUANTILES]), rel=1e-6)
    assert row["mae_median"] == pytest.approx(4)


def test_a_block_holds_its_days_only() -> None:
    ours = Contender("ours", np.zeros((4, 1), "f4"), None)
    table = scored(case(np.array([[1.0], [2.0], [3.0], [9.0]]), ours), [(1, 2), (3, 4)])
    assert table["mae"].tolist() == [1.5, 6.0]


def test_ours_is_compared_on_the_rows_that_both_have() -> None:
    ours = Contender("ours", np.array([[1.0], [1.0]], "f4"), None)
    theirs = Contender("theirs", np.array([[2.0], [np.nan]], "f4"), None)
    table = scored(case(np.array([[0.0], [100.0]]), ours, theirs), [(1, 2)]).set_index("who")
    assert table.loc["theirs", "mae_vs"] == pytest.approx(1 / 2 - 1)


@pytest.mark.parametrize("rate", [0.02, 0.3, 1.0, 4.0, 40.0])
def test_nobody_who_knows_the_rate_does_better_than_the_floor(rate: float) -> None:
    counts = np.random.default_rng(1).poisson(rate, (20_000, 2)).astype(float)
    mean = np.full(counts.shape, rate)
    row = scored(case(counts, contender("ours", mean, mean)), [(1, 20_000)]).iloc[0]
    assert row["crps"] == pytest.approx(row["floor_crps"], rel=0.05)
    assert row["mse"] == pytest.approx(row["floor_mse"], rel=0.05)
    assert row["mae_median"] == pytest.approx(row["floor_mae"], rel=0.05)
    exact, _ = scores.poisson_floor(rate)
    assert row["floor_crps"] == pytest.approx(float(exact), rel=0.06)


@pytest.mark.parametrize(
    ("mean", "variance"), [(0.02, 0.02), (0.5, 0.5), (2.3, 2.9), (30.0, 30.0), (200.0, 500.0)]
)
def test_a_right_forecast_covers_what_it_says(mean: float, variance: float) -> None:
    rng = np.random.default_rng(2)
    # rates that vary a little, as in real levels: one rate alone sits in one place of the grid
    rates = mean * rng.uniform(0.5, 1.5, (10_000, 2))
    spread = rates * variance / mean
    size = rates / np.maximum(variance / mean - 1, 1e-9)
    drawn = rng.poisson(rates if variance == mean else rng.gamma(size, rates / size))
    ours = contender("ours", rates, spread)
    row = scored(case(drawn.astype(float), ours), [(1, 10_000)]).iloc[0]
    assert row["cover50"] == pytest.approx(0.5, abs=0.015)
    assert row["cover80"] == pytest.approx(0.8, abs=0.015)
    assert row["cover90"] == pytest.approx(0.9, abs=0.015)
    assert row["plain80"] >= row["cover80"] - 1e-9


def test_an_interval_too_wide_is_told_from_a_right_one() -> None:
    mean = np.full((5_000, 2), 100.0)
    counts = np.random.default_rng(3).poisson(mean).astype(float)
    wide = contender("ours", mean, 4 * mean)
    assert scored(case(counts, wide), [(1, 5_000)]).iloc[0]["cover80"] > 0.95


def test_a_bracket_holds_the_exact_chance() -> None:
    mean = np.array([0.3, 2.0, 50.0, 400.0])
    exact = CountDistribution.of(mean, 1.4 * mean)
    for counts in (np.array([0.0, 1, 47, 385]), np.array([1.0, 5, 60, 430])):
        found = bracket(mean, exact.quantiles(QUANTILES), counts)
        assert found == pytest.approx(scores.bracket(exact, counts), abs=0.051)
        assert (found[:, 0] <= found[:, 1]).all()


def test_nothing_is_below_no_call_at_all() -> None:
    quantiles = np.zeros((1, 19))
    assert bracket(np.array([0.01]), quantiles, np.array([0.0]))[0, 0] == 0
    assert np.isnan(bracket(np.array([0.01]), quantiles, np.array([np.nan]))).all()


def test_plain_coverage_takes_both_ends_in() -> None:
    quantiles = np.arange(1.0, 20.0)[None, :]  # q10 is 2, q90 is 18
    held = [inside(quantiles, np.array([y]), 0.8)[0] for y in (1.0, 2.0, 18.0, 19.0)]
    assert held == [0, 1, 1, 0]
