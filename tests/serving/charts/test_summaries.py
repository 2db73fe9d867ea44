"""What charts say in words, each number found by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from serving.charts.accuracy import accuracy_chart
from serving.charts.bands import bands_chart
from serving.charts.breakdown import breakdown_chart
from serving.charts.chart import Chart
from serving.charts.curve import curve_chart
from serving.charts.distribution import Limit, distribution_chart
from serving.charts.need_and_plan import need_and_plan_chart
from serving.charts.reasons import reasons_chart
from serving.charts.reliability import reliability_chart
from tests.serving.charts.conftest import ZONE, forecast, groups, past_weeks, periods, shifts


def three_days(mean: list[float], **more: list[float]) -> pd.DataFrame:
    level = np.array(mean)
    names = ("q02.5", "q10", "q25", "q75", "q90", "q97.5")
    told = {name: level + 10 * i - 25 for i, name in enumerate(names)}
    return periods("2026-11-27 07:00", 3, "D").assign(mean=level, **told, **more)


def test_bands_say_total_busiest_and_how_it_is_to_the_last_weeks() -> None:
    chart = bands_chart(three_days([100, 150, 80], baseline=[100, 100, 100]), ZONE, "Bristol")
    assert chart.summary == (
        "330 calls expected in Bristol from Friday 27 November to Sunday 29 November, 10 % "
        "above the last 8 weeks. Busiest: Saturday 28 November with 150 (135 to 165 in 8 of 10 "
        "cases)."
    )
    assert chart.rows[1]["label"] == (
        "Saturday 28 November: 150 calls, in 8 of 10 cases 135 to 165"
    )


def test_bands_say_what_is_not_forecast_and_add_no_zero_for_it() -> None:
    chart = bands_chart(three_days([100, np.nan, 80], baseline=[100, 400, 80]), ZONE, "Bristol")
    assert "180 calls expected" in chart.summary
    assert "(1 of 3 days not forecast), about equal to the last 8 weeks" in chart.summary
    assert chart.rows[1]["label"] == "Saturday 28 November: not forecast"
    nothing = bands_chart(three_days([np.nan] * 3), ZONE, "Bristol")
    assert nothing.summary.startswith("Nothing is forecast for Bristol from Friday 27 November")


def test_a_line_that_nobody_knows_is_not_drawn() -> None:
    frame = forecast(periods("2026-11-23 07:00", 7, "D")).assign(last_year=np.nan)
    assert bands_chart(frame, ZONE, "Bristol").facts["lines"] == [["baseline", "last 8 weeks"]]


def test_a_breakdown_begins_with_the_largest_and_names_what_is_unusual() -> None:
    chart = breakdown_chart(
        ["Theft", "Violence", "Fraud"], [40, 60, np.nan], [30, 59, 5], "by type"
    )
    assert [row["name"] for row in chart.rows] == ["Violence", "Theft", "Fraud"]
    assert chart.summary == (
        "The largest part: Violence, 60 of 100 calls (60 %). Furthest from the last 8 weeks: "
        "Theft, 33 % above them."
    )
    assert chart.rows[2]["label"] == "Fraud: not forecast"


def test_a_distribution_says_the_range_and_the_chance_of_more_and_its_bars_add_up() -> None:
    chart = distribution_chart(1.0, 1.0, "north", limits=[Limit(2, "the plan")])
    over = 1 - np.exp(-1) * (1 + 1 + 0.5)  # Poisson's, by hand
    assert f"{over:.0%}".replace("%", " %") + " for more than 2 (the plan)" in chart.summary
    assert "1 call expected; in at least 8 of 10 cases 0 to 2." in chart.summary
    assert sum(row["p"] for row in chart.rows) == pytest.approx(1, abs=1e-4)
    assert chart.rows[0]["p"] == pytest.approx(np.exp(-1), abs=1e-4)
    many = distribution_chart(620, 2400, "north")
    assert len(many.rows) <= 41
    assert sum(row["p"] for row in many.rows) == pytest.approx(1, abs=1e-3)


def test_need_and_plan_says_how_many_are_short_and_where_most() -> None:
    chart = need_and_plan_chart(shifts(), ZONE, "Bristol")
    assert chart.summary == (
        "Bristol is short in 6 of 18 shifts with a plan from Monday 23 November to Sunday 29 "
        "November; most: Monday 23 November, early shift, by 2 officers."
    )
    said = [row["label"].partition(": ")[2] for row in chart.rows]
    assert said[:3] == [
        "8 needed, 6 planned, 2 short",
        "12 needed, 13 planned, 1 to spare",
        "6 needed, 6 planned",
    ]
    assert said[-2:] == ["12 needed, no plan", "not forecast"]
    assert [row["sign"] for row in chart.rows[:3]] == ["▼2", "+1", ""]


def test_without_a_plan_the_need_is_told() -> None:
    chart = need_and_plan_chart(shifts().assign(planned=np.nan, gap=np.nan), ZONE, "Bristol")
    assert chart.summary.startswith("No plan was told for Bristol")
    assert chart.summary.endswith("needed for Monday 23 November, late shift: 12.")
    assert not chart.facts["has_plan"]


def test_a_curve_says_what_need_and_plan_come_to() -> None:
    chart = curve_chart([2, 3, 4], [0.5, 0.2, 0.004], "late", need=4, planned=3)
    assert chart.summary == (
        "With the 4 officers needed, the shift is short below 1 % of the time; with the 3 officers "
        "planned, the shift is short 20 % of the time. The share of time short goes from 50 % with "
        "2 officers to below 1 % with 4."
    )
    alone = curve_chart([2], [0.5], "late", planned=9)
    assert alone.summary == "With 2 officers the shift is short 50 % of the time."


def test_accuracy_counts_only_what_is_known() -> None:
    chart = accuracy_chart(past_weeks(), ZONE, "Bristol")
    assert chart.summary == (
        "In 2 of 3 weeks from Monday 5 October to Monday 26 October the count in Bristol lay in "
        "the range; 8 of 10 at least were promised. The forecast missed by 11 on average, the mean "
        "of the last 8 weeks by 20."
    )
    assert [row["outcome"] for row in chart.rows] == [
        "in the range",
        "in the range",
        "outside it",
        "not known yet",
    ]
    unknown = accuracy_chart(past_weeks().assign(actual=np.nan), ZONE, "Bristol")
    assert unknown.summary.endswith("nobody knows yet what came.")


def test_reliability_says_where_chance_does_not_explain_it() -> None:
    chart = reliability_chart(groups(), "by day")
    assert [row["said"] for row in chart.rows] == [0.1, 0.3, 0.5]
    assert chart.summary == (
        "Over 1,060 cases 14 % were said on average, and 13 % came so. More than chance explains "
        "differ 1 of 3 groups: 50 % (came 20 %)."
    )


def reasons(parts: dict[str, float], ordinary: float = 500.4) -> Chart:
    total = ordinary + sum(parts.values())
    return reasons_chart(ordinary, parts, total, "Saturday", ordinary_text="an ordinary Saturday")


def test_reasons_are_told_in_whole_numbers_that_add_up() -> None:
    chart = reasons({"football": 70.4, "school holiday": 30.4, "trend": 20.4, "tourism": 0.1})
    told = [int(row["value"].replace("−", "-")) for row in chart.rows]
    assert sum(told[:-1]) == told[-1] == 622
    assert chart.summary.startswith("622 calls: 12")
    assert " above an ordinary Saturday (football +7" in chart.summary
    assert "tourism" not in chart.summary  # rounds to nothing


def test_few_calls_are_told_with_a_decimal_and_add_up_too() -> None:
    chart = reasons({"football": 1.26, "trend": -0.33}, 2.21)
    told = [float(row["value"].replace("−", "-")) for row in chart.rows]
    assert told[-1] == 3.1
    assert sum(told[:-1]) == pytest.approx(3.1)


def test_parts_of_few_calls_that_were_rounded_to_millionths_still_add_up() -> None:
    parts = {"season": 0.014999, "trend": -0.003334, "tourism": 0.000333}
    assert reasons_chart(0.131049, parts, 0.143049, "Saturday").summary.startswith("0.1 calls")


def test_reasons_that_do_not_add_up_or_are_unknown_are_refused() -> None:
    with pytest.raises(ValueError, match="reasons add up to 570, and 600 are expected"):
        reasons_chart(500, {"football": 70}, 600, "Saturday")
    with pytest.raises(ValueError, match="what is not forecast has no reasons"):
        reasons_chart(np.nan, {}, np.nan, "Saturday")


def test_charts_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="one part at least"):
        breakdown_chart([], [], [], "by type")
    with pytest.raises(ValueError, match="one number of officers"):
        curve_chart([], [], "late")
    with pytest.raises(ValueError, match="one group of forecasts"):
        reliability_chart(groups()[:0], "by day")
    with pytest.raises(ValueError, match="a chart of no shifts"):
        need_and_plan_chart(shifts()[:0], ZONE, "Bristol")
    with pytest.raises(ValueError, match="no distribution"):
        distribution_chart(np.nan, np.nan, "north")
