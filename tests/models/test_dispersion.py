import numpy as np
import pytest

from forewatch.arrays import Array
from forewatch.count_distribution import CountDistribution
from forewatch.shocks import Shocks, Within
from models import scores
from models.dispersion import at_bounds, estimate
from models.squared_residuals import Residuals
from tests.oracles.drawn import joint

# day and level of the force, a place, a call type, a cell; no thirds
SIZES = np.array([[0, 0.04, 0.02], [0, 0.03, 0.03], [0, 0.05, 0.02], [0, 0.06, 0.05]])
DAYS = 56
ALL_TYPES = np.arange(4)
HISTORY = 1000


def simulated(
    origins: int,
    dispersion: float | list[float],
    seed: int,
    steadiness: tuple[float, float] = (0.0, 0.0),
    sizes: Array = SIZES,
    history_days: int = HISTORY,
) -> list[Residuals]:
    """Counts drawn from known shocks around known rates, 6 places × 4 call types."""
    rng = np.random.default_rng(seed)
    blocks = (0, 7, 28)
    each = np.array([np.atleast_1d(dispersion)] * 3)
    truth = Shocks(blocks, np.array([sizes] * 3), each, np.array([steadiness] * 3))
    found = []
    for k in range(origins):
        day = np.exp(rng.normal(0, 0.1, (DAYS, 1, 1)))
        mean = 25 * np.exp(rng.normal(0, 1, (1, 6, 4))) * day
        calls, days = np.moveaxis(mean, 0, 2), np.arange(DAYS)
        drawn = joint(truth, calls, days, days, 1, 1000 * seed + k)
        counts = np.moveaxis(drawn[0], 2, 0).astype(float)
        found.append(Residuals(mean, counts, history_days))
    return found


@pytest.mark.parametrize("dispersion", [0.7, 1.0, 1.4])
def test_known_sizes_are_recovered(dispersion: float) -> None:
    found = estimate(simulated(30, dispersion, 1), (0,), history_days=HISTORY)
    assert found.dispersion[0] == pytest.approx([dispersion] * 4, abs=0.1)
    assert found.sd[0] == pytest.approx(SIZES, abs=0.02)


def test_days_that_are_steadier_than_their_parts_are_recognised() -> None:
    none = np.zeros_like(SIZES)
    found = estimate(simulated(40, 1.1, 9, (0.3, 0.3), none), (0,), history_days=HISTORY)
    of_cell = found.dispersion[0].mean()
    of_place = of_cell - found.steadiness[0, 0]
    # 1.1, 0.8 and 0.5 were drawn; the prior and the shocks' bound at 0 leave a little more
    assert of_cell == pytest.approx(1.1, abs=0.06)
    assert of_place == pytest.approx(0.8, abs=0.08)
    assert of_place - found.steadiness[0, 1] == pytest.approx(0.5, abs=0.12)


def test_what_was_missed_after_one_year_is_expected_less_after_four() -> None:
    young = simulated(30, 1.0, 10, history_days=365)
    same, later = (estimate(young, (0,), history_days=days) for days in (365, 4 * 365))
    # sd² as 1 + 1 ÷ years: 2 after one year, 1.25 after four; the force's prior level gives less
    assert later.sd[0, 1:] ** 2 == pytest.approx(same.sd[0, 1:] ** 2 * 1.25 / 2, rel=0.1)
    assert later.dispersion == pytest.approx(same.dispersion, rel=0.02)


def test_call_types_that_come_in_clusters_are_told_from_others() -> None:
    none = np.zeros_like(SIZES)
    known = [1.0, 2.5, 0.8, 1.0]
    found = estimate(simulated(30, known, 11, sizes=none), (0,), history_days=HISTORY)
    assert found.dispersion[0] == pytest.approx(known, abs=0.12)
    assert found.sd[0].max() < 0.03


