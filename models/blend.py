"""How much each member counts, by block of leads and level.

1. Before anything is known the models count the same, and a simple mean of past weeks a part of
   one: models of different kinds err differently, the means err alike.
2. Errors of the members on rolling origins are put on the scale of Poisson noise (squared error ÷
   expected calls of the series), so that no single large series decides for its level, and divided
   by those of the honest baseline.
3. A dozen overlapping origins say little about one level and block alone: what they say is mixed
   with what all levels say of the block, and all blocks of the level. And they are believed by how
   many independent looks they are: origins four weeks apart look at the same quarter three times.
4. Members are weighed by a power of what they are believed to lose. A member that clearly loses to
   the baseline gets no weight; if all do, the baseline stands alone.

Source:
    Bates & Granger (1969), The combination of forecasts, method (i) with a power; Smith & Wallis
    (2009), A simple explanation of the forecast combination puzzle (why not estimate more);
    docs/experiments/002-weights-of-the-members.md, 007-blend-and-coherence.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forewatch.arrays import Array, Index, Mask
from forewatch.errors import SettingsError
from models.recipe import MEANS

_LEAST_CALLS = 1e-3  # a day; keeps a series that is nearly always 0 from deciding for its level
_ABSENT = 2.0  # squared errors of a member that was not judged ÷ the worst member's
_NOTHING = 1e-9  # keeps the loss of a perfect member, or baseline, from dividing by 0
_WILDEST = np.log(4.0)  # no level or block says more than this of another
_POOLED = 0.7  # share of what all levels and blocks say; docs/experiments/002
_CLEARLY = 1.25  # believed squared error ÷ the baseline's beyond which a member gets no weight


@dataclass(frozen=True)
class Weights:
    """Weights of the members.

    Args:
        members: names, shape (members,).
        levels: names of the levels, shape (levels,).
        lead_blocks: first lead day of each block, shape (blocks,).
        table: shape (blocks, levels, members), never negative, summing to 1 over members.
    """

    members: tuple[str, ...]
    levels: tuple[str, ...]
    lead_blocks: tuple[int, ...]
    table: Array

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit and weights that are none."""
        shape = (len(self.lead_blocks), len(self.levels), len(self.members))
        if self.table.shape != shape:
            raise ValueError(f"weights of shape {self.table.shape}; want {shape}")
        if (self.table < 0).any() or not np.allclose(self.table.sum(-1), 1):
            raise ValueError("weights are never negative and sum to 1 over the members")

    @classmethod
    def equal(
        cls, members: Sequence[str], levels: Sequence[str], lead_blocks: Sequence[int]
    ) -> Weights:
        """Return the same weight for each member everywhere."""
        shape = (len(lead_blocks), len(levels), len(members))
        return cls(
            tuple(members), tuple(levels), tuple(lead_blocks), np.full(shape, 1 / len(members))
        )

    def state(self) -> dict[str, Any]:
        """Return plain values and arrays that `from_state` reads back."""
        return {
            "members": list(self.members),
            "levels": list(self.levels),
            "lead_blocks": list(self.lead_blocks),
            "table": self.table,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Weights:
        """Return the weights that `state` wrote."""
        blocks = tuple(int(day) for day in state["lead_blocks"])
        return cls(tuple(state["members"]), tuple(state["levels"]), blocks, state["table"])


def block_of(lead_blocks: Sequence[int], days: int) -> Index:
    """Return the block of each of the days ahead, shape (days,).

    >>> block_of((0, 2), 4).tolist()
    [0, 0, 1, 1]
    """
    return np.searchsorted(np.asarray(lead_blocks), np.arange(days), side="right").astype(int) - 1


def blend_predictions(
    predictions: Array, weights: Weights, level: Sequence[str], special: Mask | None = None
) -> Array:
    """Return the weighted mean of the members' predictions.

    Args:
        predictions: shape (members, days ahead, series); NaN where a member has no forecast, its
            weight then goes to the others in proportion.
        weights: the weights, of the same members in the same order.
        level: level of each series, shape (series,).
        special: which days are public holidays or beside one, shape (days ahead,): of these means
            of past weeks know nothing, and have no say where another member has. None: no day.

    Returns:
        Shape (days ahead, series); where every weighted member is NaN, the mean of all others.

    Raises:
        SettingsError: if a level has no weights.
    """
    if unknown := sorted(set(level) - set(weights.levels)):
        raise SettingsError(f"no weights for {', '.join(unknown)}; train again on this profile")
    at = np.array([weights.levels.index(name) for name in level])
    block = block_of(weights.lead_blocks, predictions.shape[1])
    held = np.moveaxis(weights.table[np.ix_(block, at)], -1, 0) * np.isfinite(predictions)
    if special is not None:
        mean = np.array([name in MEANS for name in weights.members])
        others = held[~mean].sum(0) > 0
        held[mean] *= ~(special[:, None] & others)
    orphaned = held.sum(0) == 0
    held = np.where(orphaned, np.isfinite(predictions), held)
    total = (held * np.nan_to_num(predictions)).sum(0)
    known = held.sum(0) > 0
    return np.asarray(np.divide(total, held.sum(0), out=np.full(known.shape, np.nan), where=known))


@dataclass(frozen=True)
class Evidence:
    """Scaled squared errors of the members on one or more rolling origins.

    Args:
        squares: Σ squared error ÷ expected calls, shape (blocks, levels, members).
        n: number of series-days behind each, shape (blocks, levels).
    """

    squares: Array
    n: Array

    def __add__(self, other: Evidence) -> Evidence:
        """Return the evidence of both."""
        return Evidence(self.squares + other.squares, self.n + other.n)


def evidence(
    predictions: Array,
    truth: Array,
    level: Sequence[str],
    levels: Sequence[str],
    block: Index,
    blocks: int,
) -> Evidence:
    """Return what one origin says about the members.

    A series that a member leaves out (NaN) counts with the mean of the other members, so that all
    are judged on the same series and days. A member that leaves out a whole level is not judged
    there: it counts as worse than the worst.

    Args:
        predictions: shape (members, days ahead, series).
        truth: counts, shape (days ahead, series); NaN unknown.
        level: level of each series, shape (series,).
        levels: names of the levels in the order of the result.
        block: block of each day ahead, shape (days ahead,).
        blocks: number of blocks; those beyond the days ahead stay without evidence.
    """
    filled = np.where(np.isfinite(predictions), predictions, np.nanmean(predictions, axis=0))
    scale = np.maximum(filled.mean(axis=(0, 1)), _LEAST_CALLS)
    squares = np.where(np.isfinite(truth), (filled - truth) ** 2 / scale, 0.0)
    at = np.array([levels.index(name) for name in level])
    found = np.zeros((blocks, len(levels), len(predictions)))
    n = np.zeros((blocks, len(levels)))
    for k in range(len(levels)):
        here = at == k
        absent = np.isnan(predictions[:, :, here]).all((1, 2))
        daily = squares[:, :, here].sum(2)
        daily[absent] = _ABSENT * daily.max(0)
        for b in range(blocks):
            ahead = np.flatnonzero(block == b)
            found[b, k] = daily[:, ahead].sum(1)
            n[b, k] = np.isfinite(truth[ahead][:, here]).sum()
    return Evidence(found, n)


@dataclass(frozen=True)
class Trust:
    """What is thought of the members beforehand, and how far evidence moves it.

    Args:
        prior: weights before any evidence, positive, shape (members,).
        belief: share of a logarithmic loss that is believed, 0 to 1, shape (blocks,).
        power: how fast a member loses weight with what it is believed to lose.
    """

    prior: Array
    belief: Array
    power: float


def looks(origins: pd.DatetimeIndex, lengths_days: Sequence[int]) -> Array:
    """Return how many stretches of time that share no day the origins look at, shape (blocks,).

    >>> looks(pd.date_range("2026-01-01", periods=12, freq="28D"), (7, 91)).round(1).tolist()
    [12.0, 4.4]
    """
    apart = (origins.max() - origins.min()) / pd.Timedelta(days=1)
    return np.array([min(len(origins), 1 + apart / max(days, 1)) for days in lengths_days])


def weigh(
    found: Evidence,
    members: Sequence[str],
    levels: Sequence[str],
    lead_blocks: Sequence[int],
    *,
    baseline: str,
    trust: Trust,
) -> Weights:
    """Return the weights that the evidence asks for.

    Args:
        found: what the rolling origins say.
        members: names in the order of the evidence.
        levels: names of the levels in the order of the evidence.
        lead_blocks: first lead day of each block; a block without evidence (history too short)
            takes the weights of the block before it.
        baseline: the member that the others have to beat.
        trust: what is thought beforehand, and how far the evidence is believed.
    """
    base = list(members).index(baseline)
    seen = np.asarray((found.n > 0).all(axis=1), dtype=bool)
    log_loss = np.zeros_like(found.squares)
    if seen.any():
        squares = np.maximum(found.squares[seen], _NOTHING)
        own = np.clip(np.log(squares / squares[..., [base]]), -_WILDEST, _WILDEST)
        wide = (own.mean(0, keepdims=True) + own.mean(1, keepdims=True)) / 2
        log_loss[seen] = _POOLED * wide + (1 - _POOLED) * own
    log_loss *= np.reshape(trust.belief, (-1, 1, 1))
    held = log_loss <= np.log(_CLEARLY)
    values = np.where(held, trust.prior * np.exp(-trust.power * log_loss), 0.0)
    values = values / values.sum(-1, keepdims=True)
    for b in range(1, len(lead_blocks)):
        values[b] = values[b] if seen[b] else values[b - 1]
    return Weights(tuple(members), tuple(levels), tuple(lead_blocks), values)
