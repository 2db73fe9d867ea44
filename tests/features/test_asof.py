"""The one door: counts, tables and windows as they were known at an origin."""

import copy
from collections.abc import Callable

import pandas as pd
import pytest

from features.asof import AsOf
from forewatch.errors import DataError, FutureLeak
from forewatch.history import History
from forewatch.tables import EVENTS, TOURISM

MakeVillage = Callable[..., History]
HOUR = "2026-11-20T12:00"
ON_TIME, LATE, CORRECTED = "2026-11-20T13:00", "2026-11-21T09:00", "2026-11-22T09:00"
ROWS = [
    (HOUR, "old", "theft", "routine", 2, ON_TIME),
    (HOUR, "bay", "noise", "routine", 1, LATE),
    (HOUR, "old", "theft", "routine", -1, CORRECTED),  # re-typed: taken back here ...
    (HOUR, "old", "noise", "routine", 1, CORRECTED),  # ... and counted there
]


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def seen(history: History, origin: str) -> dict[tuple[str, str], int]:
    counts = AsOf(history, at(origin)).counts()
    cells = zip(counts["area"], counts["call_type"], counts["count"], strict=True)
    return {(str(area), str(kind)): int(count) for area, kind, count in cells}


def test_counts_are_what_was_known_at_each_origin(village: MakeVillage) -> None:
    history = village(ROWS)
    assert seen(history, "2026-11-20T12:59") == {}
    assert seen(history, ON_TIME) == {("old", "theft"): 2}
    assert seen(history, LATE) == {("old", "theft"): 2, ("bay", "noise"): 1}
    assert seen(history, CORRECTED) == {
        ("old", "theft"): 1,
        ("old", "noise"): 1,
        ("bay", "noise"): 1,
    }


def test_a_cell_that_was_taken_back_is_no_row(village: MakeVillage) -> None:
    rows = [ROWS[0], (HOUR, "old", "theft", "routine", -2, LATE)]
    assert AsOf(village(rows), at(LATE)).counts().empty


def test_counts_stop_at_the_data_cut_off(village: MakeVillage) -> None:
    history = village(ROWS, observed=("2026-10-01T06:00", HOUR))
    view = AsOf(history, at("2026-11-25"))
    assert view.known_until == at(HOUR)
    assert view.counts().empty


def test_counts_agree_with_a_plain_group_by(town_history: History) -> None:
    origin = town_history.observed_from + pd.Timedelta(days=100)
    frame = town_history.counts
    known = frame[(frame["known_at"] <= origin) & (frame["start"] < origin)]
    known = known[known["call_type"] != "missing_person"]  # which is pooled
    keys = ["start", "area", "call_type", "grade"]
    plain = known.groupby(keys, observed=True)["count"].sum()
    found = AsOf(town_history, origin).counts()
    counts = found[found["call_type"] != "missing_person"].set_index(keys)["count"]
    pd.testing.assert_series_equal(
        counts.astype("int64"), plain[plain != 0].astype("int64"), check_index_type=False
    )


def test_the_ledger_begins_where_it_is_asked_to(village: MakeVillage) -> None:
    rows = [ROWS[0], ("2026-11-20T11:00", "old", "theft", "routine", 5, "2026-11-20T12:00")]
    view = AsOf(village(rows), at(CORRECTED))
    assert view.ledger(since=at(HOUR)).count.tolist() == [2.0]


def test_categories_in_another_order_keep_their_meaning(village: MakeVillage) -> None:
    history = village(ROWS)
    order = ["bay", "new", "old"]
    counts = history.counts.assign(area=history.counts["area"].cat.reorder_categories(order))
    turned = History(**{**vars(history), "counts": counts})
    assert seen(turned, LATE) == seen(history, LATE)


def test_a_ledger_of_strange_areas_is_refused(village: MakeVillage) -> None:
    history = village(ROWS)
    strange = history.counts["area"].cat.rename_categories({"bay": "moon"})
    turned = History(**{**vars(history), "counts": history.counts.assign(area=strange)})
    with pytest.raises(DataError) as raised:
        AsOf(turned, at(LATE)).counts()
    assert str(raised.value) == (
        "the ledger's area holds moon, which the force's profile does not have; add them to the "
        "profile or import with a crosswalk"
    )


