import numpy as np
import pytest

from models.yearly import credible_shares

DAYS = 1200


def cycle(size: float, harmonic: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(1 + size * np.cos(2 * np.pi * harmonic * np.arange(DAYS) / 365.25))


@pytest.mark.parametrize("harmonic", [1, 2, 3])
def test_a_clear_cycle_is_believed_and_nothing_else(harmonic: int) -> None:
    rng = np.random.default_rng(harmonic)
    counts = rng.poisson(100 * cycle(0.2, harmonic)).astype(float)[:, None]
    share = credible_shares(counts, np.full((DAYS, 1), 100.0))[0]
    assert share[harmonic - 1] > 0.97
    assert np.delete(share, harmonic - 1).max() < 0.9


def test_a_wandering_level_is_no_cycle() -> None:
    rng = np.random.default_rng(3)
    steps = rng.normal(0, 0.05, (DAYS // 28 + 1, 400))
    level = np.zeros_like(steps)
    for month in range(1, len(steps)):
        level[month] = 0.8 * level[month - 1] + steps[month]
    counts = 1000 * np.exp(np.repeat(level, 28, axis=0)[:DAYS])
    share = credible_shares(counts, np.full(counts.shape, 1000.0))
    assert share[:, 0].mean() < 0.3
    assert (share[:, 0] == 0).mean() > 0.5


def test_a_short_history_shows_no_year() -> None:
    counts = np.repeat(cycle(0.5, 1)[:400, None] * 100, 2, axis=1)
    assert (credible_shares(counts, np.full(counts.shape, 100.0)) == 0).all()


def test_unknown_days_are_not_a_dip() -> None:
    counts, expected = 100 * cycle(0.3, 1)[:, None], np.full((DAYS, 1), 100.0)
    gap = slice(300, 420)
    counts[gap], expected[gap] = 0, 0
    assert credible_shares(counts, expected)[0, 0] > 0.9


def test_what_comes_each_year_alike_is_believed_sooner_than_what_comes_once() -> None:
    """Two series with the same mean cycle: the one has it each year, the other in half of them."""
    days = 6 * 364
    rng = np.random.default_rng(7)
    wave = np.cos(2 * np.pi * np.arange(days) / 364)
    each_year = 1 + 0.03 * wave
    now_and_then = 1 + 0.06 * wave * (np.arange(days) // 364 % 2)
    noise = rng.normal(0, 0.02, (days // 28, 200)).repeat(28, axis=0)
    shares = [
        credible_shares(1000 * (rate[:, None] + noise), np.full(noise.shape, 1000.0))[:, 0]
        for rate in (each_year, now_and_then)
    ]
    assert shares[0].mean() > 0.93
    # the six years' mean is half of 0.06, its standard error 0.06 ÷ 2 ÷ √5
    assert shares[1].mean() == pytest.approx(1 - 1 / 5, abs=0.03)


def test_years_that_wander_alike_say_what_the_variance_is() -> None:
    """Of nothing but noise between years the believed part of a² + b² is small on average."""
    rng = np.random.default_rng(8)
    level = rng.normal(0, 0.03, (78, 400)).cumsum(0) * 0.3
    counts = 1000 * np.exp(level - level.mean(0)).repeat(28, axis=0)
    share = credible_shares(counts, np.full(counts.shape, 1000.0))
    assert (share[:, 0] > 0.5).mean() < 0.15
