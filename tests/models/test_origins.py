from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.panel import Panel, panel
from forewatch.history import History
from forewatch.tables import check
from models.origins import EarlierFits, call_folds, counts_on_days, plan, table
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
    found = counts_on_days(now, days)
    assert found[:2] == pytest.approx(now.counts[-2:])
    assert np.isnan(found[2:]).all()


def test_each_fold_forecasts_from_what_was_known_at_its_origin(
    view: AsOf, now: Panel, quick: Recipe
) -> None:
    recipe = quick.model_copy(update={"members": ("same_weekday_8",)})
    found = call_folds(view, now, recipe, 1, silent)
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


def test_what_an_earlier_training_fitted_is_not_fitted_again_and_nothing_moves(
    view: AsOf, now: Panel, quick: Recipe
) -> None:
    recipe = quick.model_copy(update={"members": ("same_weekday_8",)})
    end = now.days[-1] + pd.Timedelta(days=1)
    before = view.at(view.clock.day_start(end - pd.Timedelta(days=56)))
    earlier = EarlierFits()
    call_folds(before, panel(before, 1), recipe, 1, silent, earlier)
    theirs = dict(earlier.groups)
    found = call_folds(view, now, recipe, 1, silent, earlier)
    common = [key for key in earlier.groups if key in theirs]
    assert len(common) == 1
    assert earlier.groups[common[0]] is theirs[common[0]]
    assert len(earlier.groups) == 2  # what no later training can ask for is gone
    for one, wanted in zip(found, call_folds(view, now, recipe, 1, silent), strict=True):
        assert (one.origin, one.group) == (wanted.origin, wanted.group)
        np.testing.assert_array_equal(one.predicted, wanted.predicted)
        np.testing.assert_array_equal(one.counts, wanted.counts)


def test_members_know_of_a_break_that_the_honest_baseline_does_not(
    town_history: History, quick: Recipe
) -> None:
    until = town_history.observed_until
    row = {"start": until - pd.Timedelta(days=40), "end": until, "area": "", "call_type": ""}
    row |= {"kind": "level", "expected_ratio": 0.25, "reason": "x", "decided_by": "y"}
    row |= {"known_at": until - pd.Timedelta(days=70)}
    known = replace(town_history, breaks=check("breaks", pd.DataFrame([row])))
    recipe = quick.model_copy(update={"members": ("same_weekday_8",)})
    found, plain = (
        call_folds(view, panel(view, 1), recipe, 1, silent)
        for view in (AsOf(known, until), AsOf(town_history, until))
    )
    assert [fold.honest is None for fold in found] == [True, True, False, False]
    for fold, other in zip(found, plain, strict=True):
        honest = fold.predicted[0] if fold.honest is None else fold.honest
        np.testing.assert_array_equal(honest, other.predicted[0])
        np.testing.assert_array_equal(fold.counts, other.counts)
    ratio = found[2].predicted[0] / plain[2].predicted[0]  # announced from 56 days before the end
    assert ratio[:16] == pytest.approx(1)
    assert ratio[16] == pytest.approx(0.25 ** (23 / 24))  # from 08:00 on: in summer time
    assert ratio[17:] == pytest.approx(0.25)
