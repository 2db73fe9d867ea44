from collections.abc import Callable

import numpy as np
import pytest

from features.panel import Panel
from forewatch.arrays import Array
from models.level import Level
from models.level_bank import LevelBank
from models.loglinear import Loglinear

PanelOf = Callable[..., Panel]
BANK = LevelBank((7.0, 60.0, 240.0), 200.0)


def level_of(calls: Array, panel_of: PanelOf) -> Level:
    """The level of one series."""
    return Level.of(panel_of(calls[:, None, None], horizon=7), trust_calls=50)


def wandering(days: int, step: float) -> Array:
    """Counts of about 400 a day whose log level wanders."""
    rng = np.random.default_rng(8)
    return np.asarray(rng.poisson(400 * np.exp(np.cumsum(rng.normal(0, step, days)))), float)


def test_the_level_at_the_end_is_the_last_of_the_levels_before_each_day(panel_of: PanelOf) -> None:
    rng = np.random.default_rng(3)
    level = Level.of(panel_of(rng.poisson(4.0, (157, 2, 2)).astype(float), horizon=7), 20)
    effect = np.exp(rng.normal(0, 0.1, level.counts.shape))
    rows = level.before_each_day(effect, 30, 200)
    assert level.at_end(effect, 30, 200) == pytest.approx(rows[-1], rel=1e-12)


def test_a_steady_level_is_remembered_long_and_a_wandering_one_short(panel_of: PanelOf) -> None:
    found = {}
    for step in (0.0, 0.05):
        level = level_of(wandering(800, step), panel_of)
        found[step] = BANK.weights(level, np.ones_like(level.counts))[:, :, 0]
    assert found[0.0][0, 2] > 0.5
    assert found[0.05][0, 0] > 0.99
    near, far = found[0.05][0], found[0.05][2]
    assert far.max() < near.max()  # the further ahead, the less the past says


def test_a_past_too_short_to_judge_leaves_all_memories_alike(panel_of: PanelOf) -> None:
    level = level_of(wandering(60, 0.05), panel_of)
    weights = BANK.weights(level, np.ones_like(level.counts))
    assert weights == pytest.approx(1 / 3)


def test_weights_are_the_likelihoods_of_the_errors_at_that_lead(panel_of: PanelOf) -> None:
    level = level_of(wandering(300, 0.02), panel_of)
    ones = np.ones_like(level.counts)
    days = len(level.counts)
    known = level.before_each_day(ones, 7, 200)[:, 0], level.before_each_day(ones, 240, 480)[:, 0]
    squares = [
        sum((level.counts[t, 0] - one[t - 18]) ** 2 for t in range(78, days)) for one in known
    ]
    weights = LevelBank((7.0, 240.0), 200.0).weights(level, ones)[1, :, 0]
    odds = (squares[0] / squares[1]) ** (-(days - 60) / 18 / 2)
    assert weights[0] / weights[1] == pytest.approx(odds, rel=1e-9)


def test_a_forecast_carries_each_blocks_level(panel_of: PanelOf) -> None:
    calls = np.concatenate([np.full(500, 100.0), np.full(20, 200.0)])
    level = level_of(np.append(calls, np.full(7, np.nan)), panel_of)
    ones = np.ones_like(level.counts)
    weights = np.zeros((3, 3, 1))
    weights[[0, 1, 2], [0, 1, 2]] = 1  # days 1-7 the shortest memory, from day 29 on the longest
    ahead = BANK.ahead(level, ones, weights, 30)[:, 0]
    ends = [level.at_end(ones, each, max(200, 2 * each))[0] for each in BANK.half_lives_days]
    assert ahead[[0, 6, 7, 27, 28]] == pytest.approx([ends[i] for i in (0, 0, 1, 1, 2)])
    assert ends[0] > ends[1] > ends[2]


def test_the_weights_are_learned_by_the_fit_and_kept(panel_of: PanelOf) -> None:
    calls = wandering(500, 0.05)[:, None, None]
    panel = panel_of(calls, horizon=28)
    member = Loglinear().fit(panel)
    again = Loglinear.from_state(member.state())
    assert (again.predict(panel) == member.predict(panel)).all()
    later = panel_of(calls[-200:], horizon=28)
    assert (again.weights_ == member.weights_).all()
    assert again.predict(later).shape == (28, len(panel.keys))
