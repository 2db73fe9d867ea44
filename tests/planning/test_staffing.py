"""Officers of an issue by area and shift: whole weeks, changed clocks, and what is not known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forewatch.errors import BadQuestion, SettingsError, UnknownArea, UnknownRole
from forewatch.profile import Profile
from planning.area_staffing import AreaStaffing
from planning.duty_layout import work_sources
from planning.issues import Issue, Part
from planning.staffing import Staffing, staffing

MONDAY = pd.Timestamp("2026-10-12")
CLOCKS = pd.Timestamp("2026-10-25")  # the day with 25 hours
FIGURES = ["share_of_time_short", "p_short_at_tightest", "p_hours_over"]
SHIFTS: list[dict[str, Any]] = [
    {"id": "early", "name": "Early", "start": "07:00", "end": "17:00"},
    {"id": "late", "name": "Late", "start": "14:00", "end": "00:00"},
    {"id": "night", "name": "Night", "start": "21:30", "end": "07:30"},
]


def with_staffing(issue: Issue, **given_settings: Any) -> Issue:
    data = issue.profile.model_dump(mode="json", exclude_unset=True)
    data["staffing"] = {"shifts": SHIFTS, **given_settings}
    return replace(issue, profile=Profile.model_validate(data))


@pytest.fixture(scope="module")
def force(october: Issue) -> Issue:
    """The usual three shifts; everything else by default."""
    return with_staffing(october)


def of(issue: Issue, *areas: str, **asked: Any) -> Staffing:
    return staffing(issue, **{"first": MONDAY, "days": 7, "areas": areas or ("north",), **asked})


def one(issue: Issue, **asked: Any) -> AreaStaffing:
    return of(issue, **asked).areas[0]


def test_a_day_is_the_same_as_its_part_of_the_week(force: Issue) -> None:
    week = one(force, days=14)
    day = one(force, first=MONDAY + pd.Timedelta(days=9), days=1)
    part = week.shifts[week.shifts["force_day"] == MONDAY + pd.Timedelta(days=9)]
    pd.testing.assert_frame_equal(day.shifts, part.reset_index(drop=True))
    halves = week.half_hours[week.half_hours["force_day"] == MONDAY + pd.Timedelta(days=9)]
    pd.testing.assert_frame_equal(day.half_hours, halves.reset_index(drop=True))
    alone, among = (of(force, *areas).areas[0] for areas in (("north-1",), ("north-1", "beat")))
    pd.testing.assert_frame_equal(alone.shifts, among.shifts)


def test_every_half_hour_is_covered_at_the_percentile(force: Issue) -> None:
    for percentile in (50, 80, 95):
        for area in of(force, "town", "beat", percentile=percentile).areas:
            halves, shifts = area.half_hours, area.shifts
            rest = 1 - percentile / 100
            assert (halves["on_duty"] >= area.minimum).all()
            assert (shifts["p_short_at_tightest"] <= rest + 1e-9).all()
            assert (shifts["p_hours_over"] <= rest + 1e-6).all()
            assert (halves["need"] >= area.minimum).all()
            assert (halves["unrounded_need"] <= halves["need"]).all()
            assert area.unmet == ()
            assert (shifts["share_of_time_short"] <= shifts["p_short_at_tightest"] + 1e-12).all()


def test_nights_of_changed_clocks_have_their_length(force: Issue) -> None:
    found = one(force, first=CLOCKS - pd.Timedelta(days=1), days=2).shifts
    assert found["hours"].tolist() == [10, 10, 11, 10, 10, 10]
    # A longer night has more productive hours, and 50 half-hours are in the day.
    assert found["productive"].tolist() == pytest.approx([7, 7, 7.8, 7, 7, 7])
    halves = one(force, first=CLOCKS - pd.Timedelta(days=1), days=1).half_hours
    assert len(halves) == 50


def test_from_on_duty_to_the_roster(october: Issue) -> None:
    away = [
        {"share": 0.2},
        {"share": 0.3, "areas": ["north"], "from": "2026-10-14", "until": "2026-10-15"},
    ]
    found = one(with_staffing(october, abstraction=away)).shifts
    on_event = (found["force_day"] == pd.Timestamp("2026-10-14")).to_numpy()
    assert found["abstraction"].to_numpy() == pytest.approx(np.where(on_event, 0.5, 0.2))
    wanted = np.ceil(found["on_duty"] / np.where(on_event, 0.5, 0.8) - 1e-9)
    assert found["rostered"].tolist() == wanted.tolist()


def test_what_the_issue_does_not_reach_is_null_with_its_state(force: Issue) -> None:
    last = force.forecast.rates.force_days[-1]
    found = one(force, first=last, days=3).shifts
    assert found["state"].tolist() == ["forecast"] * 2 + ["no_forecast"] * 7
    unknown = found[found["state"] == "no_forecast"]
    numbers = ["on_duty", "rostered", "work_mean", "work_quantile", "carried_in", *FIGURES]
    assert unknown[numbers].isna().all(axis=None)
    assert set(unknown["binds"]) == {""}
    told = found[found["state"] == "forecast"]
    assert told[numbers[:5]].notna().all(axis=None)
    # The night isn't reached to its end: the late shift overlaps it, the day's hours hang on it.
    assert told["share_of_time_short"].isna().tolist() == [False, True]
    assert told["p_hours_over"].isna().all()
    halves = one(force, first=last, days=1).half_hours
    is_night = halves["start"] >= found["start"].iloc[2]
    assert halves["free"].isna().tolist() == is_night.tolist()
    for first in (MONDAY - pd.Timedelta(days=3), last + pd.Timedelta(days=30)):
        nothing = one(force, first=first, days=1)
        assert nothing.shifts["state"].tolist() == ["no_forecast"] * 3
        assert nothing.shifts[numbers].isna().all(axis=None)
        assert (len(nothing.half_hours), nothing.unmet) == (0, ())
        with pytest.raises(BadQuestion, match="early is not forecast; ask for a day that"):
            nothing.curve(0)


def test_limits_leave_cover_that_is_told(october: Issue) -> None:
    few = [{**shift, "most": 2} for shift in SHIFTS]
    limited = one(with_staffing(october, shifts=few), areas=("town",))
    assert (limited.shifts["on_duty"] <= 2).all()
    reasons = {each.why for each in limited.unmet}
    assert reasons == {"urgent", "hours"}
    for each in limited.unmet:
        length = (each.end - each.start) / pd.Timedelta(hours=1)
        assert each.hours == pytest.approx(each.officers * length)
    short = limited.half_hours["need"] - limited.half_hours["free"]
    told = sum(each.hours for each in limited.unmet if each.why == "urgent")
    assert told == pytest.approx(short.clip(lower=0).sum() / 2)


def test_a_gap_in_the_week_is_refused(october: Issue) -> None:
    with pytest.raises(SettingsError, match=r"no shift of north \(role response\) covers"):
        of(with_staffing(october, shifts=SHIFTS[:2]))


def test_numbers_of_a_plan_have_gap_and_figures(force: Issue) -> None:
    found = one(force)
    needed = found.shifts["on_duty"].to_numpy()
    same = found.duty.shortness(needed)
    for name in FIGURES:
        assert getattr(same, name) == pytest.approx(found.shifts[name].to_numpy())
    fewer = needed.copy()
    fewer[4] -= 2  # one is less than one that is free
    assert found.gap(fewer).tolist() == [0] * 4 + [2] + [0] * 16
    short = found.duty.shortness(fewer)
    assert short.p_short_at_tightest[4] > same.p_short_at_tightest[4]
    assert short.p_hours_over[3] > same.p_hours_over[3]  # of the same day
    assert short.p_hours_over[0] == same.p_hours_over[0]
    # Of an unknown number nothing that rests on it is told: its shift and those beside it.
    unknown = needed.copy()
    unknown[4] = np.nan
    told = found.duty.shortness(unknown)
    assert np.isnan(told.share_of_time_short[:8]).tolist() == [0, 0, 0, 1, 1, 1, 0, 0]
    assert np.isnan(told.p_hours_over[:8]).tolist() == [0, 0, 0, 1, 1, 1, 0, 0]
    assert np.isnan(found.gap(unknown)).sum() == 1


def test_the_curve_says_what_one_more_officer_buys(force: Issue) -> None:
    found = one(force, areas=("town",))
    numbers, figures = found.curve(1)
    need = int(found.shifts["on_duty"][1])
    assert numbers.tolist() == list(range(2, int(np.ceil(1.5 * need)) + 1))
    at = numbers.tolist().index(need)
    assert figures.at(at) == pytest.approx(tuple(found.shifts[FIGURES].iloc[1]))
    for name in FIGURES:
        assert (np.diff(getattr(figures, name)) <= 1e-12).all()


def test_only_hours_and_whole_questions_are_answered(force: Issue) -> None:
    daily = force.with_whole(
        forecast=replace(force.forecast, rates=replace(force.forecast.rates, step="day"))
    )
    with pytest.raises(BadQuestion, match="issue 1 is of a daily history and says nothing of"):
        of(daily)
    with pytest.raises(BadQuestion, match="asked for 0 force-days; ask for at least one"):
        of(force, days=0)
    with pytest.raises(BadQuestion, match="percentile 100 is not between 1 and 99; 80 is usual"):
        of(force, percentile=100)
    with pytest.raises(UnknownArea, match="north"):
        of(force, "nort")
    with pytest.raises(UnknownRole, match="response"):
        of(force, role="respons")


def test_a_role_without_work_or_shifts_has_no_need_that_could_be_told(october: Issue) -> None:
    roles = [{"id": "response", "name": "Response"}, {"id": "custody", "name": "Custody"}]
    with pytest.raises(BadQuestion, match="no call is the work of role 'custody', so it has"):
        of(with_staffing(october, roles=roles), role="custody")
    day = {"id": "day", "name": "Day", "start": "07:00", "end": "07:00", "roles": ["response"]}
    work = {"missing_person": {"role": "custody"}}
    idle = with_staffing(october, roles=roles, shifts=[day], services=work)
    assert of(idle, role="response").areas
    with pytest.raises(BadQuestion, match="there is no shift of role 'custody' in north; give one"):
        of(idle, role="custody")


def test_a_day_beside_a_plan_is_its_part_of_the_week(force: Issue) -> None:
    # The night before a day is on duty as planned, not as needed, and unknown where nobody told.
    whole = one(force)
    needed = whole.shifts["on_duty"].to_numpy()
    planned, at = needed.copy(), whole.shifts["shift"].tolist().index("night")
    planned[at] = 0
    want = whole.duty.shortness(planned)
    second = whole.shifts["force_day"].iloc[3]
    day = one(force, first=second, days=1)
    others = day.duty.others
    told = others.needed.copy()
    for i, (shift, date) in enumerate(zip(others.shifts, others.days, strict=True)):
        if (shift, date) == (whole.shifts["shift"].iloc[at], whole.shifts["force_day"].iloc[at]):
            told[i] = 0
    found = replace(day.duty, beside=told).shortness(day.shifts["on_duty"].to_numpy())
    for name in FIGURES:
        assert getattr(found, name) == pytest.approx(getattr(want, name)[3:6])
    assert found.p_short_at_tightest[0] > whole.duty.shortness(needed).p_short_at_tightest[3]
    nobody = replace(day.duty, beside=np.full(len(told), np.nan))
    assert np.isnan(nobody.shortness(needed[3:6]).share_of_time_short).tolist() == [
        True,
        False,
        True,
    ]


def test_the_first_half_hours_of_a_week_have_the_night_before(force: Issue) -> None:
    found = one(force, days=14)
    half_hours, duty = found.half_hours, found.duty
    free = duty.free(found.shifts["on_duty"].to_numpy())[: len(half_hours)]
    assert free == pytest.approx(half_hours["free"].to_numpy())
    assert len(half_hours) == 14 * 48 + 2  # one of the days has 25 hours


def test_missing_persons_come_from_their_own_forecast(force: Issue) -> None:
    whole = force.forecast
    base = whole.rates.base[:, :1] * 2
    rates = replace(
        whole.rates,
        call_types=("missing_person",),
        base=base,
        baseline=base,
        leaf_shares=whole.rates.leaf_shares[:, :1],
        grade_shares=whole.rates.grade_shares[:, :1],
    )
    own = Part(replace(whole, rates=rates), "1", has_casework=True)
    pooled = replace(
        force.with_part("missing", own), pools={"missing_person": (("north-1", "north-2"),)}
    )
    plain, found = one(force), one(pooled)
    assert found.shifts["missing_mean"].to_numpy() == pytest.approx(
        2 * plain.shifts["missing_mean"].to_numpy()
    )
    other = found.shifts["work_mean"] - found.shifts["missing_mean"]
    assert other.to_numpy() == pytest.approx(
        (plain.shifts["work_mean"] - plain.shifts["missing_mean"]).to_numpy()
    )
    assert one(pooled, areas=("north-1",)).pooled == ("north",)
    assert one(force, areas=("north-1",)).pooled == ()
    services = [source.services for source in work_sources(pooled, "response")]
    assert [{each.call_type for each in some} for some in services] == [
        {"violence"},
        {"missing_person"},
    ]


def test_what_is_assumed_is_named(force: Issue, october: Issue) -> None:
    found = one(force).assumed
    assert "staffing.minimum" in found
    assert "staffing.services.violence.grades.immediate: officers, minutes, cv, attended" in found
    assert "staffing.shifts" not in found
    assert "staffing.minimum" not in one(with_staffing(october, minimum=3)).assumed


def peak_hours(area: AreaStaffing) -> float:
    """Officer-hours where each shift has its own peak, raised to hold the day's work."""
    duty, shifts = area.duty, area.shifts
    need = area.half_hours["need"].to_numpy()
    peak = np.where(duty.during, need, 0).max(1)
    peak = np.ceil(peak / duty.share - 1e-9)
    held = np.zeros(len(duty.work.mean))
    np.add.at(held, duty.day, peak * duty.productive)
    lacking = np.maximum(duty.work.quantile(0.8) - held, 0)
    more = sum(10 * np.ceil(lacking[day] / 7) for day in np.unique(duty.day))  # of early or late
    return float(peak @ shifts["hours"] + more)


