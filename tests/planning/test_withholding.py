from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planning import answers
from planning.issues import Issue, MissingForecast
from planning.periods import By
from planning.suppression import Pattern

NOW = pd.Timestamp("2026-10-12T06:00", tz="UTC")
MONDAY = pd.Timestamp("2026-10-12T06:00", tz="UTC")
TUESDAY, NEXT = MONDAY + pd.Timedelta(days=1), MONDAY + pd.Timedelta(days=7)
BEATS = ("north-1", "north-2", "south-1", "south-2")
NUMBERS = ["mean", "q50", "q90", "baseline", "noise_floor"]
PATTERN = Pattern(
    2026,
    {
        "week": {"north-1": "few_reports", "north-2": "protects_another"},
        "day": dict.fromkeys(("north", "south", *BEATS), "few_reports"),
    },
    "",
)


def hiding(issue: Issue, *patterns: Pattern) -> Issue:
    """The issue with missing-person demand, of which the patterns hide some."""
    demand = MissingForecast(issue.forecast, None, patterns, {}, "1")
    return replace(issue, missing=demand)


def said(issue: Issue, by: By, **asked: Any) -> pd.DataFrame:
    end = NEXT if by == "week" else TUESDAY
    names = {"areas": ["force", "district", "beat"], "call_types": ["each", "all"]} | asked
    question = answers.ask(issue, start=MONDAY, end=end, by=by, quantiles=[0.5, 0.9], **names)
    return answers.answer(issue, question, NOW)


def test_calls_that_would_tell_what_is_suppressed_are_withheld(october: Issue) -> None:
    rows = said(hiding(october, PATTERN), "week").set_index(["area", "call_type"])
    hidden = rows[rows["state"] == "suppressed"]
    types = ("missing_person", "violence")  # the one, and the other that would give it away
    assert set(hidden.index) == {(area, kind) for area in BEATS[:2] for kind in types}
    assert hidden[NUMBERS].isna().all(axis=None)
    plain = said(october, "week").set_index(["area", "call_type"])
    shown = rows.index.difference(hidden.index)
    pd.testing.assert_frame_equal(rows.loc[shown], plain.loc[shown])


@pytest.mark.parametrize("by", ["hour", "shift", "day"])
def test_by_day_and_below_more_is_withheld_than_by_week(october: Issue, by: By) -> None:
    rows = said(hiding(october, PATTERN), by, call_types=["missing_person"])
    hidden = rows.groupby("area")["state"].unique()
    assert [state.tolist() for state in hidden[["north", *BEATS]]] == [["suppressed"]] * 5
    assert hidden["town"].tolist() == ["forecast"]


def test_nothing_withheld_follows_from_what_is_shown(october: Issue) -> None:
    issue = hiding(october, PATTERN)
    rows = said(issue, "week", grades=["each", "all"])
    cells = [
        (leaf, kind, grade)
        for leaf in BEATS
        for kind in issue.profile.call_type_ids
        for grade in issue.profile.grades
    ]

    def sums_over(row: pd.Series) -> np.ndarray:
        leaves = issue.tree.leaves_of(row["area"])
        return np.array(
            [
                float(
                    leaf in leaves
                    and row["call_type"] in ("all", kind)
                    and row["grade"] in ("all", grade)
                )
                for leaf, kind, grade in cells
            ]
        )

    suppressed = rows["state"] == "suppressed"
    shown = np.stack([sums_over(row) for _, row in rows[~suppressed].iterrows()])
    rank = np.linalg.matrix_rank(shown)
    assert suppressed.any()
    for _, row in rows[suppressed].iterrows():
        assert np.linalg.matrix_rank(np.vstack([shown, sums_over(row)])) > rank


def test_a_year_of_which_nothing_is_decided_is_withheld(october: Issue) -> None:
    rows = said(hiding(october, replace(PATTERN, year=2025)), "week", call_types=["missing_person"])
    assert set(rows["state"]) == {"suppressed"}


def test_where_all_calls_are_missing_persons_their_sum_is_withheld_too(october: Issue) -> None:
    types = ("missing_person", "violence")
    missing = october.profile.missing.model_copy(update={"call_types": types})
    profile = october.profile.model_copy(update={"missing": missing})
    rows = said(hiding(replace(october, profile=profile), PATTERN), "week", areas=["north-1"])
    assert set(rows["state"]) == {"suppressed"}


def test_an_issue_without_missing_person_demand_withholds_nothing(october: Issue) -> None:
    assert set(said(october, "week")["state"]) == {"forecast"}


def test_rows_beyond_the_horizon_stay_unknown(october: Issue) -> None:
    issue, later = hiding(october, PATTERN), MONDAY + pd.Timedelta(days=400)
    question = answers.ask(
        issue,
        start=later,
        end=later + pd.Timedelta(days=1),
        by="day",
        areas=["north-1"],
        call_types=["missing_person"],
    )
    assert set(answers.answer(issue, question, NOW)["state"]) == {"no_forecast"}
