from copy import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from features.asof import AsOf
from features.panel import panel
from forewatch.errors import NotFitted, StaleModel
from forewatch.history import History
from forewatch.profile import Calendar
from forewatch.rates import Forecast, Selection, Spans
from forewatch.tables import check
from models.demand.model import Engine
from models.demand.training import DemandTraining
from models.horizon import rates_over_horizon
from models.hour_rows import Timeline
from models.hours import HourTrees
from models.member_settings import ShareSettings
from models.profiles import shares
from models.recent_sizes import SpreadFactors
from models.recipe import Recipe
from models.told_days import ToldDays, counts_of_areas, day_numbers


@pytest.fixture(scope="module")
def view(town_history: History) -> AsOf:
    return AsOf(town_history, town_history.observed_until)


@pytest.fixture(scope="module")
def forecast(trained: DemandTraining, view: AsOf) -> Forecast:
    return trained.model.forecast(view, 40)


def test_rates_cover_whole_force_days_from_the_first_after_the_origin(
    forecast: Forecast, view: AsOf
) -> None:
    rates = forecast.rates
    assert rates.edges[0] == view.clock.day_start(view.clock.first_day_from(view.origin))
    assert rates.edges[0] - view.origin < pd.Timedelta(days=1)
    assert len(rates.force_days) == 40
    assert rates.base.shape == (3, 4, 40 * 24)
    assert rates.baseline.shape == rates.base.shape
    assert np.isfinite(rates.base).all()
    assert (rates.base > 0).all()


def test_shares_sum_to_one_within_their_place_and_hour(forecast: Forecast) -> None:
    rates = forecast.rates
    by_place = np.zeros((len(rates.places), len(rates.call_types)))
    np.add.at(by_place, rates.leaf_place, rates.leaf_shares)
    assert by_place == pytest.approx(1)
    assert rates.grade_shares.sum(-1) == pytest.approx(1)


def test_any_total_is_the_sum_of_its_parts(forecast: Forecast) -> None:
    edges = forecast.rates.day_edges
    days = Spans(edges[:-1], edges[1:])
    whole = forecast.answer(Selection(), days).mean
    leaves = [forecast.answer(Selection((leaf,)), days).mean for leaf in forecast.rates.leaves]
    grades = [
        forecast.answer(Selection(grades=(grade,)), days).mean for grade in forecast.rates.grades
    ]
    assert np.sum(leaves, axis=0) == pytest.approx(whole, rel=1e-9)
    assert np.sum(grades, axis=0) == pytest.approx(whole, rel=1e-9)


def test_hours_follow_the_shape_of_the_past(forecast: Forecast, view: AsOf) -> None:
    past = view.counts()
    hours = view.clock.local_hour(pd.DatetimeIndex(past["start"]))
    wanted = np.bincount(hours, past["count"], 24)
    found = np.bincount(forecast.rates.slot, forecast.rates.base.sum((0, 1)), 24)
    off = np.abs(found / found.sum() - wanted / wanted.sum()).sum()
    assert off < 0.1 * np.abs(1 / 24 - wanted / wanted.sum()).sum()


def test_the_baseline_is_the_mean_of_the_last_eight_same_weekday_hours(
    forecast: Forecast, view: AsOf
) -> None:
    past = view.counts()
    walls = pd.DatetimeIndex(past["start"]).tz_convert(view.clock.zone).tz_localize(None)
    first = forecast.rates.starts[30].tz_convert(view.clock.zone).tz_localize(None)
    wanted = [
        past.loc[walls == first - pd.Timedelta(days=7 * k), "count"].sum() for k in range(1, 9)
    ]
    assert forecast.rates.baseline[:, :, 30].sum() == pytest.approx(np.mean(wanted))


def test_state_and_back_forecasts_the_same(
    trained: DemandTraining, view: AsOf, forecast: Forecast
) -> None:
    again = Engine.from_state(trained.model.state()).forecast(view, 40)
    assert again.rates.base == pytest.approx(forecast.rates.base, rel=1e-12)
    assert np.array_equal(again.shocks.sd, forecast.shocks.sd)


class Evening(HourTrees):
    """Hours ahead bent to the evening, whatever was learned."""

    def bend(self, view: AsOf, timeline: Timeline) -> NDArray[np.float64]:
        is_ahead = timeline.edges[:-1] >= view.origin
        return np.where((timeline.slot >= 20) & is_ahead, 3.0, 1.0)[None, None, :]


