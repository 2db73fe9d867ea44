from __future__ import annotations

from datetime import time

import pandas as pd
import pytest

from forewatch.clock import Clock
from forewatch.errors import BadQuestion
from forewatch.shifts import Shift
from planning.period_kinds import By
from planning.periods import periods

LONDON = Clock("Europe/London", time(7))
NIGHT = Shift(id="night", name="Night", start=time(21, 30), end=time(7, 30))
SMALL = Shift(id="small", name="Small hours", start=time(2), end=time(4))


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def hours_long(frame: pd.DataFrame) -> list[float]:
    return [length / pd.Timedelta(hours=1) for length in frame["end"] - frame["start"]]


def test_the_days_of_the_clock_changes_have_25_and_23_hours() -> None:
    october = periods(LONDON, (), utc("2026-10-24T06:00"), utc("2026-10-25T07:00"), "hour")
    march = periods(LONDON, (), utc("2026-03-28T07:00"), utc("2026-03-29T06:00"), "hour")
    assert (len(october), len(march)) == (25, 23)
    assert october["force_day"].nunique() == march["force_day"].nunique() == 1
    assert october["period"].is_unique


def test_a_night_shift_is_an_hour_longer_in_october_and_shorter_in_march() -> None:
    october = periods(LONDON, [NIGHT], utc("2026-10-24T06:00"), utc("2026-10-25T07:00"), "shift")
    march = periods(LONDON, [NIGHT], utc("2026-03-28T07:00"), utc("2026-03-29T06:00"), "shift")
    assert (hours_long(october), hours_long(march)) == ([11.0], [9.0])


def test_the_first_hours_of_january_belong_to_the_night_of_31_december() -> None:
    frame = periods(LONDON, [SMALL], utc("2026-12-31T07:00"), utc("2027-01-01T07:00"), "shift")
    assert list(frame["period"]) == ["2026-12-31/small"]
    assert list(frame["start"]) == [utc("2027-01-01T02:00")]


def test_a_shift_that_starts_in_the_missing_hour_starts_with_the_next_that_exists() -> None:
    early = Shift(id="x", name="X", start=time(1, 30), end=time(5))
    frame = periods(LONDON, [early], utc("2026-03-28T07:00"), utc("2026-03-29T06:00"), "shift")
    assert list(frame["start"]) == [utc("2026-03-29T01:00")]
    assert hours_long(frame) == [3.0]


def test_a_week_runs_from_mondays_force_day_to_the_next() -> None:
    frame = periods(LONDON, (), utc("2026-10-19T06:00"), utc("2026-11-02T07:00"), "week")
    assert list(frame["period"]) == ["2026-W43", "2026-W44"]
    assert hours_long(frame) == [169.0, 168.0]


def test_a_period_belongs_to_the_span_in_which_it_begins_and_is_whole() -> None:
    frame = periods(LONDON, (), utc("2026-11-10T12:00"), utc("2026-11-12T12:00"), "day")
    assert list(frame["period"]) == ["2026-11-11", "2026-11-12"]
    assert frame["end"].iloc[-1] == utc("2026-11-13T07:00")


def test_shifts_without_a_profile_of_shifts_are_refused() -> None:
    message = "the profile has no shifts; add .* or ask by day"
    with pytest.raises(BadQuestion, match=message):
        periods(LONDON, (), utc("2026-11-10T12:00"), utc("2026-11-12T12:00"), "shift")


@pytest.mark.parametrize("by", ["day", "shift"])
def test_a_date_that_the_clock_skipped_has_no_periods(by: By) -> None:
    apia = Clock("Pacific/Apia", time(7))
    day = Shift(id="day", name="Day", start=time(7), end=time(7))
    start, end = (apia.day_start(pd.Timestamp(at)) for at in ("2011-12-29", "2012-01-01"))
    found = periods(apia, [day], start, end, by)
    assert [f"{at:%d}" for at in found["force_day"]] == ["29", "31"]
    assert hours_long(found) == [24, 24]
