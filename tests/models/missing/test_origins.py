import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from forewatch.errors import NotEnoughHistory
from forewatch.history import History
from models.missing.origins import member_weights, report_folds
from models.missing.settings import MissingRecipe
from models.origins import Fold

TWO = MissingRecipe(members=("climatology", "season"), belief=0.5, weight_of_the_climatology=1.0)


def fold(first: float, second: float, counts: float, days: int = 28) -> Fold:
    shape = (days, 2)
    predicted = np.stack([np.full(shape, first), np.full(shape, second)])
    when = pd.date_range("2024-01-01", periods=days, unit="us")
    return Fold(when[0].tz_localize("UTC"), 0, when, predicted, np.full(shape, counts))


def test_weights_are_the_likelihood_to_the_power_of_the_belief() -> None:
    found = member_weights([fold(1.0, 2.0, 2.0)], TWO)
    # Poisson, 7 days × 2 places of 2 reports: log ratio = Σ y log(2/1) − (28 − 14)
    gain = 28 * np.log(2) - 14
    wanted = 1 / (1 + np.exp(-0.5 * gain))
    assert found[0] == pytest.approx([1 - wanted, wanted])
    assert found.sum(1) == pytest.approx(np.ones(3))


def test_a_block_that_no_origin_reached_has_the_weights_before_it() -> None:
    found = member_weights([fold(1.0, 2.0, 2.0)], TWO)
    assert np.array_equal(found[2], found[1])


def test_without_evidence_members_weigh_alike_but_for_the_climatology() -> None:
    assert member_weights([], TWO) == pytest.approx(np.full((3, 2), 0.5))
    doubtful = TWO.model_copy(update={"weight_of_the_climatology": 0.25})
    assert member_weights([], doubtful)[0] == pytest.approx([0.2, 0.8])


def test_unknown_days_count_for_nothing() -> None:
    one = fold(1.0, 2.0, 2.0)
    one.counts[:, 1] = np.nan
    assert member_weights([one], TWO)[0] == pytest.approx([0.5, 0.5])


def test_folds_are_judged_by_what_happened(
    town_history: History, missing_recipe: MissingRecipe
) -> None:
    view = AsOf(town_history, town_history.observed_until)
    found = report_folds(view, missing_recipe)
    assert [one.group for one in found] == [0, 0, 1, 1]
    last = found[-1]
    assert np.isfinite(last.counts[:28]).all()
    assert np.isnan(last.counts[28:]).all()  # not known yet
    ledger = town_history.counts
    chosen = ledger[ledger["call_type"] == "missing_person"]
    day = view.clock.force_day(pd.DatetimeIndex(chosen["start"]))
    assert found[0].counts[3].sum() == chosen["count"][day == found[0].days[3]].sum()


def test_sixteen_weeks_are_needed(town_history: History, missing_recipe: MissingRecipe) -> None:
    early = town_history.observed_from + pd.Timedelta(days=60)
    with pytest.raises(NotEnoughHistory, match="training needs 112 days of counts"):
        report_folds(AsOf(town_history, early), missing_recipe)
