"""Sets of shifts of which one is better by construction are told apart, by the right amount."""

from dataclasses import replace
from datetime import time

import numpy as np
import pandas as pd
import pytest

from forewatch.arrays import Array
from forewatch.clock import instants_us
from forewatch.duty import services
from forewatch.shifts import DutyShift
from forewatch.staffing import Staffing
from planning.issues import Issue
from planning.patterns import (
    PatternFigures,
    PatternQuestion,
    compare_patterns,
    officer_hours,
    urgent_stream,
)
from planning.staffing import staffing
from tests.oracles.busy import jobs

FIRST = pd.Timestamp("2026-10-12")
ASKED = PatternQuestion(FIRST, 7, ("north",), "response", 80)
PEAK = range(14, 24)  # local hours


def shift(name: str, start: time, end: time) -> DutyShift:
    return DutyShift(id=name, name=name, start=start, end=end)


EARLY, NIGHT = shift("early", time(7), time(17)), shift("night", time(21, 30), time(7, 30))
ON_PEAK = (EARLY, shift("late", time(14), time(0)), NIGHT)
AFTER_PEAK = (EARLY, shift("late", time(16), time(2)), NIGHT)
NO_OVERLAP = (shift("a", time(7), time(15)), shift("b", time(15), time(23)),
              shift("c", time(23), time(7)))  # fmt: skip


@pytest.fixture(scope="module")
def evenings(october: Issue) -> Issue:
    """Urgent calls of one officer and twelve minutes: five times as many from 14 to 24."""
    rates = october.forecast.rates
    base = np.zeros_like(rates.base)
    base[:, 1] = np.where(np.isin(rates.slot, PEAK), 300.0, 60.0)
    part = october.parts["calls"]
    forecast = replace(part.forecast, rates=replace(rates, base=base, baseline=base))
    services = {
        "immediate": {"officers": 1.0, "minutes": 12.0, "cv": 1.0, "attended": 1.0, "urgent": True},
        "routine": {"attended": 0.0},
    }
    own = Staffing.model_validate(
        {"minimum": 1, "on_shift": {"share": 1.0}, "services": {"violence": {"grades": services}}}
    )
    profile = october.profile.model_copy(update={"staffing": own})
    return replace(october, profile=profile, parts={"calls": replace(part, forecast=forecast)})


def compared(issue: Issue, *patterns: tuple[DutyShift, ...]) -> list[PatternFigures]:
    return compare_patterns(issue, {str(n): each for n, each in enumerate(patterns)}, ASKED)


@pytest.fixture(scope="module")
def both(evenings: Issue) -> list[PatternFigures]:
    """A late shift on the peak, and one that begins two hours after it."""
    return compared(evenings, ON_PEAK, AFTER_PEAK)


def need_between(issue: Issue, first: str, last: str) -> int:
    """The most officers that any half-hour of the week between two local times needs."""
    found = staffing(issue, first=FIRST, days=7, areas=["north"], percentile=80).areas[0]
    local = pd.DatetimeIndex(found.half_hours["start"]).tz_convert("Europe/London")
    inside = (local.strftime("%H:%M") >= first) & (local.strftime("%H:%M") < last)
    return int(found.half_hours["need"][inside].max())


def test_a_late_shift_on_the_peak_needs_fewer_hours_by_the_right_amount(
    evenings: Issue, both: list[PatternFigures]
) -> None:
    better, worse = both
    morning, peak = (need_between(evenings, *span) for span in (("08:00", "14:00"),
                                                                ("17:00", "21:30")))  # fmt: skip
    after, night = (need_between(evenings, first, "07:00") for first in ("00:00", "02:00"))
    assert peak > 2 * morning
    # By hand: each shift takes what only it covers. Beside the peak the early shift takes it too.
    assert better.officer_hours == pytest.approx(70 * (morning + peak + after), rel=0.02)
    assert worse.officer_hours == pytest.approx(70 * (peak + peak + night), rel=0.02)
    assert (better.unmet_hours, worse.unmet_hours) == (0.0, 0.0)


def test_with_the_hours_of_the_better_set_the_worse_one_is_short_more_often(
    evenings: Issue,
) -> None:
    better, worse = compared(evenings, ON_PEAK, AFTER_PEAK)
    assert better.share_short_at_first == better.share_of_time_short
    assert worse.share_of_time_short <= 0.2
    assert worse.share_short_at_first > 3 * better.share_short_at_first


