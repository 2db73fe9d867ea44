from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from forewatch.errors import BadQuestion, UnknownArea, UnknownCallType, UnknownGrade
from forewatch.rates import Selection, Spans
from forewatch.shocks import Shocks
from planning.answers import FORECAST, noise_floor
from planning.issues import Issue
from planning.questions import look_up
from tests.oracles.drawn import drawn

NOW = pd.Timestamp("2026-10-12T06:00", tz="UTC")
MONDAY = pd.Timestamp("2026-10-19T06:00", tz="UTC")
NEXT = pd.Timestamp("2026-10-26T07:00", tz="UTC")


def said(issue: Issue, now: pd.Timestamp = NOW, **asked: Any) -> pd.DataFrame:
    span = {"start": MONDAY, "end": NEXT} | asked
    return FORECAST.table(issue, look_up(issue, **span), now).frame


def test_every_total_is_the_sum_of_its_parts(october: Issue) -> None:
    total = said(october, by="week")["mean"].item()
    for asked in (
        {"areas": ["district"]},
        {"areas": ["beat"]},
        {"call_types": ["each"]},
        {"grades": ["each"]},
        {"areas": ["beat"], "call_types": ["each"], "grades": ["each"]},
        {"by": "hour"},
        {"by": "day", "areas": ["district"]},
    ):
        parts = said(october, **({"by": "week"} | asked))
        assert parts["mean"].sum() == pytest.approx(total, rel=1e-12)


def test_a_part_of_the_rows_is_that_part_of_the_whole_answer(october: Issue) -> None:
    question = look_up(october, start=MONDAY, end=NEXT, areas=["beat"], call_types=["each"])
    whole = FORECAST.table(october, question, NOW).frame
    assert len(whole) == question.rows == 4 * 2 * 7
    for first, stop in ((0, 56), (0, 3), (3, 25), (6, 8), (49, 99), (30, 30), (90, 99)):
        part = FORECAST.table(october, question, NOW, slice(first, stop)).frame
        pd.testing.assert_frame_equal(part, whole.iloc[first:stop].reset_index(drop=True))


def test_what_a_caller_does_to_its_periods_is_not_seen_by_the_next(october: Issue) -> None:
    first = look_up(october, start=MONDAY, end=NEXT)
    with pytest.raises(ValueError, match="read-only"):
        first.periods.period[0] = "spoilt"
    assert look_up(october, start=MONDAY, end=NEXT).periods.period[0] == "2026-10-19"


def test_a_weeks_mean_is_found_by_hand(october: Issue) -> None:
    # 169 hours; missing persons 0.5 an hour; north-1 holds a quarter of the north's.
    row = said(october, by="week", areas=["north-1"], call_types=["missing_person"]).iloc[0]
    assert row["mean"] == pytest.approx(169 * 0.5 * 0.25)
    assert row["baseline"] == pytest.approx(0.9 * row["mean"])


def test_a_shift_with_half_hours_takes_half_of_the_hours_it_cuts(october: Issue) -> None:
    night = said(october, by="shift", areas=["north"], call_types=["missing_person"])
    rows = night[night["period"].str.endswith("/night")]
    assert list(rows["mean"]) == pytest.approx([5.0] * 5 + [5.5] + [5.0])


def test_rows_beyond_the_horizon_are_no_forecast_and_never_zero(october: Issue) -> None:
    late = pd.Timestamp("2026-11-14T07:00", tz="UTC")
    rows = said(october, start=late, end=late + pd.Timedelta(days=4))
    assert list(rows["state"]) == ["forecast"] * 2 + ["no_forecast"] * 2
    unknown = rows[rows["state"] == "no_forecast"]
    assert unknown[["mean", "q05", "q50", "q95", "baseline", "noise_floor"]].isna().all(axis=None)


def test_a_week_that_reaches_past_the_horizon_is_not_forecast_in_part(october: Issue) -> None:
    late = pd.Timestamp("2026-11-09T07:00", tz="UTC")
    rows = said(october, start=late, end=late + pd.Timedelta(days=8), by="week")
    assert list(rows["state"]) == ["forecast", "no_forecast"]


def test_old_data_make_the_rows_stale_with_their_numbers(october: Issue) -> None:
    fresh, old = (said(october, NOW + pd.Timedelta(days=d)) for d in (8, 9))
    assert set(fresh["state"]) == {"forecast"}
    assert set(old["state"]) == {"stale"}
    assert old["mean"].notna().all()


def test_quantiles_are_those_of_draws_of_the_same_shocks(october: Issue) -> None:
    row = said(october, by="week", areas=["north"], quantiles=[0.1, 0.5, 0.9]).iloc[0]
    edges = october.forecast.rates.day_edges
    edges = edges[(edges >= MONDAY) & (edges <= NEXT)]
    days = Spans(edges[:-1], edges[1:])
    selection = Selection(leaves=("north-1", "north-2"))
    counts = drawn(october.forecast, selection, days, n=20_000, seed=5).sum((1, 2, 3))
    for level in (0.1, 0.5, 0.9):
        below = np.mean(counts <= row[f"q{round(level * 100)}"])
        assert below == pytest.approx(level, abs=0.015)


