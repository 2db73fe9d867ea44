"""The fewest changes of a plan that bring every shift to what it needs.

A change moves the duty of one officer to another shift, or another area of the same duty base, or
asks for one more.
A small integer programme decides, in this order:

1. As little as can be is left short within the changes allowed, in officer-hours; nothing gets
   shorter than it was.
2. With as few changes as that takes.
3. As cheaply as those can be. A duty moved within its force-day costs nothing by the rules of
   notice; one moved to another day may be somebody's rest day there; one more officer costs the
   hours at least.
4. Of equally cheap changes rather moves than more officers, and earlier shifts.

Shifts are put into order first, so that the order of the input changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from forewatch.arrays import Array, Index, Mask

_EPS = 1e-6  # of the solver's arithmetic
_KINDS = 5  # of variables by shift: in and out on the same day, in and out on others, asked


@dataclass(frozen=True)
class PlannedDuties:
    """The shifts of a role in a force-week, one each.

    Args:
        areas: id of each shift's area.
        bases: number of its duty base; duties move within one only.
        shifts: id of each shift.
        days: number of its force-day, from any beginning.
        starts_us: when it begins, microseconds since 1970 (UTC).
        planned: officers on duty by the plan; NaN where nobody told it.
        most: officers that the shift can take; inf where there is no limit.
        change_cost: of a duty moved to it from another day; NaN where it can't be changed any more.
        ask_cost: of one more officer.
    """

    areas: tuple[str, ...]
    bases: Index
    shifts: tuple[str, ...]
    days: Index
    starts_us: Index
    planned: Array
    most: Array
    change_cost: Array
    ask_cost: Array

    def at(self, order: NDArray[np.intp]) -> Self:
        """Return the shifts at positions."""
        names = ("bases", "days", "starts_us", "planned", "most", "change_cost", "ask_cost")
        return replace(
            self,
            areas=tuple(self.areas[i] for i in order),
            shifts=tuple(self.shifts[i] for i in order),
            **{name: getattr(self, name)[order] for name in names},
        )


@dataclass(frozen=True)
class Requirements:
    """What the officers of shifts must come to: at each half-hour, and in each force-day.

    Args:
        weights: what an officer of each shift brings: 1 at a half-hour that it covers, its
            productive hours in the force-day whose work they are; shape (requirements, shifts).
        wanted: officers, or hours, shape (requirements,).
        hours: officer-hours that one missing unit stands for: 0.5 at a half-hour, 1 of hours.
    """

    weights: sparse.csr_array
    wanted: Array
    hours: Array

    def shortage(self, officers: Array) -> Array:
        """Return how much of each requirement so many officers lack; NaN where it is unknown."""
        is_unknown = np.isnan(officers)
        given = self.weights @ np.where(is_unknown, 0.0, officers)
        touched = self.weights @ is_unknown.astype(np.float64) > 0
        return np.where(touched, np.nan, np.maximum(self.wanted - given, 0.0))


@dataclass(frozen=True)
class Move:
    """One kind of change of the plan.

    Args:
        source: position of the shift that gives; None where one more is asked for.
        target: position of the shift that gets.
        officers: how many.
        cost: of them all.
    """

    source: int | None
    target: int
    officers: int
    cost: float


@dataclass(frozen=True)
class Moves:
    """Changes of a plan, and what comes of them.

    Args:
        moves: in the order of the shifts that get.
        officers: of each shift afterwards, NaN where the plan is unknown.
        still_short: of each requirement, NaN where the plan is unknown.
    """

    moves: tuple[Move, ...]
    officers: Array
    still_short: Array

    @property
    def cost(self) -> float:
        """The cost of all changes."""
        return sum(move.cost for move in self.moves)

    @property
    def changes(self) -> int:
        """The number of officer-shifts that change."""
        return sum(move.officers for move in self.moves)


def fewest_moves(duties: PlannedDuties, wanted: Requirements, limit: int) -> Moves:
    """Return the changes that bring every shift to what it needs, as far as the limit allows.

    Requirements that a shift without a plan bears on are left alone: nobody knows whether they are
    met. Shifts that can't be changed any more keep what they have.

    Args:
        duties: the shifts.
        wanted: what their officers must come to.
        limit: the most officer-shifts that change.
    """
    short = wanted.shortage(duties.planned)
    # Bases that lack nothing have nothing to say, and where no shift is no change helps.
    lacking = np.unique(wanted.weights[np.flatnonzero(np.nan_to_num(short))].indices)
    if not limit or not lacking.size:
        return Moves((), duties.planned.copy(), short)
    mine = np.flatnonzero(np.isin(duties.bases, duties.bases[lacking]))
    names = list(zip(duties.starts_us.tolist(), duties.areas, duties.shifts, strict=True))
    order = np.array(sorted(mine, key=names.__getitem__), dtype=np.intp)
    sorted_duties, weights = duties.at(order), wanted.weights[:, order]
    rows = np.flatnonzero(~np.isnan(short) & (weights.sum(axis=1) > 0))
    programme = _Programme(
        sorted_duties,
        Requirements(weights[rows], wanted.wanted[rows], wanted.hours[rows]),
        limit,
    )
    within_in, within_out, over_in, over_out, asked = programme.solve()
    moves = [
        Move(None, int(i), int(asked[i]), float(asked[i] * sorted_duties.ask_cost[i]))
        for i in np.flatnonzero(asked)
    ]
    free = np.zeros(len(order))
    for base in np.unique(sorted_duties.bases):
        mine = sorted_duties.bases == base
        for day in np.unique(sorted_duties.days[mine]):
            here = mine & (sorted_duties.days == day)
            moves += _pairs(within_out * here, within_in * here, free)
        moves += _pairs(over_out * mine, over_in * mine, sorted_duties.change_cost)
    moves.sort(key=lambda move: (move.target, -1 if move.source is None else move.source))
    officers = duties.planned.copy()
    officers[order] += within_in - within_out + over_in - over_out + asked
    return Moves(
        tuple(
            replace(
                move,
                source=None if move.source is None else int(order[move.source]),
                target=int(order[move.target]),
            )
            for move in moves
        ),
        officers,
        wanted.shortage(officers),
    )


def _pairs(given: Index, got: Index, cost: Array) -> list[Move]:
    """Return moves that bring what shifts give to those that get, in their order."""
    sources, targets = np.repeat(np.arange(len(given)), given), np.repeat(np.arange(len(got)), got)
    pairs, officers = np.unique(np.stack([sources, targets]), axis=1, return_counts=True)
    return [
        Move(int(source), int(target), int(n), float(n * cost[target]))
        for (source, target), n in zip(pairs.T, officers, strict=True)
    ]


class _Programme:
    """The integer programme: a block of variables for each kind of change, then what is short."""

    def __init__(self, duties: PlannedDuties, wanted: Requirements, limit: int) -> None:
        self._duties, self._n, rows = duties, len(duties.areas), len(wanted.wanted)
        is_open = ~np.isnan(duties.planned) & ~np.isnan(duties.change_cost)
        planned = np.where(is_open, duties.planned, 0.0)
        room = np.where(is_open, np.maximum(duties.most - planned, 0.0), 0.0)
        short = wanted.shortage(np.nan_to_num(duties.planned))
        self._size = _KINDS * self._n + rows
        self._short_cost = np.concatenate([np.zeros(_KINDS * self._n), wanted.hours])
        most = np.minimum(room, limit)
        upper = [most, planned, most, planned, most, short]
        self._bounds = optimize.Bounds(np.zeros(self._size), np.concatenate(upper))
        self._integrality = (np.arange(self._size) < _KINDS * self._n).astype(np.int64)
        self._constraints = [
            *self._requirements(wanted, rows),
            *self._balances(),
            *self._limits(planned, room, limit),
        ]

    def solve(self) -> tuple[Index, Index, Index, Index, Index]:
        """Return how many officers change by each kind of change, shape (shifts,) each."""
        ask = np.nan_to_num(self._duties.ask_cost)
        move = np.nan_to_num(self._duties.change_cost)
        none, one, nth = np.zeros(self._n), np.ones(self._n), np.arange(1.0, self._n + 1)
        aims = (
            self._short_cost,
            self._by_shift(one, none, one, none, one),
            self._by_shift(none, none, move, none, ask),
            self._by_shift(nth, nth, nth, nth, nth + 2 * self._n),
        )
        found = np.zeros(self._size)
        for aim in aims:
            solved = optimize.milp(
                aim,
                integrality=self._integrality,
                bounds=self._bounds,
                constraints=self._constraints,
            )
            if solved.x is None:
                raise ValueError(f"the programme of moves has no solution: {solved.message}")
            found = solved.x
            best = float(aim @ found)
            self._constraints.append(
                optimize.LinearConstraint(aim[None, :], -np.inf, best + _EPS * (1 + abs(best)))
            )
        changed = np.rint(found[: _KINDS * self._n]).astype(np.int64).reshape(_KINDS, self._n)
        within_in, within_out, over_in, over_out, asked = changed
        return within_in, within_out, over_in, over_out, asked

    def _by_shift(self, *blocks: Array) -> Array:
        rest = np.zeros(self._size - _KINDS * self._n)
        return np.concatenate([*blocks, rest])

    def _requirements(self, wanted: Requirements, rows: int) -> list[optimize.LinearConstraint]:
        lacking = wanted.wanted - wanted.weights @ np.nan_to_num(self._duties.planned)
        each = wanted.weights
        blocks = [each, -each, each, -each, each, sparse.eye_array(rows)]
        return [optimize.LinearConstraint(sparse.hstack(blocks, format="csr"), lacking, np.inf)]

    def _balances(self) -> list[optimize.LinearConstraint]:
        """What leaves the shifts of a base on a force-day for others of it arrives, and overall."""
        none, rows = np.zeros(self._n), []
        for base in np.unique(self._duties.bases):
            mine = self._duties.bases == base
            for day in np.unique(self._duties.days[mine]):
                here = (mine & (self._duties.days == day)).astype(np.float64)
                rows.append(self._by_shift(here, -here, none, none, none))
            whole = mine.astype(np.float64)
            rows.append(self._by_shift(none, none, whole, -whole, none))
        return [optimize.LinearConstraint(sparse.csr_array(np.stack(rows)), 0, 0)]

    def _limits(self, planned: Array, room: Array, limit: int) -> list[optimize.LinearConstraint]:
        eye, none = sparse.eye_array(self._n), sparse.csr_array((self._n, self._n))
        rest = sparse.csr_array((self._n, self._size - _KINDS * self._n))
        leaving = sparse.hstack([none, eye, none, eye, none, rest], format="csr")
        coming = sparse.hstack([eye, none, eye, none, eye, rest], format="csr")
        one, zero = np.ones(self._n), np.zeros(self._n)
        changes = self._by_shift(one, zero, one, zero, one)
        return [
            optimize.LinearConstraint(leaving, -np.inf, planned),
            optimize.LinearConstraint(coming, -np.inf, np.minimum(room, limit)),
            optimize.LinearConstraint(changes[None, :], -np.inf, limit),
        ]


def half_hour_requirements(shift_covers: Mask, wanted: Array, hours: float = 0.5) -> Requirements:
    """Return requirements of half-hours: officers wanted, and which shifts cover each.

    Args:
        shift_covers: whether each shift covers each half-hour as a whole, shape (half-hours,
            shifts).
        wanted: officers, shape (half-hours,).
        hours: length of one.
    """
    weights = sparse.csr_array(shift_covers.astype(np.float64))
    return Requirements(weights, wanted, np.full(len(wanted), hours))
