"""Times as written become the right instants, also where the clock is changed."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.wall_clock import NONE, after_the_gap, by_arrival, instants, second_round

LONDON, LA = "Europe/London", "America/Los_Angeles"


def utc(text: str) -> int:
    return pd.Timestamp(text, tz="UTC").value // 1000


def wall(*texts: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([utc(text) for text in texts])


@pytest.mark.parametrize(
    ("zone", "written", "expected"),
    [
        (LONDON, "2026-07-01T12:00:00", "2026-07-01T11:00:00"),
        (LONDON, "2026-12-01 12:00", "2026-12-01T12:00:00"),
        (LA, "2026-07-01T12:00:00.250", "2026-07-01T19:00:00.250"),
        (LA, "2026-12-01T12:00:00", "2026-12-01T20:00:00"),
        ("UTC", "2026-07-01T12:00:00", "2026-07-01T12:00:00"),
        (LONDON, "2026-07-01T12:00:00Z", "2026-07-01T12:00:00"),  # an offset is believed
        (LONDON, "2026-07-01T12:00:00+05:30", "2026-07-01T06:30:00"),
        ("offset", "2026-07-01T12:00:00-07:00", "2026-07-01T19:00:00"),
        ("Asia/Kolkata", "2026-07-01T12:00:00", "2026-07-01T06:30:00"),
    ],
)
def test_a_time_is_the_instant_that_its_zone_says(zone: str, written: str, expected: str) -> None:
    found = instants(pa.array([written]), "iso", zone)
    assert found.utc.tolist() == [utc(expected)]


@pytest.mark.parametrize(
    "written", ["", "yesterday", "2026-02-30T10:00", "2026-07-01", "2026-07", "25:00", "01/07/2026"]
)
def test_what_is_no_time_is_none_and_spoils_no_other(written: str) -> None:
    texts = pa.array(["2026-07-01T12:00:00", written, None, "2026-07-01T12:00:00Z"])
    found = instants(texts, "iso", LONDON)
    assert found.utc.tolist() == [
        utc("2026-07-01T11:00"), NONE, NONE, utc("2026-07-01T12:00"),
    ]  # fmt: skip


def test_a_time_without_offset_is_unreadable_where_offsets_are_promised() -> None:
    found = instants(pa.array(["2026-07-01T12:00:00"]), "iso", "offset")
    assert found.utc.tolist() == [NONE]


def test_a_format_of_the_force_is_read() -> None:
    texts = pa.array(["07/04/2026 03:15 PM", "13/04/2026 03:15 PM", None])
    found = instants(texts, "%m/%d/%Y %I:%M %p", LA)
    assert found.utc.tolist() == [utc("2026-07-04T22:15"), NONE, NONE]
    offset = instants(pa.array(["04.07.2026 15:15 +0200"]), "%d.%m.%Y %H:%M %z", LA)
    assert offset.utc.tolist() == [utc("2026-07-04T13:15")]


@pytest.mark.parametrize(
    ("zone", "gap", "before", "after"),
    [
        (LONDON, "2026-03-29T01:30", "2026-03-29T00:59", "2026-03-29T02:00"),
        (LA, "2026-03-08T02:30", "2026-03-08T01:59", "2026-03-08T03:00"),
    ],
)
def test_the_hour_that_never_was_is_impossible(
    zone: str, gap: str, before: str, after: str
) -> None:
    found = instants(pa.array([before, gap, after]), "iso", zone)
    assert found.impossible.tolist() == [False, True, False]
    assert found.utc[1] == NONE
    assert found.utc[2] - found.utc[0] == 60_000_000  # one minute apart
    assert after_the_gap(wall(gap), zone).tolist() == [found.utc[2]]


@pytest.mark.parametrize(
    ("zone", "twice", "first", "second"),
    [
        (LONDON, "2026-10-25T01:30", "2026-10-25T00:30", "2026-10-25T01:30"),
        (LA, "2026-11-01T01:30", "2026-11-01T08:30", "2026-11-01T09:30"),
    ],
)
def test_the_hour_that_comes_twice_is_doubtful(
    zone: str, twice: str, first: str, second: str
) -> None:
    found = instants(pa.array([twice]), "iso", zone)
    assert found.ambiguous.tolist() == [True]
    assert found.utc.tolist() == [utc(first)]
    assert second_round(found.utc, zone).tolist() == [utc(second)]


def test_the_clock_is_set_back_where_the_times_fall_back() -> None:
    night = wall("2026-10-25T01:10", "2026-10-25T01:50", "2026-10-25T01:45", "2026-10-25T01:05")
    second, is_known = by_arrival(night, newest_first=False)
    assert (second.tolist(), is_known) == ([False, False, False, True], True)
    second, is_known = by_arrival(night[::-1], newest_first=True)
    assert (second.tolist(), is_known) == ([True, False, False, False], True)


def test_a_log_in_no_order_tells_nothing_of_the_repeated_hour() -> None:
    shuffled = wall(*(f"2026-10-25T01:{m}" for m in ("50", "05", "55", "10")))
    second, is_known = by_arrival(shuffled, newest_first=False)
    assert (second.tolist(), is_known) == ([False] * 4, False)
    ascending = wall("2026-10-25T01:10", "2026-10-25T01:50")
    assert by_arrival(ascending, newest_first=False)[1] is False


@given(
    st.lists(
        st.datetimes(pd.Timestamp("2015-01-01"), pd.Timestamp("2030-01-01")),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from([LONDON, LA, "Asia/Kolkata", "UTC"]),
)
def test_every_instant_survives_the_way_to_the_wall_and_back(
    times: list[pd.Timestamp], zone: str
) -> None:
    known = pd.DatetimeIndex(times).as_unit("us").tz_localize("UTC")
    local = known.tz_convert(zone).tz_localize(None)
    texts = pa.array([t.isoformat(timespec="microseconds") for t in local])
    found = instants(texts, "iso", zone)
    assert not found.impossible.any()
    sure = ~found.ambiguous
    assert found.utc[sure].tolist() == known.asi8[sure].tolist()
    doubtful = known.asi8[~sure]
    either = np.stack([found.utc[~sure], second_round(found.utc[~sure], zone)])
    assert (either == doubtful).any(axis=0).all()
