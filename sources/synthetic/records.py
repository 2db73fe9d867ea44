"""The demo force's call records, drawn from its truth: versions, late ones, rubbish and all.

1. public calls are Poisson around the conditional rates, one stream of chance a force-day;
2. officer-initiated calls are added, and copies of public ones as duplicates, tests, voids and
   transfers;
3. some calls become known late; some are first graded (or typed) wrongly and corrected later;
4. the unobserved window is cut out;
5. what public calls take is drawn from a stream of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from forewatch.arrays import Array, Index
from forewatch.rates import Rates
from sources.synthetic.catalogue import OFFICER_CODES, PATTERNS
from sources.synthetic.demand import last_year
from sources.synthetic.grid import HourGrid
from sources.synthetic.places import GRADES
from sources.synthetic.plan import CALLS, EPOCH, SERVICES, Plan
from sources.synthetic.services import UNKNOWN_OFFICERS, TrueServices

NEVER = np.int64(2**62)
STATUSES = ("live", "duplicate", "test", "void", "transfer")
SOURCES = ("999", "101", "online", "officer")
# Cumulated shares of copies of public calls that are no demand: about 6 % of a published extract.
_RUBBISH = (0.03, 0.035, 0.05, 0.06)
LATE_SHARE, LATE_MEDIAN_SECONDS, LATE_SPREAD = 0.02, 6 * 3600, 1.3
REGRADED_SHARE, RETYPED_SHARE = 0.03, 0.005  # the second is part of the first
REGRADE_MEDIAN_SECONDS, REGRADE_SPREAD = 30 * 60, 1.0
OFFICER_SHARE = 0.25  # officer-initiated calls per public call
_ONLINE = {"fraud": 0.6}
_USUAL_ONLINE = 0.22
_OFFICER_GRADES = (0.05, 0.25, 0.45, 0.05, 0.2)
UNOBSERVED_HOURS = 30
_BLOCK_DAYS = 30  # days worked on together; bounds memory, changes nothing


@dataclass(frozen=True)
class DrawnCalls:
    """Call records in arrays of shape (calls,), in order of receipt; indices into the profile.

    A call type of -1 is officer-initiated. Where *changed* is not NEVER the call was first known
    as first_call_type, first_grade, first_code, and as the others from then on.

    Args:
        second: received, seconds since 1970 UTC.
        known: first in the log, same unit.
        changed: corrected in the log, same unit, or NEVER.
        leaf: index of the beat.
        call_type: index.
        grade: index.
        code: index into `codes`.
        first_call_type: index, as first logged.
        first_grade: index, as first logged.
        first_code: index, as first logged.
        source: index into SOURCES.
        status: index into STATUSES.
        officers: how many were sent, 0 for none, UNKNOWN_OFFICERS where the call is no demand.
        minutes: from assignment to clear; NaN where nobody was sent, or unknown.
    """

    second: Index
    known: Index
    changed: Index
    leaf: NDArray[np.int16]
    call_type: NDArray[np.int8]
    grade: NDArray[np.int8]
    code: NDArray[np.int16]
    first_call_type: NDArray[np.int8]
    first_grade: NDArray[np.int8]
    first_code: NDArray[np.int16]
    source: NDArray[np.int8]
    status: NDArray[np.int8]
    officers: NDArray[np.int8]
    minutes: NDArray[np.float32]

    def where(self, mask: NDArray[Any]) -> Self:
        """Return the calls of a mask, or at positions."""
        return type(self)(**{f.name: getattr(self, f.name)[mask] for f in fields(self)})

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """Return several parts, one after the other."""
        names = [f.name for f in fields(cls)]
        return cls(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})

    @property
    def public(self) -> NDArray[np.bool_]:
        """Whether a call is public demand: live, and not officer-initiated."""
        live: NDArray[np.bool_] = (self.status == 0) & (self.call_type >= 0)
        return live


def codes(plan: Plan) -> tuple[str, ...]:
    """Return the force's own codes: those of the call types in order, then the officers'."""
    own = [code for pattern in PATTERNS[: plan.call_types] for code, _ in pattern.codes]
    return (*own, *(code for code, _ in OFFICER_CODES))


class _Choice:
    """Picks from rows of proportions of different lengths, by one search for all rows."""

    def __init__(self, rows: list[Array]) -> None:
        lengths = np.array([len(row) for row in rows])
        self._first = np.concatenate([[0], np.cumsum(lengths)])
        self._bounds = np.concatenate(
            [number + np.cumsum(row) / np.sum(row) for number, row in enumerate(rows)]
        )

    def pick(self, row: Index, u: NDArray[np.float32]) -> Index:
        """Return positions within each row, from uniform numbers."""
        place = np.searchsorted(self._bounds, row + u.astype(float), side="right")
        found: Index = np.minimum(place, self._first[row + 1] - 1) - self._first[row]
        return found


@dataclass(frozen=True)
class Draw:
    """Draws the records of a plan from its conditional rates.

    Args:
        plan: the plan.
        grid: its hours, of which only those of the history are drawn.
        rates: the true rates.
        conditional: what counts are Poisson around, (districts, call types, hours).
    """

    plan: Plan
    grid: HourGrid
    rates: Rates
    conditional: Array

    @cached_property
    def _leaf(self) -> _Choice:
        rates = self.rates
        return _Choice(
            [
                rates.leaf_shares[rates.leaf_place == p, t]
                for p in range(len(rates.places))
                for t in range(len(rates.call_types))
            ]
        )

    @cached_property
    def _grade(self) -> _Choice:
        shares = self.rates.grade_shares
        return _Choice(list(shares.reshape(-1, shares.shape[-1])))

    @cached_property
    def _code(self) -> _Choice:
        kinds = [*(p.codes for p in PATTERNS[: self.plan.call_types]), OFFICER_CODES]
        return _Choice([np.array([share for _, share in kind]) for kind in kinds])

    @cached_property
    def _first_code(self) -> Index:
        lengths = [len(p.codes) for p in PATTERNS[: self.plan.call_types]]
        return np.concatenate([[0], np.cumsum(lengths)])

    @cached_property
    def _officer_rates(self) -> Array:
        """Officer-initiated calls follow the crews' day, not the public's, (districts, hours)."""
        crew = 1 + 0.5 * np.cos(2 * np.pi * (np.arange(24) - 15) / 24)
        within = last_year(self.plan, self.grid)
        mean = self.rates.base[:, :, within].sum(1).mean(1, keepdims=True)
        officers: Array = OFFICER_SHARE * mean * crew[self.grid.slot]
        return officers

    def records(self) -> DrawnCalls:
        """Return every record of the history, sorted by time of receipt."""
        days = self.plan.history_days
        parts = [
            self._block(range(first, min(first + _BLOCK_DAYS, days)))
            for first in range(0, days, _BLOCK_DAYS)
        ]
        every = DrawnCalls.joined(parts)
        low, high = lost_window(self.plan, self.grid)
        end = self.grid.day_seconds[days]
        seen = (every.known < end) & ~((every.second >= low) & (every.second < high))
        every = every.where(seen)
        every.changed[every.changed >= end] = NEVER
        return every.where(np.argsort(every.second, kind="stable"))

    def _block(self, days: range) -> DrawnCalls:
        counted = [self._day(day) for day in days]
        cell, u, z, officer, v, w, x = (
            np.concatenate([day[i] for day in counted]) for i in range(7)
        )
        public = self._with_services(self._public(cell, u, z), w, x)
        copied = self._rubbish(public, u)
        return DrawnCalls.joined([public, copied, self._officers(officer, v)])

    def _day(self, day: int) -> tuple[Any, ...]:
        """Return cells and chance of one force-day.

        They are those of public calls (cell, u, z), of officer-initiated ones (cell, v), and, from
        a stream of their own, of what public calls take (w, x).
        """
        number = (self.plan.first - EPOCH).days + day
        stream, services = (self.plan.stream(part, number) for part in (CALLS, SERVICES))
        low, high = np.searchsorted(self.grid.seconds, self.grid.day_seconds[day : day + 2])
        hours = np.arange(low, high)
        cells = self.conditional[:, :, low:high]
        public = stream.poisson(cells).ravel()
        officer = stream.poisson(self._officer_rates[:, low:high]).ravel()
        places, types, width = len(cells), cells.shape[1], len(self.grid.slot)
        flat = (np.arange(places * types)[:, None] * width + hours).ravel()
        own = (np.arange(places)[:, None] * width + hours).ravel()
        n, m = public.sum(), officer.sum()
        return (
            np.repeat(flat, public),
            stream.random((n, 8), np.float32),
            stream.standard_normal((n, 2), np.float32),
            np.repeat(own, officer),
            stream.random((m, 4), np.float32),
            services.random((n, 2), np.float32),
            services.standard_normal(n, np.float32),
        )

    def _public(self, cell: Index, u: NDArray[np.float32], z: NDArray[np.float32]) -> DrawnCalls:
        pair, hour = np.divmod(cell, len(self.grid.slot))
        place, kind = np.divmod(pair, self.plan.call_types)
        grade = self._grade.pick(pair * 24 + self.grid.slot[hour], u[:, 2])
        code = self._first_code[kind] + self._code.pick(kind, u[:, 3])
        second = self.grid.seconds[hour] + (u[:, 0] * 3600).astype(np.int64)
        late = np.exp(np.log(LATE_MEDIAN_SECONDS) + LATE_SPREAD * z[:, 0]).astype(np.int64)
        known = second + np.where(u[:, 4] < LATE_SHARE, late, 0)
        slow = np.exp(np.log(REGRADE_MEDIAN_SECONDS) + REGRADE_SPREAD * z[:, 1]).astype(np.int64)
        regraded = u[:, 5] < REGRADED_SHARE
        first_kind, first_code = self._mistyped(kind, code, u)
        online = np.array([_ONLINE.get(t, _USUAL_ONLINE) for t in self.rates.call_types])
        source = np.where(grade == 0, 0, np.where(u[:, 6] < online[kind], 2, 1))
        step = np.where(u[:, 5] < REGRADED_SHARE / 2, 1, -1)
        beside = np.where(
            (grade + step < 0) | (grade + step >= len(GRADES)), grade - step, grade + step
        )
        leaf = self._first_leaf[place] + self._leaf.pick(pair, u[:, 1])
        return _type_numbers(
            second=second,
            known=known,
            changed=np.where(regraded, known + slow + 60, NEVER),
            leaf=leaf,
            call_type=kind,
            grade=grade,
            code=code,
            first_call_type=first_kind,
            first_grade=np.where(regraded, beside, grade),
            first_code=first_code,
            source=source,
            status=np.zeros(len(cell)),
            **_no_service(len(cell)),
        )

    def _with_services(
        self, public: DrawnCalls, chance: NDArray[np.float32], z: NDArray[np.float32]
    ) -> DrawnCalls:
        """Return public calls with what they took, whatever they were first taken for."""
        kind, grade = (each.astype(np.int64) for each in (public.call_type, public.grade))
        services = TrueServices.of(self.rates.call_types)
        officers, minutes = services.draw(kind, grade, chance, z)
        return replace(public, officers=officers, minutes=minutes)

    @cached_property
    def _first_leaf(self) -> Index:
        return np.searchsorted(self.rates.leaf_place, np.arange(len(self.rates.places)))

    def _mistyped(self, kind: Index, code: Index, u: NDArray[np.float32]) -> tuple[Index, Index]:
        """Return call type and code as first logged: another type for a few."""
        wrong = (u[:, 5] < RETYPED_SHARE) & (self.plan.call_types > 1)
        other = (kind + 1 + (u[:, 6] * (self.plan.call_types - 1)).astype(np.int64)) % max(
            self.plan.call_types, 1
        )
        first = np.where(wrong, other, kind)
        return first, np.where(wrong, self._first_code[other], code)

    def _rubbish(self, public: DrawnCalls, u: NDArray[np.float32]) -> DrawnCalls:
        status = np.searchsorted(_RUBBISH, u[:, 7], side="right") + 1
        chosen = status <= len(_RUBBISH)
        copied = public.where(chosen)
        second = copied.second + 20 + (u[chosen, 0] * 880).astype(np.int64)
        return _type_numbers(
            **{
                **{f.name: getattr(copied, f.name) for f in fields(DrawnCalls)},
                "second": second,
                "known": second,
                "changed": np.full(len(second), NEVER),
                "first_call_type": copied.call_type,
                "first_grade": copied.grade,
                "first_code": copied.code,
                "status": status[chosen],
                **_no_service(len(second)),
            }
        )

    def _officers(self, cell: Index, v: NDArray[np.float32]) -> DrawnCalls:
        place, hour = np.divmod(cell, len(self.grid.slot))
        second = self.grid.seconds[hour] + (v[:, 0] * 3600).astype(np.int64)
        row = np.full(len(cell), self.plan.call_types)
        code = self._first_code[row] + self._code.pick(row, v[:, 2])
        grade = np.searchsorted(np.cumsum(_OFFICER_GRADES[:-1]), v[:, 3], side="right")
        none = np.full(len(cell), -1)
        return _type_numbers(
            second=second,
            known=second,
            changed=np.full(len(cell), NEVER),
            leaf=self._first_leaf[place] + self._leaf.pick(place * self.plan.call_types, v[:, 1]),
            call_type=none,
            grade=grade,
            code=code,
            first_call_type=none,
            first_grade=grade,
            first_code=code,
            source=np.full(len(cell), SOURCES.index("officer")),
            status=np.zeros(len(cell)),
            **_no_service(len(cell)),
        )


_DTYPES: dict[str, type[np.number[Any]]] = {
    "minutes": np.float32,
    "second": np.int64,
    "known": np.int64,
    "changed": np.int64,
    "leaf": np.int16,
    "code": np.int16,
    "first_code": np.int16,
}


def _no_service(calls: int) -> dict[str, NDArray[Any]]:
    """Return what is known of the officers and minutes of calls that are no demand."""
    return {"officers": np.full(calls, UNKNOWN_OFFICERS), "minutes": np.full(calls, np.nan)}


def _type_numbers(**arrays: NDArray[Any]) -> DrawnCalls:
    return DrawnCalls(
        **{k: a.astype(_DTYPES.get(k, np.int8), copy=False) for k, a in arrays.items()}
    )


def lost_window(plan: Plan, grid: HourGrid) -> tuple[int, int]:
    """Return the window whose calls are lost, in seconds since 1970 UTC.

    It begins at 13:00, 200 days before the end, or after a third of a shorter history.
    """
    back = min(200, plan.history_days // 3)
    day = plan.history_days - back
    low = int(grid.day_seconds[day]) + 6 * 3600
    return low, low + UNOBSERVED_HOURS * 3600
