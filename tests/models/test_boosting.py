from collections.abc import Callable

import numpy as np
import pytest

from features.panel import Panel
from forewatch.arrays import Array
from forewatch.errors import NotEnoughHistory, StaleModel
from models.boosting import Boosting
from models.boosting_rows import Kinds, Rows, covariate_names, names
from models.loglinear import Loglinear
from models.member_settings import BoostingSettings, Growth

PanelOf = Callable[..., Panel]
QUICK = BoostingSettings(rows=6000, rounds=60, rows_per_leaf=30)


def echo(days: int, seed: int = 1) -> Array:
    """A force of one place and two types in which a busy day is followed by busy days."""
    rng = np.random.default_rng(seed)
    state = np.zeros(days)
    for day in range(1, days):
        state[day] = 0.85 * state[day - 1] + rng.normal(0, 0.12)
    rates = 300 * np.exp(state)[:, None, None] * np.array([[0.5, 0.5]])
    return np.asarray(rng.poisson(rates), float)


def rows_of(panel: Panel) -> Rows:
    return Rows(panel, Loglinear().fit(panel), covariate_names(panel), Kinds.of(panel))


def test_trees_learn_that_busy_days_follow_busy_days(panel_of: PanelOf) -> None:
    calls = echo(980)
    member = Boosting(QUICK).fit(panel_of(calls[:700], horizon=7))
    errors = []
    for end in range(707, 980, 7):
        panel = panel_of(calls[:end], horizon=7)
        truth = calls[end - 7 : end].sum((1, 2))
        both = [one.predict(panel)[0, 0] for one in (member, member.plain_)]
        errors.append([abs(found - truth[0]) for found in both])
    trees, plain = np.mean(errors, axis=0)
    assert trees < 0.9 * plain


def test_rows_of_next_to_nothing_do_not_drown_those_that_count(panel_of: PanelOf) -> None:
    # Two series with something to learn beside 40 with a call a month: 0 or 30 times the expected.
    rng = np.random.default_rng(9)
    calls = np.concatenate([echo(980), rng.poisson(0.03, (980, 1, 40))], axis=2)
    settings = QUICK.model_copy(update={"rows": 30_000})
    member = Boosting(settings).fit(panel_of(calls[:700], horizon=7))
    errors = []
    for end in range(707, 980, 7):
        panel = panel_of(calls[:end], horizon=7)
        large = np.flatnonzero(panel.keys["level"] == "cell")[:2]
        both = [one.predict(panel)[0, large] for one in (member, member.plain_)]
        errors.append([np.abs(found - calls[end - 7, 0, :2]).sum() for found in both])
    trees, plain = np.mean(errors, axis=0)
    assert trees < plain


def test_trees_that_may_not_split_say_what_the_plain_model_says(panel_of: PanelOf) -> None:
    # Only with rows weighed as their label is scaled is the one leaf's factor exactly 1.
    rng = np.random.default_rng(4)
    rates = np.array([[400.0, 0.5], [30.0, 0.1]]) * (1 + np.arange(500)[:, None, None] / 250)
    panel = panel_of(np.asarray(rng.poisson(rates), float), horizon=7)
    member = Boosting(QUICK.model_copy(update={"rows_per_leaf": 10**6, "rounds": 5})).fit(panel)
    rows = rows_of(panel)
    days = len(panel.days)
    plain = rows.expected(np.full(7, days), days + np.arange(7))
    assert member.predict(panel) == pytest.approx(plain, rel=1e-6)


def test_a_ratio_of_the_last_days_is_what_was_counted_over_what_was_expected(
    panel_of: PanelOf,
) -> None:
    panel = panel_of(echo(300), horizon=14)
    rows = rows_of(panel)
    found = rows.features(np.array([286, 200]), np.array([290, 203]))
    columns = names(covariate_names(panel))
    plain = panel.counts / rows.effect[:286]
    at = [columns.index(name) for name in ("ratio_1", "ratio_3", "ratio_7", "lead_days")]
    for pair, origin, lead in ((0, 286, 4), (1, 200, 3)):
        level = rows.level[origin]
        assert found[pair, :, at[0]] == pytest.approx(plain[origin - 1] / level, rel=1e-5)
        for column, days in ((at[1], 3), (at[2], 7)):
            mean = plain[origin - days : origin].mean(0)
            assert found[pair, :, column] == pytest.approx(mean / level, rel=1e-5)
        assert (found[pair, :, at[3]] == lead).all()


def test_a_row_of_the_past_does_not_see_its_own_future(panel_of: PanelOf) -> None:
    calls = echo(300)
    panel = panel_of(calls, horizon=14)
    plain = Loglinear().fit(panel)
    origins, targets = np.array([200, 200]), np.array([200, 230])
    calls[200:] *= 5
    other = panel_of(calls, horizon=14)
    views = [
        Rows(one, plain, covariate_names(one), Kinds.of(one)).features(origins, targets)
        for one in (panel, other)
    ]
    # the typical level, worth one day, is the panel's: hence near and not equal
    np.testing.assert_allclose(views[0], views[1], rtol=0.03)


