"""One shift in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewatch.explanation_parts import PARTS
from serving.page.shift import (
    LEVELS,
    PeriodFigures,
    change_sentence,
    count_table,
    headline,
    need_sentence,
    period_kind,
    reasons,
)

AT = pd.Timestamp("2026-10-12T07:30Z")
NOW = PeriodFigures(5, AT, 41.2, 60.0, 40.0)
ABOUT = "Bath, Saturday 24 October, late"


def test_a_period_is_told_beside_the_last_weeks() -> None:
    assert headline(NOW, (32, 51)) == (
        "41 calls expected, in at least 8 of 10 cases 32 to 51; 3 % above the mean of the last 8 "
        "weeks (40)."
    )
    nothing = PeriodFigures(5, AT, np.nan, np.nan, np.nan)
    assert headline(nothing, (np.nan, np.nan)) == "Issue 5 has no forecast of it."


@pytest.mark.parametrize(
    ("mean", "said"),
    [
        (38.0, "went up from 38 to 41 calls (8 %) since the one before, issue 4 (Monday 12"),
        (50.0, "went down from 50 to 41 calls (18 %) since"),
        (41.4, "As expected by the one before, issue 4"),
        (np.nan, "had no forecast of it."),
    ],
)
def test_what_changed_is_said_with_when_the_other_was_published(mean: float, said: str) -> None:
    before = PeriodFigures(4, AT, mean, 50.0, 40.0)
    found = change_sentence(NOW, before, "Europe/London")
    assert said in found
    assert "08:30" in found  # local


def test_without_an_issue_before_that_is_said() -> None:
    assert "no issue before" in change_sentence(NOW, None, "Europe/London")


def test_reasons_add_up_to_the_number_as_told() -> None:
    parts = dict.fromkeys(PARTS, 0.0) | {"level": 30.4, "time_of_week": 5.4, "events": 3.0,
                                         "recent_trend": -1.6, "rain": 4.0}  # fmt: skip
    found = reasons(parts, {"rain": "Rain <b>"}, 41.2, (ABOUT, "an ordinary late of a Saturday"))
    assert found is not None
    chart, table = found
    told = {row[0].text: row[1].text for row in table.rows}
    assert told == {"an ordinary late of a Saturday": "36", "events": "+3", "recent trend": "−2",
                    "Rain <b>": "+4", "expected": "41"}  # fmt: skip
    assert chart.summary.startswith("41 calls: 5 above an ordinary late of a Saturday")
    assert reasons(parts | {"events": np.nan}, {}, 41.2, (ABOUT, "x")) is None


def test_counts_are_told_in_cases_of_a_hundred() -> None:
    table = count_table([30, 32, 36, 41, 46, 51, 55], ABOUT)
    assert len(table.rows) == len(LEVELS)
    assert [cell.text for cell in table.rows[-1]] == ["95 of 100", "55"]


def test_need_is_said_with_a_sign_and_unknown_is_not_zero() -> None:
    row = {"on_duty": 8.0, "planned": 6.0, "gap": 2.0}
    assert need_sentence(row, 7.0, 4, "response") == (
        "8 officers of the role response on duty are needed.", "▼ 6 are planned: 2 lacking.",
        "By issue 4 it was 7.")  # fmt: skip
    assert need_sentence(row | {"planned": np.nan}, None, 4, "r")[1] == (
        "Nobody told how many are planned."
    )
    assert need_sentence(row | {"on_duty": np.nan}, None, None, "r") == (
        "How many officers it needs isn't forecast.",
    )
    assert need_sentence(row | {"gap": -1.0}, 8.0, 4, "r")[1:] == ("✓ 6 are planned: 1 to spare.",)


@given(st.text(max_size=40))
def test_a_strangers_text_is_a_period_only_by_its_letters(text: str) -> None:
    kind = period_kind(text)
    assert kind is None or text[:4].isdecimal()
    assert period_kind("../" + text) is None
