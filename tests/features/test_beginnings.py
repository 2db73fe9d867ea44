import numpy as np
import pytest

from features.beginnings import P_MAX, beginnings


@pytest.mark.parametrize(("days_with_calls", "begins"), [(4, 0), (5, 690), (10, 690)])
def test_an_area_is_new_where_chance_does_not_explain_the_quiet(
    days_with_calls: int, begins: int
) -> None:
    counts = np.zeros((1, 700))
    counts[0, 690 : 690 + days_with_calls] = 2
    by_chance = (10 / 700) ** (days_with_calls - 1)
    assert (by_chance < P_MAX) == (begins > 0)
    assert beginnings(counts).tolist() == [begins]


def test_a_steady_or_silent_or_unknown_area_is_not_new() -> None:
    counts = np.ones((3, 100))
    counts[1] = 0
    counts[2] = np.nan
    assert beginnings(counts).tolist() == [0, 0, 0]
