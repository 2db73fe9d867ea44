from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.events import event_features
from features.panel import panel
from features.unused_rows import unused_rows
from features.visitors import tourism_features
from forewatch.history import History
from forewatch.profile import Covariate

MakeVillage = Callable[..., History]
ORIGIN = pd.Timestamp("2026-11-30T07:00", tz="UTC").as_unit("us")
UNTIL = pd.Timestamp("2026-12-28T07:00", tz="UTC").as_unit("us")  # of 28 days ahead
DAYS = 28
CALLS = [
    (f"{day:%Y-%m-%d}T{hour:02d}:00", area, kind, "routine", 1, f"{day:%Y-%m-%d}T23:00")
    for day in pd.date_range("2026-10-02", "2026-11-29")
    for hour, area, kind in ((8, "old", "theft"), (9, "bay", "noise"), (10, "new", "noise"))
]


def events(*rows: tuple[str, str, str, str, str]) -> dict[str, list[Any]]:
    """Events of 1,000 to 3,000 people: name, area, start, end, announced."""
    names = ["name", "area", "start", "end", "known_at"]
    columns: dict[str, list[Any]] = {n: [r[i] for r in rows] for i, n in enumerate(names)}
    n = len(rows)
    return columns | {"attendance_low": [1000.0] * n, "attendance_high": [3000.0] * n}


def tourism(*rows: tuple[str, str, float, str]) -> dict[str, list[Any]]:
    names = ["area", "month", "visitors", "known_at"]
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def breaks(*rows: tuple[str, str | None, str, str, str, float, str]) -> dict[str, list[Any]]:
    """Start, end, area, call type, kind, expected ratio, known_at."""
    names = ["start", "end", "area", "call_type", "kind", "expected_ratio", "known_at"]
    columns: dict[str, list[Any]] = {n: [r[i] for r in rows] for i, n in enumerate(names)}
    n = len(rows)
    return columns | {"reason": ["new codes"] * n, "decided_by": ["board"] * n}


def told(history: History, *tables: str) -> tuple[str, ...]:
    return unused_rows(history, ORIGIN, UNTIL, tables)


def test_nothing_is_said_of_rows_that_are_used(village: MakeVillage) -> None:
    tables = {
        "events": events(
            ("Fair", "bay", "2026-10-10T10:00", "2026-10-11T10:00", "2026-01-01T00:00"),
            ("Market", "town", "2026-12-10T10:00", "2026-12-10T20:00", "2026-01-01T00:00"),
            ("Soon", "town", "2027-01-09T10:00", "2027-01-09T20:00", "2026-01-01T00:00"),
        ),
        "tourism": tourism(("coast", "2026-10-01", 100.0, "2026-11-20T00:00")),
        "breaks": breaks(
            ("2026-12-05T07:00", None, "coast", "theft", "level", 0.5, "2026-11-01T00:00"),
            ("2026-11-05T07:00", None, "", "", "recode", np.nan, "2026-11-01T00:00"),
        ),
    }
    assert unused_rows(village(CALLS, tables=tables), ORIGIN, UNTIL) == ()
    assert unused_rows(village(CALLS), ORIGIN, UNTIL) == ()


def test_events_are_named_with_the_reason_why_they_are_not_used(village: MakeVillage) -> None:
    rows = events(
        ("Late", "bay", "2026-12-10T10:00", "2026-12-10T20:00", "2026-12-01T00:00"),
        ("Far", "town", "2027-01-10T10:00", "2027-01-10T20:00", "2026-01-01T00:00"),
        ("Old", "town", "2026-09-30T10:00", "2026-09-30T20:00", "2026-01-01T00:00"),
        ("Moved", "coast", "2026-12-12T10:00", "2026-12-12T20:00", "2026-11-01T00:00"),
        ("Moved", "coast", "2026-12-12T10:00", "2026-12-13T20:00", "2026-12-01T00:00"),
    )
    history = village(CALLS, tables={"events": rows})
    lost = history.events.assign(area=history.events["area"].mask(history.events.index == 2, "x"))
    assert told(history, "events") == (
        (
            "1 event is not in the forecast (announced anew after 2026-11-30 07:00, the earlier "
            "announcement is used): Moved (coast, 2026-12-12)"
        ),
        "1 event is not in the forecast (announced after 2026-11-30 07:00): Late (bay, 2026-12-10)",
        (
            "1 event is not in the forecast (14 days or more after the last day forecast, "
            "2026-12-27): Far (town, 2027-01-10)"
        ),
        (
            "1 event is not in the forecast (over before the history begins on 2026-10-01): "
            "Old (town, 2026-09-30)"
        ),
    )
    assert told(replace(history, events=lost), "events")[0] == (
        "1 event is not in the forecast (the tree has no such area): Old (x, 2026-09-30)"
    )


