import numpy as np
import pytest

from forewatch.count_distribution import CountDistribution
from forewatch.shocks import Shocks
from models import scores
from models.dispersion import Residuals, estimate

SIZES = np.array([[0.04, 0.02], [0.03, 0.03], [0.05, 0.02], [0.06, 0.05]])
DAYS = 56


def simulated(origins: int, dispersion: float, seed: int) -> list[Residuals]:
    """Counts drawn from known shocks around known rates, 6 places × 4 call types."""
    rng = np.random.default_rng(seed)
    blocks = (0, 7, 28)
    truth = Shocks(blocks, np.array([SIZES] * 3), np.full(3, dispersion))
    found = []
    for k in range(origins):
        day = np.exp(rng.normal(0, 0.1, (DAYS, 1, 1)))
        mean = 25 * np.exp(rng.normal(0, 1, (1, 6, 4))) * day
        drawn = truth.draws(
            np.moveaxis(mean, 0, 2), np.arange(DAYS), np.arange(DAYS), 1, 1000 * seed + k
        )
        found.append(Residuals(mean, np.moveaxis(drawn[0], 2, 0).astype(float)))
    return found


@pytest.mark.parametrize("dispersion", [0.7, 1.0, 1.4])
def test_known_sizes_are_recovered(dispersion: float) -> None:
    found = estimate(simulated(30, dispersion, 1), (0,))
    assert found.dispersion[0] == pytest.approx(dispersion, abs=0.06)
    assert found.sd[0] == pytest.approx(SIZES, abs=0.02)


def test_intervals_cover_fresh_counts_as_often_as_they_say() -> None:
    found = estimate(simulated(20, 1.2, 2), (0,))
    fresh = simulated(30, 1.2, 3)
    lead = np.arange(DAYS)
    for places, types in ((slice(None), slice(None)), (slice(0, 1), slice(None)), ([2], [1])):
        covered = []
        for one in fresh:
            mean = np.moveaxis(one.mean, 0, 2)[places][:, types]
            counts = np.moveaxis(one.counts, 0, 2)[places][:, types].sum((0, 1))
            dist = CountDistribution.of(mean.sum((0, 1)), found.variance(mean, lead, lead))
            covered.append(scores.coverage(scores.bracket(dist, counts), 0.8))
        assert 0.77 < float(np.mean(covered)) < 0.83


def test_poisson_counts_give_hardly_any_shocks() -> None:
    rng = np.random.default_rng(0)
    mean = np.full((56, 5, 4), 20.0)
    poisson = [Residuals(mean, rng.poisson(mean).astype(float)) for _ in range(12)]
    found = estimate(poisson, (0,))
    assert found.dispersion[0] == pytest.approx(1, abs=0.04)
    assert found.sd[0].max() < 0.03


def test_level_shocks_never_shrink_with_the_lead() -> None:
    found = estimate(simulated(8, 1.0, 5), (0, 7, 28))
    assert (np.diff(found.sd[..., 1], axis=0) >= 0).all()


def test_a_day_beyond_belief_does_not_widen_everything() -> None:
    calm = simulated(12, 1.0, 6)
    struck = [Residuals(one.mean, one.counts.copy()) for one in calm]
    struck[0].counts[3] *= 5
    before, after = estimate(calm, (0,)), estimate(struck, (0,))
    assert after.sd[0, 0, 0] < before.sd[0, 0, 0] + 0.02


def test_unknown_days_are_left_out_and_unreached_blocks_follow() -> None:
    parts = simulated(12, 1.0, 7)
    short = [Residuals(p.mean[:10].copy(), p.counts[:10].copy()) for p in parts]
    for p in short:
        p.counts[2, 0, 0] = np.nan
    found = estimate(short, (0, 7, 28))
    assert np.isfinite(found.sd).all()
    assert found.sd[2] == pytest.approx(found.sd[1])


def test_nothing_known_is_poisson() -> None:
    nothing = Residuals(np.ones((3, 1, 1)), np.full((3, 1, 1), np.nan))
    found = estimate([nothing], (0,))
    assert found.dispersion[0] == 1
    assert found.sd.max() == 0