def test_a_call_where_hardly_any_was_expected_is_no_surprise() -> None:
    rng = np.random.default_rng(12)
    mean = np.full((DAYS, 12, 4), 0.03)
    rare = [Residuals(mean, rng.poisson(mean).astype(float), HISTORY) for _ in range(12)]
    found = estimate(rare, (0,), history_days=HISTORY)
    # clipped at three standard deviations, 0.5, a single call would hardly count
    assert found.dispersion[0] == pytest.approx([1] * 4, abs=0.15)


def test_a_baseline_that_misses_rare_calls_keeps_its_honest_spread() -> None:
    # means of eight days, at least 0.01, of which the rare types' are far off
    rng = np.random.default_rng(13)
    rate = np.broadcast_to(np.array([20.0, 5.0, 0.3, 0.06]), (DAYS, 12, 4))
    found = []
    for _ in range(12):
        mean = np.broadcast_to(np.maximum(rng.poisson(8 * rate[:1]) / 8, 0.01), rate.shape)
        found.append(Residuals(mean, rng.poisson(rate).astype(float), HISTORY))
    shocks = estimate(found[:6], (0,), history_days=HISTORY)
    lead, covered = np.arange(DAYS), []
    for one in found[6:]:
        calls, counts = (np.moveaxis(each, 0, 2)[:1] for each in (one.mean, one.counts))
        whole = Within(ALL_TYPES, lead, calls.sum(1), one.mean.sum((1, 2)))
        variance = shocks.variance(calls, lead, lead, whole)
        dist = CountDistribution.of(calls.sum((0, 1)), variance)
        covered.append(scores.coverage(scores.bracket(dist, counts.sum((0, 1))), 0.8))
    assert 0.77 < float(np.mean(covered)) < 0.83


def test_intervals_cover_fresh_counts_as_often_as_they_say() -> None:
    found = estimate(simulated(20, 1.2, 2), (0,), history_days=HISTORY)
    fresh = simulated(30, 1.2, 3)
    lead = np.arange(DAYS)
    for places, types in ((slice(None), slice(None)), (slice(0, 1), slice(None)), ([2], [1])):
        covered = []
        for one in fresh:
            mean = np.moveaxis(one.mean, 0, 2)[places][:, types]
            counts = np.moveaxis(one.counts, 0, 2)[places][:, types].sum((0, 1))
            every = np.moveaxis(one.mean, 0, 2)
            whole = Within(ALL_TYPES[types], lead, every[places].sum(1), every.sum((0, 1)))
            variance = found.variance(mean, lead, lead, whole)
            dist = CountDistribution.of(mean.sum((0, 1)), variance)
            covered.append(scores.coverage(scores.bracket(dist, counts), 0.8))
        assert 0.77 < float(np.mean(covered)) < 0.83


def test_poisson_counts_give_hardly_any_shocks() -> None:
    # all cells alike: chance and a cell's day can't be told apart, and what is known decides
    mean = np.full((56, 5, 4), 20.0)
    sizes, dispersion = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        poisson = [Residuals(mean, rng.poisson(mean).astype(float), HISTORY) for _ in range(12)]
        found = estimate(poisson, (0,), history_days=HISTORY)
        sizes.append(found.sd[0].max())
        dispersion.append(found.dispersion[0])
    assert np.mean(dispersion, axis=0) == pytest.approx([1] * 4, abs=0.03)
    assert np.ptp(dispersion) < 0.25
    assert np.median(sizes) < 0.03


def test_level_shocks_never_shrink_with_the_lead() -> None:
    found = estimate(simulated(8, 1.0, 5), (0, 7, 28), history_days=HISTORY)
    assert (np.diff(found.sd[..., 2], axis=0) >= 0).all()


