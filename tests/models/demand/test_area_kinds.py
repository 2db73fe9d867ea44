"""A force whose kinds of area are its own: learned, forecast, explained, and not mixed up."""

from dataclasses import replace

import numpy as np
import pytest

from features.asof import AsOf
from features.cube import cube
from features.panel import panel
from forewatch.errors import DataError, StaleModel
from forewatch.history import History
from forewatch.profile import Profile
from models.boosting import Boosting
from models.demand.model import Engine
from models.demand.training import DemandTraining
from models.hour_rows import NAMES, HourKinds, Timeline
from models.member_settings import BoostingSettings

OWN = ("centre", "university", "port", "moor", "resort")


@pytest.fixture(scope="module")
def college(town_history: History) -> AsOf:
    """The town, with a kind of its own for each of its areas in turn."""
    told = town_history.profile.model_dump()
    told["area_kinds"] = [{"id": kind, "name": kind.title()} for kind in OWN]
    told["areas"] = [
        area | {"kind": OWN[number % len(OWN)]} for number, area in enumerate(told["areas"])
    ]
    profile = Profile.model_validate(told)
    history = replace(town_history, profile=profile, tree=profile.tree())
    return AsOf(history, history.observed_until)


@pytest.fixture(scope="module")
def engine(college: AsOf, trained: DemandTraining) -> Engine:
    weights, shocks = trained.model.estimates()
    return Engine(trained.model.recipe).fit(college, weights, shocks)


def test_a_force_of_five_own_kinds_is_forecast_and_explained(engine: Engine, college: AsOf) -> None:
    forecast = engine.forecast(college, 7, explained=True)
    assert forecast.factors is not None
    assert np.isfinite(forecast.factors.logs).all()
    assert (forecast.rates.base > 0).all()


def test_a_restored_model_forecasts_the_same_and_only_with_the_kinds_it_learned(
    engine: Engine, college: AsOf, town_history: History
) -> None:
    again = Engine.from_state(engine.state())
    base = again.forecast(college, 7).rates.base
    assert base == pytest.approx(engine.forecast(college, 7).rates.base, rel=1e-12)
    with pytest.raises(
        DataError,
        match="learned with the kinds of area centre, university, port, moor, resort, mixed; the "
        "profile has urban, rural, coast, mixed; train again",
    ):
        again.forecast(AsOf(town_history, town_history.observed_until), 7)
    with pytest.raises(StaleModel, match="area_kinds"):
        Engine.from_state({k: v for k, v in engine.state().items() if k != "area_kinds"})


def test_the_daily_trees_see_a_column_for_each_kind(college: AsOf) -> None:
    seen = panel(college, 7)
    member = Boosting(BoostingSettings(rounds=5), seed=1).fit(seen)
    columns = [name for name in member.covariates_ if name.startswith("area_")]
    assert columns == [*(f"area_{kind}" for kind in OWN), "area_population_log"]
    again = Boosting.from_state(member.state())
    assert np.array_equal(again.predict(seen), member.predict(seen))


def test_the_hourly_trees_see_the_number_of_the_kind(college: AsOf) -> None:
    kinds = HourKinds.of(college, Timeline.of(cube(college, 7)))
    found = set(kinds.columns[:, NAMES.index("kind_of_area")])
    places = college.tree.cut(college.profile.levels.modelled)
    assert found == {OWN.index(college.tree.area(place).kind) for place in places}