def test_the_split_never_costs_more_than_the_sum_of_peaks(force: Issue) -> None:
    for area in of(force, "town", "district", "beat").areas:
        split = float((area.shifts["on_duty"] * area.shifts["hours"]).sum())
        assert split <= peak_hours(area)


def scaled(issue: Issue, demand: float, minutes: float) -> Issue:
    rates = issue.forecast.rates
    services = {
        kind: {"minutes": 60.0 * minutes, "officers": 1.5, "cv": 1.0, "attended": 0.8}
        for kind in issue.profile.call_type_ids
        if kind not in issue.profile.missing_call_types
    }
    more = replace(rates, base=rates.base * demand)
    changed = issue.with_whole(forecast=replace(issue.forecast, rates=more))
    return with_staffing(changed, services=services)


@settings(max_examples=5)
@given(
    demand=st.floats(1, 1.6), minutes=st.floats(1, 1.6), percentile=st.integers(50, 94),
    higher=st.integers(0, 4), area=st.sampled_from(["town", "north", "south-2"]),
)  # fmt: skip
def test_need_and_hours_never_fall_with_demand_service_time_or_percentile(
    october: Issue, demand: float, minutes: float, percentile: int, higher: int, area: str
) -> None:
    plain = one(scaled(october, 1, 1), areas=(area,), percentile=percentile)
    for issue, level in (
        (scaled(october, demand, 1), percentile),
        (scaled(october, 1, minutes), percentile),
        (scaled(october, demand, minutes), percentile + higher),
    ):
        more = one(issue, areas=(area,), percentile=level)
        assert (more.half_hours["need"] >= plain.half_hours["need"]).all()
        hours = [
            float((each.shifts["on_duty"] * each.shifts["hours"]).sum()) for each in (plain, more)
        ]
        assert hours[1] >= hours[0]