def test_the_chance_of_at_least_k_is_that_of_the_same_draws(october: Issue) -> None:
    asked: dict[str, Any] = {
        "areas": ["north"],
        "call_types": ["missing_person"],
        "grades": ["immediate"],
    }
    row = said(october, by="week", at_least=[20, 5, 20], **asked).iloc[0]
    assert [name for name in row.index if name.startswith("p_")] == [
        "p_at_least_5",
        "p_at_least_20",
    ]
    edges = october.forecast.rates.day_edges
    edges = edges[(edges >= MONDAY) & (edges <= NEXT)]
    selection = Selection(("north-1", "north-2"), ("missing_person",), ("immediate",))
    counts = drawn(october.forecast, selection, Spans(edges[:-1], edges[1:]), n=20_000, seed=6)
    for least in (5, 20):
        share = np.mean(counts.sum((1, 2, 3)) >= least)
        assert row[f"p_at_least_{least}"] == pytest.approx(share, abs=0.015)
    assert 0.05 < row["p_at_least_20"] < 0.95


def test_rows_have_names_and_local_times_beside_ids_and_utc(october: Issue) -> None:
    rows = said(october, areas=["North", "south-1"], call_types=["violence", "all"])
    assert rows["area"].unique().tolist() == ["north", "south-1"]
    assert rows["area_name"].unique().tolist() == ["North", "South-1"]
    assert rows["call_type_name"].unique().tolist() == ["V", "all call types"]
    day = rows[rows["period"] == "2026-10-25"].iloc[0]
    assert (day["start_local"], day["end_local"]) == (
        "2026-10-25T07:00:00+00:00",
        "2026-10-26T07:00:00+00:00",
    )
    before = rows[rows["period"] == "2026-10-24"].iloc[0]
    assert before["start_local"] == "2026-10-24T07:00:00+01:00"
    for name in ("start", "end"):
        assert (pd.to_datetime(rows[f"{name}_local"], utc=True) == rows[name]).all()


def test_every_column_is_described_and_is_there(october: Issue) -> None:
    question = look_up(october, start=MONDAY, end=NEXT, at_least=[2])
    table = FORECAST.table(october, question, NOW)
    assert [*table.frame] == [each.name for each in table.columns]
    assert all(each.meaning for each in table.columns)
    about = table.provenance["columns"]
    assert about["noise_floor"]["unit"] == "percent"
    assert about["p_at_least_2"]["meaning"] == "probability of at least so many calls"


def test_a_day_further_ahead_is_served_with_the_wider_spread_of_its_lead(october: Issue) -> None:
    sizes = np.zeros((2, 4, 3))
    sizes[1, 0, 1] = 0.5
    shocks = Shocks((0, 7), sizes, np.ones((2, 1)))
    issue = october.with_whole(forecast=replace(october.forecast, shocks=shocks))
    origin = october.forecast.origin
    days = said(issue, start=origin, end=origin + pd.Timedelta(days=9), quantiles=[0.05, 0.95])
    assert np.ptp(days["mean"]) == pytest.approx(0)  # the rates are the same every day
    near, far = stats.poisson(days["mean"][0]), days["mean"][0] * (1 + 0.25 * days["mean"][0])
    assert days["q95"].tolist()[:7] == [near.ppf(0.95)] * 7
    assert days["q05"].tolist()[:7] == [near.ppf(0.05)] * 7
    assert (days["q95"][7:] > days["mean"][7:] + far**0.5).all()


def test_repeated_quantiles_are_answered_once_in_ascending_order(october: Issue) -> None:
    asked = look_up(october, start=MONDAY, end=NEXT, quantiles=[0.9, 0.5, 0.9, 0.5])
    assert asked.quantiles == (0.5, 0.9)
    once = said(october, quantiles=[0.5, 0.9])
    pd.testing.assert_frame_equal(said(october, quantiles=[0.9, 0.5, 0.9]), once)


def test_the_noise_floor_is_the_mean_absolute_deviation_of_a_poisson_count() -> None:
    for mean in (0.15, 1.0, 3.7, 25.0):
        k = np.arange(200)
        deviation = (np.abs(k - mean) * stats.poisson.pmf(k, mean)).sum()
        assert noise_floor(np.array([mean]))[0] == pytest.approx(100 * deviation / mean)


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"areas": ["nort"]}, UnknownArea, "no area 'nort'; near names: north"),
        ({"call_types": ["violent"]}, UnknownCallType, "near names: violence"),
        ({"grades": ["imediate"]}, UnknownGrade, "near names: immediate"),
        ({"end": MONDAY}, BadQuestion, "the span is empty"),
        ({"at_least": [0]}, BadQuestion, "at_least counts from 1; found 0"),
        ({"quantiles": [1.0]}, BadQuestion, "quantiles lie between 0 and 1; found 1.0"),
    ],
)
def test_what_cannot_be_answered_says_why(
    october: Issue, asked: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        said(october, **asked)
