from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.panel import Panel
from forewatch.shocks import PERSISTENCES, SCOPES, Shocks, Within
from models.told_days import ToldDays, counts_of_areas, day_variance

CALLS = np.array([[120.0, 60.0], [80.0, 40.0], [50.0, 30.0], [20.0, 100.0]])


def sizes() -> Shocks:
    sd = np.zeros((2, len(SCOPES), len(PERSISTENCES)))
    sd[:, 0] = [0.03, 0.06, 0.02]
    sd[:, 1:3, 1] = [0.05, 0.02]
    return Shocks((0, 7), sd, np.ones((2, 1)))


def test_of_a_day_every_road_to_its_variance_says_the_same() -> None:
    shocks, calls = sizes(), np.repeat(CALLS[..., None], 3, axis=2)
    thirds = np.repeat(calls / 3, 3, axis=2)
    day = np.repeat(np.arange(3), 3)
    within = Within(np.arange(2), day, thirds.sum(1) * 3, thirds.sum((0, 1)) * 3)
    by_thirds = shocks.variance(thirds, day, day, within)
    assert day_variance(calls, shocks, np.arange(3))[:, 0] == pytest.approx(by_thirds, rel=1e-9)


def test_what_was_kept_is_read_back_and_a_model_of_before_kept_nothing() -> None:
    days = pd.date_range("2024-01-01", periods=5, unit="us")
    told = ToldDays.of(days, np.full((5, 4, 2), 50.0), sizes(), None)
    again = ToldDays.from_state(told.state())
    assert np.array_equal(again.day, told.day)
    assert np.array_equal(again.variance, told.variance)
    assert len(ToldDays.from_state(None).day) == 0


def test_days_that_members_learn_otherwise_than_they_came_tell_nothing(
    panel_of: Callable[..., Panel],
) -> None:
    seen = panel_of(np.full((40, 3, 2), 20.0), 7)
    assert (counts_of_areas(seen) == [120.0, 40, 40, 40]).all()
    stormy = seen.counts.copy()
    place = seen.series("d1")
    stormy[10, [0, place]] += 30
    found = counts_of_areas(replace(seen, recorded=stormy))
    assert np.isnan(found[10]).tolist() == [True, False, True, False]
    assert np.isfinite(np.delete(found, 10, axis=0)).all()
