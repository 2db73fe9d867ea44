"""What was said and what came, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from planning.accuracy import Held, PastScore
from serving.page.accuracy import (
    UNTIL_THEN,
    held_sentence,
    hindsight,
    training_sentences,
    training_table,
)

SCORE = PastScore("8-28", 8, 189, 0.81, 19.4, 25.9)


def told(actual: list[float], mean: float = 100.0) -> dict[str, pd.DataFrame]:
    days = pd.date_range("2026-10-05T06:00Z", periods=len(actual), freq="7D")
    weeks = pd.DataFrame(
        {
            "by": "week", "start": days, "end": days + pd.Timedelta(days=7), "issue": 4,
            "mean": mean, "low": 90.0, "high": 110.0, "baseline": 80.0, "actual": actual,
        }
    )  # fmt: skip
    return {"week": weeks, "day": weeks.assign(by="day", end=days + pd.Timedelta(days=1))}


def test_weeks_in_the_range_are_counted_and_the_baseline_stands_beside() -> None:
    found = hindsight(told([100, 90, 110, 120]), ("Bath", "Europe/London"), 7, 4)
    assert found.sentences[0] == (
        "In 3 of 4 weeks the count in Bath lay in the range. At least 8 of 10 were promised; so "
        "few weeks may be chance."
    )
    assert found.sentences[2] == (
        "The forecast missed a week's count by 10 calls on average (10 % of it), the mean of the "
        "last 8 weeks by 25: 60 % less."
    )
    assert found.table is not None
    assert [row[4].text for row in found.table.rows] == ["✓ yes", "✓ yes", "✓ yes", "▲ above"]
    assert [row[0].text for row in found.table.rows][:2] == ["Mon 5 Oct", "Mon 12 Oct"]
    assert found.chart is not None
    assert "In 3 of 4 weeks" in found.chart.summary
    assert found.gap == ""


def test_more_misses_than_chance_explains_are_said_as_such() -> None:
    said = held_sentence(Held(3, 13, 1, 1, 1), "weeks", "Bath")
    assert said.endswith("hardly explains it. Take the ranges as too narrow.")
    assert "may be chance" in held_sentence(Held(9, 13, 1, 1, 1), "weeks", "Bath")
    assert "as promised" in held_sentence(Held(13, 13, 1, 1, 1), "weeks", "Bath")


def test_a_forecast_worse_than_the_baseline_says_so() -> None:
    found = hindsight(told([80, 80]), ("Bath", "Europe/London"), 1, 2)
    assert found.sentences[2].startswith("The forecast missed a week's count by 20 calls")
    worse = hindsight(told([82, 82]), ("Bath", "Europe/London"), 1, 2).sentences[2]
    assert worse.endswith("by 2: 800 % MORE.")


def test_without_anything_known_the_page_says_what_is_shown_instead() -> None:
    nothing = told([np.nan, np.nan], mean=np.nan)
    assert hindsight(nothing, ("Bath", "Europe/London"), 7, 2).sentences == (UNTIL_THEN,)
    found = hindsight(told([100, np.nan]), ("Bath", "Europe/London"), 7, 13)
    assert (
        found.gap == "Of 11 of the last 13 weeks no issue spoke at least 1 week before they began."
    )
    assert found.table is not None
    assert [row[3].text for row in found.table.rows] == ["100", "not known yet"]


def test_tests_of_the_training_tell_somebody_of_some_areas_shares_only() -> None:
    said = " ".join(training_sentences(SCORE, "7", "district"))
    assert "81 of 100 counts of a district's day lay in the range for 8 of 10, as promised" in said
    assert "by 25 % less than the mean of the last 8 weeks" in said
    table = training_table([SCORE], "district", with_counts=False)
    assert [cell.text for cell in table.rows[0]] == ["8 to 28 days", "81", "25 %"]
    whole = training_table([SCORE], "district", with_counts=True)
    assert [cell.text for cell in whole.rows[0]][3:] == ["19", "26", "189"]
    assert len(whole.head) == len(whole.rows[0])
