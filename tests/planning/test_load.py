"""Load in closed form against calls that happen one by one, and against sums by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forewatch.arrays import Array
from forewatch.duty import Service, services
from forewatch.rates import Forecast, Spans
from forewatch.shocks import PERSISTENCES, SCOPES, Shocks
from planning.issues import Issue
from planning.landing import KnownReports
from planning.load import Load, Measure, Rows, SourceLoad
from planning.need import BusyOfficers
from planning.source_calls import Calls, Source
from tests.oracles.busy import half_hour_middles, jobs

ALL = ("north-1", "north-2", "south-1", "south-2")
HOURS = 60
BEGUN = slice(40, None)  # nothing is carried into the draws


@pytest.fixture(scope="module")
def shocked(october: Issue) -> Forecast:
    """Both districts with shocks of the force and of places by the day, and of the level."""
    sizes = np.zeros((1, len(SCOPES), len(PERSISTENCES)))
    sizes[0, :2, PERSISTENCES.index("day")] = 0.1, 0.15
    sizes[0, :2, PERSISTENCES.index("level")] = 0.1, 0.05
    return replace(october.forecast, shocks=Shocks((0,), sizes, np.array([[1.3]])))


@pytest.fixture(scope="module")
def work(october: Issue) -> tuple[Service, ...]:
    """Two officers to urgent calls, of which nine of ten are attended; one to others."""
    found = services(october.profile, "response")
    return tuple(replace(each, release=(), minutes=72.0, cv=1.2) for each in found)


def load(
    forecast: Forecast, work: tuple[Service, ...], spans: Spans, measure: Measure, *leaves: str
) -> Load:
    calls = Calls(Source(forecast, work), spans.ends.max())
    return SourceLoad(Rows(calls, spans), measure).of(leaves or ALL)


@pytest.mark.parametrize("leaves", [ALL, ("south-1",)])
def test_load_is_that_of_calls_one_by_one(
    shocked: Forecast, work: tuple[Service, ...], leaves: tuple[str, ...]
) -> None:
    happened = jobs(shocked, leaves, work, HOURS, 3000, 4)
    drawn = happened.busy(HOURS)
    middles = half_hour_middles(shocked, HOURS)
    found = load(shocked, work, middles, "officers", *leaves)
    assert found.mean[BEGUN].mean() == pytest.approx(drawn[:, BEGUN].mean(), rel=0.01)
    assert (found.variance / drawn.var(0))[BEGUN].mean() == pytest.approx(1, abs=0.05)
    for level in (0.5, 0.8, 0.95):
        need = BusyOfficers.of(found).need(level)
        above = (drawn > need)[:, BEGUN].mean(0)
        below = (drawn >= need)[:, BEGUN].mean(0)
        assert above.mean() <= 1 - level + 0.02
        assert below.mean() >= 1 - level - 0.02
    edges = shocked.rates.edges
    windows = Spans(edges[[24, 31]], edges[[48, 41]])
    hours = load(shocked, work, windows, "hours", *leaves)
    totals = np.stack([happened.hours_within(24, 48), happened.hours_within(31, 41)])
    assert hours.mean == pytest.approx(totals.mean(1), rel=0.02)
    assert np.sqrt(hours.variance) == pytest.approx(totals.std(1), rel=0.03)


def test_a_constant_rate_lands_all_its_hours(october: Issue) -> None:
    # 150 reports a week × 13 h: 1,950 h a week, in weeks with and without a changed clock.
    rates = october.forecast.rates
    hours = np.diff(rates.edges.asi8) / 3.6e9
    base = np.zeros_like(rates.base)
    base[:, 0] = hours * 150 / 168 / 2
    forecast = replace(october.forecast, rates=replace(rates, base=base))
    cases = [each for each in services(october.profile, "response") if each.release]
    weeks = Spans(rates.day_edges[[7, 14, 21]], rates.day_edges[[14, 21, 28]])
    length = np.asarray((weeks.ends - weeks.starts) / pd.Timedelta(weeks=1))
    assert (length > 1).any()
    found = load(forecast, tuple(cases), weeks, "hours")
    assert found.mean == pytest.approx(length * 1950)


def test_officers_that_are_no_whole_number_keep_their_mean(
    shocked: Forecast, work: tuple[Service, ...]
) -> None:
    middles = half_hour_middles(shocked, 24)
    plain, part = (
        load(shocked, tuple(replace(each, officers=size) for each in work), middles, "officers")
        for size in (1.0, 1.6)
    )
    assert part.mean == pytest.approx(1.6 * plain.mean)
    assert part.jobs[:, 1] == pytest.approx(1.5 * part.jobs[:, 0])
    assert part.jobs @ [1, 2] == pytest.approx(part.mean)


def test_the_parts_of_a_force_add_up(shocked: Forecast, work: tuple[Service, ...]) -> None:
    middles = half_hour_middles(shocked, 24)
    whole, *parts = (
        load(shocked, work, middles, "officers", *leaves)
        for leaves in (ALL, *((leaf,) for leaf in ALL))
    )
    assert sum(part.mean for part in parts) == pytest.approx(whole.mean)
    assert (sum(part.variance for part in parts) < whole.variance).all()  # they share shocks


def known(forecast: Forecast, count: Array) -> KnownReports:
    """Known calls of the hours before the horizon, shape (leaves, hours)."""
    edges = pd.date_range(end=forecast.rates.edges[0], periods=count.shape[1] + 1, freq="h")
    return KnownReports(edges.as_unit("us"), ALL, count)


def test_known_calls_are_carried_in_in_the_place_of_expected_ones(
    shocked: Forecast, work: tuple[Service, ...]
) -> None:
    middles = half_hour_middles(shocked, 12)
    expected = load(shocked, work, middles, "officers")
    rates = shocked.rates
    count = np.zeros((4, 72))
    for leaf, place in enumerate(rates.leaf_place):
        week = rates.base[place][:, 168 - 72 : 168]
        count[leaf] = (rates.leaf_shares[leaf][:, None] * week).sum(0)

    def with_known(calls: Array) -> Load:
        source = Source(shocked, work, known(shocked, calls))
        return SourceLoad(Rows(Calls(source, middles.ends.max()), middles), "officers").of(ALL)

    same = with_known(count)
    assert same.mean == pytest.approx(expected.mean)
    assert same.jobs == pytest.approx(expected.jobs)
    assert (same.variance < expected.variance + 1e-9).all()  # the chance in their number is gone
    assert same.variance[0] < 0.9 * expected.variance[0]
    none = with_known(np.zeros((4, 72)))
    assert none.mean[0] < 0.5 * expected.mean[0]
    unknown = with_known(np.full((4, 72), np.nan))
    assert unknown.mean == pytest.approx(expected.mean)
    assert unknown.variance == pytest.approx(expected.variance)


def test_what_is_carried_in_and_what_is_new_is_all_there_is(
    shocked: Forecast, work: tuple[Service, ...]
) -> None:
    edges = shocked.rates.edges
    window = Spans(edges[[24]], edges[[34]])
    hours, carried = (load(shocked, work, window, each).mean for each in ("hours", "carried"))
    quiet = shocked.rates.base.copy()
    quiet[:, :, 24:34] = 0  # no new calls: all that lands was carried in
    alone = replace(shocked, rates=replace(shocked.rates, base=quiet))
    assert load(alone, work, window, "hours").mean == pytest.approx(carried)
    assert 0 < carried[0] < 0.5 * hours[0]
