"""Trailing levels against means by hand, and nothing from the origin on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.levels import LEVEL_NAMES, same_weekday, trailing
from forewatch.arrays import Array

DAYS, SERIES = 800, 2


@pytest.fixture(scope="module")
def counts() -> Array:
    rng = np.random.default_rng(7)
    counts = rng.poisson(5, (DAYS, SERIES)).astype(float)
    counts[rng.random(counts.shape) < 0.1] = np.nan
    return counts


def level(counts: Array, origin: int, name: str) -> Array:
    found: Array = trailing(counts, np.array([origin]))[0, :, LEVEL_NAMES.index(name)]
    return found


@pytest.mark.parametrize("origin", [DAYS, 500, 400, 30])
def test_levels_are_plain_means_of_the_known_days(counts: Array, origin: int) -> None:
    def mean(days: int, ago: int = 0) -> Array:
        found: Array = np.nanmean(counts[max(origin - ago - days, 0) : origin - ago], axis=0)
        return found

    for name, days in (("level_28", 28), ("level_56", 56), ("level_364", 364)):
        np.testing.assert_allclose(level(counts, origin, name), mean(days))
    np.testing.assert_allclose(level(counts, origin, "ratio_7_28"), mean(7) / mean(28))
    np.testing.assert_allclose(level(counts, origin, "ratio_28_364"), mean(28) / mean(364))
    if origin > 364 + 28:
        year_ago = mean(28) / mean(28, ago=364)
        np.testing.assert_allclose(level(counts, origin, "ratio_yoy"), year_ago)
    else:
        assert np.isnan(level(counts, origin, "ratio_yoy")).all()


def test_nothing_known_is_nan() -> None:
    unknown = np.full((40, 1), np.nan)
    assert np.isnan(trailing(unknown, np.array([0, 40]))).all()
    assert np.isnan(same_weekday(unknown, np.array([0, 40]), weeks=4)).all()


def test_a_ratio_to_zero_is_unknown_but_the_level_is_zero() -> None:
    none = np.zeros((40, 1))
    assert level(none, 40, "level_28").tolist() == [0]
    assert np.isnan(level(none, 40, "ratio_7_28")).all()


@pytest.mark.parametrize("origin", [DAYS, 401, 20])
def test_same_weekday_means_look_back_by_whole_weeks(counts: Array, origin: int) -> None:
    found = same_weekday(counts, np.array([origin]), weeks=8)[0]
    for ahead in range(7):
        days = [day for w in range(1, 9) if (day := origin + ahead - 7 * w) >= 0]
        np.testing.assert_allclose(found[:, ahead], np.nanmean(counts[days], axis=0))


@given(origin=st.integers(0, DAYS), seed=st.integers(0, 99))
def test_days_from_the_origin_on_move_nothing(counts: Array, origin: int, seed: int) -> None:
    changed = counts.copy()
    changed[origin:] = np.random.default_rng(seed).poisson(500, changed[origin:].shape)
    at = np.array([origin])
    np.testing.assert_array_equal(trailing(counts, at), trailing(changed, at))
    np.testing.assert_array_equal(same_weekday(counts, at, 8), same_weekday(changed, at, 8))
