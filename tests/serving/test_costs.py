from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.issues import Issue
from planning.questions import Question
from serving import answers
from serving.answers import OFFERS
from serving.api import costs
from serving.queries import CallsQuery, ForecastQuery, MissingQuery, SpanQuery
from serving.reach import Reach
from tests.serving.conftest import issue_of_the_town, missing_of_the_town

ISSUE = issue_of_the_town().with_part("missing", missing_of_the_town())
NAMES = st.lists(st.sampled_from(["beat", "district", "town", "north", "south-1"]), max_size=4)
KINDS = st.lists(st.sampled_from(["all", "each", "violence"]), max_size=3)
GRADES = st.lists(st.sampled_from(["all", "each", "routine"]), max_size=3)


def looked_up(kind: str, query: SpanQuery) -> Question:
    return answers.question(OFFERS[kind], ISSUE, query, Reach())


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    first, days = draw(st.integers(12, 20)), draw(st.sampled_from([1, 3, 7, 9]))
    return {
        "from": f"2026-10-{first:02}",
        "to": f"2026-10-{first + days:02}",
        "area": draw(NAMES),
        "by": draw(st.sampled_from(["shift", "day"])),
        "limit": draw(st.integers(1, 300)),
        "offset": draw(st.integers(0, 200)),
    }


@given(questions(), KINDS, GRADES)
def test_the_rows_of_a_page_are_counted_as_they_come(
    asked: dict[str, Any], types: list[str], grades: list[str]
) -> None:
    request = ForecastQuery.model_validate(asked | {"call_type": types, "grade": grades})
    looked = looked_up("forecast", request)
    size = costs.size(ISSUE, request)
    assert size.rows == len(range(looked.rows)[request.offset : request.offset + request.limit])
    assert size.periods == len(looked.periods)
    assert size.groups >= -(-size.rows // len(looked.periods))
    assert size.numbers == size.rows * len(looked.quantiles)


@given(questions())
def test_rows_of_missing_persons_are_counted_as_they_come(asked: dict[str, Any]) -> None:
    request = MissingQuery.model_validate(asked | {"at_least": "1,2,3"})
    looked = looked_up("missing", request)
    size = costs.size(ISSUE, request)
    assert size.rows == len(range(looked.rows)[request.offset : request.offset + request.limit])
    assert size.numbers == size.rows * (3 + len(looked.quantiles))


@given(questions(), st.sampled_from(["limit", "area", "quantiles", "at_least"]))
def test_asking_more_never_costs_less(asked: dict[str, Any], what: str) -> None:
    asked |= {"offset": 0}
    more = {
        "limit": asked["limit"] * 2,
        "area": [*(asked["area"] or ["town"]), "beat", "district"],
        "at_least": "1,2,3",
        "quantiles": "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9",
    }
    less, greater = (
        costs.WEIGHTS["forecast"].of(costs.size(ISSUE, ForecastQuery.model_validate(each)))
        for each in (asked, asked | {what: more[what]})
    )
    if what == "area":  # a page may begin with another area, whose sum is of fewer places
        greater += 1
    assert less <= greater + 1e-9


def test_a_sum_over_many_places_and_types_counts_all_of_them() -> None:
    week = {"week": "2026-W43", "by": "hour"}
    one, whole = (
        costs.size(ISSUE, CallsQuery.model_validate(week | each)).cells
        for each in ({"area": ["north-1"], "call_type": ["violence"]}, {})
    )
    assert whole == pytest.approx(one * 2 * 2)


def test_names_that_do_not_exist_cost_little_and_are_no_error_here() -> None:
    asked = CallsQuery.model_validate({"week": "2026-W43", "area": ["nowhere"]})
    assert costs.WEIGHTS["explain"].of(costs.size(ISSUE, asked)) < 10


def test_an_issue_without_missing_demand_has_costs_too() -> None:
    plain: Issue = issue_of_the_town()
    asked = MissingQuery.model_validate({"week": "2026-W43"})
    assert costs.size(plain, asked).rows == 7
