from dataclasses import replace

import numpy as np
import pytest

from forewatch.shocks import PERSISTENCES, SCOPES, Shocks, Within
from tests.oracles.drawn import joint

CALLS = np.array([[[4.0, 6.0], [10.0, 5.0]], [[20.0, 15.0], [1.0, 2.0]]])  # place, type, piece
ALL_TYPES = np.arange(2)
DAY, LEAD, ONE_ROW = np.array([0, 1]), np.array([0, 1]), np.array([0, 0])
WHOLE = Within(ALL_TYPES, DAY, CALLS.sum(1), CALLS.sum((0, 1)))


def only(scope: str, persistence: str, sd: float = 0.1, dispersion: float = 1.0) -> Shocks:
    """Shocks of one kind."""
    sizes = np.zeros((1, len(SCOPES), len(PERSISTENCES)))
    sizes[0, SCOPES.index(scope), PERSISTENCES.index(persistence)] = sd
    return Shocks((0,), sizes, np.array([[dispersion]]))


# By hand: days sum to 35 and 28; places to 14, 11 and 21, 17; types to 24, 21 and 11, 7.
BY_HAND = {
    ("force", "third"): 35**2 + 28**2,
    ("place", "third"): 14**2 + 11**2 + 21**2 + 17**2,
    ("call_type", "third"): 24**2 + 21**2 + 11**2 + 7**2,
    ("cell", "third"): 4**2 + 6**2 + 10**2 + 5**2 + 20**2 + 15**2 + 1 + 2**2,
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
    found = only(*kind).variance(CALLS, LEAD, ONE_ROW, WHOLE)
    assert found.tolist() == pytest.approx([63 + 0.01 * squares])


@pytest.mark.parametrize(
    ("persistence", "squares"), [("third", 35**2 + 28**2), ("day", 63**2), ("level", 63**2)]
)
def test_thirds_of_one_day_share_its_shock_and_not_their_own(
    persistence: str, squares: float
) -> None:
    one_day = replace(WHOLE, day=np.array([5, 5]))
    lead = np.array([0, 0])
    found = only("force", persistence).variance(CALLS, lead, ONE_ROW, one_day)
    assert found.tolist() == pytest.approx([63 + 0.01 * squares])


def test_steadiness_is_of_whole_days_however_they_are_cut() -> None:
    shocks = Shocks((0,), np.zeros((1, 4, 3)), np.array([[1.2]]), np.array([[0.3, 0.5]]))
    whole = CALLS.sum(2, keepdims=True)
    uncut = Within(ALL_TYPES, DAY[:1], whole.sum(1), whole.sum((0, 1)))
    wanted = shocks.variance(whole, LEAD[:1], ONE_ROW[:1], uncut)
    both = np.array([0, 0])
    cut = Within(ALL_TYPES, both, uncut.places[:, both], uncut.force[both])
    assert shocks.variance(CALLS, both, ONE_ROW, cut) == pytest.approx(wanted)


def test_a_stormy_call_type_widens_its_own_days_only() -> None:
    shocks = Shocks((0,), np.zeros((1, 4, 3)), np.ones((1, 2)), type_sd=np.array([[0.0, 0.5]]))
    rows = np.array([0, 1])
    found = shocks.variance(CALLS, LEAD, rows, WHOLE)
    # the second type's calls: 11 on the first day, 7 on the second
    assert found.tolist() == pytest.approx([35 + 0.25 * 11**2, 28 + 0.25 * 7**2])
    first = Within(np.array([0]), DAY, WHOLE.places, WHOLE.force)
    assert shocks.variance(CALLS[:, [0]], LEAD, rows, first).tolist() == [24, 21]


def test_rows_and_blocks_of_leads_have_their_own_sizes() -> None:
    sizes = np.zeros((2, 4, 3))
    sizes[1, 0, PERSISTENCES.index("day")] = 0.2
    shocks = Shocks((0, 1), sizes, np.array([[1.0], [1.5]]))
    found = shocks.variance(CALLS, LEAD, np.array([0, 1]), WHOLE)
    assert found.tolist() == pytest.approx([35, 28 * 1.5 + 0.04 * 28**2])


# Of S = place 0's second call type and all of place 1, on both days: m(S) = 10 + 21, 5 + 17;
# of wholes: places 14, 11 and 21, 17; the force 35, 28.
def test_the_variance_by_chance_of_a_part_by_hand() -> None:
    part = CALLS.copy()
    part[0, 0] = 0
    shocks = Shocks((0,), np.zeros((1, 4, 3)), np.array([[1.2]]), np.array([[0.3, 0.5]]))
    found = shocks.variance(part, LEAD, np.array([0, 1]), WHOLE)
    places = [10**2 / 14 + 21, 5**2 / 11 + 17]
    force = [31**2 / 35, 22**2 / 28]
    by_hand = [1.2 * m - 0.3 * p - 0.5 * f for m, p, f in zip((31, 22), places, force, strict=True)]
    assert found.tolist() == pytest.approx(by_hand)
    assert shocks.shared_variance(part, LEAD, np.array([0, 1])).tolist() == [0, 0]


def test_a_place_of_which_nothing_is_expected_takes_no_steadiness_away() -> None:
    calls = CALLS.copy()
    calls[0] = 0
    shocks = Shocks((0,), np.zeros((1, 4, 3)), np.array([[1.2]]), np.array([[0.3, 0.5]]))
    within = Within(ALL_TYPES, DAY, calls.sum(1), calls.sum((0, 1)))
    found = shocks.variance(calls, LEAD, np.array([0, 1]), within)
    assert found.tolist() == pytest.approx([(1.2 - 0.3 - 0.5) * 21, (1.2 - 0.3 - 0.5) * 17])


def test_call_types_have_dispersions_of_their_own_by_hand() -> None:
    sizes, dispersion = np.zeros((2, 4, 3)), np.array([[1.5, 0.8], [2.0, 1.0]])
    shocks = Shocks((0, 1), sizes, dispersion)
    found = shocks.variance(CALLS, LEAD, np.array([0, 1]), WHOLE)
    # types: 24, 21 on the first day, 11, 7 on the second
    assert found.tolist() == pytest.approx([1.5 * 24 + 0.8 * 11, 2.0 * 21 + 1.0 * 7])
    second = Within(np.array([1]), DAY, WHOLE.places, WHOLE.force)
    alone = shocks.variance(CALLS[:, [1]], LEAD, ONE_ROW, second)
    assert alone.tolist() == pytest.approx([0.8 * 11 + 1.0 * 7])
    with pytest.raises(ValueError, match="calls of 1 call types within 2"):
        shocks.variance(CALLS[:, [1]], LEAD, ONE_ROW, WHOLE)


def test_whole_days_are_as_steady_as_they_are_said_to_be() -> None:
    shocks = Shocks((0,), np.zeros((1, 4, 3)), np.array([[1.2]]), np.array([[0.3, 0.5]]))
    days = np.array([0, 1])
    force = shocks.variance(CALLS, LEAD, days, WHOLE)
    assert force.tolist() == pytest.approx([0.4 * 35, 0.4 * 28])
    place = shocks.variance(
        CALLS[:1], LEAD, days, Within(ALL_TYPES, DAY, WHOLE.places[:1], WHOLE.force)
    )
    kept = [0.5 * 14**2 / 35, 0.5 * 11**2 / 28]
    assert place.tolist() == pytest.approx([0.9 * 14 - kept[0], 0.9 * 11 - kept[1]])


def test_draws_of_steady_days_have_the_variance_of_the_formula() -> None:
    sizes = np.zeros((1, 4, 3))
    sizes[0, :, PERSISTENCES.index("day")] = 0.05
    shocks = Shocks((0,), sizes, np.array([[1.2]]), np.array([[0.3, 0.2]]))
    calls = CALLS * 20
    drawn = joint(shocks, calls, DAY, LEAD, 40_000, seed=8)
    whole = Within(ALL_TYPES, DAY, calls.sum(1), calls.sum((0, 1)))
    days = np.array([0, 1])
    assert drawn.min() >= 0
    for places, types in ((slice(None), slice(None)), ([0], slice(None)), ([1], [0])):
        part = Within(ALL_TYPES[types], DAY, whole.places[places], whole.force)
        wanted = shocks.variance(calls[places][:, types], LEAD, days, part)
        assert drawn[:, places][:, :, types].sum((1, 2)).var(0) == pytest.approx(wanted, rel=0.05)


def test_chance_is_a_possible_covariance() -> None:
    # of every weighting of cells the variance is positive, not only of sums
    steady = np.array([0.6, 0.5])
    m = CALLS[..., 0].ravel()
    of_place = np.kron(np.eye(2), np.ones((2, 2))) * np.outer(m, m)
    of_place /= np.repeat(CALLS[..., 0].sum(1), 2)[:, None]
    of_force = np.outer(m, m) / m.sum()
    covariance = 1.15 * np.diag(m) - steady[0] * of_place - steady[1] * of_force
    assert np.linalg.eigvalsh(covariance).min() > 0
    shocks = Shocks((0,), np.zeros((1, 4, 3)), np.array([[1.15]]), steady[None])
    whole = Within(ALL_TYPES, DAY[:1], CALLS[..., :1].sum(1), CALLS[..., 0].sum()[None])
    found = shocks.variance(CALLS[..., :1], LEAD[:1], ONE_ROW[:1], whole)
    assert found[0] == pytest.approx(covariance.sum())


@pytest.mark.parametrize("kind", BY_HAND)
@pytest.mark.parametrize("dispersion", [0.6, 1.0, 1.8])
def test_draws_have_the_mean_and_variance_of_the_formula(
    kind: tuple[str, str], dispersion: float
) -> None:
    shocks = only(*kind, sd=0.3, dispersion=dispersion)
    drawn = joint(shocks, CALLS, DAY, LEAD, 40_000, seed=3)
    total = drawn.sum((1, 2, 3))
    assert total.mean() == pytest.approx(63, rel=0.01)
    wanted = float(shocks.variance(CALLS, LEAD, ONE_ROW, WHOLE)[0])
    # below Poisson whole trials and their rounding widen a little
    assert total.var() == pytest.approx(wanted, rel=0.06)


def test_pieces_of_one_day_share_its_shock() -> None:
    shocks = only("force", "day", sd=0.5)
    calls = np.full((1, 1, 2), 1e5)
    same = joint(shocks, calls, np.array([3, 3]), np.array([0, 0]), 500, seed=1)[:, 0, 0]
    apart = joint(shocks, calls, np.array([3, 4]), np.array([0, 1]), 500, seed=1)[:, 0, 0]
    assert np.corrcoef(same[:, 0], same[:, 1]).min() > 0.99
    assert np.corrcoef(apart[:, 0], apart[:, 1]).min() < 0.2


def test_none_is_independent_poisson() -> None:
    assert Shocks.none().variance(CALLS, LEAD, ONE_ROW, WHOLE).tolist() == [63]


def test_leads_fall_into_the_last_block_that_began() -> None:
    shocks = Shocks((0, 7, 28), np.zeros((3, 4, 3)), np.ones((3, 1)))
    assert shocks.block(np.array([0, 6, 7, 27, 28, 400])).tolist() == [0, 0, 1, 1, 2, 2]


def test_sizes_that_can_not_be_are_refused() -> None:
    with pytest.raises(ValueError, match="want"):
        Shocks((0, 7), np.zeros((1, 4, 3)), np.ones((1, 1)))
    with pytest.raises(ValueError, match="known and never negative"):
        Shocks((0,), np.full((1, 4, 3), -0.1), np.ones((1, 1)))
    with pytest.raises(ValueError, match="known and never negative"):
        Shocks((0,), np.full((1, 4, 3), np.nan), np.ones((1, 1)))
    with pytest.raises(ValueError, match="dispersion is positive"):
        Shocks((0,), np.zeros((1, 4, 3)), np.zeros((1, 1)))
    with pytest.raises(ValueError, match="more than all steadiness"):
        Shocks((0,), np.zeros((1, 4, 3)), np.ones((1, 1)), np.array([[0.6, 0.4]]))
    with pytest.raises(ValueError, match=r"steadiness of shape \(1, 3\)"):
        Shocks((0,), np.zeros((1, 4, 3)), np.ones((1, 1)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"type_sd of shape \(1, 3\); want \(1, 2\)"):
        Shocks((0,), np.zeros((1, 4, 3)), np.ones((1, 2)), type_sd=np.zeros((1, 3)))


def test_state_and_back_is_the_same() -> None:
    sizes, steady = np.full((2, len(SCOPES), len(PERSISTENCES)), 0.1), np.full((2, 2), 0.2)
    held = Shocks((0, 7), sizes, np.array([[0.9], [1.1]]), steady, np.array([[0.0], [0.3]]))
    state = held.state()
    again = Shocks.from_state({**state, "lead_days": np.array(state["lead_days"])})
    assert again.lead_days == (0, 7)
    assert np.array_equal(again.sd, held.sd)
    assert np.array_equal(again.dispersion, held.dispersion)
    assert np.array_equal(again.steadiness, held.steadiness)
    assert np.array_equal(again.type_sd, held.type_sd)


def test_what_earlier_code_kept_has_one_dispersion_and_no_steadiness() -> None:
    sizes = np.zeros((2, len(SCOPES), 2))
    sizes[:, :, 1] = 0.5
    state = {"lead_days": [0, 7], "sd": sizes, "dispersion": np.array([0.9, 1.1])}
    found = Shocks.from_state(state)
    assert found.steadiness.tolist() == [[0, 0]]
    assert not found.has_thirds
    assert found.sd[..., PERSISTENCES.index("day")].max() == 0
    assert found.sd[..., PERSISTENCES.index("level")].min() == 0.5
    state["sd"] = np.zeros_like(sizes)
    found = Shocks.from_state(state)
    assert found.variance(CALLS, LEAD + 6, np.array([0, 1]), WHOLE).tolist() == [35 * 0.9, 28 * 1.1]


def test_weighted_calls_that_all_count_once_are_counts() -> None:
    shocks = only("place", "day", 0.2, dispersion=1.4)
    once = (CALLS.sum(0), np.zeros(2))
    plain = shocks.variance(CALLS, LEAD, ONE_ROW, WHOLE)
    assert shocks.weighted_variance(CALLS, LEAD, ONE_ROW, WHOLE, once) == pytest.approx(plain)
    # Everything three times as heavy; and calls of which each has a weight of its own beside.
    thrice = (9 * CALLS.sum(0), np.zeros(2))
    found = shocks.weighted_variance(3 * CALLS, LEAD, ONE_ROW, WHOLE, thrice)
    assert found == pytest.approx(9 * plain)
    own = (CALLS.sum(0), np.array([2.0, 5.0]))
    found = shocks.weighted_variance(CALLS, LEAD, ONE_ROW, WHOLE, own)
    assert found == pytest.approx(plain + 7)


def test_thinned_calls_have_the_variance_of_draws() -> None:
    shocks, present = only("force", "day", 0.15, dispersion=1.5), 0.3
    drawn = joint(shocks, CALLS, DAY, LEAD, 60_000, 5)
    seen = np.random.default_rng(6).binomial(drawn, present).sum((1, 2, 3))
    chance = (present**2 * CALLS.sum(0), present * (1 - present) * CALLS.sum((0, 1)))
    found = shocks.weighted_variance(present * CALLS, LEAD, ONE_ROW, WHOLE, chance)
    assert found[0] == pytest.approx(seen.var(), rel=0.02)


def test_a_special_day_adds_its_shock_by_hand() -> None:
    special = np.zeros((2, len(SCOPES)))
    special[0, SCOPES.index("force")], special[1, SCOPES.index("place")] = 0.1, 0.2
    plain = replace(only("force", "day", 0.0), special_sd=special)
    doubt = np.array([[5.0, 0.0], [0.0, 2.0]])  # a first-time holiday, then a day beside it
    found = plain.on_days(doubt).variance(CALLS, LEAD, ONE_ROW, WHOLE)
    assert found.tolist() == pytest.approx([63 + 5 * 0.01 * 35**2 + 2 * 0.04 * (11**2 + 17**2)])
    assert plain.variance(CALLS, LEAD, ONE_ROW, WHOLE).tolist() == pytest.approx([63])


def test_days_beyond_those_that_were_told_are_ordinary() -> None:
    special = np.full((2, len(SCOPES)), 0.1)
    told = replace(only("force", "day", 0.0), special_sd=special).on_days(np.array([[1.0, 0.0]]))
    later = replace(WHOLE, day=DAY + 7)
    assert told.variance(CALLS, LEAD, ONE_ROW, later).tolist() == pytest.approx([63])


def test_special_days_survive_their_state() -> None:
    special = np.full((2, len(SCOPES)), 0.1)
    told = replace(only("force", "day"), special_sd=special).on_days(np.array([[1.0, 0.0]]))
    again = Shocks.from_state(told.state())
    assert np.array_equal(again.day_sd, told.day_sd)
    assert np.array_equal(again.special_sd, special)