@pytest.fixture(scope="module")
def over(evenings: Issue) -> Array:
    """P(more than k officers busy) by half-hour of the day, of calls one by one; (numbers, 48)."""
    urgent = [each for each in services(evenings.profile, "response") if each.urgent]
    reports = [each for each in urgent if not each.release]
    happened = jobs(evenings.forecast, evenings.tree.leaves_of("north"), reports, 168, 500, 1)
    busy = happened.busy(168).reshape(500, 7, 48)
    found = np.array([(busy > k).mean((0, 1)) for k in range(busy.max())])
    return np.pad(found, ((0, 100), (0, 0)))  # as many are never busy


def by_calls(over: Array, pattern: tuple[DutyShift, ...], level: float) -> tuple[float, float]:
    """Officer-hours of a week, and the share of time short, of a set that covers drawn calls.

    Each shift has as many officers as those of its half-hours need that no other covers.
    """
    since_seven = (np.arange(48) + 0.5) / 2
    begins = np.array([each.start.hour + each.start.minute / 60 - 7 for each in pattern])
    on = (since_seven - begins[:, None]) % 24 < 10
    need = np.maximum((over > 1 - level).sum(0), 1)
    officers = np.where(on & (on.sum(0) == 1), need, 0).max(1)
    free = officers @ on
    assert (free >= need).all()
    return 70.0 * officers.sum(), float(over[free, np.arange(48)].mean())


def test_sets_are_told_apart_as_calls_one_by_one_tell_them_apart(
    both: list[PatternFigures], over: Array
) -> None:
    better, worse = both
    hours, share = np.transpose([by_calls(over, each, 0.8) for each in (ON_PEAK, AFTER_PEAK)])
    told = worse.officer_hours - better.officer_hours
    assert told == pytest.approx(hours[1] - hours[0], rel=0.02)
    assert better.officer_hours == pytest.approx(hours[0], rel=0.02)
    assert better.share_of_time_short == pytest.approx(share[0], rel=0.02)
    # With the hours of the better one, the worse one's cover lies between two percentiles.
    levels = np.arange(1, 100) / 100
    curve = np.array([by_calls(over, AFTER_PEAK, level) for level in levels])
    last = np.flatnonzero(curve[:, 0] <= hours[0])[-1]
    as_many = np.interp(hours[0], curve[last : last + 2, 0], curve[last : last + 2, 1])
    told = worse.share_short_at_first - better.share_short_at_first
    assert told == pytest.approx(as_many - share[0], rel=0.02)


def test_a_set_without_overlaps_holds_over_what_is_under_way(evenings: Issue) -> None:
    overlapping, bare = compared(evenings, ON_PEAK, NO_OVERLAP)
    # By hand, at the ends of 21 shifts: calls an hour × half of the mean square of their time.
    found = evenings.forecast.rates
    by_hand = 0.0
    for hour in (14, 22, 6):
        calls = found.base[0, 1][found.slot == hour][0] * 0.2
        by_hand += 7 * calls * 0.2**2
    assert bare.held_over_hours == pytest.approx(by_hand, rel=0.1)
    assert overlapping.held_over_hours < 0.25 * bare.held_over_hours


def test_the_stream_of_urgent_work_is_what_keeps_officers_busy(evenings: Issue) -> None:
    work = urgent_stream(evenings, "north", ASKED)
    need = staffing(evenings, first=FIRST, days=7, areas=["north"], percentile=80).areas[0]
    mean = need.half_hours["mean"].to_numpy()
    starts = instants_us(pd.DatetimeIndex(need.half_hours["start"]))
    middle = np.searchsorted(work.middles_us, starts) + 2
    assert work.busy()[middle][48:] == pytest.approx(mean[48:], rel=0.01)


def test_a_set_that_no_percentile_makes_as_dear_says_so(evenings: Issue) -> None:
    sets = {"shifts": ON_PEAK, "whole days": (shift("all", time(7), time(7)),)}
    least = replace(ASKED, percentile=1)
    dear = compare_patterns(evenings, sets, least)[1]
    assert np.isnan(dear.share_short_at_first)


def test_hours_are_those_of_the_shifts(evenings: Issue) -> None:
    found = staffing(evenings, first=FIRST, days=7, areas=["north"], percentile=80).areas[0]
    by_hand = (found.shifts["on_duty"] * found.shifts["hours"]).sum()
    assert officer_hours(found) == by_hand
