from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.charts.words import period_text, whole_parts

parts = st.lists(st.floats(-1000, 1000), min_size=1, max_size=9)


@given(parts)
def test_whole_parts_add_up_and_none_is_further_than_one_from_its_own(values: list[float]) -> None:
    total = round(sum(values))
    found = whole_parts(values, total)
    assert sum(found) == total
    assert all(abs(a - b) <= 1.5 for a, b in zip(found, values, strict=True))


@given(parts)
def test_parts_that_are_whole_stay_as_they_are(values: list[float]) -> None:
    whole = [round(each) for each in values]
    assert whole_parts(whole, sum(whole)) == whole


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ("2026-10-25 01:00+01:00", "2026-10-25 01:00+00:00", "01:00 to 01:00"),
        ("2026-10-25 07:00", "2026-10-26 07:00", "Sunday 25 October"),
        ("2026-10-24 07:00", "2026-10-25 07:00", "Saturday 24 October"),
        ("2026-10-24 21:30", "2026-10-25 07:30", "21:30 to 07:30"),
    ],
)
def test_periods_around_the_change_of_the_clock_are_told_by_the_clock(
    first: str, last: str, text: str
) -> None:
    start, end = (
        pd.Timestamp(each).tz_convert("Europe/London")
        if "+" in each
        else pd.Timestamp(each, tz="Europe/London")
        for each in (first, last)
    )
    assert period_text(start, end).endswith(text)
