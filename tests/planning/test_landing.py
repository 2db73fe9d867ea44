from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike

from features.asof import AsOf
from forewatch.arrays import Array
from forewatch.clock import Clock
from forewatch.history import History
from forewatch.profile import Missing
from forewatch.rates import Forecast, Selection, Spans
from forewatch.shocks import Shocks
from planning.casework import SHARES, CaseLength, Workload
from planning.issues import Issue
from planning.landing import KnownReports, landing_hours
from planning.periods import periods
from planning.work_times import Release
from tests.oracles.drawn import drawn

LENGTH = CaseLength(shape="gamma")
RELEASE = Release(Missing().release)
HOUR = pd.Timedelta(hours=1)
ALL = ("north-1", "north-2", "south-1", "south-2")


@pytest.fixture(scope="session")
def missing(october: Issue) -> Forecast:
    """Missing-person reports alone: 1.5 an hour in each district by day, 0.3 at night."""
    held = october.forecast
    slots = held.rates.slot
    base = np.repeat(np.where((slots >= 8) & (slots < 23), 0.5, 0.1)[None, None, :], 2, axis=0)
    rates = replace(
        held.rates,
        call_types=("missing_person",),
        base=base,
        baseline=base,
        leaf_shares=held.rates.leaf_shares[:, :1],
        grade_shares=held.rates.grade_shares[:, :1],
    )
    return replace(held, rates=rates)


def spans(*pairs: tuple[str, str]) -> Spans:
    starts, ends = zip(*pairs, strict=True)
    return Spans(*(pd.DatetimeIndex(each, tz="UTC").as_unit("us") for each in (starts, ends)))


def shift_spans(issue: Issue) -> Spans:
    """The shifts from 2026-10-23, over the change of clocks."""
    clock = Clock.of(issue.profile)
    start = clock.day_start(pd.Timestamp("2026-10-23"))
    frame = periods(clock, issue.profile.shifts, start, start + pd.Timedelta(days=4), "shift")
    return Spans(pd.DatetimeIndex(frame["start"]), pd.DatetimeIndex(frame["end"]))


def land(
    forecast: Forecast, when: Spans, areas: Sequence[Sequence[str]] = (ALL,), **more: KnownReports
) -> Workload:
    return landing_hours(forecast, areas, when, LENGTH, RELEASE, **more)


def share_of(release: Release, left: float, right: float, edges: ArrayLike) -> Array:
    """Shares that reports of each hour bring into one window."""
    bounds = np.asarray(edges, dtype=np.float64)[None]
    return np.asarray(release.into(np.array([left]), np.array([right]), bounds)[0, 0])


def test_a_reports_share_of_a_window_is_found_by_hand() -> None:
    release = Release((0.6, 0.4))
    # A window from 10 to 20 h: of a report at 5 h it takes ten of its first 24 hours; one at 40 h
    # before its start, in its second day, is worth 8 of 24 hours; one after its end nothing.
    minute = 1 / 60
    found = [
        share_of(release, 10.0, 20.0, [at, at + minute]).item() for at in (5.0, -30.0, 21.0, 15.0)
    ]
    wanted = [0.6 * 10 / 24, 0.4 * 8 / 24, 0.0, 0.6 * 5 / 24]
    assert found == pytest.approx(wanted, abs=0.4 * minute / 24 + 1e-9)
    # Over an hour the share is averaged: reports from 19 to 20 h leave half an hour of it.
    hour = share_of(release, 10.0, 20.0, [19.0, 20.0])
    assert hour.item() == pytest.approx(0.6 * 0.5 / 24)


def test_the_load_is_the_integral_of_reports_and_release(missing: Forecast) -> None:
    # Minute by minute, by hand: a report at each minute's middle.
    when = spans(("2026-10-24T20:30", "2026-10-25T07:30"))
    start, end = when.starts[0], when.ends[0]
    minutes = pd.date_range(start - pd.Timedelta(days=7), end, freq="min")[:-1]
    middle = minutes + pd.Timedelta(seconds=30)
    local = middle.tz_convert("Europe/London").hour
    rate = np.where((local >= 8) & (local < 23), 0.5, 0.1) * 2 / 60

    def landed(since: Array) -> Array:
        at = np.clip(since, 0, 7 * 24)
        total = np.concatenate([[0], np.cumsum(RELEASE.shares)])
        return np.asarray(np.interp(at, np.arange(8) * 24, total))

    hours = [np.asarray((edge - middle) / HOUR) for edge in (end, start)]
    wanted = (rate * (landed(hours[0]) - landed(hours[1]))).sum() * 13
    assert land(missing, when).mean.item() == pytest.approx(wanted, rel=1e-4)


