"""Shared shocks: why the counts of different places, types and hours go up and down together.

Given the rates, a count is its rate times shocks that it shares with others, and then chance:

1. a *scope* says who shares a shock: the whole force, a place, a call type, or a single cell
   (place × call type);
2. a *persistence* says for how long: one force-day ("day"), or the whole horizon ("level", the
   uncertainty of the level itself);
3. what remains is chance. Of a part S of one force-day it has the variance

       Σ over call types of dispersion × m(S of that type)
           − Σ over wholes W of steadiness × m(S in W)² ÷ m(W),

   m the expected calls, the wholes being each place's force-day and the whole force's. Calls of
   some types come in clusters (dispersion above 1; 1 is Poisson), and a day's total may vary less
   than its parts do, as if calls took the place of one another: a cell that is next to nothing of
   its place has the variance dispersion × m, a whole place's day less by steadiness × m, and the
   force's day less again; each may be below Poisson.

Hence Var(sum of cells) = chance + Σ over shocks of sd² × (calls that share it)².

Chance is a possible covariance: each steadiness takes from the identity a part of the projection on
one whole, and all that is taken is less than the dispersion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from forewatch.arrays import Array, Index

Scope = Literal["force", "place", "call_type", "cell"]
Persistence = Literal["day", "level"]
SCOPES: tuple[Scope, ...] = ("force", "place", "call_type", "cell")
PERSISTENCES: tuple[Persistence, ...] = ("day", "level")
# Axes of (place, call type, piece) over which the calls that share one shock are summed.
_SHARED_AXES: dict[Scope, tuple[int, ...]] = {
    "force": (0, 1),
    "place": (1,),
    "call_type": (0,),
    "cell": (),
}

_KEPT = ("sd", "dispersion", "steadiness")
WHOLES = ("place", "force")  # whose force-days may be steadier than their parts


@dataclass(frozen=True)
class Within:
    """What pieces of expected calls are parts of.

    Args:
        types: positions of the pieces' call types among all, shape (call types,).
        places: expected calls of the whole force-day of each of the pieces' places, shape
            (places, pieces).
        force: expected calls of the whole force-day of the force, shape (pieces,).
    """

    types: Index
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
        dispersion: variance ÷ mean of what remains in a small cell, shape (blocks, call types), or
            (blocks, 1) for all call types alike.
        steadiness: how much of it a whole does without, shape (blocks, wholes) in the order of
            `WHOLES`, or (1, wholes) for all blocks alike.
    """

    lead_days: tuple[int, ...]
    sd: Array
    dispersion: Array
    steadiness: Array = field(default_factory=lambda: np.zeros((1, len(WHOLES))))

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
        if (self.sd < 0).any() or (self.steadiness < 0).any():
            raise ValueError("sizes of shocks and steadiness are never negative")
        if (self.dispersion <= self.steadiness.sum(1, keepdims=True)).any():
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

        Those kept by earlier code have one dispersion for all call types, and no steadiness.
        """
        lead_days = tuple(int(day) for day in state["lead_days"])
        held = {name: np.asarray(state[name]) for name in _KEPT if name in state}
        held["dispersion"] = held["dispersion"].reshape(len(lead_days), -1)
        return cls(lead_days, **held)

    def block(self, lead_days: Index) -> Index:
        """Return the index of the block that each lead in days falls in."""
        return np.maximum(np.searchsorted(self.lead_days, lead_days, side="right") - 1, 0)

    def variance(self, calls: Array, lead_days: Index, row: Index, within: Within) -> Array:
        """Return the variance of the sum over each row's pieces, in calls², shape (rows,).

        Args:
            calls: expected calls, shape (places, call types, pieces); a piece is the part of a row
                that lies in one force-day.
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
        shared = self.shared_variance(weighted, lead_days, row)
        alone = self._chance(weighted, self.block(lead_days), within, chance)
        return np.asarray(shared + np.add.reduceat(alone, _firsts(row)))

    def shared_variance(self, calls: Array, lead_days: Index, row: Index) -> Array:
        """Return what of the variance comes from shocks; see `variance`."""
        block, first = self.block(lead_days), _firsts(row)
        total = np.zeros(len(first))
        for s, scope in enumerate(SCOPES):
            shared = calls.sum(_SHARED_AXES[scope], keepdims=True)
            by_day = ((shared * self.sd[block, s, 0]) ** 2).sum((0, 1))
            level = np.add.reduceat(shared * self.sd[block, s, 1], first, axis=2)
            total = total + np.add.reduceat(by_day, first) + (level**2).sum((0, 1))
        return np.asarray(total)

    def _chance(
        self, calls: Array, block: Index, within: Within, chance: tuple[Array, Array]
    ) -> Array:
        """Return the variance by chance of each piece, shape (pieces,)."""
        alike = self.dispersion.shape[1] == 1
        dispersion = self.dispersion if alike else self.dispersion[:, within.types]
        steady = np.broadcast_to(self.steadiness, (len(self.lead_days), len(WHOLES)))[block]
        by_place = calls.sum(1)
        of_places = _parts_of(by_place, within.places).sum(0)
        of_force = _parts_of(by_place.sum(0), within.force)
        alone = (dispersion[block].T * chance[0]).sum(0) + chance[1]
        return np.asarray(alone - steady[:, 0] * of_places - steady[:, 1] * of_force)


def _firsts(row: Index) -> Index:
    """Return the first piece of each row."""
    return np.flatnonzero(np.diff(row, prepend=-1))


def _parts_of(calls: Array, whole: Array) -> Array:
    """Return squared calls ÷ those of the whole, 0 where nothing is expected of it."""
    return np.divide(calls**2, whole, out=np.zeros_like(calls), where=whole > 0)
