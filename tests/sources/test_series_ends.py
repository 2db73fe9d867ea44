from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from forewatch.history import History
from forewatch.tables import COLUMNS
from sources.check import Report, check_history

MakeForce = Callable[..., History]
Factor = Callable[[NDArray[Any]], NDArray[Any]]
BUSY = (12.0, 12.0, 12.0, 12.0)
TITLE = "Series that begin, end or pause"


def absent(
    first: int, after: int, leaves: slice = slice(None), types: slice = slice(None)
) -> Factor:
    """No calls from a force-day on, to another one (not in it), in some leaves and call types."""

    def factor(day: NDArray[Any]) -> NDArray[Any]:
        found = np.ones(day.shape)
        found[:, leaves, types] = np.where(
            (day[:, leaves, types] >= first) & (day[:, leaves, types] < after), 0.0, 1.0
        )
        return found

    return factor


def told(report: Report) -> list[str]:
    """The warnings about series."""
    return [text for text in report.warnings if "without a call where" in text]


def lines(report: Report) -> list[str]:
    text = report.text.splitlines()
    start = text.index(TITLE) + 1
    return [line.strip() for line in text[start : text.index("", start)]]


def test_nothing_is_told_of_a_force_that_is_whole(drawn_force: MakeForce) -> None:
    for seed in range(10):
        report = check_history(drawn_force(seed, per_day=BUSY, days=250, call_types=3))
        assert told(report) == []
        assert lines(report) == ["none: each is there from the first days to the last"]


def test_a_call_type_that_ends_in_one_area_is_named_with_its_date(drawn_force: MakeForce) -> None:
    ended = absent(150, 250, leaves=slice(0, None, 2), types=slice(1, 2))  # b0, b2: district d0
    report = check_history(drawn_force(1, ended, per_day=BUSY, days=250, call_types=3))
    (warning,) = told(report)
    assert warning.startswith("t1 in d0: ends, no call since 2025-06-05, 100 days without a call")
    assert float(warning.split("where ")[1].split()[0]) == pytest.approx(800, rel=0.1)
    assert "a break of the kind exclude" in warning  # windows are unobserved of areas, not of types
    assert lines(report)[0].startswith("t1 in d0 ")
    assert report.must_be_mended == ()
    assert report.gaps == ()


def test_a_call_type_that_begins_everywhere_is_told_once(drawn_force: MakeForce) -> None:
    begun = absent(0, 90, types=slice(2, 3))
    report = check_history(drawn_force(2, begun, per_day=BUSY, days=250, call_types=3))
    (warning,) = told(report)
    assert warning.startswith("t2: begins 2025-04-06, 90 days without a call")


def test_a_leaf_that_pauses_is_told_and_its_call_types_are_not(drawn_force: MakeForce) -> None:
    paused = absent(100, 140, leaves=slice(1, 2))
    report = check_history(drawn_force(3, paused, per_day=BUSY, days=250, call_types=3))
    (warning,) = told(report)
    assert warning.startswith("beat b1: pauses 2025-04-16 to 2025-05-25, 40 days without a call")
    assert "forewatch import unobserved" in warning
    assert [gap.area for gap in report.gaps] == ["b1"]  # what is to be declared stands there too


def test_a_district_that_began_is_told_once_with_all_its_leaves(drawn_force: MakeForce) -> None:
    begun = absent(0, 60, leaves=slice(0, None, 2))
    report = check_history(drawn_force(4, begun, per_day=BUSY, days=250, call_types=3))
    (warning,) = told(report)
    assert warning.startswith("in d0: begins 2025-03-07, 60 days without a call")


def test_a_gap_of_the_whole_force_is_no_pause_of_its_parts(drawn_force: MakeForce) -> None:
    report = check_history(drawn_force(5, absent(100, 140), per_day=BUSY, days=250, call_types=3))
    assert told(report) == []
    assert [gap.area for gap in report.gaps] == [""]


def test_a_registered_end_is_listed_and_no_warning(drawn_force: MakeForce) -> None:
    ended = absent(150, 250, types=slice(1, 2))
    history = drawn_force(6, ended, per_day=BUSY, days=250, call_types=3)
    start = pd.Timestamp("2025-06-03", tz="UTC")
    row = {
        "start": start,
        "end": start + pd.Timedelta(days=900),
        "area": "",
        "call_type": "t1",
        "kind": "level",
    }
    row |= {"expected_ratio": 0.01, "reason": "x", "decided_by": "y", "known_at": start}
    for kind, is_registered in (("t1", True), ("", True), ("t2", False)):
        breaks = pd.DataFrame([row | {"call_type": kind}]).astype(COLUMNS["breaks"])
        report = check_history(replace(history, breaks=breaks))
        assert lines(report)[0].endswith("registered") == is_registered
        assert bool(told(report)) != is_registered


def test_a_series_that_ended_is_no_change_of_level(drawn_force: MakeForce) -> None:
    ended = absent(150, 250, types=slice(1, 2))
    report = check_history(drawn_force(7, ended, per_day=(60.0,) * 4, days=250, call_types=3))
    text = report.text.splitlines()
    start = next(i for i, line in enumerate(text) if line.startswith("Sudden changes of level"))
    found = [line.split()[0] for line in text[start + 1 : text.index("", start)]]
    assert "t1" not in found
    assert "total" in found  # a third of its calls ended


def test_many_warnings_are_cut_and_counted(drawn_force: MakeForce) -> None:
    ended = absent(200, 300, leaves=slice(0, 12))
    history = drawn_force(8, ended, per_day=(5.0,) * 24, days=300, districts=3)
    report = check_history(history)
    assert len(told(report)) == 10
    assert (
        "2 more series begin, end or pause; 'forewatch check --all' lists them" in report.warnings
    )
    assert len(lines(report)) == 11
    assert len(lines(check_history(history, everything=True))) == 12
