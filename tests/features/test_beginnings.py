import numpy as np
import pytest

from features.beginnings import P_MAX, as_if_always_there, beginnings


@pytest.mark.parametrize(("days_with_calls", "begins"), [(2, 0), (3, 690), (10, 690)])
def test_an_area_is_new_where_chance_does_not_explain_the_quiet(
    days_with_calls: int, begins: int
) -> None:
    counts = np.zeros((1, 700))
    counts[0, 690 : 690 + days_with_calls] = 2
    by_chance = (10 / 700) ** (2 * days_with_calls - 1)
    assert (by_chance < P_MAX) == (begins > 0)
    assert beginnings(counts).tolist() == [begins]


def test_a_steady_or_silent_or_unknown_area_is_not_new() -> None:
    counts = np.ones((3, 100))
    counts[1] = 0
    counts[2] = np.nan
    assert beginnings(counts).tolist() == [0, 0, 0]


@pytest.mark.parametrize("days", [2, 3, 20])
def test_a_few_busy_days_are_a_beginning_and_one_is_none(days: int) -> None:
    counts = np.zeros((1, 400))
    counts[0, 400 - days :] = 6
    assert beginnings(counts).tolist() == [400 - days]
    counts[0, :399] = 0
    assert beginnings(counts).tolist() == [0]


def test_sums_have_a_new_place_as_if_it_had_always_been_there() -> None:
    daily = np.random.default_rng(1).poisson(20.0, (3, 2, 400)).astype(float)
    daily[2, :, :390] = 0
    found = as_if_always_there(daily, np.array([0, 0, 390]))
    rate = daily[2, :, 390:].mean(-1)
    assert (found[2, :, :390] == rate[:, None]).all()
    assert (found[:2] == daily[:2]).all()


def test_calls_that_a_new_place_took_over_are_not_added_twice() -> None:
    daily = np.random.default_rng(1).poisson(20.0, (3, 2, 400)).astype(float)
    daily[2, :, :370] = 0
    daily[1, :, 370:] = 0  # the second place is the third's from then on
    found = as_if_always_there(daily, np.array([0, 0, 370]))
    assert (found[2, :, :370] < 3).all()
