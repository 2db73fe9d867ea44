import numpy as np
import pytest

from forewatch.arrays import Array, Index
from models.contrasts import LEAST_DISPERSION, Contrasts, cell_days, clipped, dispersion_of

DAYS, PARTS = 4000, 6
SHARES = np.array([0.35, 0.25, 0.2, 0.1, 0.07, 0.03])


def contrasts(rate: Array, counts: Array | Index, call_type: int = 0) -> Contrasts:
    """The parts of each day beside the day, both (days, parts)."""
    day = np.repeat(np.arange(len(rate)), rate.shape[1])
    kind = np.full(day.size, call_type)
    return Contrasts.of(rate.ravel(), counts.ravel().astype(float), day, kind, day)


def test_a_part_beside_its_whole_by_hand() -> None:
    found = contrasts(np.array([[6.0, 2.0]]), np.array([[3.0, 5.0]]))
    # shares 0.75 and 0.25 of a whole of 8 expected and 8 that came
    assert found.square.tolist() == [9, 9]
    assert found.chance.tolist() == pytest.approx([1.5, 1.5])
    assert found.expected.tolist() == pytest.approx([1.5, 1.5])
    # shocks of each part's own: (3 − 4.5)... m² (1 − 2p + Σp²)
    assert found.shared.tolist() == pytest.approx([36 * 0.125, 4 * 1.125])


def test_a_whole_with_an_unknown_part_or_nothing_expected_says_nothing() -> None:
    rate = np.array([[6.0, 2.0], [0.0, 0.0], [1.0, 1.0]])
    counts = np.array([[np.nan, 5.0], [0.0, 0.0], [2.0, 0.0]])
    found = contrasts(rate, counts)
    assert found.lead_days.tolist() == [2, 2]
    assert found.square.tolist() == [1, 1]


@pytest.mark.parametrize("calls", [0.8, 4.0, 60.0])
@pytest.mark.parametrize("dispersion", [1.0, 1.6])
def test_the_dispersion_is_found_whatever_storms_the_whole_shares(
    calls: float, dispersion: float
) -> None:
    rng = np.random.default_rng(5)
    storm = np.where(rng.random(DAYS) < 0.03, rng.uniform(5, 25, DAYS), 0.45)[:, None]
    rate = np.broadcast_to(calls * SHARES, (DAYS, PARTS))
    happened = rate * storm
    if dispersion > 1:
        happened = rng.gamma(happened / (dispersion - 1), dispersion - 1)
    found = dispersion_of(contrasts(rate, rng.poisson(happened)), np.ones(1), 0.0)
    assert found[0] == pytest.approx(dispersion, rel=0.08)


def test_a_stormy_call_type_says_nothing_of_the_others() -> None:
    rng = np.random.default_rng(6)
    rate = np.broadcast_to(10 * SHARES, (DAYS, PARTS))
    storm = np.where(rng.random(DAYS) < 0.03, 20.0, 0.4)[:, None]
    both = [
        contrasts(rate, rng.poisson(rate), 0),
        contrasts(rate, rng.poisson(rate * storm), 1),
    ]
    found = dispersion_of(Contrasts.joined(both), np.ones(2), 0.0)
    assert found == pytest.approx([1.0, 1.0], abs=0.06)


def test_a_call_type_hardly_seen_is_thought_to_be_as_the_mean_one() -> None:
    rng = np.random.default_rng(7)
    rate = np.broadcast_to(20 * SHARES, (DAYS, PARTS))
    often = contrasts(rate, rng.poisson(rng.gamma(rate / 0.5, 0.5)), 0)
    three = contrasts(np.full((3, PARTS), 0.2), np.eye(3, PARTS), 1)
    found = dispersion_of(Contrasts.joined([often, three]), np.full(2, 1.5), 0.0)
    assert found == pytest.approx([1.5, 1.5], abs=0.1)


def test_nothing_seen_is_poisson() -> None:
    nothing = contrasts(np.zeros((3, 2)), np.zeros((3, 2)))
    assert dispersion_of(nothing, np.ones(4), 0.0).tolist() == [1, 1, 1, 1]


def test_one_burst_of_calls_in_one_place_does_not_widen_its_call_type() -> None:
    rng = np.random.default_rng(8)
    rate = np.broadcast_to(10 * SHARES, (400, PARTS))
    counts = rng.poisson(rate)
    counts[7, 5] = 500
    found = dispersion_of(contrasts(rate, counts), np.ones(1), 0.0)
    assert found[0] == pytest.approx(1.0, abs=0.25)


def test_counts_that_hardly_vary_are_held_at_the_bound() -> None:
    rate = np.full((DAYS, 2), 30.0)
    assert dispersion_of(contrasts(rate, rate), np.ones(1), 0.0).tolist() == [LEAST_DISPERSION]


def test_shocks_that_parts_do_not_share_are_taken_off() -> None:
    rng = np.random.default_rng(9)
    rate = np.full((DAYS, 5, 1), 40.0)
    own = rng.gamma(1 / 0.04, 0.04, rate.shape)
    found = cell_days(rate, rng.poisson(rate * own).astype(float))
    assert dispersion_of(found, np.ones(1), 0.04)[0] == pytest.approx(1.0, abs=0.12)
    assert dispersion_of(found, np.ones(1), 0.0)[0] > 2


@pytest.mark.parametrize("mean", [0.02, 0.5, 3.0, 40.0])
def test_clipped_squares_of_poisson_counts_keep_their_mean(mean: float) -> None:
    counts = np.random.default_rng(10).poisson(mean, 400_000)
    square = np.asarray((counts - mean) ** 2, float)
    assert clipped(square, np.full(square.size, mean)).mean() == pytest.approx(mean, rel=0.03)
    assert clipped(np.array([1e9]), np.array([mean]))[0] < 9.5 * mean + 3.2
