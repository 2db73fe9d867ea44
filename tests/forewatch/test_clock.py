"""The force's clock: days of 23, 24 and 25 hours, the repeated hour, the night of 31 December."""

from datetime import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewatch.clock import Clock, instant_us, instants_us
from forewatch.errors import BadQuestion
from forewatch.profile import Shift

LONDON = Clock("Europe/London", time(7))
LOS_ANGELES = Clock("America/Los_Angeles", time(7))
CLOCKS = st.builds(
    Clock,
    st.sampled_from(["Europe/London", "America/Los_Angeles", "Australia/Sydney", "UTC"]),
    st.sampled_from([time(0), time(1, 30), time(2), time(7), time(23, 30)]),
)
INSTANTS = st.integers(1_500_000_000, 1_900_000_000).map(
    lambda seconds: pd.Timestamp(seconds, unit="s", tz="UTC").as_unit("us")
)


def hours_of(clock: Clock, day: str) -> float:
    edges = clock.day_edges(pd.Timestamp(day), 1)
    return float((edges[1] - edges[0]) / pd.Timedelta(hours=1))


@pytest.mark.parametrize(
    ("clock", "short", "long"),
    [(LONDON, "2026-03-28", "2026-10-24"), (LOS_ANGELES, "2026-03-07", "2026-10-31")],
    ids=["London", "Los Angeles"],
)
def test_the_force_days_with_a_clock_change_have_23_and_25_hours(
    clock: Clock, short: str, long: str
) -> None:
    # The clocks change on the night of Saturday to Sunday, which belongs to Saturday's force-day.
    assert [hours_of(clock, day) for day in (short, long)] == [23, 25]
    assert len(clock.hour_edges(pd.Timestamp(short), 1)) == 24
    assert len(clock.hour_edges(pd.Timestamp(long), 1)) == 26
    assert hours_of(clock, "2026-06-15") == 24


@pytest.mark.parametrize(
    ("clock", "first", "hours"),
    [
        (LONDON, "2026-10-23", [8, 8, 8, 8, 8, 9, 8, 8, 8]),
        (LOS_ANGELES, "2026-03-06", [8, 8, 8, 8, 8, 7, 8, 8, 8]),
    ],
    ids=["London in autumn", "Los Angeles in spring"],
)
def test_three_shifts_of_eight_hours_tile_the_force_days_and_the_night_takes_the_change(
    clock: Clock, first: str, hours: list[float]
) -> None:
    night = Shift(id="night", name="Night", start=time(23), end=time(7))
    early = Shift(id="early", name="Early", start=time(7), end=time(15))
    late = Shift(id="late", name="Late", start=time(15), end=time(23))
    found = clock.shifts((night, early, late), pd.Timestamp(first), 3)
    assert found["shift"].tolist() == ["early", "late", "night"] * 3
    lasts = (found["end"] - found["start"]).dt.total_seconds() / 3600
    assert lasts.tolist() == hours
    edges = clock.day_edges(pd.Timestamp(first), 3)
    assert found["start"][::3].tolist() == edges[:-1].tolist()
    assert found["end"].tolist() == [*found["start"][1:], edges[-1]]
    assert found["force_day"].tolist() == clock.force_day(pd.DatetimeIndex(found["start"])).tolist()


def test_shifts_may_overlap_and_small_hours_end_the_force_day() -> None:
    late = Shift(id="late", name="Late", start=time(14), end=time(2))
    small = Shift(id="small", name="Small hours", start=time(1), end=time(7, 30))
    found = LONDON.shifts((small, late), pd.Timestamp("2026-12-31"), 1)
    assert found["shift"].tolist() == ["late", "small"]
    assert [f"{at:%d %H:%M}" for at in found["start"]] == ["31 14:00", "01 01:00"]
    assert [f"{at:%d %H:%M}" for at in found["end"]] == ["01 02:00", "01 07:30"]
    assert found["force_day"].tolist() == [pd.Timestamp("2026-12-31")] * 2


@pytest.mark.parametrize(
    ("clock", "day"),
    [(LONDON, "2026-10-24"), (LOS_ANGELES, "2026-10-31")],
    ids=["London", "Los Angeles"],
)
def test_the_repeated_hour_of_autumn_comes_twice(clock: Clock, day: str) -> None:
    edges = clock.hour_edges(pd.Timestamp(day), 1)
    expected = [*range(7, 24), 0, 1, 1, *range(2, 7)]
    assert clock.local_hour(edges[:-1]).tolist() == expected


