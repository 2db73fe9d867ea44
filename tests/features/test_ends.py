import numpy as np
import pytest

from features.ends import LEAST_SILENT_DAYS, end_factors


def constant(days: int = 457, seed: int = 1) -> np.ndarray:
    """Six series of six calls a day: three places, two call types."""
    return np.random.default_rng(seed).poisson(6.0, (3, 2, days)).astype(float)


def test_an_end_makes_its_own_past_next_to_nothing_and_touches_no_sibling() -> None:
    daily = constant()
    daily[0, 0, 350:] = 0
    factor = end_factors(daily)
    assert factor is not None
    assert factor[0, 0, :350] == pytest.approx(0.5 / (6 * 107 + 0.5), rel=0.1)
    factor[0, 0] = 1
    assert (factor == 1).all()


def test_a_place_that_ends_takes_its_smallest_cells_along() -> None:
    daily = constant()
    daily[0, 1] = np.random.default_rng(2).poisson(0.02, 457)  # alone it says nothing
    daily[0, :, 430:] = 0
    factor = end_factors(daily)
    assert factor is not None
    assert (factor[0, :, :400] < 0.01).all()
    assert (factor[1:] == 1).all()


def test_what_may_be_chance_a_feed_or_a_season_is_no_end() -> None:
    daily = constant()
    daily[0, 0, -LEAST_SILENT_DAYS + 1 :] = 0
    assert end_factors(daily) is None
    daily = constant()
    daily[:, :, -20:] = 0  # all of it: a feed that failed
    assert end_factors(daily) is None
    daily = constant(800)
    for year in (0, 364, 728):
        daily[0, 0, year + 10 : year + 60] = 0
    assert end_factors(daily[:, :, : 728 + 60]) is None
    rare = constant()
    rare[0, 0] = np.random.default_rng(4).poisson(0.05, 457)
    rare[0, 0, -40:] = 0
    assert end_factors(rare) is None


def test_the_first_call_afterwards_ends_the_silence() -> None:
    daily = constant()
    daily[0, 0, 400:-1] = 0
    assert end_factors(daily) is None


def test_unknown_days_are_no_silence() -> None:
    daily = constant()
    daily[0, 0, 400:] = np.nan
    assert end_factors(daily) is None
