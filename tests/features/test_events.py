"""Events by hand: who is there, how near, and how soon."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.events import event_crowds, event_features
from forewatch.history import History

MakeVillage = Callable[..., History]
EVENTS = {
    "name": ["fair", "regatta", "vigil"],
    "area": ["old", "coast", "new"],
    "start": ["2026-12-05T10:00", "2026-12-05T10:00", "2026-12-20T18:00"],
    "end": ["2026-12-07T02:00", "2026-12-05T18:00", "2026-12-20T18:00"],
    "attendance_low": [1000.0, np.nan, np.nan],
    "attendance_high": [3000.0, 500.0, np.nan],
    "known_at": ["2026-11-01", "2026-11-01", "2026-11-01"],
}


@pytest.fixture(scope="module")
def view(village: MakeVillage) -> AsOf:
    return AsOf(village(tables={"events": EVENTS}), pd.Timestamp("2026-11-23T07:00Z"))


def feature(view: AsOf, name: str, area: str, *days: str) -> list[float]:
    found = event_features(view, pd.DatetimeIndex(days), (area,))[name][:, 0]
    return [float(value) for value in found]


def test_an_event_is_present_on_the_force_days_it_touches(view: AsOf) -> None:
    # It ends at 02:00 on Monday, which is still Sunday's force-day.
    days = [f"2026-12-{day:02d}" for day in range(4, 8)]
    assert feature(view, "event_here_thousands", "old", *days) == [
        0,
        1,
        1,
        0,
    ]  # 2,000 visits on two days


def test_an_event_counts_for_the_areas_above(view: AsOf) -> None:
    here = [
        feature(view, "event_here_thousands", area, "2026-12-05")[0]
        for area in ("old", "new", "town", "coast", "bay", "shire")
    ]
    assert here == [1, 0, 1, 0.5, 0, 1.5]


def test_an_event_elsewhere_counts_by_its_distance(view: AsOf) -> None:
    # Old town and new town lie 0.2 degrees of latitude apart; only the fair is on on Sunday.
    distance_km = np.radians(0.2) * 6371
    near = feature(view, "event_near_thousands", "new", "2026-12-06")
    assert near == pytest.approx([np.exp(-distance_km / 20)])
    assert feature(view, "event_near_thousands", "town", "2026-12-06") == [0]


def test_the_next_event_is_counted_down(view: AsOf) -> None:
    days = ("2026-11-20", "2026-11-21", "2026-12-02", "2026-12-06", "2026-12-07", "2026-12-20")
    assert feature(view, "event_days_to_next", "old", *days) == [14, 14, 3, 0, 14, 14]
    assert feature(view, "event_days_to_next", "town", *days) == [14, 14, 3, 0, 13, 0]


def test_an_event_of_unknown_size_is_still_the_next_one(view: AsOf) -> None:
    assert feature(view, "event_here_thousands", "new", "2026-12-20") == [0]
    assert feature(view, "event_days_to_next", "new", "2026-12-19") == [1]


def test_without_events_nothing_is_near(village: MakeVillage) -> None:
    view = AsOf(village(), pd.Timestamp("2026-11-23T07:00Z"))
    found = event_features(view, pd.DatetimeIndex(["2026-12-05"]), ("town", "bay"))
    assert found["event_here_thousands"].tolist() == [[0, 0]]
    assert found["event_near_thousands"].tolist() == [[0, 0]]
    assert found["event_days_to_next"].tolist() == [[14, 14]]


def test_a_place_without_coordinates_is_near_to_nothing(town_history: History) -> None:
    areas = tuple(
        type(area)(area.id, area.name, area.parent, area.kind) for area in town_history.tree.areas
    )
    tree = type(town_history.tree)(areas, town_history.tree.levels)
    blank = History(**{**vars(town_history), "tree": tree})
    view = AsOf(blank, blank.observed_until)
    days = pd.date_range(blank.observed_from.tz_localize(None).normalize(), periods=400)
    found = event_features(view, days, tree.ids)
    assert found["event_here_thousands"].sum() > 0
    assert found["event_near_thousands"].sum() == 0


def test_crowds_are_there_in_the_hours_of_their_event(view: AsOf) -> None:
    # The fair, 10:00 on Saturday to 02:00 on Monday: 2,000 visits on two force-days.
    edges = view.clock.hour_edges(pd.Timestamp("2026-12-04"), 4)
    at = edges[:-1]
    saturday, monday = pd.Timestamp("2026-12-05T10:00Z"), pd.Timestamp("2026-12-07T02:00Z")
    there = np.asarray((at >= saturday) & (at < monday))
    regatta = np.asarray((at >= saturday) & (at < saturday + pd.Timedelta(hours=8)))
    found = event_crowds(view, edges, ("old", "new", "shire"))
    assert np.array_equal(found[0], there * 1.0)
    assert not found[1].any()
    assert np.array_equal(found[2], there * 1.0 + regatta * 0.5)


def test_crowds_before_and_after_all_intervals_are_nowhere(view: AsOf) -> None:
    for first in ("2026-11-24", "2026-12-08"):
        edges = view.clock.hour_edges(pd.Timestamp(first), 3)
        assert not event_crowds(view, edges, ("shire",)).any()
