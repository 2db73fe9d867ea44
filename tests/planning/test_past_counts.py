"""Calls before an issue: sums of the as-of view, unknown never zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.cube import cube
from forewatch.history import History
from forewatch.tables import check
from planning.past_counts import YEAR_DAYS, PastCounts


def test_days_of_a_district_are_those_of_the_cube_of_modelled_places(town_history: History) -> None:
    view = AsOf(town_history, town_history.observed_until - pd.Timedelta(days=21))
    found, known = PastCounts.of(view, 28, 60), cube(view, 60)
    assert list(found.force_days) == list(known.force_days)
    for i, place in enumerate(known.places):
        told = found.of_days(view.tree.leaves_of(place), known.force_days[0], 60)
        assert np.array_equal(told, known.daily()[i].sum(0), equal_nan=True)
        assert np.nansum(told) > 0


def test_what_is_beyond_or_of_another_tree_is_unknown() -> None:
    days = pd.date_range("2026-11-01", periods=3, freq="D")
    found = PastCounts(days, ("a", "b"), np.array([[1.0, 2.0, np.nan], [10.0, 20.0, 30.0]]))
    told = found.of_days(["a", "b"], pd.Timestamp("2026-10-31"), 5)
    assert np.array_equal(told, [np.nan, 11, 22, np.nan, np.nan], equal_nan=True)
    assert np.isnan(found.of_days(["a", "gone"], days[0], 2)).all()
    assert found.of_days(["b"], days[1], 2).tolist() == [20, 30]


def test_a_day_that_was_not_observed_is_unknown_for_the_leaves_it_touches(
    town_history: History,
) -> None:
    until = town_history.observed_until
    start, end = until - pd.Timedelta(days=3), until - pd.Timedelta(days=2, hours=20)
    leaf, other = town_history.tree.leaves[:2]
    gap = pd.DataFrame({"start": [start], "end": [end], "area": [leaf]})
    found = PastCounts.of(
        AsOf(replace(town_history, unobserved=check("unobserved", gap)), until), 28, 4
    )
    first = found.force_days[0]
    assert np.isnan(found.of_days([leaf], first, 4)).tolist() == [False, True, False, False]
    assert np.isfinite(found.of_days([other], first, 4)).all()


def test_hours_of_a_year_before_are_those_of_the_cube_but_where_the_clock_is_changed(
    town_history: History,
) -> None:
    last = town_history.observed_until.normalize()
    origin = next(
        day + pd.Timedelta(hours=12)
        for day in pd.date_range(end=last, periods=400, freq="D")[::-1]
        if day.month == 10 and day.day == 20
    )
    view = AsOf(town_history, origin)
    found, known = PastCounts.of(view, 28), cube(view)
    assert found.hour_days[0] == found.force_days[-1] - pd.Timedelta(days=YEAR_DAYS - 1)
    assert len(found.hour_days) == 28
    leaves = view.tree.leaves_of(known.places[0])
    asked = np.isin(known.force_days[known.day], found.hour_days)
    days, hours = known.force_days[known.day[asked]], known.slot[asked]
    told = found.of_hours(leaves, days, hours)
    counts = known.counts[0].sum(0)[asked]
    twice = pd.DataFrame({"day": days, "hour": hours}).duplicated(keep=False).to_numpy()
    assert twice.sum() == 2  # the hour that is read twice on the last Sunday of October
    assert np.isnan(told[twice]).all()
    assert np.array_equal(told[~twice], counts[~twice], equal_nan=True)
    assert np.isnan(found.of_hours(leaves, days[:1] + pd.Timedelta(days=90), hours[:1])).all()
