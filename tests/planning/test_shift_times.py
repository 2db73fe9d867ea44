from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forewatch.clock import Clock, instants_us
from forewatch.errors import UnknownArea, UnknownRole
from forewatch.profile import Profile
from planning.shift_times import SHIFT_TIMES, shift_times

THREE = [
    {"id": "early", "name": "Early", "start": "07:00", "end": "17:00"},
    {"id": "late", "name": "Late", "start": "14:00", "end": "00:00"},
    {"id": "night", "name": "Night", "start": "21:30", "end": "07:30"},
]


def force(shifts: list[dict[str, Any]], zone: str = "Europe/London", **more: object) -> Profile:
    return Profile.model_validate(
        {
            "force": {"id": "test", "name": "Test", "zone": zone, **more},
            "areas": [{"id": "north", "name": "North"}],
            "call_types": [{"id": "theft", "name": "Theft"}],
            "staffing": {"shifts": shifts},
        }
    )


def times(profile: Profile, first: str, days: int = 1, area: str = "north") -> pd.DataFrame:
    place = (area, "response")
    return shift_times(profile, profile.tree(), place, pd.Timestamp(first), days)


def test_a_night_belongs_to_the_force_day_on_which_it_begins() -> None:
    found = times(force(THREE), "2026-12-31")
    assert list(found.columns) == list(SHIFT_TIMES)
    night = found.iloc[2]
    assert night["shift_id"] == "north/response/2026-12-31/night"
    assert night["start"] == pd.Timestamp("2026-12-31T21:30Z")
    assert night["end"] == pd.Timestamp("2027-01-01T07:30Z")
    assert found["hours"].tolist() == [10, 10, 10]


@pytest.mark.parametrize(
    ("day", "hours", "end"),
    [
        ("2026-10-24", 11, "2026-10-25T07:30Z"),
        ("2027-03-27", 9, "2027-03-28T06:30Z"),
        ("2028-02-29", 10, "2028-03-01T07:30Z"),
    ],
)
def test_the_night_of_a_changed_clock_has_its_real_length(day: str, hours: int, end: str) -> None:
    night = times(force(THREE), day).iloc[2]
    assert (night["hours"], night["end"]) == (hours, pd.Timestamp(end))


def test_of_a_time_that_comes_twice_the_first_counts_for_who_ends_and_who_begins() -> None:
    shifts = [
        {"id": "a", "name": "A", "start": "07:00", "end": "01:30"},
        {"id": "b", "name": "B", "start": "01:30", "end": "07:00"},
    ]
    found = times(force(shifts), "2026-10-24")
    assert found["end"][0] == found["start"][1] == pd.Timestamp("2026-10-25T00:30Z")
    assert found["hours"].tolist() == [18.5, 6.5]


def test_a_time_that_the_clock_skips_is_the_next_and_a_shift_within_is_not_worked() -> None:
    shifts = [
        {"id": "a", "name": "A", "start": "07:00", "end": "01:15"},
        {"id": "b", "name": "B", "start": "01:15", "end": "01:45"},
        {"id": "c", "name": "C", "start": "01:45", "end": "07:00"},
    ]
    found = times(force(shifts), "2027-03-27")
    assert found["shift"].tolist() == ["a", "c"]
    assert found["end"][0] == found["start"][1] == pd.Timestamp("2027-03-28T01:00Z")
    assert found["hours"].tolist() == [18, 5]


def test_a_shift_of_some_weekdays_is_worked_on_those_force_days_alone() -> None:
    weekend = {
        "id": "super", "name": "S", "start": "19:00", "end": "05:00", "weekdays": ["fri", "sat"],
    }  # fmt: skip
    found = times(force([*THREE, weekend]), "2026-11-30", 7)
    assert len(found) == 3 * 7 + 2
    days = found.loc[found["shift"] == "super", "force_day"]
    assert days.dt.day_name().tolist() == ["Friday", "Saturday"]


def test_a_shift_before_the_start_of_the_day_belongs_to_the_force_day_before() -> None:
    shifts = [
        {"id": "early", "name": "E", "start": "06:00", "end": "18:00"},
        {"id": "late", "name": "L", "start": "18:00", "end": "06:00"},
    ]
    found = times(force(shifts), "2026-11-30")
    assert found["shift"].tolist() == ["late", "early"]
    assert found["start"][1] == pd.Timestamp("2026-12-01T06:00Z")


def test_a_date_that_the_clock_skips_has_no_shifts() -> None:
    found = times(force(THREE, zone="Pacific/Apia"), "2011-12-29", 3)
    assert found["force_day"].dt.day.unique().tolist() == [29, 31]


def test_an_area_without_shifts_has_none_and_what_is_unknown_is_told() -> None:
    profile = force([THREE[0] | {"areas": ["elsewhere"]}])
    found = times(profile, "2026-11-30", 7)
    assert found.empty
    assert list(found.columns) == list(SHIFT_TIMES)
    with pytest.raises(UnknownArea, match="no area 'nort'; near names: north"):
        times(profile, "2026-11-30", area="nort")
    with pytest.raises(UnknownRole, match="no role 'cid'"):
        shift_times(profile, profile.tree(), ("north", "cid"), pd.Timestamp("2026-11-30"), 1)


@settings(max_examples=50)
@given(
    day=st.integers(0, 5 * 365),
    zone=st.sampled_from(["Europe/London", "America/Los_Angeles", "Australia/Lord_Howe"]),
)
def test_shifts_that_cover_the_ordinary_week_cover_every_instant_of_it(day: int, zone: str) -> None:
    profile = force(THREE, zone=zone)
    first = pd.Timestamp("2024-01-01") + pd.Timedelta(days=day)
    found = times(profile, f"{first:%Y-%m-%d}", 8)
    edges = instants_us(Clock.of(profile).day_edges(first, 8))
    starts, ends = (instants_us(pd.DatetimeIndex(found[name])) for name in ("start", "end"))
    reach = np.maximum.accumulate(ends)
    assert (starts[1:] <= reach[:-1]).all()
    assert starts[0] == edges[0]
    assert reach[-1] >= edges[-1]
    assert found["shift_id"].is_unique
