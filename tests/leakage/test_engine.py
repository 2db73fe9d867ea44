"""Change the future: nothing that the engine says from an earlier origin may move."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from forewatch.history import History
from models.demand.subject import DEMAND
from models.demand.training import train
from models.member_settings import HourSettings
from models.recipe import Recipe, RollingOrigins
from models.rolling import BacktestPlan, backtest

RECIPE = Recipe(
    members=("same_weekday_8", "same_weekday_52", "loglinear"),
    origins=RollingOrigins(folds=4, fit_every=2, horizon_days=35),
    hours=HourSettings(rounds=4),
)


@pytest.fixture(scope="module")
def origin(town_history: History) -> pd.Timestamp:
    return town_history.observed_until - pd.Timedelta(days=60)


@pytest.fixture(scope="module")
def other_future(town_history: History, origin: pd.Timestamp) -> History:
    """The same past; afterwards ten times the calls, other events, other tourists."""
    counts = town_history.counts
    later = counts["known_at"] > origin
    changed = counts.assign(count=np.where(later, counts["count"] * 10, counts["count"]))
    tourism = town_history.tourism
    visitors = np.where(tourism["known_at"] > origin, 9e6, tourism["visitors"])
    events = town_history.events
    crowd = np.where(events["known_at"] > origin, 9e6, events["attendance_high"])
    return replace(
        town_history,
        counts=changed.astype({"count": "int32"}),
        tourism=tourism.assign(visitors=visitors),
        events=events.assign(attendance_high=crowd),
    )


def test_the_change_is_there(
    town_history: History, other_future: History, origin: pd.Timestamp
) -> None:
    later = origin + pd.Timedelta(days=30)
    now, changed = (AsOf(h, later).counts()["count"].sum() for h in (town_history, other_future))
    assert changed > 1.5 * now


def test_a_training_does_not_see_the_future(
    town_history: History, other_future: History, origin: pd.Timestamp
) -> None:
    one, other = (train(h, origin, RECIPE) for h in (town_history, other_future))
    pd.testing.assert_frame_equal(one.scores, other.scores)
    views = [AsOf(h, origin) for h in (town_history, other_future)]
    first, second = (
        trained.model.forecast(view, 28) for trained, view in zip((one, other), views, strict=True)
    )
    assert np.array_equal(first.rates.base, second.rates.base)
    assert np.array_equal(first.rates.baseline, second.rates.baseline)
    assert np.array_equal(first.rates.leaf_shares, second.rates.leaf_shares)
    assert np.array_equal(first.rates.grade_shares, second.rates.grade_shares)
    assert np.array_equal(first.shocks.sd, second.shocks.sd)


def test_a_backtest_does_not_see_beyond_each_origin(
    town_history: History, other_future: History, origin: pd.Timestamp
) -> None:
    plan = BacktestPlan(
        first_origin=(origin - pd.Timedelta(days=28)).to_pydatetime(),
        every_days=28,
        folds=2,
        horizon_days=20,
        levels=("total", "cell"),
    )
    frames = [list(backtest(DEMAND, h, RECIPE, plan)) for h in (town_history, other_future)]
    for before, after in zip(*frames, strict=True):
        pd.testing.assert_frame_equal(before, after)