def test_an_engine_with_other_members_bends_the_hours_as_before(
    trained: DemandTraining, view: AsOf, forecast: Forecast
) -> None:
    engine = Engine.from_state(trained.model.state())
    engine.hours_ = Evening()
    bent = engine.forecast(view, 40).rates.base
    assert bent[..., :24][..., forecast.rates.slot[:24] >= 20].sum() > 1.5 * (
        forecast.rates.base[..., :24][..., forecast.rates.slot[:24] >= 20].sum()
    )
    again = engine.with_members(engine.members_, view).forecast(view, 40)
    assert np.array_equal(again.rates.base, bent)


def test_a_longer_horizon_says_the_same_of_the_days_before(
    trained: DemandTraining, view: AsOf, forecast: Forecast
) -> None:
    longer = trained.model.forecast(view, 60)
    n = forecast.rates.base.shape[2]
    assert longer.rates.base[:, :, :n] == pytest.approx(forecast.rates.base, rel=1e-9)
    assert longer.shocks.sd == pytest.approx(forecast.shocks.sd, rel=1e-6)


def test_an_engine_that_was_never_trained_says_so(view: AsOf) -> None:
    with pytest.raises(NotFitted, match="the model of all calls is not fitted; train first"):
        Engine(Recipe()).forecast(view, 7)
    with pytest.raises(NotFitted, match="train first"):
        Engine(Recipe()).state()


def test_a_model_of_other_code_is_stale(trained: DemandTraining) -> None:
    state = trained.model.state()
    older = state | {"recipe": state["recipe"] | {"a_setting_of_old": 1}}
    with pytest.raises(StaleModel, match=r"made by other code .* run 'forewatch train'"):
        Engine.from_state(older)
    with pytest.raises(StaleModel, match="KeyError: 'weights'"):
        Engine.from_state({name: part for name, part in state.items() if name != "weights"})


def test_an_announced_break_changes_what_it_concerns_from_its_start_on(
    trained: DemandTraining, town_history: History, forecast: Forecast
) -> None:
    until, kind = town_history.observed_until, town_history.profile.call_type_ids[1]
    row = {"start": until + pd.Timedelta(days=7), "end": until + pd.Timedelta(days=21), "area": ""}
    row |= {"call_type": kind, "kind": "level", "expected_ratio": 0.5, "reason": "new policy"}
    breaks = pd.DataFrame([row | {"decided_by": "board", "known_at": until}])
    known = replace(town_history, breaks=check("breaks", breaks))
    changed = trained.model.forecast(AsOf(known, until), 40).rates
    ratio = changed.base.sum((0,)) / forecast.rates.base.sum((0,))
    within = (changed.day >= 7) & (changed.day < 21)
    # weights differ from level to level, so that raking moves the other types a little
    assert ratio[1, within].mean() == pytest.approx(0.5, abs=0.01)
    assert ratio[1, ~within] == pytest.approx(1, abs=0.01)
    assert np.delete(ratio, 1, axis=0) == pytest.approx(1, abs=0.02)


def test_half_an_hour_has_half_of_what_its_hour_has(town_history: History) -> None:
    # Lord Howe: the force-day of 3 October 2026 ends with half an hour, from 06:30 to 07:00.
    profile = town_history.profile
    force = profile.force.model_copy(update={"zone": "Australia/Lord_Howe"})
    far = replace(town_history, profile=profile.model_copy(update={"force": force}))
    view = AsOf(far, pd.Timestamp("2026-09-29T00:00Z"))
    parts = shares(view, ShareSettings())
    flat = replace(parts, hours=np.full_like(parts.hours, 1 / 24))
    days = pd.DatetimeIndex(["2026-10-03", "2026-10-04"])
    found = rates_over_horizon(view, days, np.full((2, 3, 4), 47.0), flat, HourTrees())
    assert np.bincount(found.day).tolist() == [24, 24]
    assert found.base[0, 0].tolist() == pytest.approx([2.0] * 23 + [1.0] + [47 / 24] * 24)
    assert found.daily == pytest.approx(47.0)
    assert found.slot[22:24].tolist() == [5, 6]
    saturday = parts.baseline[:, :, 5, 6]
    assert found.baseline[:, :, 23] == pytest.approx(saturday / 2)


