import numpy as np
import pytest
from scipy import stats

from models.missing.reliability import reliability_rows, wilson


def test_bins_hold_the_mean_chance_and_the_share_that_came_true() -> None:
    chance = np.array([0.11, 0.19, 0.85, 0.95, 1.0])
    rows = reliability_rows(chance, np.array([True, False, True, True, True]))
    assert [row["bin"] for row in rows] == [1, 8, 9]
    assert rows[0]["predicted"] == pytest.approx(0.15)
    assert rows[0]["observed"] == pytest.approx(0.5)
    assert [row["n"] for row in rows] == [2, 1, 2]
    assert sum(row["n"] for row in rows) == len(chance)


@pytest.mark.parametrize(("hits", "n"), [(0, 7), (3, 11), (50, 50), (40, 400)])
def test_the_interval_is_where_the_score_test_does_not_reject(hits: int, n: int) -> None:
    # Wilson's bounds solve |share − p| = z √(p (1 − p) / n)
    z = stats.norm.ppf(0.975)
    for bound in wilson(hits, n):
        if 1e-9 < bound < 1 - 1e-9:
            assert abs(hits / n - bound) == pytest.approx(
                z * np.sqrt(bound * (1 - bound) / n), rel=1e-5
            )
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
