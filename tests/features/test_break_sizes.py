"""The size of a break: known truths, closed forms, and how far few days are believed."""

import numpy as np
import pytest

from features.break_sizes import SD_STATED, SD_UNKNOWN, Calendar, log_ratio
from forewatch.arrays import Array

NOTHING = float("nan")
FLAT = np.array([1.0, 1.1, 0.9, 1.0, 1.2, 1.0, 0.8])


def calendar(days: int) -> Calendar:
    """Weekdays only."""
    columns = (np.arange(days)[:, None] % 7 == np.arange(7)) - 1 / 7
    return Calendar(columns, np.full(7, 0.3))


def week(days: int, level: float) -> Array:
    return level * np.tile(FLAT, days // 7 + 1)[:days]


def step(days: int, after: int) -> Array:
    return (np.arange(days) >= days - after).astype(float)


def test_counts_without_noise_give_the_ratio() -> None:
    force = step(400, after=70)
    counts = week(400, 5_000.0) * 0.65**force
    assert np.exp(log_ratio(counts, calendar(400), force, NOTHING)) == pytest.approx(0.65, abs=0.01)


def test_a_weekday_is_not_taken_for_a_break() -> None:
    force = step(203, after=1)  # one day, the quietest of the week, without any break
    found = log_ratio(week(203, 2_000.0), calendar(203), force, NOTHING)
    assert np.exp(found) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(("stated", "sd"), [(NOTHING, SD_UNKNOWN), (0.8, SD_STATED)])
def test_few_calls_are_believed_as_far_as_chance_allows(stated: float, sd: float) -> None:
    # Two days after many before: a Poisson count of 2 × 10 × ratio with a normal prior on the log.
    days, level, ratio = 702, 10.0, 0.5
    force = step(days, after=2)
    counts = np.full(days, level) * ratio**force
    found = log_ratio(counts, calendar(days), force, stated)
    centre = 0.0 if np.isnan(stated) else float(np.log(stated))
    grid = np.linspace(-3, 3, 60_001)
    of_poisson = counts[-2:].sum() * grid - 2 * level * np.exp(grid)
    mode = grid[np.argmax(of_poisson - ((grid - centre) / sd) ** 2 / 2)]
    assert found == pytest.approx(mode, abs=0.06)  # the wandering level takes a little of it
    assert np.log(ratio) < found < centre


def test_wild_counts_are_believed_less_than_quiet_ones() -> None:
    rng = np.random.default_rng(3)
    force = step(300, after=3)
    quiet = np.full(300, 20.0) * 0.5**force
    wild = quiet * rng.gamma(0.5, 2.0, 300)
    wild[-3:] = quiet[-3:]
    found = [log_ratio(one, calendar(300), force, NOTHING) for one in (quiet, wild)]
    assert np.log(0.5) < found[0] < found[1] + np.log(wild[:-3].mean() / 20) < 0


def test_a_level_that_wanders_is_not_taken_for_a_break() -> None:
    number = np.arange(500)
    force = step(500, after=30)
    slow = week(500, 1_000.0) * np.exp(0.1 * np.sin(number / 80))
    assert np.exp(log_ratio(slow, calendar(500), force, NOTHING)) == pytest.approx(1, abs=0.03)


def test_unknown_days_are_left_out() -> None:
    force = step(400, after=60)
    counts = week(400, 3_000.0) * 1.5**force
    whole = log_ratio(counts, calendar(400), force, NOTHING)
    counts[[3, 50, 380]] = np.nan
    assert log_ratio(counts, calendar(400), force, NOTHING) == pytest.approx(whole, abs=0.01)


def test_without_a_day_to_tell_it_is_what_was_stated() -> None:
    counts, nobody = week(100, 50.0), np.zeros(100)
    assert log_ratio(counts, calendar(100), nobody, NOTHING) == 0
    assert log_ratio(counts, calendar(100), nobody, 0.7) == pytest.approx(np.log(0.7))
    unknown = np.full(100, np.nan)
    assert log_ratio(unknown, calendar(100), step(100, 5), 0.7) == pytest.approx(np.log(0.7))


def test_a_code_that_all_but_vanished_is_found() -> None:
    force = step(400, after=100)
    counts = np.where(force > 0, 1.0, 500.0)
    found = log_ratio(counts, calendar(400), force, NOTHING)
    # where the slope is zero: 100 calls - 50,000 × ratio - log ratio ÷ SD_UNKNOWN² = 0
    assert 100 - 50_000 * np.exp(found) - found / SD_UNKNOWN**2 == pytest.approx(0, abs=5)
