from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.catalogue import PLACE_AND_TIME, features_by_name
from features.declaration import Prior
from features.panel import Covariates, Panel, panel
from forewatch.arrays import Array
from forewatch.explanation_parts import FACTORS, PARTS
from forewatch.history import History
from forewatch.rates import Forecast, Selection, Spans
from models.demand.training import DemandTraining
from models.explaining import factors, heeds, panel_without
from models.loglinear import Loglinear

PanelOf = Callable[..., Panel]
# The Harbour Festival is on 24 to 26 July 2026, the summer's bank holiday on 31 August.
ORIGIN = pd.Timestamp("2026-07-20T06:00Z")
DAYS = 70


@pytest.fixture(scope="module")
def view(town_history: History) -> AsOf:
    return AsOf(town_history, ORIGIN)


@pytest.fixture(scope="module")
def forecast(trained: DemandTraining, view: AsOf) -> Forecast:
    return trained.model.forecast(view, DAYS, explained=True)


def grid(seen: Panel) -> Array:
    """Return the features of a panel, shape (days, areas, features)."""
    covariates = seen.covariates
    return covariates.values  # noqa: PD011 - an array of our own, no frame


def daily(forecast: Forecast, selection: Selection) -> pd.DataFrame:
    """Return the parts of each day, with the mean, by local date."""
    edges = forecast.rates.day_edges
    days = Spans(edges[:-1], edges[1:])
    found = forecast.parts(selection, days)
    assert found is not None
    said = pd.DataFrame(found.T, columns=list(PARTS), index=forecast.rates.force_days)
    return said.assign(mean=forecast.answer(selection, days).mean)


def test_parts_add_up_at_every_level(forecast: Forecast) -> None:
    for selection in (
        Selection(),
        *(Selection((leaf,)) for leaf in forecast.rates.leaves),
        *(Selection(call_types=(kind,)) for kind in forecast.rates.call_types),
    ):
        said = daily(forecast, selection)
        assert np.abs(said[list(PARTS)].sum(axis=1) - said["mean"]).max() < 1e-9


def test_it_explains_the_same_forecast(
    trained: DemandTraining, view: AsOf, forecast: Forecast
) -> None:
    plain = trained.model.forecast(view, DAYS)
    assert plain.factors is None
    np.testing.assert_array_equal(plain.rates.base, forecast.rates.base)


def test_weekdays_stand_under_time_of_week(forecast: Forecast) -> None:
    said = daily(forecast, Selection())
    by_weekday = said.groupby(forecast.rates.force_days.day_of_week)["time_of_week"].mean()
    # Fridays and Saturdays have the demo force's nights.
    assert set(by_weekday.nlargest(2).index) == {4, 5}
    rest = said[["other", "recent_trend"]].sum(axis=1)
    spread = rest.groupby(forecast.rates.force_days.day_of_week).mean()
    assert np.ptp(spread) < 0.1 * np.ptp(by_weekday)


def test_a_part_is_on_the_days_that_have_a_reason_for_it(forecast: Forecast, view: AsOf) -> None:
    said = daily(forecast, Selection())
    for kind, day in (("holiday", "2026-08-31"), ("events", "2026-07-25")):
        seen, bare = without_a_kind(view, kind)
        changed = np.nan_to_num(grid(seen)) != np.nan_to_num(grid(bare))
        # the members of this recipe don't count the days to the next event
        heeded = [name != "event_days_to_next" for name in seen.covariates.names]
        reason = changed[len(seen.days) :, :, heeded].any((1, 2))
        assert 0 < reason.sum() < DAYS
        assert said.loc[~reason, kind].abs().max() < 1e-4  # what float32 leaves
        assert said[kind][day] > 1


def without_a_kind(view: AsOf, kind: str) -> tuple[Panel, Panel]:
    seen = panel(view, DAYS)
    bare = panel_without(seen, kind)
    assert bare is not None
    return seen, bare


def test_nothing_of_a_kind_is_left_ahead_and_all_of_it_behind(view: AsOf) -> None:
    for kind in ("season", "holiday", "events"):
        seen, bare = without_a_kind(view, kind)
        past = len(seen.days)
        np.testing.assert_array_equal(grid(bare)[:past], grid(seen)[:past])
        for i, feature in enumerate(seen.covariates.features):
            ahead = grid(bare)[past:, :, i]
            if feature.part != kind:
                np.testing.assert_array_equal(ahead, grid(seen)[past:, :, i])
            else:
                assert np.unique(ahead).tolist() == [14.0 if "days_to" in feature.name else 0.0]


def test_where_nothing_of_a_kind_is_ahead_nobody_is_asked(view: AsOf) -> None:
    _, bare = without_a_kind(view, "events")
    assert panel_without(bare, "events") is None


def test_sarima_is_asked_again_only_for_what_it_sees() -> None:
    parts = ("season", "holiday", "tourism", "events")
    assert [heeds("sarima", part, PLACE_AND_TIME) for part in parts] == [True, True, True, False]
    assert all(heeds("boosting", part, PLACE_AND_TIME) for part in parts)
    assert not heeds("sarima", "holiday", features_by_name("season_sin_1", "weekday"))


def steady(panel_of: PanelOf, days: int = 364 * 2) -> Panel:
    """A force of 100 calls a day; ahead, an event of 2,000 people on the tenth day."""
    calls = np.full((days + 28, 2, 2), 25.0)
    made = panel_of(calls, horizon=28)
    values = np.zeros((*grid(made).shape[:2], 1))
    values[100:200:10] = values[days + 9] = 2.0
    return with_events(made, values)