def test_tourism_is_handed_out_once_published_then_as_revised(
    village: MakeVillage,
) -> None:
    figures = {
        "area": ["bay", "bay"],
        "month": ["2026-08-01", "2026-08-01"],
        "visitors": [900.0, 950.0],
        "known_at": ["2026-10-15", "2026-11-15"],
    }
    history = village(tables={"tourism": figures})
    shown = [
        AsOf(history, at(day)).published(TOURISM)["visitors"].tolist()
        for day in ("2026-10-14", "2026-10-15", "2026-11-15")
    ]
    assert shown == [[], [900.0], [950.0]]


def test_an_event_is_handed_out_once_announced(village: MakeVillage) -> None:
    fair = {
        "name": ["fair"],
        "area": ["bay"],
        "start": ["2026-12-05T10:00"],
        "end": ["2026-12-05T18:00"],
        "attendance_low": [1000.0],
        "attendance_high": [2000.0],
        "known_at": ["2026-11-10"],
    }
    history = village(tables={"events": fair})
    assert AsOf(history, at("2026-11-09")).published(EVENTS).empty
    assert AsOf(history, at("2026-11-10")).published(EVENTS)["name"].tolist() == ["fair"]


def holiday_table(kind: str, known_at: str | None) -> dict[str, list[object]]:
    return {
        "date": ["2026-11-26"],
        "kind": [kind],
        "name": ["founder's day"],
        "area": [""],
        "known_at": [known_at],
    }


def test_holidays_are_the_countrys_and_the_announced_ones(village: MakeVillage) -> None:
    history = village(tables={"holidays": holiday_table("school_holiday", "2026-11-10")})
    before = AsOf(history, at("2026-11-09")).holidays()
    after = AsOf(history, at("2026-11-10")).holidays()
    assert set(before["kind"]) == {"bank_holiday"}
    assert pd.Timestamp("2026-12-25") in set(before["date"])
    assert set(after["kind"]) == {"bank_holiday", "school_holiday"}
    assert after["date"].is_monotonic_increasing


def test_imported_bank_holidays_take_the_place_of_the_countrys(village: MakeVillage) -> None:
    history = village(tables={"holidays": holiday_table("bank_holiday", None)})
    found = AsOf(history, at("2026-11-09")).holidays()
    assert found["date"].tolist() == [pd.Timestamp("2026-11-26")]


def test_a_force_without_a_country_has_only_imported_holidays(village: MakeVillage) -> None:
    history = village(force={"zone": "Europe/London"})
    assert AsOf(history, at("2026-11-09")).holidays().empty


def test_an_unobserved_window_is_cut_at_the_origin(village: MakeVillage) -> None:
    windows = {
        "start": ["2026-11-20T00:00", "2026-11-25T00:00"],
        "end": ["2026-11-22T00:00", "2026-11-26T00:00"],
        "area": ["", "bay"],
    }
    found = AsOf(village(tables={"unobserved": windows}), at("2026-11-21")).unknown()
    assert found["end"].tolist() == [at("2026-11-21")]


def test_a_view_leads_to_earlier_origins_only(village: MakeVillage) -> None:
    view = AsOf(village(ROWS), at(LATE))
    assert len(view.at(at(ON_TIME)).counts()) == 1
    with pytest.raises(FutureLeak) as raised:
        view.at(at(CORRECTED))
    assert str(raised.value) == (
        "this view ends at 2026-11-21T09:00:00+00:00, 2026-11-22T09:00:00+00:00 was asked for; "
        "make an AsOf of the history at that origin instead"
    )


def test_an_origin_without_a_zone_is_refused(village: MakeVillage) -> None:
    with pytest.raises(ValueError, match=r"has no time zone: give it UTC$"):
        AsOf(village(), pd.Timestamp("2026-11-21"))


def test_a_view_is_never_copied_and_names_its_origin(village: MakeVillage) -> None:
    view = AsOf(village(), pd.Timestamp("2026-11-21T09:00", tz="Europe/London"))
    assert copy.deepcopy(view) is view
    assert repr(view) == "AsOf('shire', 2026-11-21T09:00:00+00:00, '')"
