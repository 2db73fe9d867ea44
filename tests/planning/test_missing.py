from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forewatch.errors import BadQuestion, UnknownArea
from forewatch.profile import Missing
from forewatch.rates import Forecast, Selection, Spans
from forewatch.shocks import Shocks
from planning.bands import bands, signs
from planning.casework import CaseLength, Workload
from planning.issues import NOT_FORECAST, Issue, Part
from planning.landing import landing_hours
from planning.missing import DEMAND, look_up_missing
from planning.work_times import Release

NOW = pd.Timestamp("2026-10-12T06:00", tz="UTC")
MONDAY = pd.Timestamp("2026-10-19T06:00", tz="UTC")
NEXT = pd.Timestamp("2026-10-26T07:00", tz="UTC")
NORTH = ("north-1", "north-2")
LEVELS = ("force", "district", "beat")
TRUSTED = {(level, by): "" for level in LEVELS for by in ("shift", "day", "week")}


def reports(issue: Issue) -> Forecast:
    """Missing-person reports alone: 0.15 an hour in the north, 0.6 in the south; with shocks."""
    held = issue.forecast.rates
    rates = replace(
        held,
        call_types=("missing_person",),
        base=0.3 * held.base[:, :1],
        baseline=0.2 * held.base[:, :1],
        leaf_shares=held.leaf_shares[:, :1],
        grade_shares=held.grade_shares[:, :1],
    )
    shocks = Shocks((0,), np.full((1, 4, 3), 0.1) * [0, 1, 1], np.array([[1.2]]))
    return replace(issue.forecast, rates=rates, shocks=shocks)


def with_reports(issue: Issue, part: Part) -> Issue:
    return issue.with_part("reports", part)


@pytest.fixture(scope="session")
def demand(october: Issue) -> Issue:
    """An issue with missing-person demand, nothing pooled, all of it calibrated."""
    return with_reports(
        october, Part(reports(october), "1", has_casework=True, uncalibrated=TRUSTED)
    )


def said(issue: Issue, now: pd.Timestamp = NOW, **asked: Any) -> pd.DataFrame:
    span = {"start": MONDAY, "end": NEXT} | asked
    return DEMAND.table(issue, look_up_missing(issue, **span), now).frame


def changed(issue: Issue, **changes: Any) -> Issue:
    assert issue.casework is not None
    return with_reports(issue, replace(issue.casework, **changes))


def with_settings(issue: Issue, **settings: Any) -> Issue:
    profile = issue.profile.model_copy(update={"missing": Missing.model_validate(settings)})
    return replace(issue, profile=profile)


def test_a_row_says_what_the_forecast_says(demand: Issue) -> None:
    row = said(demand, areas=["north"], by="week", quantiles=[0.9], at_least=[20]).iloc[0]
    assert demand.casework is not None
    spans = Spans(pd.DatetimeIndex([MONDAY]), pd.DatetimeIndex([NEXT]))
    told = demand.casework.forecast.answer(Selection(NORTH), spans)
    assert row["expected"] == pytest.approx(169 * 0.15)
    assert row["baseline"] == pytest.approx(169 * 0.1)
    counts = told.distribution
    assert row["p_at_least_20"] == pytest.approx(1 - counts.cdf([19])[0, 0], abs=5e-4)
    assert row["q90"] == counts.quantiles([0.9])[0, 0]
    assert row["state"] == "forecast"
    assert row["reason"] == row["pooled"] == ""


