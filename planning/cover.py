"""Officers by shift: the fewest officer-hours that cover a week's half-hours and hold its work.

Shifts overlap, so a shift has no need of its own. A week of one area is an integer programme:

1. a whole number of officers for each shift, at most as many as can work it;
2. in every half-hour those on duty are at least the minimum, and as many of them as are free for
   calls on average (`Shifts.share`) are at least the need;
3. the productive hours of the shifts of each force-day hold the work of that day;
4. the fewest officer-hours; of equally cheap splits that whose largest surplus in a half-hour is
   smallest; and then no officer could as well work an earlier shift of the same length.

A half-hour counts as covered where a shift covers its middle. Those on duty from the week before
are handed in, so that weeks are solved one after the other. What can't be covered, because no shift
is there or because of limits, is told as `Cover.short`, `Cover.short_of_minimum` and
`Cover.short_hours`, and everything else is covered all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forewatch.arrays import Array, Index, Mask
from forewatch.errors import ForewatchError

_ROUNDING = 1e-6  # what the solver takes for whole


@dataclass(frozen=True)
class Shifts:
    """Shifts as they are worked; shape (shifts,) each.

    Args:
        ids: what tells them apart where all else is alike.
        starts_us: instants, microseconds since 1970.
        ends_us: likewise.
        day: number of the force-day to which each belongs.
        hours: their length.
        share: of it that is productive.
        most: the most officers that can work each; infinite where nobody said.
    """

    ids: tuple[str, ...]
    starts_us: Index
    ends_us: Index
    day: Index
    hours: Array
    share: Array
    most: Array

    def at(self, rows: Index | Mask) -> Shifts:
        """Return some of them."""
        found = {
            name: getattr(self, name)[rows]
            for name in ("starts_us", "ends_us", "day", "hours", "share", "most")
        }
        return replace(self, ids=tuple(np.array(self.ids, dtype=object)[rows]), **found)

    def over(self, instants_us: Index) -> Mask:
        """Return which instants each of them covers, shape (instants, shifts)."""
        at = instants_us[:, None]
        return np.asarray((self.starts_us <= at) & (at < self.ends_us))


@dataclass(frozen=True)
class Demand:
    """What has to be covered.

    Args:
        middles_us: middles of the half-hours, microseconds since 1970, shape (half-hours,).
        need: officers that have to be free for calls, whole, shape (half-hours,).
        minimum: officers that have to be on duty.
        hours: work of the force-days, shape (days,), by the numbers from *first_day*.
        first_day: number of the first force-day.
    """

    middles_us: Index
    need: Array
    minimum: int
    hours: Array
    first_day: int


@dataclass(frozen=True)
class Cover:
    """Officers on duty by shift, and what they leave uncovered.

    Args:
        officers: whole numbers, shape (shifts,).
        on_duty: officers on duty in each half-hour, those handed in among them, (half-hours,).
        free: of them free for calls on average, same shape.
        short: officers for calls that can't be there, same shape.
        short_of_minimum: officers on duty that can't be there, same shape.
        short_hours: hours of work that productive hours can't hold, shape (days,).
        binds: why there isn't one officer fewer: "urgent", "minimum" or "hours"; "" where there is
            none; shape (shifts,).
    """

    officers: Index
    on_duty: Array
    free: Array
    short: Array
    short_of_minimum: Array
    short_hours: Array
    binds: tuple[str, ...]


def cover(shifts: Shifts, demand: Demand, before: tuple[Shifts, Index] | None = None) -> Cover:
    """Return the officers of a week's shifts, in the order of the shifts as given.

    Args:
        shifts: those of the week, in any order.
        demand: of the week.
        before: shifts of earlier weeks that reach into this one, with their officers.
    """
    order = np.lexsort((np.array(shifts.ids), shifts.ends_us, shifts.starts_us))
    ordered = shifts.at(order)
    handed = _handed(demand, before)
    rows = _rows(ordered, demand, handed)
    officers = np.zeros(len(order), dtype=np.int64)
    officers[order] = found = _solve(rows, ordered)
    on_duty, free = (
        ordered.over(demand.middles_us) @ (found * each) + there
        for each, there in zip((np.ones(len(found)), ordered.share), handed, strict=True)
    )
    productive = _day_hours(ordered, demand, found)
    binds = np.empty(len(order), dtype=object)
    binds[order] = _binds(ordered, demand, (found, on_duty, free))
    return Cover(
        officers,
        on_duty,
        free,
        _beyond(demand.need, free),
        _beyond(np.full(len(on_duty), float(demand.minimum)), on_duty),
        _beyond(demand.hours, productive),
        tuple(binds),
    )


@dataclass(frozen=True)
class _Rows:
    """The programme: low ≤ matrix @ officers, and what makes a surplus.

    Args:
        matrix: shape (rows, shifts).
        low: shape (rows,).
        pattern: which shifts cover the half-hours that are covered alike, shape (patterns, shifts).
        least: the smallest number on duty that any of these half-hours needs, shape (patterns,).
        half_hours: how many there are, shape (patterns,).
    """

    matrix: Array
    low: Array
    pattern: Array
    least: Array
    half_hours: Array

    @property
    def surplus(self) -> tuple[Array, Array]:
        """Pattern and least number of the half-hours that any shift covers."""
        used = self.pattern.any(1)
        return self.pattern[used], self.least[used]


def _handed(demand: Demand, before: tuple[Shifts, Index] | None) -> tuple[Array, Array]:
    """Return the officers on duty from before in each half-hour, and how many are free."""
    if before is None:
        return np.zeros(len(demand.need)), np.zeros(len(demand.need))
    shifts, officers = before
    there = shifts.over(demand.middles_us).astype(np.float64)
    return there @ officers, there @ (officers * shifts.share)


def _rows(shifts: Shifts, demand: Demand, handed: tuple[Array, Array]) -> _Rows:
    covered = shifts.over(demand.middles_us)
    pattern, number = _patterns(covered)
    on_duty = np.maximum(demand.minimum - handed[0], 0)
    free = np.maximum(demand.need - handed[1], 0)
    most_duty, most_free, least = (np.zeros(len(pattern)) for _ in range(3))
    np.maximum.at(most_duty, number, on_duty)
    np.maximum.at(most_free, number, free)
    best = np.where(pattern, shifts.share, 0).max(1, initial=0)
    best = np.where(best > 0, best, 1)
    least[:] = np.inf
    np.minimum.at(least, number, np.maximum(on_duty, np.ceil(free / best[number] - _ROUNDING)))
    alike = np.isclose(np.where(pattern, shifts.share, best[:, None]).min(1, initial=1), best)
    # Where all have the same share of time, the number on duty says it all, and is whole.
    duty = np.maximum(most_duty, np.where(alike, np.ceil(most_free / best - _ROUNDING), 0))
    inside = (shifts.day - demand.first_day)[None, :] == np.arange(len(demand.hours))[:, None]
    matrix = np.concatenate(
        [pattern, pattern[~alike] * shifts.share, inside * (shifts.hours * shifts.share)]
    )
    low = np.concatenate([duty, most_free[~alike], demand.hours])
    # No more than all who can work are asked for: each row reaches its most at the same time.
    limit = np.where(matrix > 0, matrix * np.minimum(shifts.most, _ENOUGH), 0).sum(1)
    return _Rows(
        matrix,
        np.minimum(low, limit),
        pattern.astype(np.float64),
        least,
        np.bincount(number).astype(np.float64),
    )


_ENOUGH = 1e6  # officers that stand for no limit
_MOST_SURPLUS = 1000.0  # officers, beyond the largest need


def _patterns(covered: Mask) -> tuple[Mask, Index]:
    """Return the different rows, and which of them each row is."""
    # A column more, so that there is one where there are no shifts.
    packed = np.packbits(np.pad(covered, ((0, 0), (0, 1))), axis=1)
    keys = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    return covered[first], number


def _solve(rows: _Rows, shifts: Shifts) -> Index:
    """Return the officers of shifts in their order."""
    minutes = np.round(shifts.hours * 60)
    found = _programme(rows, minutes, shifts.most)
    if found is None:
        raise ForewatchError("no officers cover the week, though nothing limits them")  # a bug
    return _even(found, rows, minutes, shifts.most)


def _programme(rows: _Rows, minutes: Array, most: Array) -> Index | None:
    """Return the whole numbers of fewest hours, of these the ones of smallest largest surplus.

    The largest surplus is one variable more, at least every half-hour's; in the sum that is
    minimised it weighs less than the smallest difference of hours. None where there are none.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - slow to import

    count = len(minutes)
    if not count:
        return np.zeros(0, dtype=np.int64)
    pattern, least = rows.surplus
    cost = minutes / np.gcd.reduce(minutes.astype(np.int64))
    matrix = np.zeros((len(rows.low) + len(least), count + 1))
    matrix[: len(rows.low), :-1] = rows.matrix
    matrix[len(rows.low) :] = np.column_stack([-pattern, np.ones(len(least))])
    result = milp(
        np.append(cost, 1 / (_MOST_SURPLUS + least.max(initial=0))),
        integrality=np.append(np.ones(count, dtype=np.int64), 0),
        bounds=Bounds(np.append(np.zeros(count), -np.inf), np.append(most, np.inf)),
        constraints=LinearConstraint(matrix, np.append(rows.low, -least) - _ROUNDING, np.inf),
        options={"mip_rel_gap": 0},
    )
    return None if result.x is None else np.asarray(np.round(result.x[:-1]), dtype=np.int64)


