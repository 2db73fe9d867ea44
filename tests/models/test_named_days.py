"""Planted holidays: what a name does is found, of a name never seen nothing is claimed."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.panel import Panel
from features.special_days import SpecialDays
from forewatch.arrays import Array
from forewatch.errors import StaleModel
from models.artefacts import restoring
from models.explaining import panel_without
from models.loglinear import Loglinear

PanelOf = Callable[..., Panel]
YEARS, HORIZON = 4, 60
DAYS = YEARS * 365
FIRST = "2022-01-01"
FAIR = [250 + 365 * year for year in range(YEARS)]  # days that have a fair, one a year
LEVY = [120 + 365 * year for year in range(YEARS)]
NEW = DAYS + 20


def special(marks: dict[str, list[int]], days: int, areas: int) -> SpecialDays:
    """Marks of the whole force; the kind of each such day is a holiday."""
    names = tuple(marks)
    day = np.array([d for name in names for d in marks[name]], np.int64)
    number = np.array([i for i, name in enumerate(names) for _ in marks[name]], np.int64)
    kind = np.zeros((days, 2))
    kind[day] = [1, 0]
    return SpecialDays(names, day, number, np.ones((len(day), areas)), kind)


@pytest.fixture(scope="module")
def seen(panel_of: PanelOf) -> Panel:
    """300 calls a day in two places; t1 rises by half on fairs, all fall by a fifth on levies."""
    means: Array = np.full((DAYS + HORIZON, 2, 2), 75.0)
    means[np.ix_(FAIR, [0, 1], [1])] *= 1.5
    means[LEVY] *= 0.8
    calls = np.random.default_rng(5).poisson(means).astype(float)
    made = panel_of(calls, horizon=HORIZON, first=FIRST)
    columns = made.covariates
    flag = columns.names.index("bank_holiday")
    grid = columns.values  # noqa: PD011 - an array of our own, no frame
    grid[:, :, flag] = 0.0
    grid[[*FAIR, *LEVY, DAYS + 10, NEW], :, flag] = 1.0
    marks = {"Fair": [*FAIR, DAYS + 10], "Levy": LEVY, "Jubilee": [NEW]}
    return replace(made, special=special(marks, len(means), 3))


@pytest.fixture(scope="module")
def member(seen: Panel) -> Loglinear:
    return Loglinear().fit(seen)


def test_a_planted_holiday_is_found_by_call_type(seen: Panel, member: Loglinear) -> None:
    found = member.predict(seen)
    series = [seen.series("force", kind) for kind in ("t0", "t1")]
    on_fair, before = found[10, series], found[3, series]
    assert on_fair[1] / before[1] == pytest.approx(1.5, abs=0.1)
    assert on_fair[0] / before[0] == pytest.approx(1.0, abs=0.1)


def test_cells_follow_their_call_type(seen: Panel, member: Loglinear) -> None:
    found = member.predict(seen)[:, seen.cells]
    assert found[10, :, 1] / found[3, :, 1] == pytest.approx([1.5, 1.5], abs=0.15)


def test_a_name_never_seen_has_what_all_holidays_have(seen: Panel, member: Loglinear) -> None:
    marks = {"Fair": [*FAIR, DAYS + 10], "Levy": LEVY}
    unnamed = replace(seen, special=special(marks, DAYS + HORIZON, 3))
    assert "Jubilee" not in member.named_
    assert np.array_equal(member.predict(seen), member.predict(unnamed))


def test_without_names_every_holiday_has_the_common_effect(seen: Panel) -> None:
    plain = replace(seen, special=None)
    found = Loglinear().fit(plain).predict(plain)
    t1 = seen.series("force", "t1")
    assert found[10, t1] == pytest.approx(found[20, t1], rel=0.05)
    assert found[10, t1] / found[3, t1] < 1.35  # fairs and levies in one


def test_one_small_look_moves_little(panel_of: PanelOf) -> None:
    means = np.full((800, 1, 1), 2.0)
    calls = np.random.default_rng(6).poisson(means).astype(float)
    calls[400] = 6.0
    made = panel_of(calls, horizon=50)
    once = replace(made, special=special({"Fair": [400, 760]}, 800, 2))
    learned = Loglinear().fit(once)
    assert 0 < learned.deviations_[0, 0] < 0.15


def test_state_and_back_forecasts_the_same(seen: Panel, member: Loglinear) -> None:
    again = Loglinear.from_state(member.state())
    assert np.array_equal(again.predict(seen), member.predict(seen))


def test_the_yearly_effect_has_the_names(seen: Panel, member: Loglinear) -> None:
    yearly = member.yearly_effect(seen)[:, seen.series("force", "t1")]
    assert yearly[FAIR[0]] > 1.1 * yearly[FAIR[0] - 1]


def test_without_holidays_ahead_nothing_is_marked_there(seen: Panel, member: Loglinear) -> None:
    ahead = panel_without(seen, "holiday")
    assert ahead is not None
    assert ahead.doubt is not None
    assert not ahead.doubt.any()
    found = member.predict(ahead)
    assert found[10] == pytest.approx(found[3], rel=0.1)
    past = pd.DatetimeIndex(ahead.days)
    assert len(past) == DAYS
    assert member.effect(ahead)[:DAYS] == pytest.approx(member.effect(seen)[:DAYS])


def test_the_first_time_of_a_holiday_is_the_least_sure(seen: Panel) -> None:
    doubt = seen.doubt
    assert doubt is not None
    assert doubt[20, 0] == 5
    assert doubt[10, 0] == pytest.approx(1 + 1 / (YEARS + 0.25))
    assert doubt.sum() == pytest.approx(doubt[20, 0] + doubt[10, 0])


def test_a_state_of_before_is_refused_with_what_to_do(member: Loglinear) -> None:
    before = {key: value for key, value in member.state().items() if key != "named"}
    with pytest.raises(StaleModel, match="run 'forewatch train'"), restoring("the model"):
        Loglinear.from_state(before)