def test_hours_are_neither_lost_nor_made(missing: Forecast) -> None:
    # Days of 24 and 25 hours: with reports steady for long, all their hours land.
    steady = replace(
        missing, rates=replace(missing.rates, base=np.full_like(missing.rates.base, 0.5))
    )
    edges = steady.rates.day_edges
    found = land(steady, Spans(edges[10:20], edges[11:21])).mean
    elapsed = np.asarray((edges[11:21] - edges[10:20]) / HOUR)
    assert set(elapsed) == {24.0, 25.0}
    assert found == pytest.approx(elapsed * 2 * 0.5 * 13)


def test_overlapping_shifts_and_parts_of_the_force_add_up(
    missing: Forecast, october: Issue
) -> None:
    when = shift_spans(october)
    whole = land(missing, when).mean
    parts = land(missing, when, [(leaf,) for leaf in ALL]).mean.reshape(4, -1)
    assert parts.sum(0) == pytest.approx(whole)
    # 14:00 to 17:00 lies in both earlies and lates: their sum is that much above 07:00 to 00:00.
    early_late = land(missing, spans(("2026-10-24T06:00", "2026-10-24T23:00"))).mean[0]
    twice = land(missing, spans(("2026-10-24T13:00", "2026-10-24T16:00"))).mean[0]
    early, late = land(
        missing,
        spans(("2026-10-24T06:00", "2026-10-24T16:00"), ("2026-10-24T13:00", "2026-10-24T23:00")),
    ).mean
    assert early + late == pytest.approx(early_late + twice)


def test_what_lands_far_ahead_has_the_spread_of_its_lead(missing: Forecast) -> None:
    sizes = np.zeros((2, 4, 3))
    sizes[1, 0, 1] = 0.4
    # Hours land for days after their report: a window of the first week has reports of it alone.
    when = spans(("2026-10-16T06:00", "2026-10-17T06:00"), ("2026-10-29T07:00", "2026-10-30T07:00"))
    plain, shocked = (
        land(replace(missing, shocks=Shocks((0, 7), each, np.ones((2, 1)))), when)
        for each in (np.zeros((2, 4, 3)), sizes)
    )
    assert plain.shared_variance == pytest.approx([0, 0])
    assert shocked.shared_variance[0] == pytest.approx(0)
    assert shocked.shared_variance[1] > 0.02


@pytest.mark.parametrize("leaves", [ALL, ("north-1",)])
@pytest.mark.parametrize("scale", [1.0, 0.15])
def test_what_lands_is_what_lands_of_drawn_reports(
    missing: Forecast, leaves: tuple[str, ...], scale: float
) -> None:
    rates = replace(missing.rates, base=missing.rates.base * scale)
    sizes = np.zeros((1, 4, 3))
    sizes[0, :2, 1:] = [[0.1, 0.15], [0.2, 0.1]]
    shocked = replace(missing, rates=rates, shocks=Shocks((0,), sizes, np.array([[1.3]])))
    when = spans(("2026-10-24T20:30", "2026-10-25T07:30"))
    work = land(shocked, when, [leaves])
    levels = (0.5, 0.8, 0.9, 0.95)
    quantiles, _ = work.quantiles(levels, np.array([np.nan]))
    totals = _drawn(shocked, leaves, when, draws=20_000)
    assert work.mean[0] == pytest.approx(totals.mean(), rel=0.02)
    assert work.variance[0] ** 0.5 == pytest.approx(totals.std(), rel=0.03)
    # Within 2 %, or a quarter of an hour: a step of the grid.
    assert quantiles[0] == pytest.approx(np.quantile(totals, levels), rel=0.02, abs=0.25)