def test_special_days_are_wider_than_without_their_shock(
    trained: DemandTraining, town_history: History
) -> None:
    # the summer's bank holiday is on 31 August 2026
    origin = pd.Timestamp("2026-08-20T06:00Z")
    # the town's four origins see too few special days to size their shock
    model = copy(trained.model)
    _, sizes = model.estimates()
    model.shocks_ = replace(sizes, special_sd=np.full_like(sizes.special_sd, 0.05))
    forecast = model.forecast(AsOf(town_history, origin), 20)
    plain = replace(forecast, shocks=forecast.shocks.on_days(None))
    edges = forecast.rates.day_edges
    days = Spans(edges[:-1], edges[1:])
    wide, narrow = (one.answer(Selection(), days) for one in (forecast, plain))
    names = forecast.rates.force_days.strftime("%m-%d")
    wider = names[wide.variance > narrow.variance]
    assert list(wider) == ["08-30", "08-31", "09-01"]
    assert wide.mean == pytest.approx(narrow.mean)


def test_what_is_declared_ordinary_is_forecast_as_other_days(
    trained: DemandTraining, town_history: History
) -> None:
    origin = pd.Timestamp("2026-08-20T06:00Z")
    calendar = Calendar(ordinary=("Late Summer Bank Holiday",))
    profile = town_history.profile.model_copy(update={"calendar": calendar})
    declared = AsOf(replace(town_history, profile=profile), origin)
    usual, ordinary = (
        trained.model.forecast(view, 20) for view in (AsOf(town_history, origin), declared)
    )
    day = [date.strftime("%m-%d") for date in usual.rates.force_days].index("08-31")
    at, weeks = (
        [one.rates.base[..., one.rates.day == d].sum() for one in (usual, ordinary)]
        for d in (day, day - 7)
    )
    assert abs(at[1] / weeks[1] - 1) < 0.05
    assert abs(at[0] / weeks[0] - 1) > abs(at[1] / weeks[1] - 1)
    assert not ordinary.shocks.day_sd.any()


def test_the_spread_of_days_is_as_what_was_told_of_the_last_weeks_asks_for(
    trained: DemandTraining, view: AsOf, forecast: Forecast
) -> None:
    engine = trained.model
    _, shocks = engine.estimates()
    plain = copy(engine)
    plain.told_ = ToldDays.none()
    as_trained = plain.forecast(view, 40)
    assert np.array_equal(as_trained.shocks.sd, shocks.sd)
    assert np.array_equal(as_trained.shocks.steadiness, shocks.steadiness)
    assert as_trained.notes == ()
    seen = panel(view, 40)
    factors = SpreadFactors.of(engine.told_, seen.days, counts_of_areas(seen))
    edges = forecast.rates.day_edges
    days = Spans(edges[:-1], edges[1:])
    moved, before = (each.answer(Selection(), days) for each in (forecast, as_trained))
    assert np.array_equal(moved.mean, before.mean)
    ratio = np.sqrt((moved.variance / before.variance).mean())
    assert ratio == pytest.approx(factors.force, abs=0.01)
    assert abs(ratio - 1) > 0.003


def test_days_to_come_are_told_by_members_that_have_not_seen_them(
    trained: DemandTraining, view: AsOf, forecast: Forecast, quick: Recipe
) -> None:
    engine = trained.model
    (first,) = day_numbers(forecast.rates.force_days[:1])
    assert engine.told_.day.min() < first
    assert engine.told_.day.max() == first + quick.origins.horizon_days - 1
    own = engine.told_.day >= first
    # one forecast, and what reaches beyond the end of the past origins
    assert own.sum() == quick.origins.horizon_days + 7
    again = engine.with_members(engine.members_, view)
    again.remember(view, forecast)
    assert again.told_ is engine.told_  # it was told at the end of the training
    again.told_at_ = ""
    again.remember(view, forecast)
    assert len(again.told_.day) == len(engine.told_.day) + 40
    assert again.told_.variance[-40:-5] == pytest.approx(
        engine.told_.variance[-35:], nan_ok=True, rel=1e-9
    )


def test_a_model_of_before_spreads_as_it_was_trained(trained: DemandTraining, view: AsOf) -> None:
    state = trained.model.state()
    del state["told"]
    old = Engine.from_state(state)
    _, shocks = old.estimates()
    assert np.array_equal(old.forecast(view, 7).shocks.sd, shocks.sd)
