from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forewatch.errors import NotExplained
from forewatch.explanation_parts import FACTORS, PARTS
from forewatch.explanations import Factors
from planning.answers import FORECAST
from planning.explaining import EXPLANATION
from planning.issues import Issue
from planning.questions import look_up

NOW = pd.Timestamp("2026-10-12T06:00", tz="UTC")
MONDAY = pd.Timestamp("2026-10-19T06:00", tz="UTC")
NEXT = pd.Timestamp("2026-10-26T07:00", tz="UTC")
EVENT = "2026-10-21"


@pytest.fixture(scope="module")
def explained(october: Issue) -> Issue:
    """The issue with its plain level: 0.5 missing persons an hour and 2 acts of violence.

    Wednesday has an event that doubles what is expected in the north.
    """
    rates = october.forecast.rates
    base = rates.base.copy()
    day = list(rates.force_days.strftime("%Y-%m-%d")).index(EVENT)
    base[0, :, rates.day == day] *= 2
    logs = np.zeros((len(FACTORS), 2, 2, len(rates.force_days)), np.float32)
    logs[FACTORS.index("events"), 0, :, day] = np.log(2)
    factors = Factors(np.array([[12.0, 15.5], [48.0, 62.0]]), logs)
    forecast = replace(october.forecast, rates=replace(rates, base=base), factors=factors)
    return october.with_whole(forecast=forecast)


def said(issue: Issue, now: pd.Timestamp = NOW, **asked: Any) -> pd.DataFrame:
    span = {"start": MONDAY, "end": NEXT} | asked
    return EXPLANATION.table(issue, look_up(issue, **span), now).frame


@pytest.mark.parametrize("by", ["hour", "shift", "day", "week"])
def test_parts_add_up_to_the_mean_of_the_forecast(explained: Issue, by: str) -> None:
    asked: dict[str, Any] = {"by": by, "areas": ["beat", "town"], "call_types": ["each", "all"]}
    found = said(explained, **asked)
    question = look_up(explained, start=MONDAY, end=NEXT, **asked)
    forecast = FORECAST.table(explained, question, NOW).frame
    keys = ["period", "force_day", "start", "end", "area", "call_type", "grade", "state"]
    pd.testing.assert_frame_equal(found[keys], forecast[keys])
    assert np.abs(found[list(PARTS)].sum(axis=1) - forecast["mean"]).max() < 1e-9
    assert np.abs(found["mean"] - forecast["mean"]).max() < 1e-9


def test_the_calls_of_an_event_stand_under_events(explained: Issue) -> None:
    found = said(explained, areas=["north"], call_types=["missing_person"]).set_index("period")
    assert found["level"].tolist() == pytest.approx([12.0] * 5 + [12.5, 12.0])
    assert found.loc[EVENT, "events"] == pytest.approx(12.0, rel=1e-6)
    others = found[[name for name in PARTS if name not in ("level", "events")]].to_numpy()
    assert np.abs(others).max() < 1e-6
    assert found["events"].drop(EVENT).abs().max() < 1e-6


def test_a_part_of_the_rows_is_that_part_of_the_whole(explained: Issue) -> None:
    question = look_up(explained, start=MONDAY, end=NEXT, areas=["beat"], call_types=["each"])
    whole = EXPLANATION.table(explained, question, NOW).frame
    for first, stop in ((0, 56), (3, 25), (49, 99), (30, 30)):
        part = EXPLANATION.table(explained, question, NOW, slice(first, stop)).frame
        pd.testing.assert_frame_equal(part, whole.iloc[first:stop].reset_index(drop=True))


def test_unknown_rows_carry_no_numbers_and_old_ones_are_called_stale(explained: Issue) -> None:
    late = pd.Timestamp("2026-11-15T07:00", tz="UTC")
    found = said(explained, start=late, end=late + pd.Timedelta(days=2))
    assert found["state"].tolist() == ["forecast", "no_forecast"]
    assert found.loc[1, ["mean", *PARTS]].isna().all()
    assert set(said(explained, NOW + pd.Timedelta(days=30))["state"]) == {"stale"}


def test_an_issue_without_factors_says_that_it_has_none(october: Issue) -> None:
    with pytest.raises(
        NotExplained,
        match="issue 1 was published without explanations; ask a later issue, or publish one with "
        "'forewatch issue'",
    ):
        said(october)


def test_rows_of_pooled_areas_name_the_pool(explained: Issue) -> None:
    issue = replace(explained, pools={"missing_person": (("north-1", "north-2"),)})
    kinds = ["missing_person", "all", "violence"]
    rows = said(issue, areas=["north-1", "north"], call_types=kinds, by="week")
    assert rows["pooled"].tolist() == ["north", "north", "", "", "", ""]
    assert rows[["mean", *PARTS]].notna().all(axis=None)
