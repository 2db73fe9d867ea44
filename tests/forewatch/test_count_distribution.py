import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from forewatch.count_distribution import CountDistribution

COUNTS = np.arange(4000)


def moments(mean: float, variance: float) -> tuple[float, float]:
    """Mean and variance by summing over the probabilities."""
    chance = np.diff(CountDistribution.of(mean, variance).cdf(COUNTS), prepend=0)
    found = float((chance * COUNTS).sum())
    return found, float((chance * (COUNTS - found) ** 2).sum())


@pytest.mark.parametrize(
    ("mean", "variance"), [(0.02, 0.02), (3.0, 3.0), (3.0, 7.5), (200.0, 900.0), (0.1, 0.5)]
)
def test_mean_and_variance_are_those_asked_for(mean: float, variance: float) -> None:
    assert moments(mean, variance) == pytest.approx((mean, variance), rel=1e-6)


@given(st.floats(0.01, 300), st.floats(0.05, 0.99))
def test_below_poisson_the_mean_is_kept_and_the_variance_as_near_as_trials_allow(
    mean: float, ratio: float
) -> None:
    found, variance = moments(mean, mean * ratio)
    assert found == pytest.approx(mean, rel=1e-6)
    trials = max(np.ceil(mean / (1 - ratio)), np.ceil(mean))
    assert variance == pytest.approx(mean * (1 - mean / trials), rel=1e-5, abs=1e-9)
    assert variance <= mean


def test_quantiles_are_the_smallest_count_that_reaches_the_level() -> None:
    levels = [0.05, 0.5, 0.9, 0.95]
    for ratio in (0.5, 1.0, 2.5):
        found = CountDistribution.of([0.3, 4.0, 80.0], np.array([0.3, 4.0, 80.0]) * ratio)
        quantiles = found.quantiles(levels)
        reached = found.cdf(quantiles)
        below = found.cdf(quantiles - 1)
        assert (reached >= np.array(levels) - 1e-12).all()
        assert (below < levels).all()
        assert (quantiles == np.round(quantiles)).all()


def test_quantiles_are_those_of_scipy_by_name() -> None:
    found = CountDistribution.of([6.0, 6.0, 6.0], [6.0, 12.0, 3.0]).quantiles([0.8])[:, 0]
    wanted = [
        stats.poisson.ppf(0.8, 6),
        stats.nbinom.ppf(0.8, 6, 0.5),
        stats.binom.ppf(0.8, 12, 0.5),
    ]
    assert found.tolist() == wanted


def test_zero_calls_are_zero_for_sure_and_unknown_stays_unknown() -> None:
    found = CountDistribution.of([0.0, np.nan], [0.0, np.nan])
    assert found.quantiles([0.05, 0.95])[0].tolist() == [0, 0]
    assert np.isnan(found.quantiles([0.05, 0.95])[1]).all()
    assert found.cdf([0.0, 1.0])[0].tolist() == [1, 1]


def test_the_families_meet_at_poisson() -> None:
    near = [CountDistribution.of(5.0, 5.0 * (1 + e)).cdf(COUNTS[:30]) for e in (-1e-4, 0, 1e-4)]
    assert near[0] == pytest.approx(near[1], abs=1e-4)
    assert near[2] == pytest.approx(near[1], abs=1e-4)


def test_negative_moments_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="never negative"):
        CountDistribution.of(-1.0, 1.0)
    with pytest.raises(ValueError, match="never negative"):
        CountDistribution.of(1.0, -1.0)


@given(
    st.lists(
        st.tuples(st.floats(-4, 3.3), st.floats(-5.5, 1.5)), min_size=1, max_size=30
    ),  # decimal logarithms of the mean, and of what the variance has beyond it, per call
    st.lists(st.floats(0.0005, 0.9999), min_size=1, max_size=5),
)
def test_quantiles_that_are_added_up_are_those_that_scipy_inverts(
    moments: list[tuple[float, float]], levels: list[float]
) -> None:
    mean = np.array([10**m for m, _ in moments])
    variance = mean * (1 + np.array([10**v for _, v in moments]))
    found = CountDistribution.of(mean, variance).quantiles(levels)
    p = (mean / variance)[:, None]
    size = mean[:, None] * p / (1 - p)
    wanted = stats.nbinom.ppf(levels, size, p)
    # Where they differ the level is that of the lower one, to the last digits.
    lower = np.minimum(found, wanted)
    same = (found == wanted) | (np.abs(stats.nbinom.cdf(lower, size, p) - levels) < 1e-11)
    assert same.all()


def test_levels_beyond_the_points_and_at_the_ends_are_as_before() -> None:
    found = CountDistribution.of([3.0, 400.0], [9.0, 4000.0]).quantiles([0, 1 - 1e-15, 1])
    exact = stats.nbinom.ppf([[0, 1 - 1e-15, 1]] * 2, [[1.5], [400 / 9]], [[1 / 3], [0.1]])
    np.testing.assert_array_equal(found, exact)


def test_a_large_question_is_answered_as_its_rows_are() -> None:
    mean = np.linspace(0.1, 30, 2500)
    whole = CountDistribution.of(mean, 2 * mean).quantiles([0.1, 0.9])
    some = CountDistribution.of(mean[::500], 2 * mean[::500]).quantiles([0.1, 0.9])
    assert whole[::500].tolist() == some.tolist()
    shaped = CountDistribution.of(mean.reshape(50, 50), 2 * mean.reshape(50, 50))
    assert shaped.quantiles([0.1, 0.9]).reshape(-1, 2).tolist() == whole.tolist()
