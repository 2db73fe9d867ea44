import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.panel import Panel, panel
from forewatch.arrays import Array
from forewatch.history import History
from models.loglinear import Loglinear
from models.member_settings import PLAIN, LoglinearSettings
from sources.synthetic import DemoForce

PanelOf = Callable[..., Panel]
WEEK = np.array([0.9, 0.9, 0.95, 1.0, 1.1, 1.15, 1.0])


def rates(days: int, base: float = 200.0) -> Array:
    """Two places (3 : 1) and two call types (1 : 1) with a week, shape (days, 2, 2)."""
    week = np.tile(WEEK, days // 7 + 1)[:days]
    shares = np.array([[0.375, 0.375], [0.125, 0.125]])
    return np.asarray(base * week[:, None, None] * shares)


def counts(means: Array, seed: int = 1) -> Array:
    return np.asarray(np.random.default_rng(seed).poisson(means), float)


def test_it_finds_the_week_and_the_level_of_a_steady_force(panel_of: PanelOf) -> None:
    truth = rates(756)
    panel = panel_of(counts(truth), horizon=28)
    found = Loglinear().fit(panel).predict(panel)
    assert found[:, 0] == pytest.approx(truth[-28:].sum((1, 2)), rel=0.05)
    cells = found[:, panel.cells]
    assert cells == pytest.approx(truth[-28:], rel=0.15)
    assert cells.mean(0) == pytest.approx(truth[-28:].mean(0), rel=0.05)


def test_the_level_follows_a_new_level_of_the_later_panel(panel_of: PanelOf) -> None:
    truth = rates(900)
    truth[500:] *= 1.5
    calls = counts(truth)
    member = Loglinear().fit(panel_of(calls[:500], horizon=28))
    later = member.predict(panel_of(calls, horizon=28))
    assert later[:, 0] == pytest.approx(truth[-28:].sum((1, 2)), rel=0.05)


def test_a_holiday_seen_often_enough_is_found(panel_of: PanelOf) -> None:
    truth = rates(1820)
    first = panel_of(truth, horizon=90)
    names = first.covariates.names
    holiday = first.covariates.named(("bank_holiday",))[:, 0, 0] > 0
    truth[holiday] *= 1.3
    panel = panel_of(counts(truth), horizon=90)
    learned = Loglinear().fit(panel)
    at = 7 + [n for n in names if n != "weekday"].index("bank_holiday")
    assert np.exp(learned.coefficients_[0, at]) == pytest.approx(1.3, abs=0.05)


def test_a_yearly_cycle_of_four_years_is_forecast(panel_of: PanelOf) -> None:
    days = 1461 + 84
    cycle = np.exp(0.3 * np.sin(2 * np.pi * np.arange(days) / 365.25))
    truth = rates(days) * cycle[:, None, None]
    panel = panel_of(counts(truth), horizon=84)
    with_year = Loglinear().fit(panel).predict(panel)[:, 0]
    without = Loglinear(LoglinearSettings(harmonics=0)).fit(panel).predict(panel)[:, 0]
    wanted = truth[-84:].sum((1, 2))
    assert with_year == pytest.approx(wanted, rel=0.06)
    assert np.abs(without - wanted).mean() > 2 * np.abs(with_year - wanted).mean()


def test_longer_days_have_more_calls(panel_of: PanelOf) -> None:
    panel = panel_of(counts(rates(400)), horizon=14)
    hours = panel.hours.copy()
    hours[-3] = 25.0
    longer = dataclasses.replace(panel, hours=hours)
    member = Loglinear().fit(panel)
    ratio = member.predict(longer) / member.predict(panel)
    assert ratio[-3] == pytest.approx(25 / 24)
    assert np.delete(ratio, -3, axis=0) == pytest.approx(1)


def test_ten_times_the_calls_is_ten_times_the_forecast(panel_of: PanelOf) -> None:
    calls = counts(rates(500, base=40_000))  # so many that no prior matters
    small, large = (panel_of(k * calls, horizon=28) for k in (1, 10))
    ratio = Loglinear().fit(large).predict(large) / Loglinear().fit(small).predict(small)
    assert ratio == pytest.approx(10, rel=0.01)


def test_a_cell_learns_its_week_from_its_parents(panel_of: PanelOf) -> None:
    truth = rates(756)
    truth[:, 1, 1] *= 0.004  # a call in ten days: nothing to learn a week from
    panel = panel_of(counts(truth), horizon=28)
    found = Loglinear().fit(panel).predict(panel)[:, panel.series("d1", "t1")]
    assert found / found.mean() == pytest.approx(np.tile(WEEK / WEEK.mean(), 4), rel=0.08)


def test_gaps_do_not_move_the_forecast(panel_of: PanelOf) -> None:
    calls = counts(rates(500))
    calls[300:340] = np.nan
    calls[-28 - 9 : -28 - 6, 0] = np.nan
    panel = panel_of(calls, horizon=28)
    found = Loglinear().fit(panel).predict(panel)
    assert found[:, 0] == pytest.approx(rates(28).sum((1, 2))[: len(found)].mean(), rel=0.25)
    assert found.mean(0)[0] == pytest.approx(200, rel=0.03)


def test_a_place_of_three_weeks_has_its_level(town: DemoForce, town_history: History) -> None:
    counts, tree = town_history.counts, town_history.tree
    place = town.truth.rates.places[2]
    before = counts["start"] < town_history.observed_until - pd.Timedelta(days=21)
    kept = counts[~(before & counts["area"].isin(tree.leaves_of(place)))]
    view = AsOf(dataclasses.replace(town_history, counts=kept), town_history.observed_until)
    seen = panel(view, 28)
    found = Loglinear().fit(seen).predict(seen)
    rates = town.truth.rates
    first = np.flatnonzero(np.diff(rates.day, prepend=-1))
    daily = np.add.reduceat(rates.base[2].sum(0), first)
    true = daily[rates.force_days.get_indexer(seen.horizon)]
    assert found[:, seen.series(place)].mean() == pytest.approx(true.mean(), rel=0.1)
    parts = found[:, seen.cells[2]].sum(1)
    assert parts.mean() == pytest.approx(true.mean(), rel=0.15)


def test_members_that_learn_the_same_of_a_panel_learn_it_once(panel_of: PanelOf) -> None:
    panel = panel_of(counts(rates(400)), horizon=28)
    own, plain = Loglinear().fit(panel), Loglinear(PLAIN).fit(panel)
    assert plain.coefficients_ is own.coefficients_
    assert not np.array_equal(plain.weights_, own.weights_)
    alone = Loglinear(PLAIN).fit(dataclasses.replace(panel))
    np.testing.assert_array_equal(plain.predict(panel), alone.predict(panel))
    other = Loglinear(LoglinearSettings(coefficient_half_life_days=100)).fit(panel)
    assert not np.array_equal(other.coefficients_, own.coefficients_)
