"""Times as written become the right instants, also where the clock is changed."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.wall_clock import NONE, after_the_gap, by_arrival, instants, second_round

LONDON, LA = "Europe/London", "America/Los_Angeles"
MOST_DOUBT = 0.1
UNSURE_ROWS = 40  # of a shorter night, chance may look like an odd row


def utc(text: str) -> int:
    return pd.Timestamp(text, tz="UTC").value // 1000


def wall(*texts: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([utc(text) for text in texts])


def minutes(*past_the_hour: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Wall clock of the repeated hour of one night."""
    past = np.rint(np.array(past_the_hour, dtype=np.float64) * 60).astype(np.int64)
    return utc("2026-10-25T01:00") + past * 1_000_000


def true_night(
    random: np.random.Generator, sizes: tuple[int, int], jitter_minutes: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Two rounds of calls in the order in which a log with jitter has them."""
    parts = []
    for size in sizes:
        past = np.sort(random.uniform(0, 60, size))
        arrived = past + random.uniform(0, jitter_minutes, size)
        parts.append(minutes(*past[np.argsort(arrived)].tolist()))
    return np.concatenate(parts), np.arange(sum(sizes)) >= sizes[0]


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
    second, odd, is_known = by_arrival(night, newest_first=False)
    assert (second.tolist(), is_known) == ([False, False, False, True], True)
    assert not odd.any()
    second, odd, is_known = by_arrival(night[::-1], newest_first=True)
    assert (second.tolist(), is_known) == ([True, False, False, False], True)
    assert not odd.any()


def test_a_log_in_no_order_tells_nothing_of_the_repeated_hour() -> None:
    shuffled = wall(*(f"2026-10-25T01:{m}" for m in ("50", "05", "55", "10")))
    second, odd, is_known = by_arrival(shuffled, newest_first=False)
    assert not is_known
    assert not second.any()
    assert not odd.any()
    mixed = minutes(*np.random.default_rng(3).integers(0, 60, 80).tolist())
    second, odd, is_known = by_arrival(mixed, newest_first=False)
    assert not is_known
    assert not second.any()
    assert not odd.any()


@pytest.mark.parametrize("rows", [0, 1, 2, 50])
def test_a_log_that_only_ascends_does_not_tell_which_round_it_is(rows: int) -> None:
    ascending = minutes(*np.linspace(0, 59, rows).tolist())
    second, odd, is_known = by_arrival(ascending, newest_first=False)
    assert not is_known
    assert not second.any()
    assert not odd.any()


@pytest.mark.parametrize("at", [0, 1, 20, 38, 39])
def test_one_row_out_of_order_sets_no_clock_back(at: int) -> None:
    ascending = np.linspace(0, 59, 39).tolist()
    early, late = ascending.copy(), ascending.copy()
    early.insert(at, 0.5)
    late.insert(at, 58.5)
    for night, is_odd in ((early, ascending[max(at - 1, 0)] > 20.5), (late, at <= 20)):
        second, odd, is_known = by_arrival(minutes(*night), newest_first=False)
        assert not is_known
        assert not second.any()
        assert np.flatnonzero(odd).tolist() == ([at] if is_odd else [])


@pytest.mark.parametrize("at", [3, 25, 35, 55, 59])
def test_a_night_with_one_row_out_of_order_is_told_by_the_others(at: int) -> None:
    round_ = np.linspace(0, 59, 30).tolist()
    rounds = [*round_, *round_]
    value = 58.5 if rounds[at] < 30 else 0.5
    night = [*rounds[:at], value, *rounds[at:]]
    second, odd, is_known = by_arrival(minutes(*night), newest_first=False)
    assert is_known
    assert np.flatnonzero(odd).tolist() == [at]
    expected = np.arange(61) >= (31 if at < 30 else 30)
    assert second[~odd].tolist() == expected[~odd].tolist()


def test_a_row_between_the_rounds_is_in_doubt_where_it_fits_neither() -> None:
    night = minutes(*np.linspace(0, 58, 20), 30, *np.linspace(0, 58, 20))
    second, odd, is_known = by_arrival(night, newest_first=False)
    assert is_known
    assert np.flatnonzero(odd).tolist() == [20]
    assert second[~odd].tolist() == [False] * 20 + [True] * 20


def test_several_rows_out_of_order_are_odd_up_to_one_in_twenty() -> None:
    round_ = np.linspace(0, 59, 50).tolist()
    rounds = [*round_, *round_]
    for at in (90, 70, 20, 10):  # from the end, so that places before keep their number
        rounds.insert(at, 58.5 if rounds[at] < 30 else 0.5)
    second, odd, is_known = by_arrival(minutes(*rounds), newest_first=False)
    assert is_known
    assert np.flatnonzero(odd).tolist() == [10, 21, 72, 93]
    assert second[~odd].tolist() == [False] * 50 + [True] * 50
    few = [*round_[::5], *round_[::5]]  # of twenty rows four are no exception
    for at in (18, 14, 4, 2):
        few.insert(at, 58.5 if few[at] < 30 else 0.5)
    second, odd, is_known = by_arrival(minutes(*few), newest_first=False)
    assert not is_known
    assert not second.any()
    assert not odd.any()


# Below a dozen rows a round, a row out of order and the change itself can look alike.
rounds = st.tuples(st.integers(12, 100), st.floats(0.5, 2)).map(
    lambda size: (size[0], max(12, round(size[0] * size[1])))
)
randoms = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@given(random=randoms, sizes=rounds, newest_first=st.booleans())
@settings(max_examples=300)
def test_a_displaced_row_moves_no_other_row_to_another_round(
    *, random: np.random.Generator, sizes: tuple[int, int], newest_first: bool
) -> None:
    night, true_second = true_night(random, sizes, jitter_minutes=0)
    which, to = random.integers(len(night), size=2)
    order = np.insert(np.delete(np.arange(len(night)), which), to, which)
    order = order[::-1] if newest_first else order
    second, odd, is_known = by_arrival(night[order], newest_first=newest_first)
    others = (order != which) & ~odd
    if is_known:
        assert second[others].tolist() == true_second[order][others].tolist()
        assert odd[order != which].sum() <= MOST_DOUBT * len(night)
    else:  # the evidence is no better than for one row in one round, and so nobody moves
        assert not second.any()
        assert sum(sizes) <= UNSURE_ROWS


@given(random=randoms, size=st.integers(20, 150))
@settings(max_examples=300)
def test_a_displaced_row_of_one_round_makes_no_second_one(
    random: np.random.Generator, size: int
) -> None:
    one_round, _ = true_night(random, (size, 0), jitter_minutes=0)
    which, to = random.integers(size, size=2)
    order = np.insert(np.delete(np.arange(size), which), to, which)
    second, odd, is_known = by_arrival(one_round[order], newest_first=False)
    assert not is_known
    assert not second.any()
    assert odd.sum() <= 1


@given(random=randoms, sizes=rounds)
@settings(max_examples=300)
def test_jitter_below_twenty_minutes_does_not_matter(
    random: np.random.Generator, sizes: tuple[int, int]
) -> None:
    night, true_second = true_night(random, sizes, jitter_minutes=12)
    second, odd, is_known = by_arrival(night, newest_first=False)
    if is_known:
        assert second[~odd].tolist() == true_second[~odd].tolist()
        assert odd.sum() <= MOST_DOUBT * len(night)
    else:
        assert not second.any()
        assert sum(sizes) <= UNSURE_ROWS


@given(night=st.lists(st.integers(0, 59), max_size=11).map(lambda m: minutes(*m)))
def test_of_a_few_rows_in_any_order_at_most_one_is_odd_and_an_unknown_night_stays(
    night: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> None:
    second, odd, is_known = by_arrival(night, newest_first=False)
    assert odd.sum() <= 1
    assert second.any() == is_known  # there is a second round if and only if it is known
    assert (np.diff(second.astype(int)) >= 0).all()
    turned = by_arrival(night[::-1], newest_first=True)
    assert [each.tolist() for each in turned[:2]] == [second[::-1].tolist(), odd[::-1].tolist()]


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
