from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from forewatch.clock import Clock
from forewatch.errors import BadQuestion
from forewatch.history import History
from forewatch.rates import Forecast, Selection, Spans
from forewatch.shifts import Shift
from models.demand.subject import DEMAND
from models.demand.training import DemandTraining, train
from models.recipe import Recipe
from models.rolling import (
    QUANTILE_COLUMNS,
    BacktestPlan,
    backtest,
    chosen_series,
    intervals,
    rows,
)
from planning.periods import periods

COLUMNS = ["origin", "start", "area", "call_type", "grade", "mean", *QUANTILE_COLUMNS, "baseline"]


def plan(history: History, **changes: object) -> BacktestPlan:
    """Two origins eight weeks apart, the second two weeks before the end."""
    first = history.observed_until - pd.Timedelta(days=70)
    asked = {
        "first_origin": first.to_pydatetime(),
        "every_days": 56,
        "folds": 2,
        "horizon_days": 9,
    }
    return BacktestPlan.model_validate({**asked, **changes})


@pytest.fixture(scope="module")
def frames(town_history: History, quick: Recipe) -> list[pd.DataFrame]:
    return list(backtest(DEMAND, town_history, quick, plan(town_history)))


def test_one_frame_an_origin_with_the_agreed_columns(
    frames: list[pd.DataFrame], town_history: History
) -> None:
    assert [list(frame.columns) for frame in frames] == [COLUMNS] * 2
    first, second = (frame["origin"].iloc[0] for frame in frames)
    assert first == town_history.observed_until - pd.Timedelta(days=70)
    zone = town_history.profile.force.zone
    # the clocks went back in between: the same wall clock is 25 hours × 1 further
    assert second.tz_convert(zone).hour == first.tz_convert(zone).hour
    assert (frames[0]["start"] >= first).all()


def test_every_series_stands_once_an_interval(frames: list[pd.DataFrame]) -> None:
    for frame in frames:
        assert not frame.duplicated(["start", "area", "call_type", "grade"]).any()
        assert frame["start"].nunique() == 9
        rows = frame.groupby("start").size().unique()
        # total, 3 districts, 9 beats, 4 types, 5 grades, 12 cells, 9 × 4 × 5 at the bottom
        assert rows.tolist() == [1 + 3 + 9 + 4 + 5 + 12 + 180]


def test_totals_are_sums_and_quantiles_ascend(frames: list[pd.DataFrame]) -> None:
    frame = frames[0]
    bottom = frame.query("grade != 'all' and call_type != 'all'")
    total = frame.query("grade == 'all' and call_type == 'all'").groupby("start")["mean"].max()
    assert bottom.groupby("start")["mean"].sum().to_numpy() == pytest.approx(total.to_numpy())
    steps = np.diff(frame[list(QUANTILE_COLUMNS)].to_numpy(), axis=1)
    assert (steps >= 0).all()


def test_rows_of_the_first_origin_are_those_of_a_training_there(
    frames: list[pd.DataFrame], town_history: History, quick: Recipe
) -> None:
    origin = frames[0]["origin"].iloc[0]
    engine = train(town_history, origin, quick).model
    forecast = engine.forecast(AsOf(town_history, origin), 9)
    edges = forecast.rates.day_edges
    kind = str(frames[0]["call_type"].iloc[-1])
    answer = forecast.answer(Selection(call_types=(kind,)), Spans(edges[:-1], edges[1:]))
    summed = frames[0][frames[0]["grade"] == "all"]
    found = summed[summed["call_type"] == kind]
    root = found[found["area"] == town_history.tree.root]
    assert root["mean"].to_numpy() == pytest.approx(answer.mean)
    assert root["baseline"].to_numpy() == pytest.approx(answer.baseline)
    wanted = answer.distribution.quantiles([0.05, 0.95])
    assert root[["q05", "q95"]].to_numpy() == pytest.approx(wanted)


def test_hours_add_up_to_days(town_history: History, quick: Recipe) -> None:
    recipe = quick.model_copy(update={"members": ("same_weekday_8",)})
    asked = {"folds": 1, "levels": ("total",)}
    (days,) = backtest(DEMAND, town_history, recipe, plan(town_history, **asked))
    (hours,) = backtest(DEMAND, town_history, recipe, plan(town_history, step="hour", **asked))
    assert len(hours) == 24 * len(days)
    assert hours["mean"].sum() == pytest.approx(days["mean"].sum())


def with_shifts(history: History, *shifts: tuple[str, str, str]) -> History:
    """The same history with other shifts: id, start, end."""
    own = tuple(
        Shift.model_validate({"id": name, "name": name, "start": start, "end": end})
        for name, start, end in shifts
    )
    return replace(history, profile=history.profile.model_copy(update={"shifts": own}))


@pytest.fixture(scope="module")
def year(town_history: History, trained: DemandTraining) -> Forecast:
    """The town's next 345 days: a night of one hour less in March and one more in October."""
    return trained.model.forecast(AsOf(town_history, town_history.observed_until), 345)