def test_a_day_beyond_belief_does_not_widen_everything() -> None:
    calm = simulated(12, 1.0, 6)
    struck = [Residuals(one.mean, one.counts.copy(), HISTORY) for one in calm]
    struck[0].counts[3] *= 5
    before, after = (
        estimate(calm, (0,), history_days=HISTORY),
        estimate(struck, (0,), history_days=HISTORY),
    )
    assert after.sd[0, 0, 1] < before.sd[0, 0, 1] + 0.02


def test_unknown_days_are_left_out_and_unreached_blocks_follow() -> None:
    parts = simulated(12, 1.0, 7)
    short = [Residuals(p.mean[:10].copy(), p.counts[:10].copy(), HISTORY) for p in parts]
    for p in short:
        p.counts[2, 0, 0] = np.nan
    found = estimate(short, (0, 7, 28), history_days=HISTORY)
    assert np.isfinite(found.sd).all()
    assert found.sd[2] == pytest.approx(found.sd[1])


def test_nothing_known_is_poisson() -> None:
    nothing = Residuals(np.ones((3, 1, 1)), np.full((3, 1, 1), np.nan), HISTORY)
    found = estimate([nothing], (0,), history_days=HISTORY)
    assert found.dispersion.tolist() == [[1]]
    assert found.sd.max() == 0


