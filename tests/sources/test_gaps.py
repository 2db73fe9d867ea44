import numpy as np
import pytest

from sources.gaps import expected_counts, stretches


def test_the_expected_count_is_the_slot_s_mean_times_the_level_around() -> None:
    weekdays = np.array([10.0, 12, 11, 13, 20, 25, 7])
    counts = np.tile(weekdays, 40) * np.where(np.arange(280) < 140, 1.0, 2.0)
    found = expected_counts(counts, np.tile(np.arange(7), 40), per_day=1)
    assert found[70:77] == pytest.approx(weekdays, rel=0.02)
    assert found[210:217] == pytest.approx(2 * weekdays, rel=0.02)


def test_unobserved_intervals_do_not_lower_what_is_expected() -> None:
    counts = np.full(70, 10.0)
    counts[20:40] = np.nan
    assert expected_counts(counts, np.zeros(70, int), per_day=1) == pytest.approx(np.full(70, 10.0))


def test_a_stretch_is_a_gap_from_one_in_a_million_on() -> None:
    assert np.exp(-13.9) < 1e-6 < np.exp(-13.8)
    mean = np.full(9, 1.0)
    counts = np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 1])
    assert stretches(counts, mean * 13.8 / 7) == []
    ((start, end, calls),) = stretches(counts, mean * 13.9 / 7)
    assert (start, end) == (1, 8)
    assert calls == pytest.approx(13.9)


def test_what_is_declared_unobserved_is_no_gap_and_does_not_join_two() -> None:
    counts = np.array([np.nan] * 10 + [0.0] + [np.nan] + [0.0] + [5.0])
    mean = np.full(14, 10.0)
    assert stretches(counts, mean) == []


def test_a_long_gap_is_found_although_the_level_around_it_is_zero() -> None:
    counts = np.full(400, 6.0)
    counts[150:280] = 0
    found = stretches(counts, expected_counts(counts, np.arange(400) % 7, per_day=1))
    assert [(start, end) for start, end, _ in found] == [(150, 280)]


def test_random_counts_have_no_gaps() -> None:
    rng = np.random.default_rng(3)
    slot = np.tile(np.arange(168), 60)
    mean = 1.5 + np.sin(slot / 24 * 2 * np.pi)
    assert stretches(rng.poisson(mean).astype(float), expected_counts(mean, slot, per_day=24)) == []