def test_shifts_that_tile_the_force_day_add_up_to_it(town_history: History, year: Forecast) -> None:
    tiled = with_shifts(
        town_history, ("early", "07:00", "15:30"), ("late", "15:30", "23:00"),
        ("night", "23:00", "07:00"),
    ).profile  # fmt: skip
    district = town_history.tree.at_level("district")[0]
    kind = tiled.call_type_ids[1]
    series = {
        (town_history.tree.root, "all", "all"): Selection(),
        (district, kind, "all"): Selection(town_history.tree.leaves_of(district), (kind,)),
    }
    days = rows(year, series, intervals(year.rates, tiled, "day"))
    shifts = rows(year, series, intervals(year.rates, tiled, "shift"))
    assert [*days.columns] == COLUMNS
    assert [*shifts.columns] == [*COLUMNS[:2], "end", "shift", *COLUMNS[2:]]
    assert len(shifts) == 3 * len(days) == 3 * 2 * 345
    columns = ["mean", "baseline"]
    summed = shifts.groupby(np.arange(len(shifts)) // 3)[columns].sum()
    pd.testing.assert_frame_equal(summed, days[columns])
    lasts = (shifts["end"] - shifts["start"]).dt.total_seconds()
    hours = lasts.to_numpy().reshape(-1, 3) / 3600
    dates = pd.DatetimeIndex(np.tile(year.rates.force_days, 2))
    assert np.unique(hours[dates == "2027-03-27"], axis=0).tolist() == [[8.5, 7.5, 7]]
    assert np.unique(hours[dates == "2027-10-30"], axis=0).tolist() == [[8.5, 7.5, 9]]
    assert (hours.sum(1) == 24).sum() == 2 * (345 - 2)


def test_overlapping_shifts_are_answered_as_the_forecast_answers_them(
    town_history: History, year: Forecast
) -> None:
    # earlies, lates and nights overlap; the last night ends after the horizon
    profile, edges = town_history.profile, year.rates.edges
    wanted = periods(Clock.of(profile), profile.shifts, edges[0], edges[-1], "shift").iloc[:-1]
    district = town_history.tree.at_level("district")[1]
    selection = Selection(town_history.tree.leaves_of(district))
    found = rows(
        year, {(district, "all", "all"): selection}, intervals(year.rates, profile, "shift")
    )
    assert found["shift"].tolist() == [*["early", "late", "night"] * 344, "early", "late"]
    assert found["start"].tolist() == wanted["start"].tolist()
    assert found["end"].tolist() == wanted["end"].tolist()
    spans = Spans(pd.DatetimeIndex(wanted["start"]), pd.DatetimeIndex(wanted["end"]))
    answer = year.answer(selection, spans)
    assert found["mean"].to_numpy() == pytest.approx(answer.mean)
    assert found["baseline"].to_numpy() == pytest.approx(answer.baseline)
    quantiles = answer.distribution.quantiles([0.05, 0.5, 0.95])
    assert np.array_equal(found[["q05", "q50", "q95"]].to_numpy(), quantiles)


def test_shifts_that_can_not_be_asked_are_refused_with_what_can(
    town_history: History, quick: Recipe
) -> None:
    asked = plan(town_history, step="shift", folds=1)
    with pytest.raises(BadQuestion, match=r"the profile has no shifts; add \[\[shifts\]\] to"):
        next(backtest(DEMAND, with_shifts(town_history), quick, asked))
    daily = replace(town_history, step="day")
    with pytest.raises(BadQuestion, match="shifts were asked of a history of daily counts; use"):
        next(backtest(DEMAND, daily, quick, asked))


def test_levels_beyond_the_limit_are_left_out_unless_asked_for(town_history: History) -> None:
    profile, tree = town_history.profile, town_history.tree
    small = plan(town_history, rows_at_most=9 * 12)
    assert len(chosen_series(DEMAND, profile, tree, small)) == 1 + 3 + 9 + 4 + 5 + 12
    thrice = plan(town_history, rows_at_most=3 * 9 * 9, step="shift")
    assert len(chosen_series(DEMAND, profile, tree, thrice)) == 1 + 3 + 9 + 4 + 5
    asked = plan(town_history, rows_at_most=1, levels=("total", "bottom"))
    assert len(chosen_series(DEMAND, profile, tree, asked)) == 181


def test_what_can_not_be_asked_is_refused_with_what_can(
    town_history: History, quick: Recipe
) -> None:
    with pytest.raises(BadQuestion, match="no level ward; the levels are total, force, district"):
        next(backtest(DEMAND, town_history, quick, plan(town_history, levels=("ward",))))
    with pytest.raises(BadQuestion, match="ask for fewer folds or an earlier first origin"):
        next(backtest(DEMAND, town_history, quick, plan(town_history, folds=9)))


def test_with_a_training_at_each_origin_every_frame_is_that_of_a_backtest_from_there(
    frames: list[pd.DataFrame], town_history: History, quick: Recipe
) -> None:
    again = list(backtest(DEMAND, town_history, quick, plan(town_history, retrain_every=1)))
    second = again[1]["origin"].iloc[0].to_pydatetime()
    alone = list(
        backtest(DEMAND, town_history, quick, plan(town_history, first_origin=second, folds=1))
    )
    # though what the two trainings have in common was fitted once
    pd.testing.assert_frame_equal(again[1], alone[0], check_exact=True)
    pd.testing.assert_frame_equal(again[0], frames[0])
    assert not again[1]["mean"].equals(frames[1]["mean"])
