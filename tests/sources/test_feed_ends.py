"""Behind is told from quiet by the probability of the silence, and by what is declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from forewatch.freshness import Behind
from forewatch.history import History
from forewatch.tables import COLUMNS, UTC
from sources.feed_ends import feed_ends

MakeForce = Callable[..., History]
BUSY = (12.0, 12.0, 12.0, 12.0)
DAYS = 250
WEEKS_3 = 21


def silent(since: int, leaves: slice = slice(None), types: slice = slice(None)) -> Any:
    """No calls from a force-day on, in some leaves and call types."""

    def factor(day: NDArray[Any]) -> NDArray[Any]:
        found = np.ones(day.shape)
        found[:, leaves, types] = np.where(day[:, leaves, types] >= since, 0.0, 1.0)
        return found

    return factor


def day_start(history: History, day: int) -> pd.Timestamp:
    return history.observed_from + pd.Timedelta(days=day)


def table(name: str, *rows: dict[str, Any]) -> pd.DataFrame:
    found = pd.DataFrame(list(rows))
    instants = [column for column, kind in COLUMNS[name].items() if kind == UTC]
    found[instants] = found[instants].apply(pd.to_datetime, utc=True)
    return found.astype(COLUMNS[name])


def ends(history: History) -> dict[tuple[str, str], pd.Timestamp | None]:
    return {(one.area, one.call_type): one.until for one in feed_ends(history).behind}


def near(found: pd.Timestamp | None, wanted: pd.Timestamp) -> bool:
    """Whether an end is told within a day: the clocks change, and the last day may be quiet."""
    return found is not None and abs(found - wanted) <= pd.Timedelta(days=1)


def test_nothing_is_behind_in_a_force_that_is_whole(drawn_force: MakeForce) -> None:
    for seed in range(15):
        history = drawn_force(seed, per_day=BUSY, days=DAYS, call_types=3)
        found = feed_ends(history)
        assert (found.until, found.behind) == (history.observed_until, ())


@pytest.mark.parametrize("silent_days", [5, WEEKS_3])
def test_a_call_type_that_falls_silent_everywhere_is_told_once(
    drawn_force: MakeForce, silent_days: int
) -> None:
    since = DAYS - silent_days
    history = drawn_force(
        1, silent(since, types=slice(1, 2)), per_day=BUSY, days=DAYS, call_types=3
    )
    (one,) = feed_ends(history).behind
    assert (one.area, one.call_type) == ("force", "t1")
    assert near(one.until, day_start(history, since))
    assert one.why.startswith("no call since where")


def test_one_type_only_leaves_every_other_behind(drawn_force: MakeForce) -> None:
    since = DAYS - WEEKS_3
    history = drawn_force(
        2, silent(since, types=slice(1, None)), per_day=BUSY, days=DAYS, call_types=3
    )
    found = ends(history)
    assert set(found) == {("force", "t1"), ("force", "t2")}
    assert feed_ends(history).until == history.observed_until


def test_a_feed_that_stops_for_one_district_is_told_once_with_its_beats(
    drawn_force: MakeForce,
) -> None:
    since = DAYS - WEEKS_3
    history = drawn_force(
        3, silent(since, leaves=slice(0, None, 2)), per_day=BUSY, days=DAYS, call_types=3
    )
    (one,) = feed_ends(history).behind
    assert (one.area, one.call_type) == ("d0", "")
    assert near(one.until, day_start(history, since))


def test_undeclared_weeks_without_any_call_move_the_end_of_the_whole(
    drawn_force: MakeForce,
) -> None:
    history = drawn_force(4, silent(DAYS - WEEKS_3), per_day=BUSY, days=DAYS, call_types=3)
    found = feed_ends(history)
    assert near(found.until, day_start(history, DAYS - WEEKS_3))
    assert found.behind == ()  # nothing is behind anything


def test_declared_weeks_count_as_much_for_one_area_as_for_all(drawn_force: MakeForce) -> None:
    history = drawn_force(5, per_day=BUSY, days=DAYS, call_types=3)
    since, until = day_start(history, DAYS - WEEKS_3), history.observed_until
    for area in ("", "d1", "b0"):
        lost = table("unobserved", {"start": since, "end": until, "area": area})
        found = feed_ends(replace(history, unobserved=lost))
        if area:
            assert found.behind == (
                Behind(area, "", since, "declared unobserved, or in no file since"),
            )
            assert found.until == until
        else:
            assert (found.until, found.behind) == (since, ())


def test_windows_that_meet_are_one(drawn_force: MakeForce) -> None:
    history = drawn_force(5, per_day=BUSY, days=DAYS, call_types=3)
    days = [day_start(history, DAYS - n) for n in (30, 20, 10)]
    rows = [
        {"start": start, "end": end, "area": "b0"}
        for start, end in zip(days, [*days[1:], history.observed_until], strict=True)
    ]
    for order in (rows, rows[::-1]):
        assert ends(replace(history, unobserved=table("unobserved", *order))) == {
            ("b0", ""): days[0]
        }


def test_silence_before_declared_weeks_is_found_behind_them(drawn_force: MakeForce) -> None:
    history = drawn_force(
        6, silent(DAYS - 40, leaves=slice(0, 1)), per_day=BUSY, days=DAYS, call_types=3
    )
    since = day_start(history, DAYS - 10)
    lost = table("unobserved", {"start": since, "end": history.observed_until, "area": "b1"})
    found = ends(replace(history, unobserved=lost))
    assert found[("b1", "")] == since
    half = lost.assign(area="b0")  # half of the silence is declared
    (one,) = feed_ends(replace(history, unobserved=half)).behind
    assert near(one.until, day_start(history, DAYS - 40))
    assert near(found[("b0", "")], day_start(history, DAYS - 40))


def test_a_rare_call_may_be_silent_for_weeks(drawn_force: MakeForce) -> None:
    # A tenth of the calls of the first type: one a week and beat of twelve, three weeks without.
    rare = silent(DAYS - WEEKS_3, leaves=slice(0, 1), types=slice(0, 1))

    def factor(day: NDArray[Any]) -> NDArray[Any]:
        found = np.asarray(rare(day))
        found[:, :, 0] *= 0.03
        return found

    history = drawn_force(7, factor, per_day=BUSY, days=DAYS, call_types=3)
    assert feed_ends(history).behind == ()


def breaking(history: History, day: int, **values: Any) -> pd.DataFrame:
    start = day_start(history, day)
    row = {"start": start, "end": pd.NaT, "area": "", "call_type": "t1", "kind": "level"}
    row |= {"expected_ratio": np.nan, "reason": "codes", "decided_by": "ann", "known_at": start}
    return table("breaks", row | values)


@pytest.mark.parametrize(
    ("values", "is_behind"),
    [
        ({}, False),  # it says that the series changes, not how much
        ({"expected_ratio": 0.01}, False),
        ({"expected_ratio": 0.8}, True),  # so much fewer calls explain no silence
        ({"kind": "recode"}, False),
        ({"call_type": "t2"}, True),
        ({"area": "d0"}, True),
        ({"end": pd.Timestamp("2025-08-25T00:00Z"), "expected_ratio": 0.01}, True),  # over again
    ],
)
def test_a_series_that_a_break_ended_is_not_behind(
    drawn_force: MakeForce,
    values: dict[str, Any],
    is_behind: bool,  # noqa: FBT001 - of the cases
) -> None:
    since = DAYS - WEEKS_3
    history = drawn_force(
        8, silent(since, types=slice(1, 2)), per_day=BUSY, days=DAYS, call_types=3
    )
    known = replace(history, breaks=breaking(history, since, **values))
    assert (("force", "t1") in ends(known)) == is_behind


def test_what_a_break_leaves_out_is_behind_by_its_reason(drawn_force: MakeForce) -> None:
    history = drawn_force(9, per_day=BUSY, days=DAYS, call_types=3)
    left_out = breaking(history, DAYS - WEEKS_3, kind="exclude", area="d0")
    (one,) = feed_ends(replace(history, breaks=left_out)).behind
    start = day_start(history, DAYS - WEEKS_3)
    assert one == Behind("d0", "t1", start, "left out by a break: codes")


def test_what_no_file_of_counts_speaks_of_was_never_observed(drawn_force: MakeForce) -> None:
    history = drawn_force(10, per_day=BUSY, days=DAYS, call_types=3)
    until, early = history.observed_until, day_start(history, 100)
    pairs = {(b, t): until for b in history.tree.leaves for t in ("t0", "t1", "t2")}
    del pairs["b0", "t2"]
    late = pairs | {("b1", "t0"): early}
    found = {
        (b.area, b.call_type): (b.until, b.why)
        for b in feed_ends(replace(history, stated_until=late)).behind
    }
    assert found == {
        ("b0", "t2"): (None, "in no file of counts"),
        ("b1", "t0"): (early, "its counts end there"),
    }


def test_a_call_type_without_a_single_call_was_never_observed(drawn_force: MakeForce) -> None:
    history = drawn_force(11, silent(0, types=slice(2, 3)), per_day=BUSY, days=DAYS, call_types=3)
    assert feed_ends(history).behind == (
        Behind("force", "t2", None, "not a single call was ever recorded"),
    )


def test_calls_after_the_last_whole_day_end_a_silence(drawn_force: MakeForce) -> None:
    history = drawn_force(
        12, silent(DAYS - WEEKS_3, types=slice(1, 2)), per_day=BUSY, days=DAYS, call_types=3
    )
    of_t1 = history.counts[history.counts["call_type"] == "t1"]
    late = of_t1.drop_duplicates("area").assign(start=history.observed_until)
    counts = pd.concat([history.counts, late], ignore_index=True)
    until = history.observed_until + pd.Timedelta(hours=3)
    assert ends(replace(history, counts=counts, observed_until=until)) == {}


def test_faults_that_cross_are_each_told_once(drawn_force: MakeForce) -> None:
    gone = silent(DAYS - WEEKS_3, types=slice(1, 2))
    district = silent(DAYS - WEEKS_3, leaves=slice(0, None, 2))
    history = drawn_force(
        13, lambda day: gone(day) * district(day), per_day=BUSY, days=DAYS, call_types=3
    )
    since = day_start(history, DAYS - WEEKS_3)
    lost = table("unobserved", {"start": since, "end": history.observed_until, "area": "b3"})
    found = ends(replace(history, unobserved=lost))
    assert set(found) == {("force", "t1"), ("d0", ""), ("b3", "")}