def by_third(origins: int, seed: int, third: float, day: float) -> list[Residuals]:
    """Counts of 4 places and 3 call types by third of a day, with shocks of the force."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(origins):
        mean = np.broadcast_to(np.array([10.0, 20.0, 15.0])[:, None, None], (DAYS, 3, 4, 3))
        rate = mean * rng.lognormal(-(day**2) / 2, day, (DAYS, 1, 1, 1))
        rate = rate * rng.lognormal(-(third**2) / 2, third, (DAYS, 3, 1, 1))
        found.append(Residuals(mean, rng.poisson(rate).astype(float), HISTORY))
    return found


@pytest.mark.parametrize(("third", "day"), [(0.15, 0.0), (0.0, 0.12), (0.1, 0.1)])
def test_shocks_of_thirds_are_told_from_those_of_days(third: float, day: float) -> None:
    found = estimate(by_third(40, 21, third, day), (0,), history_days=HISTORY)
    of_third, of_day = np.sqrt((found.sd[0] ** 2).sum(0))[:2]
    assert of_third == pytest.approx(third, abs=0.035)
    assert of_day == pytest.approx(day, abs=0.035)
    # a whole day varies as it did: third² × Σ m² ÷ (Σ m)² more than its own shock
    whole = of_day**2 + of_third**2 * (10**2 + 20**2 + 15**2) / 45**2
    assert whole == pytest.approx(day**2 + third**2 * 725 / 2025, rel=0.15)


def test_one_call_type_that_makes_most_calls_does_not_lend_its_spread_to_the_others() -> None:
    rng = np.random.default_rng(22)
    shares = np.array([33, 31, 23, 18, 14, 13, 12, 3.5])[:, None] / 147.5
    mean = np.broadcast_to(shares * np.array([135.0, 5.0, 4.0]), (DAYS, 8, 3))
    found = []
    for _ in range(12):
        rate = mean * rng.gamma(1 / 0.0064, 0.0064, (DAYS, 1, 1))
        storm = np.where(rng.random(DAYS) < 0.03, rng.uniform(5, 25, DAYS), 0.45)
        rate[:, :, 2] *= storm[:, None]
        found.append(Residuals(mean, rng.poisson(rate).astype(float), HISTORY))
    sizes = estimate(found, (0,), history_days=HISTORY)
    assert sizes.dispersion[0] == pytest.approx([1, 1, 1], abs=0.15)
    assert sizes.type_sd[0, 2] > 0.5
    assert sizes.type_sd[0, :2].max() < 0.1
    assert sizes.steadiness.sum() < 0.25


def test_a_bound_that_is_reached_is_said() -> None:
    mean = np.full((DAYS, 6, 1), 30.0)
    found = estimate([Residuals(mean, mean, HISTORY)] * 6, (0,), history_days=HISTORY)
    (note,) = at_bounds(found, ("regular",))
    assert "steadiness is held at its bound" in note
    low = Shocks((0,), np.zeros((1, 4, 3)), np.array([[0.3, 1.2]]))
    (note,) = at_bounds(low, ("regular", "other"))
    assert "counts of regular vary less than any chance is taken for" in note
    (note,) = at_bounds(Shocks.none(), ("any",))
    assert "no size of chance could be found" in note
    shaken = np.zeros((1, 4, 3))
    shaken[0, 0, 1] = 0.1
    assert at_bounds(Shocks((0,), shaken, np.array([[1.0]])), ("any",)) == ()


def test_a_block_of_one_day_has_finite_sizes_by_the_third() -> None:
    found = estimate(by_third(6, 24, 0.1, 0.1), (0, 1, 7), history_days=HISTORY)
    assert np.isfinite(found.sd).all()
    assert found.sd[0].max() > 0


def test_a_place_of_which_nothing_is_known_leaves_the_others_their_sizes() -> None:
    parts = simulated(12, 1.0, 25)
    whole = estimate(parts, (0,), history_days=HISTORY)
    for one in parts:
        one.counts[:, 5] = np.nan
    found = estimate(parts, (0,), history_days=HISTORY)
    assert found.sd.max() > 0.02
    assert found.dispersion == pytest.approx(whole.dispersion, abs=0.1)


def test_one_daily_series_falls_back_on_poisson_small_parts() -> None:
    rng = np.random.default_rng(26)
    rate = 60 * rng.lognormal(-(0.05**2) / 2, 0.05, (12, DAYS, 1, 1))
    mean = np.full((DAYS, 1, 1), 60.0)
    found = [Residuals(mean, rng.poisson(each).astype(float), HISTORY) for each in rate]
    sizes = estimate(found, (0,), history_days=HISTORY)
    assert sizes.dispersion == pytest.approx(np.ones((1, 1)))
    day = float((sizes.sd[0, :, 1] ** 2).sum()) * 60**2 + (1 - sizes.steadiness.sum()) * 60
    assert day == pytest.approx(60 + 0.05**2 * 60**2, rel=0.15)


def special_days(sd: float, doubt: float = 1.0) -> list[Residuals]:
    """Independent Poisson days, every tenth with a shock of the force."""
    rng = np.random.default_rng(31)
    found = []
    for _ in range(40):
        mean = np.full((DAYS, 6, 4), 20.0)
        unsure = np.zeros((DAYS, 2))
        unsure[::10, 0] = doubt
        shock = 1 + sd * np.sqrt(unsure[:, 0]) * rng.normal(0, 1, DAYS)
        counts = rng.poisson(mean * np.maximum(shock, 0)[:, None, None]).astype(float)
        found.append(Residuals(mean, counts, HISTORY, doubt=unsure))
    return found


@pytest.mark.parametrize("sd", [0.05, 0.15])
def test_special_days_are_sized_apart(sd: float) -> None:
    found = estimate(special_days(sd), (0, 7), history_days=HISTORY)
    assert found.special_sd[0, 0] == pytest.approx(sd, rel=0.25)
    assert found.special_sd[0, 1:].max() < 0.03
    assert found.sd[..., 0, 1].max() < 0.02  # of the force's ordinary days
    assert found.dispersion == pytest.approx(np.ones((2, 4)), abs=0.1)


def test_the_unsurer_a_special_day_the_less_its_size_says() -> None:
    found = estimate(special_days(0.06, doubt=4.0), (0, 7), history_days=HISTORY)
    assert found.special_sd[0, 0] == pytest.approx(0.06, rel=0.25)


def test_without_special_days_they_have_no_size() -> None:
    found = estimate(simulated(4, 1.0, 3), (0,), history_days=HISTORY)
    assert not found.special_sd.any()