def _even(officers: Index, rows: _Rows, minutes: Array, most: Array) -> Index:
    """Return the same hours with surpluses as even as exchanging officers makes them.

    Officers move between shifts of the same length, without a larger largest surplus, while the sum
    of the squares of the surpluses of the half-hours falls; where it stays, to earlier shifts.
    """
    into, out_of = np.nonzero((minutes[:, None] == minutes) & ~np.eye(len(minutes), dtype=bool))
    # The earliest shift first, and into it from the latest.
    order = np.lexsort((-out_of, into))
    into, out_of = into[order], out_of[order]
    pattern, least = rows.surplus
    weight = rows.half_hours[rows.pattern.any(1)][:, None]
    largest = (pattern @ officers - least).max(initial=0)
    matrix = np.concatenate([rows.matrix, -pattern])
    low = np.concatenate([rows.low, -least - largest])
    change, moved = (each[:, into] - each[:, out_of] for each in (pattern, matrix))
    curve = (weight * change**2).sum(0)
    found = officers.copy()
    while len(into):
        surplus = pattern @ found - least
        room = np.minimum(found[out_of], most[into] - found[into])
        room = np.minimum(room, _room(moved, matrix @ found - low))
        slope = (weight * surplus[:, None] * change).sum(0)
        # The best number to move; at least one, which tells whether it is worth while.
        best = np.divide(-slope, curve, out=np.zeros_like(slope), where=curve > 0)
        number = np.clip(np.round(best), 1, np.maximum(room, 1))
        gain = 2 * number * slope + number**2 * curve
        gain = np.where(room >= 1, gain, np.inf)
        at = int(np.argmin(gain))
        if not gain[at] < -_ROUNDING:
            earlier = np.flatnonzero((gain <= _ROUNDING) & (into < out_of))
            if not len(earlier):
                break
            at = int(earlier[0])
        found[into[at]] += int(number[at])
        found[out_of[at]] -= int(number[at])
    return found


