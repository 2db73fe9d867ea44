"""The force's clock: days of 23, 24 and 25 hours, the repeated hour, the night of 31 December."""

from datetime import date, datetime, time, timedelta
from zoneinfo import available_timezones

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from forewatch.clock import HOUR_US, Clock, instant_us, instants_us, intervals_of
from forewatch.errors import BadQuestion, DataError
from forewatch.shifts import Shift

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

# Every zone there is, but for copies of the others and what stands for no place.
ZONES = sorted(
    zone
    for zone in available_timezones()
    if zone not in ("Factory", "localtime") and not zone.startswith(("posix/", "right/"))
)
QUARTERS = [time(quarter // 4, quarter % 4 * 15) for quarter in range(96)]
EVERY_CLOCK = st.builds(Clock, st.sampled_from(ZONES), st.sampled_from(QUARTERS))
DATES = st.dates(date(1990, 1, 1), date(2035, 12, 31)).map(pd.Timestamp)


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


def utc(*texts: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(texts).tz_localize("UTC").as_unit("us")


def hour_of(clock: Clock, wall: str) -> tuple[str, str]:
    """Start and end, by wall clock, of the hour that holds a wall-clock time."""
    local = pd.DatetimeIndex([wall]).tz_localize(clock.zone).tz_convert("UTC")
    bounds = [pd.DatetimeIndex(at.view("M8[us]")) for at in clock.hour_bounds(instants_us(local))]
    begins, ends = (at.tz_localize("UTC").tz_convert(clock.zone)[0] for at in bounds)
    return f"{begins:%H:%M}", f"{ends:%H:%M}"


@given(clock=EVERY_CLOCK, day=DATES, at=st.lists(st.floats(0, 1, exclude_max=True), max_size=20))
@settings(max_examples=400)
def test_each_instant_lies_in_one_hour_of_its_force_day_in_every_zone(
    clock: Clock, day: pd.Timestamp, at: list[float]
) -> None:
    edges = instants_us(clock.hour_edges(day, 3))
    lengths = np.diff(edges)
    assert (lengths > 0).all()
    assert (lengths <= HOUR_US).all()
    within = edges[0] + (np.array(at) * (edges[-1] - edges[0])).astype(np.int64)
    # the first and the last microsecond of every hour as well
    instants = np.concatenate([within, edges[:-1], edges[1:] - 1])
    starts, ends = clock.hour_bounds(instants)
    assert (starts <= instants).all()
    assert (instants < ends).all()
    assert np.isin(starts, edges).all()
    assert (ends == edges[np.searchsorted(edges, starts) + 1]).all()
    days = clock.force_day(pd.DatetimeIndex(instants.view("M8[us]")).tz_localize("UTC"))
    numbers = clock.hour_days(day, 3)[np.searchsorted(edges, starts)]
    assert days.tolist() == (day + pd.to_timedelta(numbers, unit="D")).tolist()
    for found in days.unique():
        begins, over = instants_us(clock.day_edges(found, 1))
        assert begins <= starts[days == found].min()
        assert ends[days == found].max() <= over


@given(clock=EVERY_CLOCK, day=DATES, minutes=st.integers(0, 59))
@settings(max_examples=200)
def test_a_call_at_the_start_of_a_day_is_of_that_day_and_of_the_shift_that_begins_it(
    clock: Clock, day: pd.Timestamp, minutes: int
) -> None:
    opens = clock.day_starts_at
    wall = pd.DatetimeIndex([day + pd.Timedelta(hours=opens.hour, minutes=opens.minute + minutes)])
    both = [
        wall.tz_localize(clock.zone, ambiguous=np.array([first]), nonexistent="NaT")
        for first in (True, False)
    ]
    assume(not both[0].hasnans)  # the clock showed it
    calls = pd.DatetimeIndex(both[0].append(both[1])).tz_convert("UTC")
    assert clock.force_day(calls).tolist() == [day, day]
    close = (datetime.combine(day, opens) + timedelta(hours=8)).time()
    found = clock.shifts((Shift(id="s", name="S", start=opens, end=close),), day, 1)
    assert (calls >= found["start"][0]).all()
    assert (calls < found["end"][0]).all()
    assert (found["force_day"] == day).all()
    starts, _ = clock.hour_bounds(instants_us(calls))
    assert starts[0] == instant_us(clock.day_start(day))


@pytest.mark.parametrize(
    ("zone", "opens", "wall", "hour"),
    [
        ("Europe/London", time(7), "2026-06-01T07:35", ("07:00", "08:00")),
        ("Europe/London", time(7, 30), "2026-06-01T07:29:59", ("06:30", "07:30")),
        ("Europe/London", time(7, 30), "2026-06-01T07:35", ("07:30", "08:30")),
        ("Europe/London", time(7, 30), "2026-12-01T07:35", ("07:30", "08:30")),
        ("Asia/Kolkata", time(7), "2026-06-01T07:35", ("07:00", "08:00")),
        ("Asia/Kolkata", time(7, 30), "2026-06-01T07:35", ("07:30", "08:30")),
        ("Asia/Kathmandu", time(6, 45), "2026-06-01T07:35", ("06:45", "07:45")),
        ("Australia/Adelaide", time(7), "2026-06-01T07:35", ("07:00", "08:00")),
        ("Australia/Adelaide", time(7), "2026-12-01T07:35", ("07:00", "08:00")),
        ("Pacific/Chatham", time(7), "2026-06-01T07:35", ("07:00", "08:00")),
        ("Pacific/Chatham", time(7), "2026-12-01T07:35", ("07:00", "08:00")),
        ("Australia/Lord_Howe", time(7), "2026-06-01T07:35", ("07:00", "08:00")),
        ("Australia/Lord_Howe", time(7), "2026-12-01T07:35", ("07:00", "08:00")),
    ],
)
def test_hours_are_counted_from_the_start_of_the_force_day(
    zone: str, opens: time, wall: str, hour: tuple[str, str]
) -> None:
    assert hour_of(Clock(zone, opens), wall) == hour


@pytest.mark.parametrize(
    ("day", "hours", "clock_reads"),
    [
        ("2026-10-03", 23.5, [*range(7, 24), 0, 1, 2, 3, 4, 5, 6]),  # 02:00 becomes 02:30
        ("2026-04-04", 24.5, [*range(7, 24), 0, 1, 1, 2, 3, 4, 5, 6]),  # 02:00 becomes 01:30
    ],
    ids=["spring", "autumn"],
)
def test_the_last_hour_of_a_day_is_shorter_where_the_clock_is_changed_by_half_an_hour(
    day: str, hours: float, clock_reads: list[int]
) -> None:
    clock = Clock("Australia/Lord_Howe", time(7))
    assert hours_of(clock, day) == hours
    edges = clock.hour_edges(pd.Timestamp(day), 1)
    assert clock.local_hour(edges[:-1]).tolist() == clock_reads
    lengths = np.diff(instants_us(edges)) / HOUR_US
    assert lengths.tolist() == [1.0] * (len(clock_reads) - 1) + [0.5]


def test_a_change_by_a_whole_hour_makes_no_short_hour() -> None:
    for zone in ("Pacific/Chatham", "Australia/Adelaide"):
        edges = Clock(zone, time(7)).hour_edges(pd.Timestamp("2026-01-01"), 365)
        assert (np.diff(instants_us(edges)) == HOUR_US).all()


def test_no_instants_have_no_hours() -> None:
    nothing = np.empty(0, np.int64)
    assert len(LONDON.hour_grid(nothing)) == 0
    assert [len(bounds) for bounds in LONDON.hour_bounds(nothing)] == [0, 0]


@given(
    edges=st.lists(st.integers(-50, 50), min_size=2, max_size=8, unique=True).map(sorted),
    instants=st.lists(st.integers(-50, 50), max_size=8),
    is_even=st.booleans(),
)
def test_an_interval_holds_its_start_and_not_its_end(
    *, edges: list[int], instants: list[int], is_even: bool
) -> None:
    bounds = np.array(range(edges[0], edges[0] + 21, 5) if is_even else edges)
    inside = np.array([at for at in instants if bounds[0] <= at < bounds[-1]], dtype=np.int64)
    found = intervals_of(bounds, inside)
    assert (bounds[found] <= inside).all()
    assert (inside < bounds[found + 1]).all()


# Four clocks crossed the date line and skipped a date.
SKIPPED = [
    ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Fakaofo", "2011-12-30"),
    ("Pacific/Kwajalein", "1993-08-21"),
    ("Pacific/Kiritimati", "1994-12-31"),
]


@pytest.mark.parametrize(("zone", "gone"), SKIPPED)
@pytest.mark.parametrize("opens", [time(0), time(7), time(7, 30), time(23, 45)])
def test_the_force_day_of_a_skipped_date_has_no_length(zone: str, gone: str, opens: time) -> None:
    clock, day = Clock(zone, opens), pd.Timestamp(gone)
    first = day - pd.Timedelta(days=1)
    assert np.diff(instants_us(clock.day_edges(first, 3))).tolist() == [
        24 * HOUR_US,
        0,
        24 * HOUR_US,
    ]
    assert (np.diff(instants_us(clock.hour_edges(first, 3))) == HOUR_US).all()
    assert np.bincount(clock.hour_days(first, 3)).tolist() == [24, 0, 24]
    edges = clock.hour_edges(first, 3)
    assert set(clock.force_day(edges[:-1])) == {first, day + pd.Timedelta(days=1)}
    close = (datetime.combine(day, opens) + timedelta(hours=12)).time()
    shifts = (
        Shift(id="a", name="A", start=opens, end=close),
        Shift(id="b", name="B", start=close, end=opens),
    )
    found = clock.shifts(shifts, first, 3)
    assert found["shift"].tolist() == ["a", "b", "a", "b"]
    assert found["start"].tolist() == [edges[0], edges[12], edges[24], edges[36]]
    assert found["end"].tolist() == [edges[12], edges[24], edges[36], edges[48]]


def test_a_day_without_hours_is_refused_where_it_would_be_learned_or_forecast() -> None:
    clock = Clock("Pacific/Apia", time(7))
    with pytest.raises(DataError) as raised:
        clock.stop_if_skipped(pd.date_range("2011-12-01", periods=60))
    assert str(raised.value) == (
        "the clock of Pacific/Apia skipped 2011-12-30, and a day without hours can be neither "
        "learned nor forecast; use a history that begins after it, and origins whose horizon does "
        "not reach it"
    )
    clock.stop_if_skipped(pd.date_range("2012-01-01", periods=60))


def test_a_date_whose_first_hour_is_skipped_is_a_day_and_has_its_shifts_in_order() -> None:
    clock = Clock("America/Santiago", time(7))  # from 23:59:59 on to 01:00 on 8 September 2024
    dates = pd.date_range("2024-09-07", periods=3)
    assert clock.is_skipped(dates).tolist() == [False, False, False]
    shifts = (
        Shift(id="late", name="Late", start=time(14), end=time(23)),
        Shift(id="early", name="Early", start=time(7), end=time(15)),
    )
    found = clock.shifts(shifts, dates[0], 3)
    assert found["shift"].tolist() == ["early", "late"] * 3
    assert found.index.tolist() == [0, 1, 2, 3, 4, 5]
