"""Shared shocks: why the counts of different places, types and hours go up and down together.

Given the rates, a count is its rate times shocks that it shares with others, and then chance:

1. a *scope* says who shares a shock: the whole force, a place, a call type, or a single cell
   (place × call type);
2. a *persistence* says for how long: one force-day ("day"), or the whole horizon ("level", the
   uncertainty of the level itself);
3. what remains is chance with variance dispersion × mean (1 is Poisson, below 1 is possible).

Hence Var(sum of cells) = dispersion × mean + Σ over shocks of sd² × (calls that share it)².
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

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

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shocks:
    """Sizes of the shared shocks by block of leads.

    Args:
        lead_days: first lead (whole force-days from the origin's) of each block, ascending from 0;
            shape (blocks,).
        sd: relative standard deviation, shape (blocks, scopes, persistences), in the order of
            SCOPES and PERSISTENCES.
        dispersion: variance ÷ mean of what remains, shape (blocks,).
    """

    lead_days: tuple[int, ...]
    sd: Array
    dispersion: Array

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit and sizes that can't be."""
        shape = (len(self.lead_days), len(SCOPES), len(PERSISTENCES))
        if self.sd.shape != shape or self.dispersion.shape != shape[:1]:
            raise ValueError(
                f"shocks of shape {self.sd.shape}, {self.dispersion.shape}; want {shape}"
            )
        if (self.sd < 0).any() or (self.dispersion <= 0).any():
            raise ValueError("sizes of shocks are never negative, dispersion is positive")

    @classmethod
    def none(cls) -> Shocks:
        """Return no shocks at all: independent Poisson counts."""
        return cls((0,), np.zeros((1, len(SCOPES), len(PERSISTENCES))), np.ones(1))

    def state(self) -> dict[str, Any]:
        """Return plain values and arrays that `from_state` reads back."""
        return {
            "lead_days": list(self.lead_days),
            "sd": self.sd,
            "dispersion": self.dispersion,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Shocks:
        """Return the shocks whose `state` this was."""
        lead_days = tuple(int(day) for day in state["lead_days"])
        return cls(lead_days, np.asarray(state["sd"]), np.asarray(state["dispersion"]))

    def block(self, lead_days: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the index of the block that each lead in days falls in."""
        return np.maximum(np.searchsorted(self.lead_days, lead_days, side="right") - 1, 0)

    def variance(self, calls: Array, lead_days: NDArray[np.int64], row: NDArray[np.int64]) -> Array:
        """Return the variance of the sum over each row's pieces, in calls², shape (rows,).

        Args:
            calls: expected calls, shape (places, call types, pieces); a piece is the part of a row
                that lies in one force-day.
            lead_days: lead of each piece's force-day, shape (pieces,).
            row: the row each piece belongs to, ascending from 0 without gaps, shape (pieces,).
        """
        block = self.block(lead_days)
        first = np.flatnonzero(np.diff(row, prepend=-1))
        total = np.add.reduceat(calls.sum((0, 1)) * self.dispersion[block], first)
        for s, scope in enumerate(SCOPES):
            shared = calls.sum(_SHARED_AXES[scope], keepdims=True)
            by_day = ((shared * self.sd[block, s, 0]) ** 2).sum((0, 1))
            level = np.add.reduceat(shared * self.sd[block, s, 1], first, axis=2)
            total = total + np.add.reduceat(by_day, first) + (level**2).sum((0, 1))
        return total

    def draws(
        self, calls: Array, day: NDArray[np.int64], lead_days: NDArray[np.int64], n: int, seed: int
    ) -> NDArray[np.int64]:
        """Return joint draws of counts, shape (n, places, call types, pieces).

        Any group's draws are the sums of its cells' draws, so totals are coherent draw by draw.

        Args:
            calls: expected calls, shape (places, call types, pieces).
            day: number of each piece's force-day; pieces of one day share its shocks.
            lead_days: lead of each piece's force-day, shape (pieces,).
            n: number of draws.
            seed: the same seed gives the same draws.
        """
        rng = np.random.default_rng(seed)
        block = self.block(lead_days)
        days, day_index = np.unique(day, return_inverse=True)
        factor = np.ones((n, *calls.shape))
        for s, scope in enumerate(SCOPES):
            held = tuple(1 if a in _SHARED_AXES[scope] else calls.shape[a] for a in (0, 1))
            by_day = rng.standard_normal((n, *held, days.size))[..., day_index]
            level = rng.standard_normal((n, *held, 1))
            for z, sd in ((by_day, self.sd[block, s, 0]), (level, self.sd[block, s, 1])):
                factor *= _lognormal(z, sd)
        return _counts(rng, calls * factor, np.broadcast_to(self.dispersion[block], factor.shape))


def _lognormal(z: Array, sd: Array) -> Array:
    """Return factors of mean 1 and relative standard deviation sd from standard normal z."""
    log_variance = np.log1p(sd**2)
    return np.exp(z * np.sqrt(log_variance) - log_variance / 2)


def _counts(rng: np.random.Generator, mean: Array, dispersion: Array) -> NDArray[np.int64]:
    """Draw counts of the given mean and variance ÷ mean."""
    found = np.empty(mean.shape, np.int64)
    over, under = dispersion > 1 + 1e-9, dispersion < 1 - 1e-9
    equal = ~over & ~under
    found[equal] = rng.poisson(mean[equal])
    excess = dispersion[over] - 1
    found[over] = rng.poisson(rng.gamma(np.maximum(mean[over], 1e-12) / excess, excess))
    trials = np.maximum(np.ceil(mean[under] / (1 - dispersion[under])), 1)
    found[under] = rng.binomial(trials.astype(np.int64), np.minimum(mean[under] / trials, 1))
    return found
