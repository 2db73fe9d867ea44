from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.panel import Panel, panel
from forewatch.history import History
from models.line_up import fit_members, predictions, replacements, restore_members
from models.member_settings import SarimaSettings
from models.recipe import Recipe


@pytest.fixture(scope="module")
def seen(town_history: History) -> Panel:
    """Ten weeks of the town: too short for SARIMA."""
    origin = town_history.observed_from + pd.Timedelta(days=70)
    return panel(AsOf(town_history, origin), 9)


def test_a_member_that_needs_more_history_is_left_out_and_forecasts_nothing(seen: Panel) -> None:
    recipe = Recipe(members=("same_weekday_8", "sarima", "loglinear"))
    members = fit_members(recipe, seen, jobs=1)
    assert list(members) == ["same_weekday_8", "loglinear"]
    found = predictions(recipe, members, seen)
    assert found.shape == (3, 9, len(seen.keys))
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[[0, 2]]).all()


def test_who_stands_in_for_whom_is_told(town_history: History, seen: Panel) -> None:
    recipe = Recipe(
        members=("same_weekday_8", "sarima"),
        sarima=SarimaSettings(most_series=1, most_ratio=1.01, order=(1, 0, 0), iterations=5),
    )
    short = replacements(recipe, fit_members(recipe, seen, jobs=1))
    assert short == ("sarima was left out: the history is too short for it",)
    long = panel(AsOf(town_history, town_history.observed_until), 28)
    members = fit_members(recipe, long, jobs=1)
    assert replacements(recipe, members) == ()
    found = predictions(recipe, members, long)  # no week stays within 1 % of its mean
    assert np.isnan(found[1]).all()
    why = "its forecast left the range of the last 8 weeks"
    told = (f"sarima left out avon-and-somerset/all, the other members stand in: {why}",)
    assert replacements(recipe, members) == told
    kept = restore_members({name: member.state() for name, member in members.items()})
    assert replacements(recipe, kept) == told


def test_an_announced_break_scales_every_member(seen: Panel) -> None:
    recipe = Recipe(members=("same_weekday_8", "same_weekday_26", "loglinear"))
    members = fit_members(recipe, seen, jobs=1)
    plain = predictions(recipe, members, seen)
    halved = replace(seen, ahead=np.full((9, len(seen.keys)), 0.5))
    assert predictions(recipe, members, halved) == pytest.approx(plain / 2)


def test_restored_members_forecast_the_same(seen: Panel) -> None:
    recipe = Recipe(members=("same_weekday_8", "same_weekday_26", "loglinear"))
    members = fit_members(recipe, seen, jobs=1)
    again = restore_members({name: member.state() for name, member in members.items()})
    first, second = (predictions(recipe, m, seen) for m in (members, again))
    assert first == pytest.approx(second, rel=1e-12)
