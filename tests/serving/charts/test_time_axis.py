from __future__ import annotations

import pandas as pd
import pytest

from serving.charts.time_axis import TimeAxis
from tests.serving.charts.conftest import ZONE, marks, periods


def test_an_hour_that_the_clock_has_twice_stands_on_the_axis_twice() -> None:
    axis = TimeAxis.of(periods("2026-10-25 00:00", 25, "h"), ZONE)
    assert axis.hours == 25
    assert axis.middles() == [each + 0.5 for each in range(25)]
    assert [tick["x"] for tick in axis.ticks()] == [0, 4, 7, 10, 13, 16, 19, 22, 25]
    assert [tick["text"] for tick in axis.ticks()][:3] == ["Sun 25", "03:00", "06:00"]


def test_an_hour_that_the_clock_leaves_out_takes_no_room() -> None:
    axis = TimeAxis.of(periods("2026-03-29 00:00", 23, "h"), ZONE)
    assert axis.hours == 23
    assert [tick["x"] for tick in axis.ticks()][:3] == [0, 2, 5]


def test_the_days_of_hours_are_labelled_from_midnight_where_there_is_room() -> None:
    axis = TimeAxis.of(periods("2026-10-23 07:00", 169, "h"), ZONE)
    told = [(tick["x"], tick["text"]) for tick in axis.ticks()]
    assert told[:4] == [(0, "Fri 23"), (17, "Sat 24"), (41, "Sun 25"), (66, "Mon 26")]
    assert told[-1] == (138, "Thu 29")  # the 30th has seven hours, less than its label


def test_weeks_are_labelled_in_their_middle_by_their_first_day() -> None:
    axis = TimeAxis.of(periods("2026-10-19 07:00", 2, "7D"), ZONE)
    assert [(t["x"], t["text"]) for t in axis.ticks()] == [(84.5, "19 Oct"), (253, "26 Oct")]
    assert axis.period_word() == "weeks"
    assert axis.span_text() == "from Monday 19 October to Monday 26 October"


def test_a_force_day_is_named_by_its_day_also_after_midnight() -> None:
    hours = periods("2026-11-28 07:00", 24, "h").assign(force_day=pd.Timestamp("2026-11-28"))
    assert TimeAxis.of(hours, ZONE).span_text() == "on Saturday 28 November"


def test_marks_have_letters_in_order_of_time_and_those_elsewhere_are_left_out() -> None:
    axis = TimeAxis.of(periods("2026-11-28 07:00", 24, "h"), ZONE)
    rows, notes = axis.letters(marks())
    assert [(row["letter"], row["x"], row["x2"]) for row in rows] == [("A", 8, 10), ("B", 12, 16)]
    assert notes[0] == "A: football, Saturday 28 November, 15:00 to 17:00"
    assert notes[1].startswith("B: \u2068concert <b>St")


def test_an_axis_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="a chart of no periods says nothing; ask for one"):
        TimeAxis.of(periods("2026-11-28 07:00", 0, "h"), ZONE)
