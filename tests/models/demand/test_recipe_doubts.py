from collections.abc import Callable

from features.panel import Panel
from models.demand.recipe_doubts import recipe_doubts
from models.member_settings import BoostingSettings, Growth, SarimaSettings
from models.recipe import Recipe, RollingOrigins
from tests.models.test_boosting import echo

PanelOf = Callable[..., Panel]


def test_a_recipe_that_the_history_can_follow_leaves_no_doubt(panel_of: PanelOf) -> None:
    now = panel_of(echo(120), horizon=1)
    assert recipe_doubts(Recipe(), now, Recipe().origins.folds) == ()


def test_what_the_history_can_not_give_is_told_with_what_there_is(panel_of: PanelOf) -> None:
    now = panel_of(echo(120), horizon=1)
    recipe = Recipe(
        lead_blocks=(0, 7, 28),
        origins=RollingOrigins(horizon_days=28),
        boosting=BoostingSettings(near=Growth(blind_to=("ratio_7", "visitor_nights"))),
        sarima=SarimaSettings(least_calls=1e9),
    )
    short, blocks, blind, small = recipe_doubts(recipe, now, 3)
    assert short == "judged on 3 origins instead of 12: the history is short"
    assert blocks.startswith("lead_blocks has one that begins 28 days ahead, origins.horizon_days")
    assert blind.startswith("boosting.near.blind_to has 'visitor_nights', which is no column")
    assert blind.endswith("weekday, bank_holiday, series_level, call_type")
    assert small.startswith("no series has sarima.least_calls = 1e+09 calls a day (the largest")
    without = recipe.model_copy(update={"members": ("same_weekday_8", "loglinear")})
    assert recipe_doubts(without, now, 3) == (short, blocks)