def _room(change: Array, slack: Array) -> Array:
    """Return how many moves leave every row what it needs, whole, shape (moves,)."""
    left = np.full(change.shape, np.inf)
    np.divide(slack[:, None] + _ROUNDING, -change, out=left, where=change < -_ROUNDING)
    return np.asarray(np.floor(left.min(0, initial=np.inf)))


def _binds(shifts: Shifts, demand: Demand, there: tuple[Index, Array, Array]) -> list[str]:
    """Return what an officer fewer in each shift would leave uncovered."""
    officers, on_duty, free = there
    covered = shifts.over(demand.middles_us)
    inside = shifts.day - demand.first_day
    productive = shifts.hours * shifts.share
    by_day = _day_hours(shifts, demand, officers)
    found = []
    for i, count in enumerate(officers):
        at = covered[:, i]
        if not count:
            found.append("")
        elif (free[at] - shifts.share[i] < demand.need[at] - _ROUNDING).any():
            found.append("urgent")
        elif (on_duty[at] - 1 < demand.minimum).any():
            found.append("minimum")
        else:
            is_short = by_day[inside[i]] - productive[i] < demand.hours[inside[i]] - _ROUNDING
            found.append("hours" if is_short else "urgent")
    return found


def _day_hours(shifts: Shifts, demand: Demand, officers: Index) -> Array:
    """Return the productive hours of the shifts of each force-day."""
    found, day = np.zeros(len(demand.hours)), shifts.day - demand.first_day
    mine = (day >= 0) & (day < len(found))
    np.add.at(found, day[mine], (officers * shifts.hours * shifts.share)[mine])
    return found


def _beyond(wanted: Array, there: Array) -> Array:
    """Return what is wanted beyond what is there; 0 where it is enough."""
    left = wanted - there
    return np.where(left > 1e-5, left, 0.0)  # noqa: PLR2004 - what the solver may be off by
