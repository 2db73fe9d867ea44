from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewatch.errors import LimitReached, TooCostly
from planning.issues import Part
from serving.api.limits import Limits
from serving.settings import ServingSettings
from tests.serving.conftest import Bench, issue_of_the_town

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def limits(clock: Clock | None = None, **settings: int) -> Limits:
    return Limits(ServingSettings.model_validate(settings), clock or Clock())


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(1, 70), st.sampled_from("ab")), max_size=60))
def test_no_key_gets_more_than_a_minutes_units_and_what_came_back(
    asked: list[tuple[float, float, str]],
) -> None:
    clock = Clock()
    held, granted = limits(clock, cost_per_minute=60), {"a": 0.0, "b": 0.0}
    for pause, cost, key in asked:
        clock.now += pause
        try:
            held.charge(key, cost)
            granted[key] += cost
        except LimitReached as refused:
            assert granted[key] + cost > 60, "a fresh key may use all its units at once"
            clock.now += refused.retry_after_seconds
            if cost <= 60:
                held.charge(key, cost)  # it said when to ask again, and keeps its word
                granted[key] += cost
        assert granted[key] <= 60 + (clock.now - 1000) + 1e-6


def test_what_was_refused_costs_nothing() -> None:
    held = limits(cost_per_minute=60)
    held.charge("a", 50)
    for _ in range(5):
        with pytest.raises(LimitReached, match="used its 60 units a minute; ask again in 10 sec"):
            held.charge("a", 20)
    held.charge("a", 10)


def test_a_key_has_so_many_questions_at_a_time_and_others_are_not_concerned() -> None:
    held = limits(max_concurrent=2)
    with ExitStack() as under_way:
        for _ in range(2):
            under_way.enter_context(held.question("a", 5, int))
        refusal = pytest.raises(LimitReached, match="2 questions of this key are being answered")
        with refusal as refused, held.question("a", 5, int):
            pass
        assert refused.value.retry_after_seconds == 1
        with held.question("b", 5, int):
            pass
    with held.question("a", 5, int):
        pass


def test_a_question_that_failed_is_under_way_no_longer() -> None:
    held = limits(max_concurrent=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), held.question("a", 5, int):
            raise ZeroDivisionError


def test_a_page_that_costs_too_much_is_told_how_many_rows_would_do() -> None:
    with (
        pytest.raises(TooCostly, match=r"cost 800 units, at most 500 .* \(limit=250\)"),
        limits().question("a", 800, lambda most: int(most / 2)),
    ):
        pass


# Through the API


def test_beyond_a_keys_minute_it_is_told_when_to_ask_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings=ServingSettings(cost_per_minute=20))
    bench.issues().publish(issue_of_the_town())
    statuses = [bench.client.get("/v1/areas").status_code for _ in range(25)]
    assert statuses == [200] * 20 + [429] * 5
    refused = bench.client.get("/v1/areas")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.json()["type"] == "urn:forewatch:problem:limit-reached"
    other = {"Authorization": f"Bearer {bench.keys().create('another')}"}
    assert bench.stranger.get("/v1/areas", headers=other).status_code == 200
    assert bench.client.get("/health/ready").status_code == 200


def test_an_answer_at_hand_costs_a_unit_and_a_new_one_what_it_takes(tmp_path: Path) -> None:
    bench = Bench(tmp_path, settings=ServingSettings(cost_per_minute=60))
    bench.issues().publish(issue_of_the_town())
    for _ in range(30):  # the same again
        bench.get("/v1/forecasts", week="2026-W43")
    for week in range(44, 60):
        if bench.client.get(f"/v1/forecasts?week=2026-W{week}").status_code == 429:
            break
    assert 45 < week < 53  # some units each


def test_a_page_within_the_advice_is_answered(tmp_path: Path, missing: Part) -> None:
    bench = Bench(tmp_path, settings=ServingSettings(max_cost=60))
    bench.issues().publish(issue_of_the_town().with_part("missing", missing))
    asked = {"from": "2026-10-12", "to": "2026-11-16", "by": "shift", "area": "beat"}
    refused = bench.refused("/v1/missing-persons", 422, **asked)
    assert refused["type"] == "urn:forewatch:problem:too-costly"
    advice = int(refused["detail"].partition("limit=")[2].partition(")")[0])
    assert advice > 50
    assert len(bench.get("/v1/missing-persons", **asked, limit=advice)["rows"]) == advice