def with_events(made: Panel, thousands: Array) -> Panel:
    """Return the panel with people at events, shape (days, areas, 1)."""
    features = (*made.covariates.features, *features_by_name("event_here_thousands"))
    both = np.concatenate([grid(made), thousands], axis=2)
    return dataclasses.replace(made, covariates=Covariates(features, made.covariates.areas, both))


def test_of_a_log_linear_forecast_each_factor_is_what_its_terms_say(panel_of: PanelOf) -> None:
    seen = steady(panel_of)
    member = Loglinear().fit(seen)
    member.coefficients_[:, -1] = 0.2  # of log(1 + thousands of people)
    member.coefficients_[:, :7] = np.array([0, 0, 0, 0, 0.1, 0.2, -0.3])

    def coherent(_: str, given: Panel) -> Array:
        return member.predict(given)[:, given.cells]

    found = factors(seen, coherent("", seen), coherent, seen.cells, member)
    of = dict(zip(FACTORS, found.logs, strict=True))
    wanted = np.zeros(28)
    wanted[9] = 0.2 * np.log1p(2.0)
    assert of["events"] == pytest.approx(np.broadcast_to(wanted, (2, 2, 28)), abs=1e-6)
    weekday = np.array([0, 0, 0, 0, 0.1, 0.2, -0.3])[seen.horizon.day_of_week]
    assert of["weekday"][1, 1] == pytest.approx(weekday, abs=1e-6)
    # nothing is left over: level × factors is the forecast
    told = found.level[:, :, None] / 24 * seen.hours[-28:] * np.exp(found.logs.sum(0))
    assert told == pytest.approx(np.moveaxis(coherent("", seen), 0, 2), rel=1e-6)


def test_without_the_log_linear_member_levels_are_the_plain_ones(panel_of: PanelOf) -> None:
    seen = steady(panel_of)
    cells = np.full((28, 2, 2), 30.0)
    found = factors(seen, cells, lambda _, __: cells, seen.cells, None)
    assert found.level == pytest.approx(25.0)
    assert found.logs == pytest.approx(0.0, abs=1e-6)


def test_a_horizon_of_less_than_a_week_leaves_weekdays_to_the_rest(panel_of: PanelOf) -> None:
    seen = steady(panel_of)
    short = dataclasses.replace(seen, horizon=seen.horizon[:3], hours=seen.hours[:-25])
    short = dataclasses.replace(
        short, covariates=dataclasses.replace(seen.covariates, values=grid(seen)[:-25])
    )
    cells = np.array([20.0, 30.0, 40.0])[:, None, None] * np.ones((3, 2, 2))
    found = factors(short, cells, lambda _, __: cells, seen.cells, None)
    assert (found.logs[FACTORS.index("weekday")] == 0).all()


def test_true_effects_are_found_under_their_names(panel_of: PanelOf) -> None:
    # Three years to the end of 2026: a third more calls from Christmas on, half more at events.
    days = 1096
    first = steady(panel_of, days - 28)
    names = first.covariates.names
    calls = np.full((days, 2, 2), 250.0)
    holiday = grid(first)[:, 0, names.index("bank_holiday")] > 0
    event = np.zeros(days, bool)
    event[5::30] = True
    calls[holiday] *= 4 / 3
    calls[event] *= 3 / 2
    seen = panel_of(np.random.default_rng(3).poisson(calls).astype(float), horizon=28)
    values = np.where(event, 2.0, 0.0)[:, None, None] * np.ones((1, grid(seen).shape[1], 1))
    seen = with_events(seen, values)
    member = Loglinear().fit(seen)

    def coherent(_: str, given: Panel) -> Array:
        return member.predict(given)[:, given.cells]

    found = factors(seen, coherent("", seen), coherent, seen.cells, member)
    logs = dict(zip(FACTORS, found.logs, strict=True))
    assert holiday[-28:].sum() == 7
    assert np.exp(logs["holiday"][..., holiday[-28:]]) == pytest.approx(4 / 3, rel=0.05)
    assert np.exp(logs["events"][..., event[-28:]]) == pytest.approx(3 / 2, rel=0.05)
    assert np.abs(logs["holiday"][..., ~holiday[-28:]]).max() < 1e-6
    assert np.abs(logs["events"][..., ~event[-28:]]).max() < 1e-6


def test_a_covariate_has_a_part_of_its_own_behind_the_others(panel_of: PanelOf) -> None:
    seen = steady(panel_of)
    heat = dataclasses.replace(
        PLACE_AND_TIME[-1], name="covariate_heat", part="weather", prior=Prior(0.2, 0.1)
    )
    values = np.zeros((*grid(seen).shape[:2], 1))
    values[100:200:10] = values[-28 + 9] = 2.0
    features = (*seen.covariates.features, heat)
    both = np.concatenate([grid(seen), values], axis=2)
    areas = seen.covariates.areas
    seen = dataclasses.replace(seen, covariates=Covariates(features, areas, both))
    member = Loglinear().fit(seen)
    member.coefficients_[:, -1] = 0.3

    def coherent(_: str, given: Panel) -> Array:
        return member.predict(given)[:, given.cells]

    found = factors(seen, coherent("", seen), coherent, seen.cells, member)
    assert found.names == (*FACTORS, "weather")
    assert found.parts[-3:] == ("recent_trend", "weather", "other")
    wanted = np.zeros(28)
    wanted[9] = 0.6
    assert found.logs[-1] == pytest.approx(np.broadcast_to(wanted, (2, 2, 28)), abs=1e-6)