def test_hours_and_landing_are_those_of_the_casework(demand: Issue) -> None:
    rows = said(demand, areas=["north", "south-1"], by="shift", reserved=20)
    assert demand.casework is not None
    forecast, length = demand.casework.forecast, CaseLength()
    spans = Spans(pd.DatetimeIndex(rows["start"][:28]), pd.DatetimeIndex(rows["end"][:28]))
    for first, leaves in ((0, NORTH), (28, ("south-1",))):
        part = rows.iloc[first : first + 28]
        told = forecast.answer(Selection(leaves), spans)
        own = Workload.of_counts(length, told.mean, told.variance)
        lands = landing_hours(forecast, [leaves], spans, length, Release(Missing().release))
        over = np.full(28, 20.0)
        for what, work in (("hours", own), ("landing", lands)):
            quantiles, chance = work.quantiles([0.5, 0.8, 0.9, 0.95], over)
            assert part[f"{what}_mean"].to_numpy() == pytest.approx(work.mean)
            found = part[[f"{what}_{q}" for q in ("q50", "q80", "q90", "q95")]].to_numpy()
            # Published to a tenth of an hour.
            assert found == pytest.approx(quantiles, abs=0.051)
        assert part["p_over"].to_numpy() == pytest.approx(chance, abs=6e-4)
    night = rows["period"] == "2026-10-24/night"
    assert rows[night]["hours_mean"].iloc[0] == pytest.approx(11 * 0.15 * 13)


def test_hours_of_a_quiet_shift_land_from_earlier_reports(demand: Issue) -> None:
    assert demand.casework is not None
    rates = demand.casework.forecast.rates
    quiet = (rates.starts >= MONDAY) & (rates.starts < MONDAY + pd.Timedelta(hours=10))
    none = replace(rates, base=np.where(quiet, 0.0, rates.base))
    issue = changed(demand, forecast=replace(demand.casework.forecast, rates=none))
    row = said(issue, by="shift", end=MONDAY + pd.Timedelta(hours=1)).iloc[0]
    assert row["period"] == "2026-10-19/early"
    assert row["expected"] == row["p_at_least_1"] == row["hours_mean"] == row["hours_q95"] == 0
    # 0.15 reports an hour in the north and 0.6 in the south, of the seven days before.
    by_hand = Release(Missing().release).into(
        np.array([0.0]), np.array([10.0]), np.arange(-168.0, 1.0)[None]
    )
    assert row["landing_mean"] == pytest.approx(by_hand.sum() * 0.75 * 13)


def test_rows_of_pooled_areas_name_the_pool_and_have_their_numbers(demand: Issue) -> None:
    issue = replace(demand, pools={"missing_person": (("north-2", "south-1", "south-2"),)})
    rows = said(issue, areas=["beat", "district", "force"], by="week")
    found = dict(zip(rows["area"], rows["pooled"], strict=True))
    together = "south, north-2"
    assert found == {
        "north-1": "",
        "north-2": together,
        "south-1": together,
        "south-2": together,
        "north": together,  # a part of it is
        "south": together,
        "town": "",  # all of the pool lies inside
    }
    assert rows.select_dtypes("number").columns.drop("reserved_hours").size > 10
    assert rows["expected"].notna().all()
    assert set(rows["state"]) == {"forecast"}


def test_windows_outside_the_horizon_and_old_data_say_so(demand: Issue) -> None:
    late = pd.Timestamp("2026-11-14T07:00", tz="UTC")
    rows = said(demand, start=late, end=late + pd.Timedelta(days=4))
    assert list(rows["state"]) == ["forecast"] * 2 + ["no_forecast"] * 2
    assert rows["landing_q90"].notna().tolist() == [True, True, False, False]
    assert rows["reason"].iloc[3] == "the period does not lie within the issue's horizon"
    old = said(demand, NOW + pd.Timedelta(days=9))
    assert set(old["state"]) == {"stale"}
    assert set(old["reason"]) == {"the data are older than 8 days"}
    assert old["hours_q90"].notna().all()


def test_a_part_of_the_rows_is_that_part_of_the_whole_answer(demand: Issue) -> None:
    question = look_up_missing(
        demand, start=MONDAY, end=NEXT, areas=["beat"], by="shift", reserved=9
    )
    whole = DEMAND.table(demand, question, NOW).frame
    assert len(whole) == question.rows == 4 * 28
    for first, stop in ((0, 112), (0, 3), (20, 75), (27, 29), (112, 112)):
        part = DEMAND.table(demand, question, NOW, slice(first, stop)).frame
        wanted = whole.iloc[first:stop].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, wanted)


