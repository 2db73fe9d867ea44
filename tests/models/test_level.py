from collections.abc import Callable

import numpy as np
import pytest

from features.panel import Panel
from models.level import Level

PanelOf = Callable[..., Panel]


def weights(days: int, half_life: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(0.5 ** (np.arange(days)[::-1] / half_life))


def test_the_last_level_is_the_decaying_ratio_written_out(panel_of: PanelOf) -> None:
    rng = np.random.default_rng(4)
    calls = rng.poisson(40, (107, 1, 1)).astype(float)
    panel = panel_of(calls, horizon=7)
    effect = np.exp(rng.normal(0, 0.1, panel.counts.shape))
    level = Level.of(panel, trust_calls=50).before_each_day(effect, 10, 30)
    y, e, typical = panel.counts[:, 0], effect[:, 0], panel.counts[:, 0].mean()
    slow, fast = weights(100, 30), weights(100, 10)
    long = (slow @ y + typical) / (slow @ e + 1)
    wanted = long * (fast @ y + 50) / (fast @ e * long + 50)
    assert level[-1, 0] == pytest.approx(wanted, rel=1e-12)
    assert len(level) == 101


def test_the_level_before_a_day_does_not_know_the_day(panel_of: PanelOf) -> None:
    rng = np.random.default_rng(5)
    calls = rng.poisson(4, (60, 2, 2)).astype(float)
    panel = panel_of(calls, horizon=7)
    ones = np.ones(panel.counts.shape)
    first = Level.of(panel, 20)
    counts = first.counts.copy()
    counts[40:] *= 7
    second = Level(counts, first.known, first.typical, first.lineage, 20)
    before, after = (one.before_each_day(ones, 9, 90) for one in (first, second))
    assert (before[:41] == after[:41]).all()
    assert (before[41:] != after[41:]).any(axis=1).all()


def test_a_small_series_follows_the_change_of_its_parents(panel_of: PanelOf) -> None:
    calls = np.zeros((307, 2, 1))
    calls[:, 0] = 200.0
    calls[150:, 0] = 400.0  # the force doubles; the small place has a call each 50 days
    calls[::50, 1] = 1.0
    panel = panel_of(calls, horizon=7)
    ones = np.ones(panel.counts.shape)
    slow = Level.of(panel, trust_calls=1e-9).before_each_day(ones, 10_000, 10_000)[-1]
    level = Level.of(panel, trust_calls=100).before_each_day(ones, 20, 10_000)[-1]
    place = panel.series("d1")
    assert level[0] / slow[0] == pytest.approx(4 / 3, rel=0.02)  # 400 after a mean of 300
    assert level[place] / slow[place] == pytest.approx(4 / 3, rel=0.02)


def test_the_path_of_a_steady_series_is_its_mean_on_each_day(panel_of: PanelOf) -> None:
    panel = panel_of(np.full((60, 1, 1), 30.0), horizon=7)
    path = Level.of(panel, 100).path(np.ones(panel.counts.shape), 15)
    assert path == pytest.approx(30)


def test_a_gap_does_not_lower_the_level(panel_of: PanelOf) -> None:
    calls = np.full((80, 1, 1), 30.0)
    calls[50:70] = np.nan
    panel = panel_of(calls, horizon=7)
    effect = np.ones(panel.counts.shape)
    level = Level.of(panel, 100)
    assert level.path(effect, 5)[60] == pytest.approx(30)
    assert level.before_each_day(effect, 5, 50)[-1] == pytest.approx(30)