def _drawn(forecast: Forecast, leaves: tuple[str, ...], when: Spans, draws: int) -> Array:
    """Hours that land of drawn reports, each at its time and with hours of its own."""
    start, end = when.starts[0], when.ends[0]
    first = start.floor("h") - pd.Timedelta(hours=RELEASE.hours)
    edges = pd.date_range(first, end.ceil("h"), freq="h", unit="us")
    hourly = Spans(edges[:-1], edges[1:])
    counts = drawn(forecast, Selection(leaves), hourly, draws, seed=2).sum((1, 2))
    rng = np.random.default_rng(5)
    draw, hour = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), counts.shape[1])
    at = hour + rng.random(len(hour))
    days = np.arange(len(RELEASE.shares) + 1) * 24
    landed = np.concatenate([[0], np.cumsum(RELEASE.shares)])
    bounds = [(edge - edges[0]) / HOUR for edge in (start, end)]
    share = np.diff([np.interp(bound - at, days, landed) for bound in bounds], axis=0)[0]
    hours = rng.gamma(LENGTH.cv**-2, LENGTH.mean_hours * LENGTH.cv**2, len(share))
    return np.bincount(draw, hours * share, draws).astype(np.float64)


def known_before(forecast: Forecast, count: Array) -> KnownReports:
    """Hourly reports of the days before the horizon, shape (leaves, hours)."""
    edges = pd.date_range(end=forecast.rates.edges[0], periods=count.shape[1] + 1, freq="h")
    return KnownReports(edges.as_unit("us"), ALL, count)


def test_known_reports_bring_what_is_left_of_them(missing: Forecast) -> None:
    none = replace(missing, rates=replace(missing.rates, base=np.zeros_like(missing.rates.base)))
    count = np.zeros((4, 200))
    count[0, -12] = 3  # from 12 to 11 hours before the horizon
    count[3, -30] = 1
    edges = none.rates.day_edges
    work = land(
        none, Spans(edges[:2], edges[1:3]), [("north-1",), ALL], known=known_before(none, count)
    )
    first = 13 * 3 * (0.772 * 12.5 / 24 + 0.104 * 11.5 / 24)
    second = 13 * 3 * (0.104 * 12.5 / 24 + 0.059 * 11.5 / 24)
    assert work.mean[:2] == pytest.approx([first, second])
    other = 13 * (0.104 * 18.5 / 24 + 0.059 * 5.5 / 24)
    assert work.mean[2] == pytest.approx(first + other)
    assert work.expected.sum() == 0


def test_hours_of_which_nothing_is_known_are_expected(missing: Forecast) -> None:
    edges = missing.rates.day_edges
    when = Spans(edges[:1], edges[1:2])
    usual = land(missing, when).mean
    unknown = known_before(missing, np.full((4, 168), np.nan))
    assert land(missing, when, known=unknown).mean == pytest.approx(usual)
    # The same hours of the week as they come: the mean stays, the chance in their number goes.
    hours = missing.rates.base[0, 0, :168]
    shares = missing.rates.leaf_shares[:, 0]
    told = land(missing, when, known=known_before(missing, shares[:, None] * hours))
    assert told.mean == pytest.approx(usual)
    assert told.variance[0] < land(missing, when).variance[0]
    # One hour of one district unknown: expected there, known everywhere else.
    part = shares[:, None] * hours
    part[0, 100] = np.nan
    found = land(missing, when, known=known_before(missing, part))
    assert found.mean == pytest.approx(usual)
    assert found.known.sum() < told.known.sum()


def test_only_reports_that_were_known_at_the_origin_are_read(town_history: History) -> None:
    origin = town_history.observed_until - pd.Timedelta(days=30) + pd.Timedelta(hours=5)
    view = AsOf(town_history, origin)
    types = ("missing_person",) if "missing_person" in view.profile.call_type_ids else ()
    assert types
    found = KnownReports.of(view, types, days=8)
    counts = view.counts()
    mine = counts[counts["call_type"].isin(types)]
    for leaf in view.tree.leaves[:3]:
        rows = mine[(mine["area"] == leaf) & (mine["start"] >= found.edges[0])]
        wanted = rows[rows["start"] < origin.floor("h")]["count"].sum()
        assert np.nansum(found.count[found.leaves.index(leaf)]) == wanted
    # Between the origin and the next force-day nothing is known.
    late = found.edges[1:] > origin
    assert late.any()
    assert np.isnan(found.count[:, late]).all()
    assert not np.isnan(found.count[:, ~late]).any()


