import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.panel import Panel, panel
from forewatch.history import History
from models.line_up import fitted, predictions, restored
from models.recipe import Recipe


@pytest.fixture(scope="module")
def seen(town_history: History) -> Panel:
    """Ten weeks of the town: too short for SARIMA."""
    origin = town_history.observed_from + pd.Timedelta(days=70)
    return panel(AsOf(town_history, origin), 9)


def test_a_member_that_needs_more_history_is_left_out_and_forecasts_nothing(seen: Panel) -> None:
    recipe = Recipe(members=("same_weekday_8", "sarima", "loglinear"))
    members = fitted(recipe, seen, jobs=1)
    assert list(members) == ["same_weekday_8", "loglinear"]
    found = predictions(recipe, members, seen)
    assert found.shape == (3, 9, len(seen.keys))
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[[0, 2]]).all()


def test_restored_members_forecast_the_same(seen: Panel) -> None:
    recipe = Recipe(members=("same_weekday_8", "same_weekday_26", "loglinear"))
    members = fitted(recipe, seen, jobs=1)
    again = restored({name: member.state() for name, member in members.items()})
    first, second = (predictions(recipe, m, seen) for m in (members, again))
    assert first == pytest.approx(second, rel=1e-12)
