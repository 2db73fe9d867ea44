"""The fewest changes of a plan, against a search through all of them."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from planning.moves import (
    Move,
    PlannedDuties,
    Requirements,
    fewest_moves,
    half_hour_requirements,
)

DAY_US = 86_400_000_000
HOURS = 10.0
RATE = 30.0


def duties(
    planned: list[float],
    *,
    areas: list[str] | None = None,
    days: list[int] | None = None,
    factors: list[float] | None = None,
) -> PlannedDuties:
    """Shifts of ten hours; the nth one is the nth of its day."""
    n = len(planned)
    day = np.array(days or [0] * n, dtype=np.int64)
    late = np.array(factors or [1.5] * n)
    return PlannedDuties(
        areas=tuple(areas or ["north"] * n),
        bases=np.zeros(n, dtype=np.int64),
        shifts=tuple(f"s{i}" for i in range(n)),
        days=day,
        starts_us=day * DAY_US + np.arange(n) * 1_000_000,
        planned=np.array(planned),
        most=np.full(n, np.inf),
        change_cost=late * HOURS * RATE,
        ask_cost=np.maximum(late, 1.0) * HOURS * RATE,
    )


def each_alone(wanted: list[float]) -> Requirements:
    """Shifts that don't overlap, each with a half-hour of its own."""
    return half_hour_requirements(np.eye(len(wanted), dtype=bool), np.array(wanted))


def test_a_duty_is_moved_within_its_day_for_nothing_before_one_more_is_asked() -> None:
    found = fewest_moves(duties([5.0, 2.0, 3.0]), each_alone([4.0, 3.0, 3.0]), limit=10)
    assert found.moves == (Move(source=0, target=1, officers=1, cost=0.0),)
    assert found.officers.tolist() == [4.0, 3.0, 3.0]
    assert found.still_short.tolist() == [0.0, 0.0, 0.0]


def test_a_duty_of_another_day_costs_what_notice_says_there() -> None:
    plan = duties([5.0, 2.0], days=[0, 1], factors=[0.0, 1.5])
    found = fewest_moves(plan, each_alone([4.0, 3.0]), limit=10)
    assert found.moves == (Move(source=0, target=1, officers=1, cost=450.0),)


def test_where_nothing_can_be_spared_one_more_is_asked_for() -> None:
    found = fewest_moves(duties([4.0, 2.0]), each_alone([4.0, 3.0]), limit=10)
    assert found.moves == (Move(source=None, target=1, officers=1, cost=450.0),)
    assert (found.changes, found.cost) == (1, 450.0)


def test_one_change_that_mends_two_half_hours_is_chosen_before_two() -> None:
    covers = np.array([[True, False, True], [False, True, True]])
    wanted = half_hour_requirements(covers, np.array([2.0, 2.0]))
    found = fewest_moves(duties([1.0, 1.0, 0.0]), wanted, limit=10)
    assert [(move.source, move.target) for move in found.moves] == [(None, 2)]


def test_the_limit_mends_what_is_shortest_and_says_what_is_left() -> None:
    wanted = Requirements(sparse.csr_array(np.eye(2)), np.array([3.0, 4.0]), np.array([0.5, 1.0]))
    found = fewest_moves(duties([2.0, 2.0]), wanted, limit=2)
    assert found.officers.tolist() == [2.0, 4.0]
    assert found.still_short.tolist() == [1.0, 0.0]
    assert fewest_moves(duties([2.0, 2.0]), wanted, limit=0).moves == ()


def test_an_unknown_plan_is_no_shift_without_officers() -> None:
    found = fewest_moves(duties([np.nan, 2.0, 5.0]), each_alone([4.0, 3.0, 4.0]), limit=10)
    assert found.moves == (Move(source=2, target=1, officers=1, cost=0.0),)
    assert np.isnan(found.officers[0])
    assert np.isnan(found.still_short[0])


def test_a_shift_of_the_past_keeps_what_it_has_and_one_that_is_full_takes_nobody() -> None:
    plan = replace(
        duties([9.0, 2.0, 2.0]),
        change_cost=np.array([np.nan, 300.0, 300.0]),
        most=np.array([np.inf, 2.0, np.inf]),
    )
    found = fewest_moves(plan, each_alone([4.0, 3.0, 3.0]), limit=10)
    assert found.moves == (Move(source=None, target=2, officers=1, cost=450.0),)
    assert found.still_short.tolist() == [0.0, 1.0, 0.0]


