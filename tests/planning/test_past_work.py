"""The work that came, given the calls that came: by hand, by drawn calls, and what is unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from forewatch.arrays import Array
from forewatch.clock import HOUR_US, instants_us
from forewatch.duty import Service, services
from forewatch.history import History
from planning.arrivals import Arrivals
from planning.past_work import PastCalls, PastWorkload, SeenWork, reach_days

DAYS = 4
FIRST_US = int(pd.Timestamp("2026-06-01T06:00Z").value // 1000)
WORK = Service(
    "violence", "immediate", "response", 1.6, 72.0, 0.9, 0.8, urgent=True, release=(), assumed=()
)


def calls(counts: Any, is_known: Any = None) -> PastCalls:
    """Calls of one area, type and grade over days of 24 hours, counts (days, hours)."""
    days = len(counts)
    starts = FIRST_US + np.arange(days + 1) * 24 * HOUR_US
    edges = np.repeat(np.arange(25.0)[None], days, axis=0)
    known = np.ones(counts.shape, dtype=bool) if is_known is None else is_known
    return PastCalls(
        pd.date_range("2026-06-01", periods=days, unit="us"),
        Arrivals(starts, edges, 0, np.zeros(days, dtype=np.int64)),
        ("violence",),
        ("immediate",),
        {"north": counts[None, None].astype(float)},
        {"north": known},
    )


def test_the_years_hours_are_its_reports_by_thirteen_but_for_both_ends(
    town_history: History,
) -> None:
    profile, tree = town_history.profile, town_history.tree
    cases = [each for each in services(profile, "response") if each.release]
    end = pd.Timestamp("2026-11-23")
    first = end - pd.Timedelta(days=364)
    view = AsOf(town_history, town_history.observed_until)
    found = PastCalls.of(view, [tree.root], first - reach_days(cases) * pd.Timedelta(days=1))
    kind = found.call_types.index(profile.missing_call_types[0])
    reports = found.whole_counts(tree.root)[kind].sum((0, 2))
    year = found.force_days >= first
    landed = PastWorkload(found, cases).of(tree.root).hours.mean[year].sum()
    release = len(profile.missing.release)
    at_ends = reports[year][-release - 1 :].sum() + reports[~year].sum()
    assert reports[year].sum() > 1000
    assert abs(landed - 13 * reports[year].sum()) <= 13 * at_ends
    # By hand: a report at hour h of the last days has brought what its release says by then.
    since = (found.arrivals.starts_us[-1] - instants_us_of(found)) / HOUR_US
    shares = np.cumsum((0.0, *profile.missing.release))
    hourly = found.whole_counts(tree.root)[kind].sum(0)
    by_end = np.interp(since, np.arange(len(shares)) * 24.0, shares)
    before = (found.arrivals.starts_us[:-1][year][0] - instants_us_of(found)) / HOUR_US
    by_begin = np.interp(before, np.arange(len(shares)) * 24.0, shares)
    assert landed == pytest.approx(13 * (hourly * (by_end - by_begin)).sum(), rel=1e-3)


def instants_us_of(found: PastCalls) -> Array:
    """Return the middles of the hours, shape (days, hours)."""
    edges = found.arrivals.edges_us
    return np.asarray((edges[:, :-1] + edges[:, 1:]) / 2)


def test_work_given_the_calls_is_that_of_calls_one_by_one() -> None:
    rng = np.random.default_rng(1)
    counts = rng.poisson(6, (DAYS, 24))
    found = PastWorkload(calls(counts), [WORK]).of("north")
    sigma = np.sqrt(np.log1p(WORK.cv**2))
    middles = (found.middles_us - FIRST_US) / HOUR_US
    draws = 3000
    busy, hours = np.zeros((draws, len(middles)), dtype=int), np.zeros((draws, DAYS))
    edges = np.arange(DAYS + 1) * 24.0
    for k in range(draws):
        start = np.repeat(np.arange(DAYS * 24), counts.ravel()) + rng.random(counts.sum())
        officers = (1 + (rng.random(len(start)) < 0.6)) * (rng.random(len(start)) < WORK.attended)
        end = start + rng.lognormal(np.log(WORK.minutes / 60) - sigma**2 / 2, sigma, len(start))
        there = (start[:, None] <= middles) & (middles < end[:, None])
        busy[k] = officers @ there
        within = np.minimum(end[:, None], edges[1:]) - np.maximum(start[:, None], edges[:-1])
        hours[k] = officers @ np.maximum(within, 0)
    later = slice(24, None)
    free = np.full(len(middles), 10.0)
    assert found.p_short(found.middles_us, free)[later] == pytest.approx(
        (busy > 10).mean(0)[later], abs=0.035
    )
    assert found.hours.mean[1:] == pytest.approx(hours.mean(0)[1:], rel=0.01)
    assert np.sqrt(found.hours.variance[1:]) == pytest.approx(hours.std(0)[1:], rel=0.05)
    over = found.p_hours_over(found.force_days, np.full(DAYS, hours.mean()))
    assert over[1:] == pytest.approx((hours > hours.mean()).mean(0)[1:], abs=0.03)


def test_what_was_seen_is_certain() -> None:
    counts = np.full((DAYS, 24), 2)
    plain = calls(counts)
    seen = SeenWork(np.full(48 * DAYS, 3.0), np.full(DAYS, 70.0), plain.counts["north"])
    found = PastWorkload(plain, [WORK]).of("north", seen)
    at = found.middles_us
    assert (found.p_short(at, np.full(len(at), 2.9)) == 1).all()
    assert (found.p_short(at, np.full(len(at), 3.0)) == 0).all()
    assert found.p_hours_over(found.force_days, np.array([69.0, 70.0, 71.0, 0.0])).tolist() == [
        1.0, 0.0, 0.0, 1.0,
    ]  # fmt: skip
    # Half of the calls were seen: the work of the others is added to it.
    half = replace(seen, calls=plain.counts["north"] / 2)
    assert (
        PastWorkload(plain, [WORK]).of("north", half).p_short(at, np.full(len(at), 3.0)) > 0
    ).all()


def test_what_came_of_an_unknown_hour_and_the_six_behind_it_is_unknown() -> None:
    known = np.ones((DAYS, 24), dtype=bool)
    known[1, 20] = False
    counts = np.full((DAYS, 24), 4)
    counts[1, 20] = 0
    found = PastWorkload(calls(counts, known), [WORK]).of("north")
    short = found.p_short(found.middles_us, np.full(len(found.middles_us), 5.0))
    unknown = np.flatnonzero(np.isnan(short)) / 2
    assert (unknown.min(), unknown.max()) == (44.0, 50.5)
    assert np.isnan(found.p_hours_over(found.force_days, np.full(DAYS, 100.0))).tolist() == [
        False, True, True, False,
    ]  # fmt: skip
    # It counts as the same hour of other days, so that nothing later looks too quiet.
    whole = PastWorkload(calls(np.full((DAYS, 24), 4)), [WORK]).of("north")
    assert found.hours.mean == pytest.approx(whole.hours.mean)
    outside = found.p_short(found.middles_us[:1] - 7 * 24 * HOUR_US, np.zeros(1))
    assert np.isnan(outside).all()


def test_counts_are_read_as_they_are_known(town_history: History) -> None:
    view = AsOf(town_history, town_history.observed_until)
    first = pd.Timestamp("2026-10-19")
    found = PastCalls.of(view, ["bristol"], first)
    assert (found.force_days[0], len(found.force_days)) == (first, 35)
    # 25 hours on the day of October's clock.
    assert np.diff(found.arrivals.starts_us).max() == 25 * HOUR_US
    counted = view.counts()
    leaves = town_history.tree.leaves_of("bristol")
    start = view.clock.day_start(first)
    mine = counted[counted["area"].isin(leaves) & (counted["start"] >= start)]
    assert found.counts["bristol"].sum() == mine["count"].sum()
    day = instants_us(pd.DatetimeIndex(mine["start"]))
    number = np.searchsorted(found.arrivals.starts_us, day, side="right") - 1
    by_day = np.bincount(number, mine["count"], 35)
    assert found.counts["bristol"].sum((0, 1, 3)) == pytest.approx(by_day)
