import numpy as np
import pytest

from sources.level_shifts import _contrast, dispersion, shifts, steps


def test_the_step_of_a_broken_line_is_found_exactly_whatever_its_slope() -> None:
    weeks = np.arange(16)
    line = 100 + 3.0 * weeks + 40 * (weeks >= 8)
    assert _contrast() @ line == pytest.approx(40)
    assert _contrast() @ (100 + 3.0 * weeks) == pytest.approx(0, abs=1e-9)


def test_dispersion_is_one_for_poisson_counts_and_four_for_counts_in_fours() -> None:
    rng = np.random.default_rng(5)
    runs = [rng.poisson(200, 4000).astype(float)]
    assert dispersion(*runs) == pytest.approx(1, abs=0.12)
    assert dispersion((4.0 * rng.poisson(50, 4000)).astype(np.float64)) == pytest.approx(4, rel=0.1)
    assert dispersion(np.full(8, 50.0)) == 1.0


def test_a_planted_change_is_found_at_its_week_and_size() -> None:
    rng = np.random.default_rng(7)
    mean = np.where(np.arange(120) < 70, 300.0, 195.0)
    (found,) = shifts(rng.poisson(mean).astype(float))
    assert found.week == 70
    assert found.ratio == pytest.approx(0.65, abs=0.03)
    assert found.z < -6


def test_no_change_is_found_in_chance_in_season_or_in_one_odd_week() -> None:
    rng = np.random.default_rng(11)
    weeks = np.arange(156)
    season = 300 * (1 + 0.3 * np.sin(2 * np.pi * weeks / 52))
    for mean in (np.full(156, 300.0), season):
        assert shifts(rng.poisson(mean).astype(float)) == []
    christmas = rng.poisson(300, 156).astype(float)
    christmas[50] = 450
    assert shifts(christmas) == []


def test_what_comes_back_each_year_is_season_and_what_does_not_is_a_change() -> None:
    rng = np.random.default_rng(13)
    weeks = np.arange(156)
    holidays = np.where((weeks % 52 >= 28) & (weeks % 52 < 42), 500.0, 300.0)
    assert shifts(rng.poisson(holidays).astype(float)) == []
    once = np.where((weeks >= 80) & (weeks < 94), 500.0, 300.0)
    assert [shift.week for shift in shifts(rng.poisson(once).astype(float))] == [80, 94]


def test_few_calls_and_unknown_weeks_say_nothing() -> None:
    rng = np.random.default_rng(17)
    few = rng.poisson(np.where(np.arange(60) < 30, 4.0, 1.0)).astype(float)
    assert shifts(few) == []
    known = np.where(np.arange(60) < 30, 300.0, 100.0)
    known[26:34] = np.nan
    assert not any(24 < shift.week < 36 for shift in shifts(known))
    z, ratio = steps(np.full(10, 5.0))
    assert (z == 0).all()
    assert (ratio == 1).all()
