"""Counts by place, type and hour: sums by hand, unknown never zero, days of 23 and 25 hours."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.cube import cube, grade_counts, leaf_counts, past_days
from forewatch.errors import DataError, NotEnoughHistory
from forewatch.history import History

MakeVillage = Callable[..., History]


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def row(
    start: str, area: str = "old", call_type: str = "theft", count: int = 1
) -> tuple[object, ...]:
    """A change that was known an hour after its start."""
    known_at = str(pd.Timestamp(start) + pd.Timedelta(hours=1))
    return (start, area, call_type, "routine", count, known_at)


def test_hours_add_up_over_leaves_grades_and_corrections(village: MakeVillage) -> None:
    rows = [
        row("2026-11-20T12:00", "old", count=3),
        row("2026-11-20T12:00", "new", count=2),
        row("2026-11-20T12:00", "old", count=-1),
        row("2026-11-20T13:00", "bay", "noise"),
        ("2026-11-20T12:00", "old", "theft", "immediate", 1, "2026-11-20T13:00"),
    ]
    known = cube(AsOf(village(rows), at("2026-11-23T07:00")), days=3)
    assert known.places == ("town", "coast")
    assert known.force_days[0] == pd.Timestamp("2026-11-20")
    noon = known.edges.tolist().index(at("2026-11-20T12:00"))
    assert known.counts[:, :, noon].tolist() == [[5, 0], [0, 0]]
    assert known.counts[:, :, noon + 1].tolist() == [[0, 0], [0, 1]]
    assert known.counts.sum() == 6
    assert known.slot[noon] == 12


def test_a_cube_agrees_with_a_plain_group_by(town_history: History) -> None:
    origin = town_history.observed_until - pd.Timedelta(days=21)
    view = AsOf(town_history, origin)
    known = cube(view, days=60)
    plain = view.counts()
    plain["place"] = [view.tree.ancestor_in(area, known.places) for area in plain["area"]]
    plain["hour"] = known.edges.get_indexer(pd.DatetimeIndex(plain["start"]))
    plain = plain[plain["hour"] >= 0]
    by_hand = np.zeros_like(known.counts)
    sums = plain.groupby(["place", "call_type", "hour"], observed=True)["count"].sum()
    flat = sums.reset_index()
    place = pd.Index(known.places).get_indexer(pd.Index(flat["place"]))
    kind = pd.Index(known.call_types).get_indexer(pd.Index(flat["call_type"].astype("str")))
    by_hand[place, kind, flat["hour"].to_numpy()] = flat["count"]
    seen = np.isfinite(known.counts)
    assert seen.mean() > 0.9
    assert np.array_equal(known.counts[seen], by_hand[seen])


def test_days_of_23_and_25_hours_hold_what_was_counted(village: MakeVillage) -> None:
    hours = pd.date_range("2026-10-24T06:00", "2026-10-26T07:00", freq="h", inclusive="left")
    history = village([row(str(hour)) for hour in hours])
    known = cube(AsOf(history, at("2026-10-26T07:00")), days=2)
    assert known.daily()[0, 0].tolist() == [25, 24]
    assert np.bincount(known.day).tolist() == [25, 24]
    both = known.counts[0, 0, known.slot == 1]
    assert both.tolist() == [1, 1, 1]  # 01:00 twice on the long day, once on the next


def test_the_short_day_of_spring_in_los_angeles(village: MakeVillage) -> None:
    history = village(
        [row("2026-03-08T09:00")],
        force={"zone": "America/Los_Angeles"},
        observed=("2026-03-01T15:00", "2026-03-20T14:00"),
    )
    known = cube(AsOf(history, at("2026-03-09T14:00")))
    assert np.bincount(known.day)[-2:].tolist() == [23, 24]
    assert 2 not in known.slot[known.day == 6]
    assert known.daily()[0, 0].tolist() == [0, 0, 0, 0, 0, 0, 1, 0]


def test_the_night_of_31_december_is_counted_on_31_december(village: MakeVillage) -> None:
    history = village(
        [row("2027-01-01T03:00"), row("2027-01-01T07:00", count=5)],
        observed=("2026-12-29T07:00", "2027-01-02T07:00"),
    )
    known = cube(AsOf(history, at("2027-01-02T07:00")))
    assert known.force_days[2] == pd.Timestamp("2026-12-31")
    assert known.daily()[0, 0].tolist() == [0, 0, 1, 5]


def test_an_unobserved_window_is_unknown_where_it_touches(village: MakeVillage) -> None:
    windows = {
        "start": ["2026-11-20T12:30", "2026-11-21T07:00"],
        "end": ["2026-11-20T14:00", "2026-11-21T08:00"],
        "area": ["new", ""],
    }
    history = village([row("2026-11-20T12:00", "old")], tables={"unobserved": windows})
    known = cube(AsOf(history, at("2026-11-23T07:00")), days=3)
    unknown = np.isnan(known.counts[:, 0])
    touched = known.edges.get_indexer(
        pd.DatetimeIndex(["2026-11-20T12:00", "2026-11-20T13:00", "2026-11-21T07:00"], tz="UTC")
    )
    assert np.flatnonzero(unknown[0]).tolist() == touched.tolist()  # one leaf of town is enough
    assert np.flatnonzero(unknown[1]).tolist() == touched[2:].tolist()
    assert np.isnan(known.daily()[:, 0]).tolist() == [[True, True, False], [False, True, False]]


def test_what_is_not_known_yet_is_unknown(village: MakeVillage) -> None:
    view = AsOf(village([row("2026-11-22T08:00")]), at("2026-11-22T10:30"))
    known = cube(view, days=1)
    assert known.force_days.tolist() == [pd.Timestamp("2026-11-22")]
    assert known.counts[0, 0, :3].tolist() == [0, 1, 0]
    assert np.isnan(known.counts[:, :, 3:]).all()  # the hour in which the origin lies included
    assert np.isnan(known.daily()).all()


def test_the_days_between_the_cut_off_and_the_origin_are_unknown(village: MakeVillage) -> None:
    history = village(observed=("2026-11-01T07:00", "2026-11-20T07:00"))
    daily = cube(AsOf(history, at("2026-11-23T07:00")), days=4).daily()
    assert np.isnan(daily[0, 0]).tolist() == [False, True, True, True]


def test_the_first_day_is_the_first_complete_one(village: MakeVillage) -> None:
    history = village(observed=("2026-11-01T07:30", "2026-11-20T07:00"))
    assert past_days(AsOf(history, at("2026-11-20T07:00")))[0] == pd.Timestamp("2026-11-02")


def test_daily_history_has_one_interval_a_force_day(village: MakeVillage) -> None:
    starts = ["2026-10-24T06:00", "2026-10-25T07:00", "2026-10-26T07:00"]
    rows = [
        (start, "bay", "noise", "routine", n, str(pd.Timestamp(start) + pd.Timedelta(hours=25)))
        for n, start in enumerate(starts, start=1)
    ]
    view = AsOf(village(rows, step="day"), at("2026-10-26T08:00"))
    known = cube(view, days=3)
    assert known.force_days[0] == pd.Timestamp("2026-10-24")
    assert known.counts[1, 1, :2].tolist() == [1, 2]
    assert np.isnan(known.counts[:, :, 2]).all()  # it has begun, but has not ended
    assert known.slot.tolist() == [0, 0, 0]
    assert grade_counts(view, 5).shape == (2, 2, 1, 2)


def test_no_whole_day_before_the_origin_is_too_little(village: MakeVillage) -> None:
    view = AsOf(village(observed=("2026-11-20T06:00", "2026-11-21")), at("2026-11-20T06:30"))
    with pytest.raises(NotEnoughHistory) as raised:
        cube(view)
    assert str(raised.value) == (
        "no whole force-day lies between the first count (2026-11-20T06:00:00+00:00) and the "
        "origin (2026-11-20T06:30:00+00:00); forecast from a later origin"
    )


def test_leaf_and_grade_counts_cover_the_last_complete_days(village: MakeVillage) -> None:
    rows = [
        row("2026-11-20T06:00", "old", count=100),  # the night of the day before the two
        row("2026-11-20T07:00", "old", count=3),
        row("2026-11-21T23:00", "new", "noise", count=2),
        ("2026-11-21T23:00", "new", "noise", "immediate", 4, "2026-11-22T00:00"),
        row("2026-11-22T06:00", "bay", count=5),
    ]
    view = AsOf(village(rows), at("2026-11-22T07:00"))
    assert leaf_counts(view, 2).tolist() == [[3, 0], [0, 6], [5, 0]]
    graded = grade_counts(view, 2)
    assert graded.shape == (2, 2, 24, 2)
    assert graded[0, 1, 23].tolist() == [4, 2]
    assert graded[1, 0, 6].tolist() == [0, 5]
    assert graded.sum() == leaf_counts(view, 2).sum() == 14


def test_an_empty_ledger_is_all_zero(village: MakeVillage) -> None:
    view = AsOf(village(), at("2026-11-22T07:00"))
    assert grade_counts(view, 2).sum() == 0
    assert cube(view, days=2).counts.sum() == 0


@pytest.mark.parametrize(
    ("zone", "opens", "start"),
    [
        ("Asia/Kolkata", "07:00", "2026-11-20T01:30"),
        ("Asia/Kathmandu", "06:45", "2026-11-20T01:00"),
        ("Europe/London", "07:30", "2026-11-20T07:30"),
        ("Pacific/Chatham", "07:00", "2026-11-19T17:15"),
    ],
)
def test_a_call_of_the_first_hour_of_a_day_has_its_slot_in_counts_and_in_shares_of_grades(
    village: MakeVillage, zone: str, opens: str, start: str
) -> None:
    force = {"zone": zone, "day_starts_at": opens}
    view = AsOf(village([row(start, count=3)], force=force), at("2026-11-23T12:00"))
    known = cube(view, days=4)
    first = known.edges.tolist().index(at(start))
    assert known.counts[0, 0, first] == 3
    assert known.force_days[known.day[first]] == pd.Timestamp("2026-11-20")
    assert known.slot[first] == int(opens[:2])
    assert grade_counts(view, 4)[0, 0, int(opens[:2])].tolist() == [0, 3]
    assert known.daily()[0, 0, known.day[first]] == 3


def test_half_an_hour_of_a_clock_change_is_an_interval_of_its_own(village: MakeVillage) -> None:
    # Lord Howe: on 4 October 2026 02:00 becomes 02:30, so that 07:00 comes half an hour early.
    force = {"zone": "Australia/Lord_Howe", "day_starts_at": "07:00"}
    rows = [row("2026-10-03T19:30", count=2), row("2026-10-03T20:00", count=5)]
    view = AsOf(village(rows, force=force), at("2026-10-06T00:00"))
    known = cube(view)
    last = known.edges.tolist().index(at("2026-10-03T19:30"))
    assert known.counts[0, 0, last : last + 2].tolist() == [2, 5]
    assert known.slot[last : last + 2].tolist() == [6, 7]
    days = known.force_days[known.day[last : last + 2]]
    assert days.tolist() == [pd.Timestamp("2026-10-03"), pd.Timestamp("2026-10-04")]


def test_a_past_with_a_date_that_the_clock_skipped_is_refused(village: MakeVillage) -> None:
    observed = ("2011-12-01T00:00", "2012-02-01T00:00")
    view = AsOf(village(observed=observed, force={"zone": "Pacific/Apia"}), at("2012-01-20T00:00"))
    with pytest.raises(DataError, match="the clock of Pacific/Apia skipped 2011-12-30"):
        cube(view)
    assert len(cube(view, days=10).force_days) == 10  # none of them is that date
