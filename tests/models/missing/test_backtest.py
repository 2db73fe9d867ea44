"""A backtest of missing-person reports, by the way of every subject."""

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from forewatch.history import History
from forewatch.profile import MISSING_PERSON
from forewatch.rates import Selection, Spans
from models.missing.settings import MissingRecipe
from models.missing.subject import MISSING
from models.missing.training import train
from models.rolling import QUANTILE_COLUMNS, BacktestPlan, backtest


@pytest.fixture(scope="module")
def frames(town_history: History, missing_recipe: MissingRecipe) -> list[pd.DataFrame]:
    first = town_history.observed_until - pd.Timedelta(days=70)
    plan = BacktestPlan(
        first_origin=first.to_pydatetime(), every_days=28, folds=2, horizon_days=7, step="day"
    )
    return list(backtest(MISSING, town_history, missing_recipe, plan))


def test_the_columns_are_those_of_every_subject_and_each_row_names_its_call_type(
    frames: list[pd.DataFrame],
) -> None:
    columns = ["origin", "start", "area", "call_type", "grade", "mean"]
    for frame in frames:
        assert list(frame.columns) == [*columns, *QUANTILE_COLUMNS, "baseline"]
        assert set(frame["call_type"]) == {MISSING_PERSON}
        assert not frame.duplicated(["start", "area", "grade"]).any()
        # the force, 3 districts, 9 beats; 5 grades of the force and of each beat
        assert len(frame) == 7 * (1 + 3 + 9 + 5 + 9 * 5)
        whole = frame[(frame["area"] == frame["area"].iloc[0]) & (frame["grade"] == "all")]
        bottom = frame[frame["grade"] != "all"]
        beats = bottom[bottom["area"] != frame["area"].iloc[0]].groupby("start")["mean"].sum()
        assert beats.to_numpy() == pytest.approx(whole["mean"].to_numpy())


def test_the_first_origin_is_a_training_there_and_the_second_its_refit(
    frames: list[pd.DataFrame], town_history: History, missing_recipe: MissingRecipe
) -> None:
    views = [AsOf(town_history, frame["origin"].iloc[0]) for frame in frames]
    model = train(town_history, views[0].origin, missing_recipe).model
    (refit,) = model.refits(views[1:], jobs=1)
    assert refit.fitted_at_ == views[1].origin.isoformat()
    assert refit.weights_ is model.weights_
    for one, view, frame in zip((model, refit), views, frames, strict=True):
        forecast = one.forecast(view, 7)
        edges = forecast.rates.day_edges
        answer = forecast.answer(Selection(), Spans(edges[:-1], edges[1:]))
        rows = frame.iloc[:7]
        assert rows["mean"].to_numpy() == pytest.approx(answer.mean)
        assert rows["baseline"].to_numpy() == pytest.approx(answer.baseline)
        assert np.array_equal(rows["q95"], answer.distribution.quantiles([0.95])[:, 0])
    again = model.forecast(views[1], 7).rates.base
    assert not np.allclose(again, refit.forecast(views[1], 7).rates.base)
