import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from models.missing.waves import wave_factors

Array = NDArray[np.float64]
AHEAD = 56


def drawn(rng: np.random.Generator, days: int, series: int, sd: float) -> tuple[Array, Array]:
    """Draw counts of 3 a day, and levels with a half-life of five weeks, shape (days, series)."""
    keep = 0.5 ** (1 / 35)
    z = rng.standard_normal((days, series))
    for day in range(1, days):
        z[day] = keep * z[day - 1] + np.sqrt(1 - keep**2) * z[day]
    level = np.exp(sd * z - sd**2 / 2)
    return rng.poisson(3.0 * level).astype(float), level


def test_waves_are_followed_and_go_back_to_the_mean() -> None:
    past = 200 * 7
    counts, level = drawn(np.random.default_rng(1), past + AHEAD, 40, 0.25)
    found = wave_factors(counts[:past], np.full((past, 40), 3.0), AHEAD)
    error = ((found - level[past:]) ** 2).reshape(8, 7, -1).mean((1, 2))
    plain = ((1 - level[past:]) ** 2).reshape(8, 7, -1).mean((1, 2))
    assert error[0] < 0.44 * plain[0]  # one who knows how levels are drawn: 0.40
    assert error.sum() < plain.sum()
    far = np.abs(found - 1).mean(1)
    assert (np.diff(far) < 0).all()
    assert far[35] == pytest.approx(far[0] / 2, rel=0.25)


def test_on_reports_without_waves_the_climatology_stays() -> None:
    counts, _ = drawn(np.random.default_rng(2), 150 * 7, 30, 0.0)
    each = [wave_factors(one[:, None], np.full((1050, 1), 3.0), 7) for one in counts.T]
    assert np.abs(np.array(each) - 1).mean() < 0.01


def test_one_week_is_weighed_as_by_hand() -> None:
    found = wave_factors(np.full((7, 1), 4.0), np.full((7, 1), 3.0), 1)[0, 0]
    y, m = 28, 21.0
    weights, factors = [0.5 * stats.poisson.pmf(y, m)], [1.0]
    for sd in (0.1, 0.2, 0.35):
        for half_life in (2, 5, 12, 30):
            shape = 1 / sd**2
            weights.append(0.5 / 12 * stats.nbinom.pmf(y, shape, shape / (shape + m)))
            level = (shape + y) / (shape + m)  # gamma and Poisson are conjugate
            factors.append(1 + (level - 1) * 0.5 ** (4 / 7 / half_life))
    assert found == pytest.approx(np.average(factors, weights=weights))


def test_unknown_weeks_say_nothing_and_a_wave_goes_on_ebbing() -> None:
    counts, _ = drawn(np.random.default_rng(3), 100 * 7, 10, 0.3)
    expected = np.full(counts.shape, 3.0)
    gap = np.zeros((14, 10))
    before = wave_factors(counts, expected, 21)
    after = wave_factors(np.vstack([counts, gap]), np.vstack([expected, gap]), 7)
    assert after == pytest.approx(before[14:], rel=1e-6)


def test_less_than_a_week_says_nothing() -> None:
    assert (wave_factors(np.full((3, 2), 9.0), np.full((3, 2), 1.0), 5) == 1).all()