def test_columns_that_tell_dates_apart_are_left_out(panel_of: PanelOf) -> None:
    kept = covariate_names(panel_of(echo(60), horizon=7))
    assert kept == ("weekday", "bank_holiday")


def test_blind_trees_use_no_column_they_are_blind_to(panel_of: PanelOf) -> None:
    panel = panel_of(echo(500), horizon=40)
    member = Boosting(QUICK.model_copy(update={"far_from_days": 7})).fit(panel)
    columns = names(member.covariates_)
    used = [
        {n for n, times in zip(columns, b.feature_importance(), strict=True) if times}
        for b in member.boosters_
    ]
    assert "ratio_1" in used[0]
    for far in used[1:]:
        assert not far & {"call_type", "ratio_364"}


def test_leads_beyond_the_last_learned_are_forecast_as_the_last(panel_of: PanelOf) -> None:
    panel = panel_of(echo(520), horizon=120)
    member = Boosting(QUICK.model_copy(update={"last_lead_days": 30})).fit(panel)
    ratio = member.predict(panel) / member.plain_.predict(panel)
    weekdays = ratio[30:114].reshape(12, 7, -1)
    assert weekdays == pytest.approx(np.broadcast_to(weekdays[:1], weekdays.shape), rel=1e-9)


def test_the_seed_decides_what_is_drawn_and_threads_decide_nothing(panel_of: PanelOf) -> None:
    panel = panel_of(echo(400), horizon=7)
    quick = QUICK.model_copy(update={"lead_blocks": (0,), "rounds": 10, "rows": 1000})
    first, same, other = (
        Boosting(quick, seed, threads).fit(panel).predict(panel)
        for seed, threads in ((1, 1), (1, 2), (2, 1))
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_the_past_scaled_to_one_carries_no_trend_on(panel_of: PanelOf) -> None:
    days = np.arange(600)
    calls = (1000 * 0.999**days)[:, None, None] * np.ones((1, 1, 2))
    panel = panel_of(calls, horizon=60)
    member = Boosting(QUICK).fit(panel)
    ratio = member.predict(panel)[-10:, 0] / member.plain_.predict(panel)[-10:, 0]
    assert ratio == pytest.approx(1, abs=0.03)


def test_too_short_a_history_is_said(panel_of: PanelOf) -> None:
    panel = panel_of(echo(12), horizon=7)
    with pytest.raises(NotEnoughHistory, match="5 days of history give"):
        Boosting(QUICK).fit(panel)


def test_near_and_far_blocks_grow_differently() -> None:
    settings = BoostingSettings(near=Growth(leaves=9), far=Growth(leaves=3), far_from_days=28)
    assert [settings.growth(first).leaves for first in (0, 27, 28)] == [9, 9, 3]


def test_trees_grown_on_other_features_are_refused(panel_of: PanelOf) -> None:
    state = Boosting(QUICK).fit(panel_of(echo(300), horizon=14)).state()
    state["covariates"] = state["covariates"][:-1]
    with pytest.raises(StaleModel, match=r"the trees were grown on .* run 'forewatch train'"):
        Boosting.from_state(state)


def test_an_unknown_last_day_is_no_series_that_ended(panel_of: PanelOf) -> None:
    # LightGBM alone reads a ratio that is missing for the first time as 0, and here 0 is an end.
    calls = np.random.default_rng(5).poisson(6.0, (457, 2, 2)).astype(float)
    calls[340:, 0, 0] = 0
    whole = panel_of(calls, horizon=7)
    member = Boosting(QUICK).fit(whole)
    calls[449] = np.nan
    unknown = panel_of(calls, horizon=7)
    cells = unknown.index("cell")[1:]
    found, wanted = (member.predict(panel)[:, cells] for panel in (unknown, whole))
    assert found == pytest.approx(wanted, rel=0.15)
    assert np.isfinite(rows_of(unknown).features(np.array([450]), np.array([452]))[..., :10]).all()


def test_pairs_whose_day_is_unknown_are_no_history(panel_of: PanelOf) -> None:
    calls = np.full((260, 2, 2), np.nan)
    calls[:80] = 4.0
    with pytest.raises(NotEnoughHistory, match="of which the later is known"):
        Boosting(QUICK).fit(panel_of(calls, horizon=7))
    calls[245:253] = 4.0
    panel = panel_of(calls, horizon=7)
    found = Boosting(QUICK).fit(panel).predict(panel)
    assert (np.isfinite(found) & (found > 0)).all()


def test_a_history_without_a_call_is_said(panel_of: PanelOf) -> None:
    panel = panel_of(np.zeros((300, 2, 2)), horizon=7)
    with pytest.raises(NotEnoughHistory, match="with some calls"):
        Boosting(QUICK).fit(panel)
