import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.cube import cube
from forewatch.errors import DataError, NotFitted, SettingsError, StaleModel
from forewatch.history import History
from forewatch.profile import MISSING_PERSON, Missing, Profile
from forewatch.rates import Selection, Spans
from models import artefacts
from models.missing.model import MissingPersons
from models.missing.settings import MissingRecipe
from models.missing.training import MissingTraining, train
from sources.synthetic import DemoForce


def test_the_forecast_has_one_call_type_and_its_parts_add_up(
    town_history: History, missing_trained: MissingTraining
) -> None:
    view = AsOf(town_history, town_history.observed_until)
    forecast = missing_trained.model.forecast(view, 28)
    rates = forecast.rates
    assert rates.call_types == (MISSING_PERSON,)
    assert (rates.base > 0).all()
    whole = Spans(rates.edges[[0]], rates.edges[[-1]])
    parts = [forecast.answer(Selection(leaves=(leaf,)), whole).mean for leaf in rates.leaves]
    total = forecast.answer(Selection(), whole)
    assert np.sum(parts) == pytest.approx(total.mean[0])
    assert rates.grade_shares.sum(-1) == pytest.approx(np.ones(rates.grade_shares.shape[:3]))
    assert total.variance[0] > total.mean[0]
    assert total.baseline[0] == pytest.approx(total.mean[0], rel=0.3)


def test_the_level_is_that_of_the_force(
    town_history: History, missing_trained: MissingTraining
) -> None:
    view = AsOf(town_history, town_history.observed_until)
    forecast = missing_trained.model.forecast(view, 28)
    past = cube(view, 364)
    column = past.call_types.index("missing_person")
    seen = np.nanmean(past.daily()[:, column].sum(0))
    assert forecast.rates.daily.sum((0, 1)).mean() == pytest.approx(seen, rel=0.25)


def test_the_true_rates_of_the_town_are_near(town: DemoForce, town_history: History) -> None:
    origin = town_history.observed_until - pd.Timedelta(days=28)
    recipe = MissingRecipe()
    view = AsOf(town_history, origin)
    weights = np.full((3, len(recipe.members)), 1 / len(recipe.members))
    from forewatch.shocks import Shocks  # noqa: PLC0415

    model = MissingPersons(recipe).fit(view, weights, Shocks.none())
    ours = model.forecast(view, 28).rates.daily[:, 0]
    true = town.truth.forecast(origin, 28).rates
    wanted = true.daily[:, true.call_types.index("missing_person")]
    error = np.abs(ours.sum(1) / wanted.sum(1) - 1)
    assert error.max() < 0.35  # a spell of 30 % in one of the last weeks is no mistake


def test_the_state_holds_everything(
    town_history: History,
    missing_trained: MissingTraining,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("kept") / "engine"
    artefacts.write_state(folder, missing_trained.model.state())
    restored = MissingPersons.from_state(artefacts.read_state(folder))
    view = AsOf(town_history, town_history.observed_until)
    first, second = (one.forecast(view, 14) for one in (missing_trained.model, restored))
    assert np.array_equal(first.rates.base, second.rates.base)
    assert np.array_equal(first.shocks.sd, second.shocks.sd)
    calibration = restored.calibration_
    assert calibration is not None
    assert restored.uncalibrated() == missing_trained.model.uncalibrated() == calibration.reasons
    assert {window for _, window in calibration.reasons} == {"shift", "day", "week"}


def test_a_model_that_learned_nothing_says_so(town_history: History) -> None:
    view = AsOf(town_history, town_history.observed_until)
    with pytest.raises(NotFitted, match="the missing-person model is not fitted; train first"):
        MissingPersons(MissingRecipe()).forecast(view, 7)
    with pytest.raises(NotFitted, match="train first"):
        MissingPersons(MissingRecipe()).state()


def test_a_force_without_such_calls_is_refused(town_history: History) -> None:
    profile = town_history.profile
    types = profile.call_types[1:]
    kept = town_history.counts["call_type"] != "missing_person"
    counts = town_history.counts[kept]
    counts = counts.assign(call_type=counts["call_type"].cat.remove_unused_categories())
    from dataclasses import replace  # noqa: PLC0415

    other: Profile = profile.model_copy(update={"call_types": types, "missing": Missing()})
    without = replace(town_history, profile=other, counts=counts)
    with pytest.raises(SettingsError, match=r"no call type is a missing-person report; name those"):
        train(without, without.observed_until, MissingRecipe())


def test_other_areas_and_other_code_are_refused(
    town_history: History, missing_trained: MissingTraining
) -> None:
    state = missing_trained.model.state()
    moved = MissingPersons.from_state(
        {**state, "members": state["members"] | {"places": ["elsewhere"]}}
    )
    with pytest.raises(DataError, match="learned 1 areas, there are 3 now"):
        moved.forecast(AsOf(town_history, town_history.observed_until), 7)
    with pytest.raises(StaleModel, match="made by other code than is running"):
        MissingPersons.from_state({**state, "recipe": {"unheard_of": 1}})
