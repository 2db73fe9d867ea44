"""Shared shocks: why the counts of different places, types and hours go up and down together.

Given the rates, a count is its rate times shocks that it shares with others, and then chance:

1. a *scope* says who shares a shock: the whole force, a place, a call type, or a single cell
   (place × call type);
2. a *persistence* says for how long: a third of a force-day ("third", 8 hours from its start), one
   force-day ("day"), or the whole horizon ("level", the uncertainty of the level itself). A call
   type's day has besides a shock of a size of its own, so that one stormy type widens itself only.
   Special days (public holidays, and days beside them) have one more, as large as they are unsure;
3. what remains is chance. Of a part S of one force-day it has the variance

       Σ over call types of dispersion × m(S of that type)
           − Σ over wholes W of steadiness × m(S in W)² ÷ m(W),

   m the expected calls, the wholes being each place's force-day and the whole force's. Dispersion
   is that of the smallest parts, a leaf area's day or a cell's hour: calls of some types come in
   clusters (above 1; 1 is Poisson). Steadiness says how much less a whole day varies than its parts
   on their own, as if calls took the place of one another: it lowers the variance of a whole and
   hardly touches that of a part that is next to nothing of it.

Hence Var(sum of cells) = chance + Σ over shocks of sd² × (calls that share it)².

Chance is a possible covariance: each steadiness takes from the identity a part of the projection on
one whole, and all that is taken is less than the dispersion. `docs/decisions/0004` says the same on
one page; `models.dispersion` estimates the sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from forewatch.arrays import Array, Index, Mask

Scope = Literal["force", "place", "call_type", "cell"]
Persistence = Literal["third", "day", "level"]
SCOPES: tuple[Scope, ...] = ("force", "place", "call_type", "cell")
PERSISTENCES: tuple[Persistence, ...] = ("third", "day", "level")
THIRD_HOURS = 8  # the last third of a force-day has what is left: 7 to 9 hours
THIRDS = 3
THIRD_BEGINS_HOURS = tuple(THIRD_HOURS * third for third in range(THIRDS))  # since its day began
_THIRD, _DAY, _LEVEL = range(len(PERSISTENCES))
_CALL_TYPE = SCOPES.index("call_type")
# Axes of (place, call type, piece) over which the calls that share one shock are summed.
_SHARED_AXES: dict[Scope, tuple[int, ...]] = {
    "force": (0, 1),
    "place": (1,),
    "call_type": (0,),
    "cell": (),
}

WHOLES = ("place", "force")  # whose force-days may be steadier than their parts
SPECIAL = 2  # kinds of special days: a public holiday, a day beside one
_KEPT = ("sd", "dispersion", "steadiness", "type_sd", "special_sd", "day_sd")


def third_of_day(hours: Array) -> Index:
    """Return the third of a force-day, 0 to 2, by elapsed hours since it began.

    >>> third_of_day(np.array([0.0, 7.5, 8.0, 16.0, 24.0])).tolist()
    [0, 0, 1, 2, 2]
    """
    return np.minimum(np.asarray(hours // THIRD_HOURS, dtype=np.int64), THIRDS - 1)


@dataclass(frozen=True)
class Within:
    """What pieces of expected calls are parts of.

    Args:
        types: positions of the pieces' call types among all, shape (call types,).
        day: number of each piece's force-day; pieces of a row and day stand together, (pieces,).
        places: expected calls of the whole force-day of each of the pieces' places, shape
            (places, pieces).
        force: expected calls of the whole force-day of the force, shape (pieces,).
    """

    types: Index
    day: Index
    places: Array
    force: Array


@dataclass(frozen=True)
class Shocks:
    """Sizes of the shared shocks by block of leads.

    Args:
        lead_days: first lead (whole force-days from the origin's) of each block, ascending from 0;
            shape (blocks,).
        sd: relative standard deviation, shape (blocks, scopes, persistences), in the order of
            SCOPES and PERSISTENCES.
        dispersion: variance ÷ mean of what remains in a small part, shape (blocks, call types), or
            (blocks, 1) for all call types alike.
        steadiness: how much of it a whole does without, shape (blocks, wholes) in the order of
            `WHOLES`, or (1, wholes) for all blocks alike.
        type_sd: relative standard deviation of a call type's own shock of a day, beside that in
            *sd*, which all call types have; shapes as of *dispersion*, or (1, 1).
        special_sd: relative standard deviation of the shock that a special day known from endless
            years has besides, whatever its lead, shape (kinds of special days, scopes).
        day_sd: that of the days of one horizon, by number of the force-day (`Within.day`), see
            `on_days`; shape (days, scopes). () days: none is special.
    """

    lead_days: tuple[int, ...]
    sd: Array
    dispersion: Array
    steadiness: Array = field(default_factory=lambda: np.zeros((1, len(WHOLES))))
    type_sd: Array = field(default_factory=lambda: np.zeros((1, 1)))
    special_sd: Array = field(default_factory=lambda: np.zeros((SPECIAL, len(SCOPES))))
    day_sd: Array = field(default_factory=lambda: np.zeros((0, len(SCOPES))))

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit and sizes that can't be."""
        blocks = len(self.lead_days)
        shape = (blocks, len(SCOPES), len(PERSISTENCES))
        if self.sd.shape != shape or self.dispersion.shape[:-1] != shape[:1]:
            raise ValueError(
                f"shocks of shape {self.sd.shape}, dispersion {self.dispersion.shape}; want {shape}"
            )
        if self.steadiness.shape not in ((1, len(WHOLES)), (blocks, len(WHOLES))):
            raise ValueError(
                f"steadiness of shape {self.steadiness.shape}; want {(blocks, len(WHOLES))}"
            )
        if self.type_sd.shape not in ((1, 1), self.dispersion.shape):
            raise ValueError(f"type_sd of shape {self.type_sd.shape}; want {self.dispersion.shape}")
        if self.special_sd.shape != (SPECIAL, shape[1]) or self.day_sd.shape[1:] != shape[1:2]:
            raise ValueError(
                f"special_sd of shape {self.special_sd.shape}, day_sd {self.day_sd.shape}; want "
                f"{(SPECIAL, shape[1])} and (days, {shape[1]})"
            )
        sizes = (self.sd, self.steadiness, self.type_sd, self.special_sd, self.day_sd)
        if not all((size >= 0).all() and np.isfinite(size).all() for size in sizes):
            raise ValueError("sizes of shocks and steadiness are known and never negative")
        if not (self.dispersion > self.steadiness.sum(1, keepdims=True)).all():
            raise ValueError("dispersion is positive, and more than all steadiness together")

    @classmethod
    def none(cls) -> Shocks:
        """Return no shocks at all: independent Poisson counts."""
        return cls((0,), np.zeros((1, len(SCOPES), len(PERSISTENCES))), np.ones((1, 1)))

    def state(self) -> dict[str, Any]:
        """Return plain values and arrays that `from_state` reads back."""
        return {"lead_days": list(self.lead_days)} | {name: getattr(self, name) for name in _KEPT}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Shocks:
        """Return the shocks whose `state` this was.

        Those kept by earlier code have no shock of a third of a day, or one dispersion for all call
        types, and no steadiness.
        """
        lead_days = tuple(int(day) for day in state["lead_days"])
        held = {name: np.asarray(state[name]) for name in _KEPT if name in state}
        held["dispersion"] = held["dispersion"].reshape(len(lead_days), -1)
        unknown = len(PERSISTENCES) - held["sd"].shape[-1]
        held["sd"] = np.pad(held["sd"], ((0, 0), (0, 0), (unknown, 0)))
        return cls(lead_days, **held)

    def on_days(self, doubt: Array | None) -> Shocks:
        """Return the shocks of one horizon with those of its special days.

        Args:
            doubt: how unsure each day is, as a factor of sd², 0 for ordinary days; shape (days,
                kinds of special days). None: no day is special.
        """
        days = np.zeros((0, SPECIAL)) if doubt is None else doubt
        return replace(self, day_sd=np.sqrt(days @ self.special_sd**2))

    @property
    def has_thirds(self) -> bool:
        """Whether pieces have to lie in one third of a force-day, or in one force-day."""
        return bool(self.sd[..., _THIRD].any())

    def block(self, lead_days: Index) -> Index:
        """Return the index of the block that each lead in days falls in."""
        return np.maximum(np.searchsorted(self.lead_days, lead_days, side="right") - 1, 0)

    def variance(self, calls: Array, lead_days: Index, row: Index, within: Within) -> Array:
        """Return the variance of the sum over each row's pieces, in calls², shape (rows,).

        Args:
            calls: expected calls, shape (places, call types, pieces); a piece is the part of a row
                that lies in one force-day, or, of shocks that have thirds, in one third of it.
            lead_days: lead of each piece's force-day, shape (pieces,).
            row: the row each piece belongs to, ascending from 0 without gaps, shape (pieces,).
            within: what the pieces are parts of.

        Raises:
            ValueError: if *within* is of other call types than the calls.
        """
        once = np.zeros(calls.shape[2])
        return self.weighted_variance(calls, lead_days, row, within, (calls.sum(0), once))

    def weighted_variance(
        self,
        weighted: Array,
        lead_days: Index,
        row: Index,
        within: Within,
        chance: tuple[Array, Array],
    ) -> Array:
        """Return the variance of a sum in which each call has a weight, shape (rows,).

        Weights may be random, such as whether a call is still under way. `variance` is the case in
        which every call has the weight 1.

        Args:
            weighted: expected calls × the mean of their weight, shape (places, call types, pieces).
            lead_days: as `variance` has it.
            row: likewise.
            within: likewise.
            chance: expected calls × the squared mean of their weight, summed over places, shape
                (call types, pieces); and × the variance of their weight, summed over both, shape
                (pieces,). The first is as dispersed as calls are, the second each call's own.

        Raises:
            ValueError: if *within* is of other call types than the calls.
        """
        if len(within.types) != weighted.shape[1]:
            raise ValueError(f"calls of {weighted.shape[1]} call types within {len(within.types)}")
        shared = self.shared_variance(weighted, lead_days, row, within.day, within.types)
        first = _first_of_days(row, within.day)
        whole = Within(within.types, within.day, within.places[:, first], within.force[first])
        squared, own = (_sums(each, first) for each in chance)
        block = self.block(lead_days[first])
        alone = self._chance(_sums(weighted, first), block, whole, squared) + own
        return np.asarray(shared + _sums(alone, _firsts(row[first])))

    def shared_variance(
        self,
        calls: Array,
        lead_days: Index,
        row: Index,
        day: Index | None = None,
        types: Index | None = None,
    ) -> Array:
        """Return what of the variance comes from shocks; see `variance`.

        Args:
            calls: as of `variance`.
            lead_days: as of `variance`.
            row: as of `variance`.
            day: as of `Within`; None: each piece is of a day of its own.
            types: as of `Within`; None: no call type has a shock of its own.
        """
        first_of_day = _first_of_days(row, np.arange(len(row)) if day is None else day)
        special = self._special(None if day is None else day[first_of_day])
        block, block_of_day = self.block(lead_days), self.block(lead_days[first_of_day])
        row_of_day = _firsts(row[first_of_day])
        total = np.zeros(len(row_of_day))
        for s, scope in enumerate(SCOPES):
            has_own = scope == "call_type" and types is not None and self.type_sd.any()
            if not (self.sd[:, s].any() or has_own or special[:, s].any()):
                continue
            shared = calls.sum(_SHARED_AXES[scope], keepdims=True)
            by_day = _sums(shared, first_of_day)
            of_day = ((by_day * self.sd[block_of_day, s, _DAY]) ** 2).sum((0, 1))
            if special[:, s].any():
                of_day = of_day + ((by_day * special[:, s]) ** 2).sum((0, 1))
            if has_own and types is not None:
                of_day = of_day + ((by_day * self._type_sd(types, block_of_day)) ** 2).sum((0, 1))
            level = _sums(by_day * self.sd[block_of_day, s, _LEVEL], row_of_day)
            total = total + _sums(of_day, row_of_day) + (level**2).sum((0, 1))
            if self.sd[:, s, _THIRD].any():
                of_third = ((shared * self.sd[block, s, _THIRD]) ** 2).sum((0, 1))
                total = total + _sums(of_third, _firsts(row))
        return np.asarray(total)

    def _special(self, day: Index | None) -> Array:
        """Return sd of the shock of special days, (days, scopes), or what spreads to it."""
        if day is None or not self.day_sd.any():
            return np.zeros((1, len(SCOPES)))
        known = day < len(self.day_sd)  # a day beyond those told is none that is known as special
        return np.where(known[:, None], self.day_sd[np.where(known, day, 0)], 0.0)

    def _type_sd(self, types: Index, block: Index) -> Array:
        """Return the call types' own sizes, shape (call types, days), or what spreads to it."""
        if self.type_sd.shape == (1, 1):
            return self.type_sd
        of_types = self.type_sd if self.type_sd.shape[1] == 1 else self.type_sd[:, types]
        return of_types[block].T

    def _chance(self, calls: Array, block: Index, within: Within, squared: Array) -> Array:
        """Return the variance by chance of each day's calls, shape (days,)."""
        alike = self.dispersion.shape[1] == 1
        dispersion = self.dispersion if alike else self.dispersion[:, within.types]
        steady = np.broadcast_to(self.steadiness, (len(self.lead_days), len(WHOLES)))[block]
        by_place = calls.sum(1)
        of_places = _parts_of(by_place, within.places).sum(0)
        of_force = _parts_of(by_place.sum(0), within.force)
        alone = (dispersion[block].T * squared).sum(0)
        return np.asarray(alone - steady[:, 0] * of_places - steady[:, 1] * of_force)


def _firsts(row: Index) -> Index:
    """Return the first piece of each row."""
    return np.flatnonzero(_changes(row))


def _first_of_days(row: Index, day: Index) -> Index:
    """Return the first piece of each row's force-days."""
    return np.flatnonzero(_changes(row) | _changes(day))


def _changes(numbers: Index) -> Mask:
    """Tell which numbers are others than the one before, as the first is."""
    found = np.ones(len(numbers), dtype=np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=found[1:])
    return found


def _sums(values: Array, first: Index) -> Array:
    """Return the sums along the last axis from each first to the next."""
    if len(first) == values.shape[-1]:
        return values
    return np.asarray(np.add.reduceat(values, first, axis=-1))


def _parts_of(calls: Array, whole: Array) -> Array:
    """Return squared calls ÷ those of the whole, 0 where nothing is expected of it."""
    return np.divide(calls**2, whole, out=np.zeros_like(calls), where=whole > 0)
