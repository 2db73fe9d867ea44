import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.panel import Panel, panel
from forewatch.history import History
from models.origins import folds, happened, plan, table
from models.recipe import Recipe


def silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""


@pytest.fixture(scope="module")
def view(town_history: History) -> AsOf:
    return AsOf(town_history, town_history.observed_until)


@pytest.fixture(scope="module")
def now(view: AsOf) -> Panel:
    return panel(view, 1)


def test_origins_step_back_from_the_end_in_groups_of_one_fit(
    view: AsOf, now: Panel, quick: Recipe
) -> None:
    groups = plan(view, now, quick)
    firsts = [first for group in groups for first in group]
    assert [len(group) for group in groups] == [2, 2]
    end = now.days[-1] + pd.Timedelta(days=1)
    assert [(end - first).days for first in firsts] == [112, 84, 56, 28]


def test_half_of_a_short_history_lies_before_the_first_origin(view: AsOf, now: Panel) -> None:
    firsts = [first for group in plan(view, now, Recipe()) for first in group]
    assert len(firsts) == 7  # 420 days: 210 of them hold seven times 28
    assert (firsts[0] - now.days[0]).days >= 210


def test_what_is_not_known_yet_is_unknown(now: Panel) -> None:
    days = pd.date_range(now.days[-2], periods=4, freq="D", unit="us")
    found = happened(now, days)
    assert found[:2] == pytest.approx(now.counts[-2:])
    assert np.isnan(found[2:]).all()


def test_each_fold_forecasts_from_what_was_known_at_its_origin(
    view: AsOf, now: Panel, quick: Recipe
) -> None:
    recipe = quick.model_copy(update={"members": ("same_weekday_8",)})
    found = folds(view, now, recipe, 1, silent)
    assert [fold.group for fold in found] == [0, 0, 1, 1]
    first = found[0]
    start = int(np.flatnonzero(now.days == first.days[0])[0])
    same = now.counts[start - 56 : start : 7]  # the last eight days of the same weekday
    assert first.predicted[0, 0] == pytest.approx(np.nanmean(same, axis=0), rel=0.02)
    assert first.origin == view.clock.day_start(first.days[0])
    rows = table(found, recipe)
    wanted = np.nanmean(np.abs(first.predicted[0, :, 0] - first.counts[:, 0]))
    assert rows["mae"].iloc[0] == pytest.approx(wanted)
    assert rows["days"].tolist() == [35, 35, 35, 28]