@pytest.mark.parametrize("start", ["2026-09-29", "2026-10-01", "2027-01-09", "2027-01-10"])
def test_an_event_is_told_exactly_where_no_feature_moves(village: MakeVillage, start: str) -> None:
    rows = events(("Fair", "bay", f"{start}T10:00", f"{start}T20:00", "2026-01-01T00:00"))
    history = village(CALLS, tables={"events": rows})
    days = pd.date_range("2026-10-01", "2026-12-27", unit="us")
    areas = ("shire", "town", "coast")
    with_it, without = (
        event_features(AsOf(one, ORIGIN), days, areas) for one in (history, village(CALLS))
    )
    moves = any(not np.array_equal(with_it[name], without[name]) for name in with_it)
    assert moves == (told(history, "events") == ())


def test_tourism_figures_are_named_by_area_and_month(village: MakeVillage) -> None:
    rows = tourism(
        ("coast", "2026-11-01", 100.0, "2026-12-20T00:00"),
        ("coast", "2026-10-01", 90.0, "2026-11-20T00:00"),
        ("coast", "2026-10-01", 95.0, "2026-12-01T00:00"),
        ("bay", "2026-10-01", 50.0, "2026-11-20T00:00"),
        ("moor", "2026-10-01", 50.0, "2026-11-20T00:00"),
    )
    assert told(village(CALLS, tables={"tourism": rows}), "tourism") == (
        "1 tourism figure is not in the forecast (the tree has no such area): moor 2026-10",
        (
            "1 tourism figure is not in the forecast (published anew after 2026-11-30 07:00, the "
            "earlier figure is used): coast 2026-10"
        ),
        "1 tourism figure is not in the forecast (published after 2026-11-30 07:00): coast 2026-11",
        (
            "1 tourism figure is not in the forecast (an area above has figures of its own): "
            "bay 2026-10"
        ),
    )


# Of 29 the last twelve matter, and stand in for November, December; of 43 the last twelve, those
# looked at, and September, on whose middle the line to October begins.
@pytest.mark.parametrize(("until", "number"), [("2026-10-01", 17), ("2027-12-01", 27)])
def test_a_month_is_told_exactly_where_no_feature_moves(
    village: MakeVillage, until: str, number: int
) -> None:
    months = pd.date_range("2024-06-01", until, freq="MS")
    rows = [("coast", f"{m:%Y-%m-%d}", 50.0 + i, "2026-11-20T00:00") for i, m in enumerate(months)]
    days = pd.date_range("2026-10-01", "2026-12-27", unit="us")
    whole = village(CALLS, tables={"tourism": tourism(*rows)})
    before = tourism_features(AsOf(whole, ORIGIN), days, ("coast",))["tourism_pressure"]
    unused = []
    for i, month in enumerate(months):
        moved = [*rows]
        moved[i] = ("coast", rows[i][1], 500.0, rows[i][3])
        other = village(CALLS, tables={"tourism": tourism(*moved)})
        after = tourism_features(AsOf(other, ORIGIN), days, ("coast",))["tourism_pressure"]
        if np.array_equal(before, after):
            unused.append(f"coast {month:%Y-%m}")
    (sentence,) = told(whole, "tourism")
    assert len(unused) == number
    assert sentence.startswith(
        f"{number} tourism figures are not in the forecast (before the history begins, and newer "
        f"figures stand in): {', '.join(unused[:5])}, and {number - 5} more"
    )