def test_hours_reserved_are_the_questions_or_else_the_profiles(demand: Issue) -> None:
    named = [
        {"area": "north", "period": "night", "hours": 12},
        {"area": "north", "period": "day", "hours": 40},
    ]
    issue = with_settings(demand, reserved=named)
    shifts = said(issue, areas=["district"], by="shift")
    nights = shifts["period"].str.endswith("/night") & (shifts["area"] == "north")
    assert set(shifts[nights]["reserved_hours"]) == {12.0}
    assert shifts[~nights]["reserved_hours"].isna().all()
    assert set(shifts[~nights]["band"]) == {"nothing reserved"}
    assert set(shifts[nights]["band"]) <= {"likely enough", "may be short", "short"}
    days = said(issue, areas=["north"], by="day")
    assert set(days["reserved_hours"]) == {40.0}
    asked = said(issue, areas=["district"], by="day", reserved={"south": 0})
    assert set(asked[asked["area"] == "south"]["band"]) == {"short"}
    assert asked[asked["area"] == "north"]["reserved_hours"].isna().all()


def test_bands_compare_a_probability_with_two_thresholds() -> None:
    over = np.array([0.0, 0.2, 0.21, 0.5, 0.51, np.nan, 0.9])
    calibrated = np.array([True] * 6 + [False])
    found = bands(over, calibrated, Missing())
    words = ["likely enough"] * 2 + ["may be short"] * 2
    words += ["short", "nothing reserved", "not calibrated"]
    assert found.tolist() == words
    assert signs(found).tolist() == ["✓", "✓", "?", "?", "!", "", "~"]
    # Ten quiet areas: all may be likely enough, nothing has to be the worst.
    assert set(bands(np.full(10, 0.1), np.ones(10, bool), Missing())) == {"likely enough"}


def test_what_was_never_judged_has_no_band(demand: Issue) -> None:
    verdicts = {("district", "day"): "", ("beat", "day"): "31 reports were judged, 50 are needed"}
    issue = changed(demand, uncalibrated=verdicts)
    rows = said(issue, areas=["town", "north", "north-1"], by="day", reserved=1)
    found = rows.drop_duplicates("area")
    assert found["area"].tolist() == ["town", "north", "north-1"]
    assert found["band"].tolist() == ["not calibrated", "short", "not calibrated"]
    why = ["never judged on past origins", "", "31 reports were judged, 50 are needed"]
    assert found["uncalibrated"].tolist() == why


def test_rows_stand_in_the_order_asked_and_nothing_ranks_them(demand: Issue) -> None:
    rows = said(demand, areas=["south-2", "north", "south"], by="week", reserved=1)
    assert rows["area"].tolist() == ["south-2", "north", "south"]
    assert not [name for name in rows.columns if "rank" in name or "score" in name]


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"by": "hour"}, BadQuestion, "too rare to be asked by hour; ask by shift, day, week"),
        ({"areas": ["nort"]}, UnknownArea, "no area 'nort'; near names: north"),
        ({"at_least": [0]}, BadQuestion, "at_least counts from 1; found 0"),
        ({"reserved": -1.0}, BadQuestion, "hours reserved are 0 or more"),
        ({"reserved": {"north": np.nan}}, BadQuestion, "hours reserved are 0 or more"),
    ],
)
def test_what_cannot_be_answered_says_why(
    demand: Issue, asked: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        said(demand, **asked)


def test_an_issue_without_the_demand_says_why(october: Issue) -> None:
    issue = replace(october, notes=("a remark", f"x{NOT_FORECAST}the model has no champion"))
    with pytest.raises(BadQuestion, match=r"issue 1 holds no missing-person demand: the model has"):
        look_up_missing(issue, start=MONDAY, end=NEXT)
    with pytest.raises(BadQuestion, match="it was published before there was any"):
        look_up_missing(october, start=MONDAY, end=NEXT)