def test_nothing_gets_shorter_than_it_was() -> None:
    """Taking two from the half-hour that weighs little would mend more officer-hours."""
    wanted = Requirements(sparse.csr_array(np.eye(2)), np.array([4.0, 4.0]), np.array([0.5, 5.0]))
    full = replace(duties([4.0, 1.0]), change_cost=np.array([300.0, 300.0]))
    found = fewest_moves(full, wanted, limit=2)
    assert [move.source for move in found.moves] == [None]
    assert found.officers.tolist() == [4.0, 3.0]


def test_officers_move_between_areas_of_the_base() -> None:
    plan = duties([4.0, 2.0], areas=["north", "south"])
    found = fewest_moves(plan, each_alone([3.0, 3.0]), limit=10)
    assert found.moves == (Move(source=0, target=1, officers=1, cost=0.0),)


def test_officers_stay_in_their_base_and_the_limit_is_of_all_bases() -> None:
    plan = replace(
        duties([5.0, 2.0, 1.0, 1.0], areas=["a", "a", "b", "b"]),
        bases=np.array([0, 0, 1, 1], dtype=np.int64),
    )
    wanted = each_alone([3.0, 3.0, 2.0, 1.0])
    found = fewest_moves(plan, wanted, limit=10)
    assert found.moves == (
        Move(source=0, target=1, officers=1, cost=0.0),
        Move(source=None, target=2, officers=1, cost=450.0),
    )
    assert fewest_moves(plan, wanted, limit=1).changes == 1


@st.composite
def small_weeks(draw: st.DrawFn) -> tuple[PlannedDuties, Requirements]:
    n, rows = 3, 3
    counts = st.integers(0, 3).map(float)
    plan = duties(
        draw(st.lists(counts, min_size=n, max_size=n)),
        days=draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)),
        factors=draw(st.lists(st.sampled_from([0.0, 1.5, 2.0]), min_size=n, max_size=n)),
    )
    covers = np.array(draw(st.lists(st.booleans(), min_size=n * rows, max_size=n * rows)))
    wanted = np.array(draw(st.lists(counts, min_size=rows, max_size=rows)))
    return plan, half_hour_requirements(covers.reshape(rows, n), wanted)


def searched(plan: PlannedDuties, wanted: Requirements, limit: int) -> tuple[float, int, float]:
    """The same by trying every change there is: what is short, changes, cost."""
    n, before = len(plan.areas), wanted.shortage(plan.planned)
    single = [(s, t) for s in (None, *range(n)) for t in range(n) if s != t]
    best = (np.inf, 0, 0.0)
    for size in range(limit + 1):
        for chosen in itertools.combinations_with_replacement(single, size):
            officers, cost = plan.planned.copy(), 0.0
            for source, target in chosen:
                officers[target] += 1
                if source is None:
                    cost += plan.ask_cost[target]
                else:
                    officers[source] -= 1
                    is_same_day = plan.days[source] == plan.days[target]
                    cost += 0.0 if is_same_day else plan.change_cost[target]
            short = wanted.shortage(officers)
            if (officers >= 0).all() and (short <= before).all():
                best = min(best, (float(short @ wanted.hours), size, float(cost)))
    return best


@settings(max_examples=25, deadline=None)
@given(small_weeks(), st.integers(0, 3))
def test_no_other_changes_are_fewer_or_cheaper(
    week: tuple[PlannedDuties, Requirements], limit: int
) -> None:
    found = fewest_moves(*week, limit)
    short, changes, cost = searched(*week, limit)
    assert found.still_short @ week[1].hours == pytest.approx(short)
    assert found.changes == changes
    assert found.cost == pytest.approx(cost)


@settings(max_examples=25, deadline=None)
@given(small_weeks(), st.permutations(range(3)))
def test_the_order_of_the_shifts_changes_nothing(
    week: tuple[PlannedDuties, Requirements], order: list[int]
) -> None:
    plan, wanted = week
    at = np.array(order, dtype=np.intp)
    shuffled = fewest_moves(plan.at(at), replace(wanted, weights=wanted.weights[:, at]), limit=5)
    found = fewest_moves(plan, wanted, limit=5)
    assert shuffled.officers.tolist() == found.officers[at].tolist()
    named = [
        (None if move.source is None else order[move.source], order[move.target], move.officers)
        for move in shuffled.moves
    ]
    assert sorted(named, key=str) == sorted(
        [(move.source, move.target, move.officers) for move in found.moves], key=str
    )