@pytest.mark.parametrize(
    ("clock", "day"),
    [(LONDON, "2026-03-28"), (LOS_ANGELES, "2026-03-07")],
    ids=["London", "Los Angeles"],
)
def test_the_skipped_hour_of_spring_is_missing(clock: Clock, day: str) -> None:
    skipped = 1 if clock is LONDON else 2
    edges = clock.hour_edges(pd.Timestamp(day), 1)
    expected = [hour for hour in [*range(7, 24), *range(7)] if hour != skipped]
    assert clock.local_hour(edges[:-1]).tolist() == expected


@pytest.mark.parametrize("clock", [LONDON, LOS_ANGELES], ids=["London", "Los Angeles"])
def test_the_night_shift_of_31_december_belongs_to_31_december(clock: Clock) -> None:
    walls = ["2026-12-31T22:00", "2027-01-01T00:00", "2027-01-01T06:59", "2027-01-01T07:00"]
    starts = pd.DatetimeIndex(walls).tz_localize(clock.zone).tz_convert("UTC")
    days = [day.date().isoformat() for day in clock.force_day(starts)]
    assert days == ["2026-12-31", "2026-12-31", "2026-12-31", "2027-01-01"]


@given(clock=CLOCKS, starts=st.lists(INSTANTS, min_size=1, max_size=6))
def test_every_instant_lies_between_the_edges_of_its_force_day(
    clock: Clock, starts: list[pd.Timestamp]
) -> None:
    days = clock.force_day(pd.DatetimeIndex(starts))
    for start, day in zip(starts, days, strict=True):
        begin, end = clock.day_edges(day, 1)
        assert begin <= start < end


@given(clock=CLOCKS, first=st.dates(pd.Timestamp("2024-01-01").date()).map(pd.Timestamp))
def test_the_hours_of_a_week_tile_its_days(clock: Clock, first: pd.Timestamp) -> None:
    days, hours = clock.day_edges(first, 7), clock.hour_edges(first, 7)
    number = clock.hour_days(first, 7)
    lengths = np.diff(instants_us(hours))
    assert hours[0] == days[0]
    assert hours[-1] == days[-1]
    assert (lengths > 0).all()
    assert (lengths <= 3_600_000_000).all()
    assert np.bincount(number, lengths).tolist() == np.diff(instants_us(days)).tolist()


@given(clock=CLOCKS, origin=INSTANTS)
def test_the_first_day_ahead_is_the_earliest_that_begins_at_or_after_the_origin(
    clock: Clock, origin: pd.Timestamp
) -> None:
    first = clock.first_day_from(origin)
    assert clock.day_start(first) >= origin > clock.day_start(first - pd.Timedelta(days=1))


def test_a_day_that_begins_at_the_origin_is_ahead() -> None:
    assert LONDON.first_day_from(pd.Timestamp("2026-11-23T07:00Z")) == pd.Timestamp("2026-11-23")
    assert LONDON.first_day_from(pd.Timestamp("2026-11-23T07:01Z")) == pd.Timestamp("2026-11-24")


def test_an_iso_week_begins_on_its_monday() -> None:
    assert LONDON.week("2026-W49") == pd.Timestamp("2026-11-30")
    assert LONDON.week("2021-W01") == pd.Timestamp("2021-01-04")
    assert LONDON.week("2020-W53") == pd.Timestamp("2020-12-28")


@pytest.mark.parametrize("text", ["2026-49", "2026-W54", "2021-W53", "0000-W01", "next week", ""])
def test_what_is_no_iso_week_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadQuestion) as raised:
        LONDON.week(text)
    assert str(raised.value) == (
        f"no ISO week {text!r}; write year and week like 2026-W49 (W01 to W52 or W53)"
    )


@given(day=st.dates(pd.Timestamp("2000-01-01").date()).map(pd.Timestamp))
def test_a_week_label_leads_back_to_the_week_of_the_day(day: pd.Timestamp) -> None:
    assert 0 <= (day - LONDON.week(LONDON.week_label(day))).days < 7


def test_no_instants_have_no_force_days() -> None:
    assert len(LONDON.force_day(pd.DatetimeIndex([], tz="UTC"))) == 0


def test_instants_count_microseconds_whatever_their_unit() -> None:
    moment = pd.Timestamp("1970-01-01T00:00:01Z")
    assert [instant_us(moment.as_unit("s")), instant_us(moment.as_unit("ns"))] == [10**6, 10**6]
    assert instants_us(pd.DatetimeIndex([moment]).as_unit("ns")).tolist() == [10**6]
