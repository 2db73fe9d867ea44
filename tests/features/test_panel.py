"""The daily panel: which series stand where, and that totals are the sums of their parts."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.panel import Covariates, Panel, panel
from features.pipeline import PlaceTimeFeatures
from forewatch.history import History
from forewatch.profile import Profile

MakeVillage = Callable[..., History]


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


@pytest.fixture(scope="module")
def history(village: MakeVillage) -> History:
    windows = {"start": ["2026-11-18T12:00"], "end": ["2026-11-18T13:00"], "area": ["bay"]}
    rows = [
        (f"2026-11-{day}T12:00", area, kind, "routine", n, f"2026-11-{day}T13:00")
        for day, area, kind, n in (
            (20, "old", "theft", 1),
            (20, "new", "noise", 2),
            (20, "bay", "theft", 4),
            (21, "bay", "noise", 8),
        )
    ]
    return village(rows, tables={"unobserved": windows})


@pytest.fixture(scope="module")
def known(history: History) -> Panel:
    return panel(AsOf(history, at("2026-11-22T07:00")), horizon_days=10, days=5)


def test_series_stand_in_the_agreed_order(known: Panel) -> None:
    assert known.keys.to_numpy().tolist() == [
        ["force", "shire", "all"],
        ["district", "town", "all"],
        ["district", "coast", "all"],
        ["call_type", "shire", "theft"],
        ["call_type", "shire", "noise"],
        ["cell", "town", "theft"],
        ["cell", "town", "noise"],
        ["cell", "coast", "theft"],
        ["cell", "coast", "noise"],
    ]
    assert known.index("cell").tolist() == [5, 6, 7, 8]
    assert known.index("force", "district").tolist() == [0, 1, 2]
    assert known.cells.tolist() == [[5, 6], [7, 8]]
    assert known.series("coast", "noise") == 8


def test_each_total_is_the_sum_of_its_parts(known: Panel) -> None:
    assert known.counts[-2].tolist() == [7, 3, 4, 5, 2, 1, 2, 4, 0]
    assert known.counts[-1].tolist() == [8, 0, 8, 0, 8, 0, 0, 0, 8]


def test_a_total_with_an_unknown_part_is_unknown(known: Panel) -> None:
    unknown = np.isnan(known.counts[known.days.get_loc(pd.Timestamp("2026-11-18"))])
    levels = dict(zip(known.keys["area"] + known.keys["call_type"], unknown, strict=True))
    assert levels == {
        "shireall": True,
        "townall": False,
        "coastall": True,
        "shiretheft": True,
        "shirenoise": True,
        "towntheft": False,
        "townnoise": False,
        "coasttheft": True,
        "coastnoise": True,
    }


def test_the_horizon_begins_where_the_past_ends(known: Panel) -> None:
    assert known.days[-1] == pd.Timestamp("2026-11-21")
    assert known.horizon[0] == pd.Timestamp("2026-11-22")
    assert [len(known.days), len(known.horizon)] == [5, 10]
    assert known.counts.shape == (5, 9)
    assert len(known.covariates.named(())) == len(known.hours) == 15


def test_an_origin_within_a_day_leaves_that_day_unknown_and_behind(history: History) -> None:
    known = panel(AsOf(history, at("2026-11-22T12:00")), horizon_days=3)
    assert known.days[-1] == pd.Timestamp("2026-11-22")
    assert known.horizon[0] == pd.Timestamp("2026-11-23")
    assert np.isnan(known.counts[-1]).all()


def test_hours_count_the_clock_changes(history: History) -> None:
    known = panel(AsOf(history, at("2026-11-01T07:00")), horizon_days=150)
    days = known.days.append(known.horizon)
    odd = {str(day.date()): h for day, h in zip(days, known.hours, strict=True) if h != 24}
    assert odd == {"2026-10-24": 25.0, "2027-03-27": 23.0}


def test_covariates_are_the_pipelines(history: History, known: Panel) -> None:
    view = AsOf(history, at("2026-11-22T07:00"))
    rows = pd.DataFrame({"day": known.horizon, "area": "coast"})
    features = PlaceTimeFeatures(view).fit(rows)
    covariates = known.covariates
    assert covariates.names == tuple(features.get_feature_names_out())
    assert covariates.areas == ("shire", "town", "coast")
    ahead = covariates.named(covariates.names)[5:, 2]
    assert np.array_equal(ahead, features.transform(rows), equal_nan=True)
    assert known.area_of.tolist() == [0, 1, 2, 0, 0, 1, 1, 2, 2]


def test_covariates_are_found_by_name(known: Panel) -> None:
    found = known.covariates.named(("area_coast", "holiday_carnival", "weekday"))
    assert found[0].tolist() == [[0, 0, 1], [0, 0, 1], [1, 0, 1]]  # Tuesday 17 November
    bare = Covariates((), known.covariates.areas, np.empty((15, 3, 0)))
    with pytest.raises(KeyError, match="no feature 'weekday'"):
        bare.named(("weekday",))


def test_a_series_that_is_not_there_is_an_error(known: Panel) -> None:
    with pytest.raises(KeyError, match="no series of 'bay' and 'theft'"):
        known.series("bay", "theft")


def reduced(history: History, areas: list[str], call_types: int) -> History:
    """The same force with only some areas and call types, without calls."""
    profile = history.profile.model_dump()
    profile["areas"] = [entry for entry in profile["areas"] if entry["id"] in areas]
    profile["call_types"] = profile["call_types"][:call_types]
    smaller = Profile.model_validate(profile)
    counts = history.counts.iloc[:0].copy()
    for column, names in (
        ("area", smaller.tree().leaves),
        ("call_type", smaller.call_type_ids),
    ):
        counts[column] = pd.Categorical([], categories=list(names))
    return History(
        smaller, smaller.tree(), "hour", history.observed_from, history.observed_until, counts
    )


@pytest.mark.parametrize(
    ("areas", "call_types", "levels"),
    [
        (["shire", "town", "coast"], 1, ["force", "district", "district"]),
        (["shire", "town"], 2, ["force", "call_type", "call_type"]),
        (["shire"], 2, ["force", "call_type", "call_type"]),
        (["shire", "town"], 1, ["force"]),
    ],
    ids=["one call type", "one place", "no place below", "one of each"],
)
def test_what_would_stand_twice_stands_once(
    history: History, areas: list[str], call_types: int, levels: list[str]
) -> None:
    view = AsOf(reduced(history, areas, call_types), at("2026-11-22T07:00"))
    known = panel(view, horizon_days=2)
    assert known.keys["level"].tolist() == levels
    assert known.counts.shape[1] == len(levels)
    expected = {
        (2, 1): [[1], [2]],
        (1, 2): [[1, 2]],
        (1, 1): [[0]],
    }
    assert known.cells.tolist() == expected[len(known.places), call_types]


def test_the_towns_totals_agree_at_every_level(town_history: History) -> None:
    known = panel(AsOf(town_history, town_history.observed_until), horizon_days=7)
    districts, cells = known.counts[:, known.index("district")], known.counts[:, known.cells]
    total = known.counts[:, 0]
    seen = np.isfinite(total)
    assert seen.mean() > 0.9
    assert np.array_equal(districts[seen].sum(1), total[seen])
    assert np.array_equal(cells[seen].sum((1, 2)), total[seen])
    assert np.array_equal(cells[seen].sum(1), known.counts[np.ix_(seen, known.index("call_type"))])


def test_a_new_place_is_unknown_before_its_first_call_and_totals_always_had_it(
    village: MakeVillage,
) -> None:
    days = pd.date_range("2026-10-01", periods=50).strftime("%Y-%m-%d")
    rows = [
        (f"{day}T12:00", area, "theft", "routine", n, f"{day}T13:00")
        for i, day in enumerate(days)
        for area, n in (("old", 3), ("bay", 2))
        if area == "old" or i >= 40
    ]
    seen = panel(AsOf(village(rows), at("2026-11-20T07:00")), 3)
    assert (seen.counts[:, 0] == 5).all()
    assert (seen.happened[:, 0] == [3.0] * 40 + [5.0] * 10).all()
    for kind in ("all", "theft", "noise"):
        known = np.isfinite(seen.counts[:, seen.series("coast", kind)])
        assert known.tolist() == [False] * 40 + [True] * 10
    assert np.isfinite(seen.counts[:, seen.index("force", "call_type")]).all()
    assert np.isfinite(seen.counts[:, seen.series("town", "noise")]).all()


def test_areas_know_the_series_of_the_area_above(known: Panel) -> None:
    assert known.parents is not None
    assert known.parents.tolist() == [-1, 0, 0, 0, 0, 0, 0, 0, 0]
