"""Officers by shift against every other split of small weeks, and what can't be covered."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

from forewatch.arrays import Array, Index
from forewatch.clock import HOUR_US
from planning.cover import Cover, Demand, Shifts, cover

PATTERN = (("early", 0.0, 10.0), ("late", 7.0, 17.0), ("night", 14.5, 24.5))


def shifts(
    days: int = 1,
    pattern: tuple[tuple[str, float, float], ...] = PATTERN,
    share: float = 1.0,
    most: float = np.inf,
) -> Shifts:
    every = [(f"{day}/{name}", day, 24 * day + a, 24 * day + b) for day in range(days)
             for name, a, b in pattern]  # fmt: skip
    starts, ends = (np.array([each[i] for each in every]) for i in (2, 3))
    return Shifts(
        tuple(each[0] for each in every),
        (starts * HOUR_US).astype(np.int64),
        (ends * HOUR_US).astype(np.int64),
        np.array([each[1] for each in every]),
        ends - starts,
        np.full(len(every), share),
        np.full(len(every), most),
    )


def demand(need: Array, minimum: int = 0, hours: Array | None = None, first_day: int = 0) -> Demand:
    """Of half-hours from the beginning of a day on."""
    middles = ((np.arange(len(need)) + 0.5 + 48 * first_day) * HOUR_US / 2).astype(np.int64)
    days = np.zeros(-(-len(need) // 48)) if hours is None else hours
    return Demand(middles, need, minimum, days, first_day)


def wave(days: int, top: float, rng: np.random.Generator | None = None) -> Array:
    k = np.arange(48 * days)
    noise = 0 if rng is None else rng.normal(0, 0.4, len(k))
    return np.ceil(np.maximum(top * (1 + 0.6 * np.sin((k - 20) / 24 * np.pi) + noise), 1))


def is_enough(given_shifts: Shifts, wanted: Demand, officers: Index) -> bool:
    on_duty = given_shifts.over(wanted.middles_us) @ officers
    free = given_shifts.over(wanted.middles_us) @ (officers * given_shifts.share)
    held = np.zeros(len(wanted.hours))
    np.add.at(held, given_shifts.day, officers * given_shifts.hours * given_shifts.share)
    return bool(
        (free >= wanted.need - 1e-6).all()
        and (on_duty >= wanted.minimum).all()
        and (held >= wanted.hours - 1e-6).all()
    )


@pytest.mark.parametrize("seed", range(12))
def test_no_other_split_is_cheaper_or_more_even(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pattern = (*PATTERN, ("middle", 3.0, 13.0)) if seed % 2 else PATTERN
    of_day = shifts(1, pattern, share=float(rng.choice([0.7, 1.0])))
    need = wave(1, 2.0, rng)
    wanted = demand(need, 2, np.array([need.sum() / 2 * rng.uniform(0.6, 1.6)]))
    found = cover(of_day, wanted)
    assert is_enough(of_day, wanted, found.officers)
    covered = of_day.over(wanted.middles_us)
    required = np.maximum(np.ceil(need / of_day.share[0] - 1e-9), wanted.minimum)

    def largest(officers: Index) -> float:
        return float((covered @ officers - required).max())

    top = int(found.officers.max()) + 3
    every = [np.array(each) for each in product(range(top), repeat=len(pattern))]
    enough = [each for each in every if is_enough(of_day, wanted, each)]
    assert found.officers.sum() == min(each.sum() for each in enough)  # all are ten hours long
    cheapest = [each for each in enough if each.sum() == found.officers.sum()]
    assert largest(found.officers) == min(largest(each) for each in cheapest)


@pytest.mark.parametrize("seed", range(4))
def test_no_week_of_the_same_hours_has_a_smaller_largest_surplus(seed: int) -> None:
    # By another road: the cheapest hours first, then the smallest surplus of such splits, half-hour
    # by half-hour.
    rng = np.random.default_rng(seed)
    pattern = (("day", 0.0, 12.0), ("middle", 6.0, 18.0), ("night", 12.0, 24.0), ("peak", 3.0, 9.0))
    days, week = 7, shifts(7, pattern)
    wanted = demand(wave(days, 8, rng), 2, rng.uniform(50, 400, days))
    found = cover(week, wanted).officers
    there = week.over(wanted.middles_us).astype(np.float64)
    needed = np.maximum(wanted.need, wanted.minimum)
    of_day = (week.day == np.arange(days)[:, None]) * week.hours
    count = len(found)
    rows, least = np.vstack([there, of_day]), np.append(needed, wanted.hours)
    enough = LinearConstraint(rows, least, np.inf)
    cheapest = milp(week.hours, integrality=np.ones(count, dtype=np.int64), constraints=enough)
    hours = float(cheapest.fun or 0)
    assert week.hours @ found == pytest.approx(hours)
    most_even = milp(
        np.append(np.zeros(count), 1.0),
        integrality=np.append(np.ones(count, dtype=np.int64), 0),
        constraints=[
            LinearConstraint(np.column_stack([rows, np.zeros(len(rows))]), least, np.inf),
            LinearConstraint(np.append(week.hours, 0.0)[None], -np.inf, hours + 1e-6),
            LinearConstraint(np.column_stack([there, -np.ones(len(there))]), -np.inf, needed),
        ],
    )
    assert (there @ found - needed).max() == pytest.approx(most_even.fun, abs=1e-5)


def test_of_equally_even_splits_the_earlier_shift_has_more() -> None:
    # Two shifts at the same hours of the day as far as the need goes: one half-hour apart.
    pattern = (("a", 0.0, 24.0), ("b", 0.5, 24.5))
    need = np.r_[np.zeros(1), np.full(47, 3.0)]
    found = cover(shifts(1, pattern), demand(need))
    assert found.officers.tolist() == [0, 3]  # nobody is needed in a's own half-hour
    same = cover(shifts(1, (("b", 0.0, 24.0), ("a", 0.0, 24.0))), demand(np.full(48, 3.0)))
    assert same.officers.tolist() == [0, 3]  # by name where all else is alike


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_shifts_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    week = shifts(7, (*PATTERN, ("super", 9.0, 19.0)), share=0.7)
    need = wave(7, 4.0, rng)
    wanted = demand(need, 2, need.reshape(7, 48).sum(1) / 2 * rng.uniform(0.6, 1.6, 7))
    order = rng.permutation(len(week.ids))
    plain, other = cover(week, wanted), cover(week.at(order), wanted)
    assert other.officers.tolist() == plain.officers[order].tolist()
    assert other.binds == tuple(np.array(plain.binds, dtype=object)[order])


def test_shifts_of_the_week_before_are_handed_in() -> None:
    week = shifts(1)
    night = replace(shifts(1, (("night", -9.5, 0.5),)), day=np.array([-1]))
    need = np.r_[5.0, np.full(47, 2.0)]  # only the first half-hour needs more
    alone, handed = cover(week, demand(need)), cover(week, demand(need), (night, np.array([3])))
    assert alone.officers[0] == 5
    assert handed.officers[0] == 2
    assert (handed.on_duty[0], handed.short.sum()) == (5, 0)


def test_work_that_can_wait_is_held_by_the_day() -> None:
    week = shifts(2, share=0.8)
    quiet = demand(np.full(96, 1.0), 0, np.array([100.0, 0.0]))
    found = cover(week, quiet)
    held = (found.officers * week.hours * week.share).reshape(2, 3).sum(1)
    assert 100 <= held[0] < 108
    assert set(found.binds[:3]) == {"hours"}
    assert set(found.binds[3:]) == {"urgent"}
    assert found.short_hours.tolist() == [0, 0]


def test_limits_and_gaps_are_told_and_the_rest_is_covered() -> None:
    week = shifts(1, most=2)
    need = np.full(48, 2.0)
    need[20:24] = 3  # late alone
    found = cover(week, demand(need, 0, np.array([70.0])))
    assert found.short.tolist() == [0] * 20 + [1] * 4 + [0] * 24
    assert found.officers.tolist() == [2, 2, 2]
    assert found.short_hours == pytest.approx([10])
    # A clock change or a limited pattern leaves half-hours without any shift.
    gap = cover(shifts(1, PATTERN[:2]), demand(np.full(48, 1.0), 2))
    assert gap.short[34:].tolist() == [1] * 14
    assert gap.short_of_minimum[34:].tolist() == [2] * 14
    assert gap.short[:34].sum() == gap.short_of_minimum[:34].sum() == 0


def test_nobody_is_asked_for_where_there_are_no_shifts() -> None:
    none = shifts(1).at(np.arange(0))
    found = cover(none, demand(np.full(48, 1.0)))
    assert found.officers.tolist() == []
    assert found.short.sum() == 48


def total(found: Cover, week: Shifts) -> float:
    return float((found.officers * week.hours).sum())


@settings(max_examples=30)
@given(
    seed=st.integers(0, 10_000), share=st.sampled_from([0.65, 0.7, 1.0]),
    more=st.integers(0, 3), harder=st.floats(1, 1.5), minimum=st.integers(0, 3),
)  # fmt: skip
def test_hours_on_duty_never_fall_when_more_is_needed(
    seed: int, share: float, more: int, harder: float, minimum: int
) -> None:
    rng = np.random.default_rng(seed)
    week = shifts(2, (*PATTERN, ("short", 8.0, 13.0)), share)
    need = wave(2, 3.0, rng)
    hours = need.reshape(2, 48).sum(1) / 2 * rng.uniform(0.5, 1.5, 2)
    plain = cover(week, demand(need, minimum, hours))
    added = need + more * (rng.random(96) < 0.1)
    other = cover(week, demand(added, minimum, hours * harder))
    assert total(other, week) >= total(plain, week)
    assert is_enough(week, demand(added, minimum, hours * harder), other.officers)
    assert other.short.sum() == other.short_of_minimum.sum() == other.short_hours.sum() == 0
