"""What every member promises, each held to it on the same small town."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from features.asof import AsOf
from features.panel import Panel, panel
from forewatch.errors import DataError, NotFitted
from forewatch.history import History
from models import artefacts
from models.base import Member
from models.boosting import Boosting
from models.loglinear import Loglinear
from models.member_settings import BoostingSettings, SarimaSettings
from models.members import MEMBERS
from models.sarima import Sarima

HORIZON = 35
SMALL: dict[str, Callable[[], Member]] = {
    "sarima": lambda: Sarima(SarimaSettings(most_series=2, iterations=15, order=(1, 0, 0))),
    "boosting": lambda: Boosting(BoostingSettings(rows=4000, rounds=20), seed=3),
}


def made(name: str) -> Member:
    """A member, quick where the default takes long."""
    return SMALL[name]() if name in SMALL else MEMBERS[name]()


@pytest.fixture(scope="module")
def seen(town_history: History) -> Panel:
    return panel(AsOf(town_history, town_history.observed_until), HORIZON)


@pytest.fixture(scope="module", params=sorted(MEMBERS))
def member(request: pytest.FixtureRequest, seen: Panel) -> Member:
    fitted: Member = made(request.param).fit(seen)
    return fitted


def forecast(member: Member, seen: Panel) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The forecast of the series that the member forecasts."""
    found = member.predict(seen)
    return found[:, np.isfinite(found).all(axis=0)]


def test_it_goes_by_its_name(member: Member) -> None:
    assert type(member) is MEMBERS[member.name]


def test_it_forecasts_every_day_and_series_with_positive_numbers(
    member: Member, seen: Panel
) -> None:
    found = member.predict(seen)
    assert found.shape == (HORIZON, len(seen.keys))
    unknown = np.isnan(found)
    assert (unknown.all(axis=0) == unknown.any(axis=0)).all()  # a series is left out whole
    assert (found[~unknown] > 0).all()
    assert np.isfinite(found[:, 0]).all()
    assert unknown.any() == (member.name == "sarima")


def test_it_is_near_the_last_weeks(member: Member, seen: Panel) -> None:
    level = np.nanmean(seen.counts[-56:, 0])
    assert forecast(member, seen)[:, 0].mean() == pytest.approx(level, rel=0.15)


def test_it_says_the_same_twice_and_when_fitted_again(member: Member, seen: Panel) -> None:
    first = forecast(member, seen)
    np.testing.assert_array_equal(first, forecast(member, seen))
    np.testing.assert_array_equal(first, forecast(made(member.name).fit(seen), seen))


def test_it_says_the_same_after_a_stay_on_disk(member: Member, seen: Panel, tmp_path: Path) -> None:
    artefacts.write_state(tmp_path / "model", member.state())
    back = type(member).from_state(artefacts.read_state(tmp_path / "model"))
    np.testing.assert_allclose(forecast(back, seen), forecast(member, seen), rtol=1e-12)


def test_what_was_learned_serves_a_later_panel(member: Member, town_history: History) -> None:
    earlier = town_history.observed_until.floor("D") - np.timedelta64(60, "D")
    first = panel(AsOf(town_history, earlier), HORIZON)
    last = panel(AsOf(town_history, town_history.observed_until), HORIZON)
    fitted = made(member.name).fit(first)
    found = forecast(fitted, last)
    assert found.shape[0] == HORIZON
    assert not np.array_equal(found, forecast(fitted, first))


def test_what_it_learned_is_not_changed_by_forecasting(member: Member, seen: Panel) -> None:
    before = seen.counts.copy()
    member.predict(seen)
    np.testing.assert_array_equal(before, seen.counts)


def test_unknown_days_are_left_out_not_zero(member: Member, seen: Panel) -> None:
    counts = seen.counts.copy()
    counts[-14:-7] = np.nan
    gap = dataclasses.replace(seen, counts=counts)
    ratio = forecast(member, gap)[:, 0].mean() / forecast(member, seen)[:, 0].mean()
    assert ratio == pytest.approx(1, abs=0.1)


def test_another_force_is_refused(member: Member, seen: Panel) -> None:
    keys = seen.keys.copy()
    keys.loc[1, "area"] = "elsewhere"
    other = dataclasses.replace(seen, keys=keys)
    with pytest.raises(DataError, match="the first that differs"):
        member.predict(other)


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_nothing_is_forecast_before_a_fit(name: str, seen: Panel) -> None:
    with pytest.raises(NotFitted, match=f"{name} is not fitted; call fit\\(\\) first"):
        MEMBERS[name]().predict(seen)


def test_a_new_place_is_forecast_from_its_parents(seen: Panel) -> None:
    counts = seen.counts.copy()
    area = seen.places[-1]
    new = (seen.keys["area"] == area).to_numpy()
    counts[:, new] = np.nan
    cold = dataclasses.replace(seen, counts=counts)
    for name in ("same_weekday_8", "loglinear", "boosting"):
        found = made(name).fit(cold).predict(cold)
        share = found[:, seen.series(area)].mean() / found[:, 0].mean()
        assert share == pytest.approx(1 / 3, rel=0.1), name


def test_the_log_linear_model_is_the_one_the_trees_correct(seen: Panel) -> None:
    trees = Boosting(BoostingSettings(rows=4000, rounds=1)).fit(seen)
    plain = Loglinear().fit(seen)
    assert trees.predict(seen) == pytest.approx(plain.predict(seen), rel=0.15)