def test_breaks_are_named_with_the_reason_why_they_are_not_used(village: MakeVillage) -> None:
    rows = breaks(
        ("2026-12-05T07:00", None, "coast", "theft", "level", np.nan, "2026-11-01T00:00"),
        ("2026-12-05T07:00", "2026-12-06T07:00", "", "", "exclude", 0.5, "2026-11-01T00:00"),
        ("2027-02-01T07:00", None, "", "noise", "level", 0.5, "2026-11-01T00:00"),
        ("2026-10-20T06:00", None, "", "noise", "level", 0.5, "2026-12-01T00:00"),
        ("2026-09-01T06:00", None, "", "noise", "level", 0.5, "2026-08-01T00:00"),
        ("2026-11-01T07:00", None, "", "arson", "level", 0.5, "2026-08-01T00:00"),
        ("2026-12-08T07:00", None, "bay", "noise", "level", np.nan, "2026-11-01T00:00"),
        ("2026-12-08T07:00", None, "bay", "noise", "level", 0.8, "2026-11-02T00:00"),
    )
    found = told(village(CALLS, tables={"breaks": rows}), "breaks")
    reasons = {text.split("(", 1)[1].split("): ")[0]: text.split("): ")[1] for text in found}
    assert reasons == {
        "the profile has no such call type": "level of arson, everywhere (2026-11-01, new codes)",
        "told after 2026-11-30 07:00": "level of noise, everywhere (2026-10-20, new codes)",
        "after the last day forecast, 2026-12-27": (
            "level of noise, everywhere (2027-02-01, new codes)"
        ),
        "nothing changes by it from 2026-10-01 on, where the history begins": (
            "level of noise, everywhere (2026-09-01, new codes)"
        ),
        "ahead, and counts to come can't be excluded": (
            "exclude of all call types, everywhere (2026-12-05, new codes)"
        ),
        "ahead, and no expected_ratio is stated": "level of theft, coast (2026-12-05, new codes)",
    }


@pytest.mark.parametrize(
    ("start", "end", "kind"),
    [
        ("2026-09-01T06:00", None, "level"),
        ("2026-09-01T06:00", "2026-10-01T06:00", "level"),
        ("2026-09-01T06:00", "2026-10-02T06:00", "level"),
        ("2026-09-01T06:00", "2027-02-02T06:00", "pulse"),
        ("2026-10-03T06:00", "2026-10-04T06:00", "pulse"),
        ("2026-12-27T07:00", None, "level"),
        ("2026-12-28T07:00", None, "level"),
        ("2026-09-01T06:00", "2026-10-04T06:00", "exclude"),
        ("2026-09-01T06:00", "2026-09-04T06:00", "exclude"),
        ("2026-09-01T06:00", "2026-11-04T06:00", "ramp"),
    ],
)
def test_a_break_is_told_exactly_where_the_panel_does_not_move(
    village: MakeVillage, start: str, end: str | None, kind: str
) -> None:
    rows = breaks((start, end, "", "theft", kind, 0.5, "2026-08-01T00:00"))
    history = village(CALLS, tables={"breaks": rows})
    with_it, without = (panel(AsOf(one, ORIGIN), DAYS) for one in (history, village(CALLS)))
    moves = with_it.ahead is not None or not np.array_equal(
        with_it.counts, without.counts, equal_nan=True
    )
    assert moves == (told(history, "breaks") == ())


def test_no_more_than_ten_sentences_are_said(village: MakeVillage) -> None:
    rows = events(
        *(
            (f"Fair {i}", "bay", f"2026-12-{i:02d}T10:00", f"2026-12-{i:02d}T20:00", "2027-01-01")
            for i in range(1, 12)
        )
    )
    history = village(CALLS, tables={"events": rows})
    (sentence,) = told(history, "events")
    assert sentence.startswith("11 events are not in the forecast")
    assert sentence.endswith("Fair 5 (bay, 2026-12-05), and 6 more")
    many = told(history, *["events"] * 12)
    assert len(many) == 11
    assert many[-1] == "and 2 more such remarks"


def test_values_of_covariates_that_come_late_or_of_nothing_known_are_told(
    village: MakeVillage,
) -> None:
    rain = Covariate(id="rain", name="Rain", known="forecast")
    found = village(
        CALLS,
        tables={
            "covariates": {
                "covariate": ["rain", "rain", "rain", "rain", "wind", "rain"],
                "area": ["", "", "", "", "", "gone"],
                "start": ["2026-12-01T07:00"] * 2
                + ["2026-12-02T07:00", "2027-01-02T07:00"]
                + ["2026-12-01T07:00"] * 2,
                "value": [1.0] * 6,
                "known_at": ["2026-11-29T00:00", "2026-12-01T00:00", "2026-12-01T00:00"]
                + ["2026-11-29T00:00"] * 3,
            }
        },
    )
    profile = found.profile.model_copy(update={"covariates": (rain,)})
    said = told(replace(found, profile=profile), "covariates")
    reasons = [sentence.split("(")[1].split(")")[0] for sentence in said]
    assert reasons == [
        "the profile has no such covariate",
        "the tree has no such area",
        "known anew after 2026-11-30 07:00, the earlier value is used",
        "known after 2026-11-30 07:00",
        "after the last day forecast, 2026-12-27",
    ]
    assert said[0].endswith("wind everywhere 2026-12-01")
