"""Planted weeks of the year: what comes each year is found, what came once is not."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from features.panel import Panel
from forewatch.arrays import Array, Mask
from models.artefacts import restoring
from models.explaining import panel_without
from models.loglinear import Loglinear
from models.member_settings import LoglinearSettings

PanelOf = Callable[..., Panel]
YEARS, HORIZON = 4, 60
DAYS = YEARS * 365
FIRST = "2022-02-01"
CALENDAR = pd.date_range(FIRST, periods=DAYS + HORIZON, freq="D")
EXAMS = np.isin(CALENDAR.day_of_year, range(40, 68))  # four weeks
ONCE = EXAMS & np.asarray(CALENDAR.year == 2024)


def force(days: Mask, factor: float, places: slice, seed: int = 3) -> Array:
    """400 calls a day in two places and two call types, some places more on some days."""
    means = np.full((len(CALENDAR), 2, 2), 100.0)
    means[np.flatnonzero(days), places] *= factor
    return np.random.default_rng(seed).poisson(means).astype(float)


@pytest.fixture(scope="module")
def seen(panel_of: PanelOf) -> Panel:
    """Each year's exams take a quarter of the calls of the first place."""
    return panel_of(force(EXAMS, 0.75, slice(0, 1)), horizon=HORIZON, first=FIRST)


@pytest.fixture(scope="module")
def member(seen: Panel) -> Loglinear:
    return Loglinear().fit(seen)


def test_what_comes_each_year_is_foreseen_where_it_comes(seen: Panel, member: Loglinear) -> None:
    found = member.predict(seen)
    inside = EXAMS[DAYS:]
    usual = found[40:].mean(0)
    ratio = found[inside][7:-7].mean(0) / usual  # its ends are smoothed
    at = [seen.series(place) for place in seen.places]
    assert ratio[at[0]] == pytest.approx(0.75, abs=0.07)
    assert ratio[at[1]] == pytest.approx(1.0, abs=0.04)
    assert ratio[0] == pytest.approx(0.875, abs=0.05)


def test_what_came_once_is_not_expected_again(panel_of: PanelOf) -> None:
    panel = panel_of(force(ONCE, 0.75, slice(0, 1)), horizon=HORIZON, first=FIRST)
    found = Loglinear().fit(panel).predict(panel)
    assert found[EXAMS[DAYS:]].mean(0)[0] / found[40:].mean(0)[0] == pytest.approx(1.0, abs=0.02)


def test_where_no_week_differs_none_is_believed(panel_of: PanelOf) -> None:
    weeks = []
    for seed in range(5):
        calls = force(EXAMS, 1.0, slice(0, 1), seed)
        weeks.append(Loglinear().fit(panel_of(calls, horizon=1, first=FIRST)).weeks_)
    apart = np.stack(weeks)
    assert np.sqrt((apart[..., 0] ** 2).mean()) < 0.005  # a week's chance is 1 / √(7 · 400) = 0.019
    assert np.sqrt((apart**2).mean()) < 0.01


@pytest.mark.parametrize("factor", [1.0, 0.75])
def test_what_is_seldom_follows_its_parents(panel_of: PanelOf, factor: float) -> None:
    """Of a few calls a year chance alone would make some weeks 2.5 times the others."""
    means = np.tile(np.append(np.geomspace(0.003, 0.1, 12), 50.0), (len(CALENDAR), 4, 1))
    means[EXAMS] *= factor
    calls = np.random.default_rng(3).poisson(means).astype(float)
    weeks = Loglinear().fit(panel_of(calls, horizon=1, first=FIRST)).weeks_
    apart = weeks - weeks[:, :1]  # from the force's
    assert np.abs(apart).max() < 0.15
    assert np.sqrt((apart**2).mean()) < 0.02
    exams = np.exp(weeks[6:9].mean(0))
    assert exams == pytest.approx(np.full(len(exams), exams[0]), abs=0.1)


def test_less_than_two_years_say_nothing(panel_of: PanelOf) -> None:
    calls = force(EXAMS, 0.75, slice(0, 1))[-727:]
    assert Loglinear().fit(panel_of(calls, horizon=1, first=FIRST)).weeks_.shape[0] == 0


def test_weeks_belong_to_the_season(seen: Panel, member: Loglinear) -> None:
    """They are off without harmonics, among what comes once a year, and told as season."""
    plain = LoglinearSettings(harmonics=0)
    assert Loglinear(plain).fit(seen).weeks_.shape[0] == 0
    yearly = member.yearly_effect(seen)[DAYS:, seen.series(seen.places[0])]
    assert yearly[EXAMS[DAYS:]].mean() / yearly[40:].mean() < 0.85
    without = panel_without(seen, "season")
    assert without is not None
    flat = member.predict(without)[:, seen.series(seen.places[0])]
    assert flat[EXAMS[DAYS:]].mean() / flat[40:].mean() == pytest.approx(1.0, abs=0.03)


def test_the_state_keeps_the_weeks(seen: Panel, member: Loglinear) -> None:
    with restoring("model"):
        again = Loglinear.from_state(member.state())
    assert again.predict(seen) == pytest.approx(member.predict(seen))


def test_unknown_days_are_no_quiet_week(panel_of: PanelOf) -> None:
    calls = force(EXAMS, 1.0, slice(0, 1))
    gap = np.flatnonzero(EXAMS[:DAYS])
    panel = panel_of(calls, horizon=HORIZON, first=FIRST)
    panel.counts[gap] = np.nan
    found = Loglinear().fit(panel).predict(panel)
    assert found[EXAMS[DAYS:]].mean(0)[0] / found[40:].mean(0)[0] == pytest.approx(1.0, abs=0.03)
