import numpy as np
import pytest

from forewatch.shocks import PERSISTENCES, SCOPES, Shocks

CALLS = np.array([[[4.0, 6.0], [10.0, 5.0]], [[20.0, 15.0], [1.0, 2.0]]])  # place, type, piece
DAY, LEAD, ONE_ROW = np.array([0, 1]), np.array([0, 1]), np.array([0, 0])


def only(scope: str, persistence: str, sd: float = 0.1, dispersion: float = 1.0) -> Shocks:
    """Shocks of one kind."""
    sizes = np.zeros((1, len(SCOPES), len(PERSISTENCES)))
    sizes[0, SCOPES.index(scope), PERSISTENCES.index(persistence)] = sd
    return Shocks((0,), sizes, np.array([dispersion]))


# By hand: days sum to 35 and 28; places to 14, 11 and 21, 17; types to 24, 21 and 11, 7.
BY_HAND = {
    ("force", "day"): 35**2 + 28**2,
    ("force", "level"): 63**2,
    ("place", "day"): 14**2 + 11**2 + 21**2 + 17**2,
    ("place", "level"): 25**2 + 38**2,
    ("call_type", "day"): 24**2 + 21**2 + 11**2 + 7**2,
    ("call_type", "level"): 45**2 + 18**2,
    ("cell", "day"): 4**2 + 6**2 + 10**2 + 5**2 + 20**2 + 15**2 + 1 + 2**2,
    ("cell", "level"): 10**2 + 15**2 + 35**2 + 3**2,
}


@pytest.mark.parametrize(("kind", "squares"), BY_HAND.items())
def test_the_variance_of_a_sum_by_hand(kind: tuple[str, str], squares: float) -> None:
    found = only(*kind).variance(CALLS, LEAD, ONE_ROW)
    assert found.tolist() == pytest.approx([63 + 0.01 * squares])


def test_rows_and_blocks_of_leads_have_their_own_sizes() -> None:
    sizes = np.zeros((2, 4, 2))
    sizes[1, 0, 0] = 0.2
    shocks = Shocks((0, 1), sizes, np.array([1.0, 1.5]))
    found = shocks.variance(CALLS, LEAD, np.array([0, 1]))
    assert found.tolist() == pytest.approx([35, 28 * 1.5 + 0.04 * 28**2])


@pytest.mark.parametrize("kind", BY_HAND)
@pytest.mark.parametrize("dispersion", [0.6, 1.0, 1.8])
def test_draws_have_the_mean_and_variance_of_the_formula(
    kind: tuple[str, str], dispersion: float
) -> None:
    shocks = only(*kind, sd=0.3, dispersion=dispersion)
    drawn = shocks.draws(CALLS, DAY, LEAD, 40_000, seed=3)
    total = drawn.sum((1, 2, 3))
    assert total.mean() == pytest.approx(63, rel=0.01)
    wanted = float(shocks.variance(CALLS, LEAD, ONE_ROW)[0])
    # below Poisson whole trials and their rounding widen a little
    assert total.var() == pytest.approx(wanted, rel=0.06)


def test_pieces_of_one_day_share_its_shock() -> None:
    shocks = only("force", "day", sd=0.5)
    calls = np.full((1, 1, 2), 1e5)
    same = shocks.draws(calls, np.array([3, 3]), np.array([0, 0]), 500, seed=1)[:, 0, 0]
    apart = shocks.draws(calls, np.array([3, 4]), np.array([0, 1]), 500, seed=1)[:, 0, 0]
    assert np.corrcoef(same[:, 0], same[:, 1]).min() > 0.99
    assert np.corrcoef(apart[:, 0], apart[:, 1]).min() < 0.2


def test_draws_are_whole_never_negative_and_the_same_for_a_seed() -> None:
    shocks = only("place", "level", sd=0.4, dispersion=1.3)
    first, second = (shocks.draws(CALLS, DAY, LEAD, 50, seed=9) for _ in range(2))
    assert first.dtype == np.int64
    assert (first >= 0).all()
    assert np.array_equal(first, second)
    assert not np.array_equal(first, shocks.draws(CALLS, DAY, LEAD, 50, seed=10))


def test_none_is_independent_poisson() -> None:
    assert Shocks.none().variance(CALLS, LEAD, ONE_ROW).tolist() == [63]


def test_leads_fall_into_the_last_block_that_began() -> None:
    shocks = Shocks((0, 7, 28), np.zeros((3, 4, 2)), np.ones(3))
    assert shocks.block(np.array([0, 6, 7, 27, 28, 400])).tolist() == [0, 0, 1, 1, 2, 2]


def test_sizes_that_can_not_be_are_refused() -> None:
    with pytest.raises(ValueError, match="want"):
        Shocks((0, 7), np.zeros((1, 4, 2)), np.ones(1))
    with pytest.raises(ValueError, match="never negative"):
        Shocks((0,), np.full((1, 4, 2), -0.1), np.ones(1))
    with pytest.raises(ValueError, match="dispersion is positive"):
        Shocks((0,), np.zeros((1, 4, 2)), np.zeros(1))


def test_state_and_back_is_the_same() -> None:
    held = Shocks((0, 7), np.full((2, len(SCOPES), len(PERSISTENCES)), 0.1), np.array([0.9, 1.1]))
    state = held.state()
    again = Shocks.from_state({**state, "lead_days": np.array(state["lead_days"])})
    assert again.lead_days == (0, 7)
    assert np.array_equal(again.sd, held.sd)
    assert np.array_equal(again.dispersion, held.dispersion)