def test_daily_reports_are_spread_over_their_day() -> None:
    edges = pd.DatetimeIndex(["2026-10-10T06:00Z", "2026-10-11T06:00Z", "2026-10-12T06:00Z"])
    known = KnownReports(edges.as_unit("us"), ("a",), np.array([[24.0, np.nan]]))
    hours = pd.date_range("2026-10-09T06:00Z", periods=73, freq="h", unit="us")
    found = known.during(("a",), np.asarray(hours.asi8))
    assert found[0, 24:48].tolist() == pytest.approx([1.0] * 24)
    assert np.isnan(found[0, :24]).all()
    assert np.isnan(found[0, 48:]).all()


def test_shares_keep_the_mean_of_what_lands(missing: Forecast) -> None:
    edges = missing.rates.day_edges
    work = land(missing, Spans(edges[9:11], edges[10:12]))
    share = share_of(RELEASE, 0.0, 24.0, np.arange(-168.0, 25.0))
    assert (work.expected @ SHARES)[0] == pytest.approx(
        (share * missing.rates.base[:, 0, 24 * 9 - 168 : 24 * 10].sum(0)).sum()
    )


def test_no_report_is_counted_with_the_shocks_of_the_day_after_it(missing: Forecast) -> None:
    # Lord Howe: the force-day of 3 October 2026 lasts 23.5 hours. One report an hour, and hours
    # that land evenly over the 24 after it: of those that land on 4 October half are of its own.
    clock, first = Clock("Australia/Lord_Howe", pd.Timestamp("07:00").time()), "2026-10-01"
    edges = clock.hour_edges(pd.Timestamp(first), 5)
    hours = np.diff(edges.asi8) / 3.6e9
    base = np.repeat((hours / 2)[None, None], 2, axis=0)
    rates = replace(
        missing.rates,
        edges=edges,
        force_days=pd.date_range(first, periods=5),
        day=clock.hour_days(pd.Timestamp(first), 5),
        slot=clock.local_hour(edges[:-1]),
        base=base,
        baseline=base,
    )
    sizes = np.zeros((1, 4, 3))
    sizes[0, 0, 1] = 0.3  # the whole force, day by day
    forecast = replace(
        missing, origin=edges[0], rates=rates, shocks=Shocks((0,), sizes, np.array([[1.0]]))
    )
    window = Spans(rates.day_edges[3:4], rates.day_edges[4:5])
    found = landing_hours(forecast, [ALL], window, LENGTH, Release((1.0,)))
    of_days = np.array([0.5**2 / 48, 12 - 0.5**2 / 48, 12])  # 2, 3 and 4 October
    assert found.mean == pytest.approx(24 * 13)
    assert found.shared_variance == pytest.approx(0.3**2 * (of_days**2).sum() / 24**2)
    # The first hour of reports that reach 5 October begins in the day before theirs.
    later = Spans(rates.day_edges[4:5], rates.day_edges[5:6])
    found = landing_hours(forecast, [ALL], later, LENGTH, Release((1.0,)))
    assert found.shared_variance == pytest.approx(0.3**2 * (12**2 + 12**2) / 24**2)


def test_groups_and_what_is_shared_come_to_the_dispersion_of_each_lead(missing: Forecast) -> None:
    # Reports of the first week are made alone, later ones in groups; hours of both land in one day.
    shocks = Shocks((0, 7), np.zeros((2, 4, 3)), np.array([[1.0], [1.62]]))
    edges = missing.rates.day_edges
    found = land(replace(missing, shocks=shocks), Spans(edges[8:9], edges[9:10]))
    share = share_of(RELEASE, 0.0, 24.0, np.arange(-168.0, 25.0))
    calls = missing.rates.base[:, 0, 24 * 8 - 168 : 24 * 9].sum(0)
    beyond = np.where(np.arange(192) < 168 - 24, 0, 0.62)  # the eighth day begins a day before
    wanted = (share**2 * beyond * calls).sum()
    groups = (found.dispersion[0] - 1) * (share**2 * calls).sum()
    assert groups + found.shared_variance[0] * (share * calls).sum() ** 2 == pytest.approx(wanted)
    # groups are made in steps, and leave less than one of them to be shared
    assert 0 < wanted - groups < 0.05 * (share**2 * calls).sum()
