"""The scores by another road: sums over the whole distribution, scipy, simulation."""

import numpy as np
import pytest
from scipy import stats

from forewatch.count_distribution import CountDistribution
from models import scores

CASES = [
    (m, r)
    for m in (1e-4, 0.03, 0.5, 1.0, 3.7, 10.0, 123.4, 3000.0)
    for r in (0.4, 0.93, 1, 1.7, 2.99, 9)
]


def summed(mean: float, ratio: float, y: float) -> float:
    """Σ over k of (F(k) − 1{k ≥ y})², far into both tails."""
    found = CountDistribution.of(mean, mean * ratio)
    last = int(mean + 60 * np.sqrt(mean * ratio) + 400 * max(ratio, 1) + y)
    k = np.arange(last + 1)
    return float(((found.cdf(k) - (k >= y)) ** 2).sum())


@pytest.mark.parametrize(("mean", "ratio"), CASES)
def test_crps_equals_the_sum_of_squared_differences(mean: float, ratio: float) -> None:
    found = CountDistribution.of(mean, mean * ratio)
    for y in {0.0, 1.0, np.round(mean), np.round(mean + 3 * np.sqrt(mean * ratio))}:
        want = summed(mean, ratio, y)
        assert float(scores.crps(found, y)) == pytest.approx(want, rel=1e-8, abs=1e-9)


def test_the_poisson_floor_is_the_one_in_the_tables() -> None:
    crps, absolute = scores.poisson_floor([0.03, 0.5, 1.0, 10.0])
    assert crps == pytest.approx([0.0291, 0.337, 0.524, 1.77], rel=0.005)
    assert absolute[2] == pytest.approx(2 * np.exp(-1), abs=1e-12)  # E|X − 1|, X Poisson(1)


def test_the_mean_crps_of_true_forecasts_is_half_the_spread() -> None:
    rng = np.random.default_rng(5)
    y = rng.negative_binomial(8, 0.4, 200_000)
    found = CountDistribution.of(np.full(y.shape, 12.0), np.full(y.shape, 30.0))
    assert scores.crps(found, y).mean() == pytest.approx(scores.half_spread(found)[0], rel=0.01)


def test_log_score_is_that_of_scipy() -> None:
    found = CountDistribution.of([4.0, 4.0, 4.0], [4.0, 8.0, 2.0])
    want = [
        -stats.poisson.logpmf(3, 4),
        -stats.nbinom.logpmf(3, 4, 0.5),
        -stats.binom.logpmf(3, 8, 0.5),
    ]
    assert scores.log_score(scores.bracket(found, [3, 3, 3])) == pytest.approx(want)


@pytest.mark.parametrize("ratio", [0.6, 1.0, 2.5])
def test_coverage_and_pit_of_true_forecasts_are_exact(ratio: float) -> None:
    k = np.arange(400)
    found = CountDistribution.of(np.full(k.shape, 2.3), np.full(k.shape, 2.3 * ratio))
    chance = np.diff(found.cdf(k)[0], prepend=0)
    covered = scores.coverage(scores.bracket(found, k), 0.8)
    # the lattice of the binomial lies beyond its trials with probability 0 there
    assert (chance * covered).sum() == pytest.approx(0.8, abs=1e-9)


def test_pit_is_uniform_under_the_truth_and_not_under_a_wrong_spread() -> None:
    rng = np.random.default_rng(1)
    y = rng.poisson(3.0, 20_000)
    right = CountDistribution.of(np.full(y.shape, 3.0), np.full(y.shape, 3.0))
    wide = CountDistribution.of(np.full(y.shape, 3.0), np.full(y.shape, 9.0))
    assert stats.kstest(scores.pit(scores.bracket(right, y), 2), "uniform").pvalue > 0.01
    assert stats.kstest(scores.pit(scores.bracket(wide, y), 2), "uniform").pvalue < 1e-6


def test_brier_and_unknowns_by_hand() -> None:
    found = CountDistribution.of([1.0, 1.0, np.nan], [1.0, 1.0, np.nan])
    some = 1 - np.exp(-1)
    assert scores.brier(found, [0, 2, 1], 1)[:2] == pytest.approx([some**2, (1 - some) ** 2])
    assert np.isnan(scores.crps(found, [0, 2, 1])[2])


def test_the_bootstrap_covers_a_known_ratio_and_keeps_weeks_together() -> None:
    rng = np.random.default_rng(3)
    week = np.repeat(np.arange(50), 7)
    theirs = rng.gamma(4.0, 1.0, week.size)
    ratio, low, high = scores.bootstrap(0.9 * theirs, theirs, week, seed=1)
    assert (ratio, low, high) == pytest.approx((-0.1, -0.1, -0.1))
    noisy = theirs * np.repeat(rng.normal(0.9, 0.2, 50), 7)
    found, low, high = scores.bootstrap(noisy, theirs, week, seed=1)
    single = scores.bootstrap(noisy, theirs, np.arange(week.size), seed=1)
    assert low < found < high
    assert high - low > 1.5 * (single[2] - single[1])


def test_a_level_that_an_origin_had_wrong_is_one_chance_and_not_one_a_week() -> None:
    # Eight weeks of each of eleven origins; each origin's level is right or wrong by chance, and
    # the two forecasts are equally good: of 200 such sets 1 in 40 may seem worse beyond chance.
    rng = np.random.default_rng(7)
    origin, week = np.repeat(np.arange(11), 8), np.arange(88)
    by_week, by_both = 0, 0
    for _ in range(200):
        ours, theirs = np.exp(0.3 * rng.standard_normal((2, 11)))[:, origin]
        by_week += scores.bootstrap(ours, theirs, week, 1, 200)[1] > 0
        by_both += scores.paired_change(ours, theirs, (week, origin), 1, 200)[1] > 0
    assert by_week > 40
    assert by_both <= 12
    noisy = theirs * rng.uniform(0.5, 1.5, theirs.size)
    found = scores.paired_change(noisy, theirs, (week, origin), 1)
    assert found[0] == pytest.approx(noisy.sum() / theirs.sum() - 1)
    assert found[1] <= scores.bootstrap(noisy, theirs, week, 1)[1]
    few = origin < 3  # of which origins alone say nothing
    told = scores.paired_change(noisy[few], theirs[few], (week[few], origin[few]), 1)
    assert told == scores.bootstrap(noisy[few], theirs[few], week[few], 1)


def test_the_bootstrap_compares_nothing_with_a_forecast_without_any_loss() -> None:
    week = np.repeat(np.arange(4), 7)
    assert np.isnan(scores.bootstrap(np.ones(28), np.zeros(28), week, seed=1)).all()
    seldom = np.where(week == 2, 1.0, 0.0)  # many draws of four weeks lack the one with a loss
    assert scores.bootstrap(2 * seldom, seldom, week, seed=1) == pytest.approx((1, 1, 1))
