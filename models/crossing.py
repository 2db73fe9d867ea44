"""Weights from past origins, none used on what they were found from, and held back where unproven.

1. Weights found from some groups of origins are tried on the others.
2. Where, by block of leads and over all levels, the blend clearly loses to the honest baseline
   there (by more than one standard error), it is mixed with the baseline: the largest share of the
   blend that does not. A short history with a moving level has nothing better to say of the next
   quarter than the last eight weeks.
3. For the scores, the weights are those found without the origins that are scored; the shares of
   the second step, one number a block, are the same for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
import pandas as pd

from forewatch.arrays import Array, Index
from models.blend import (
    Evidence,
    Trust,
    Weights,
    blend_predictions,
    block_of,
    evidence,
    looks,
    weigh,
)
from models.origins import Fold
from models.past_parts import PastParts
from models.raking import Structure
from models.recipe import BASELINE, MEANS, Recipe

_SHARES = (1.0, 0.75, 0.5, 0.25, 0.0)  # of the blend; the rest is the baseline


@dataclass(frozen=True)
class Groups:
    """The folds, with what is needed to sum cells up to the published series.

    Args:
        folds: past origins with the members' forecasts.
        parts: which series is which part of the force.
        keys: level, area, call_type of each series.
        sums: places and call types (positions) that each series sums over.
        pools: series that are told together, and so judged as one.
        past: how the days ahead of each fold fall into parts; () for days alone.
    """

    folds: Sequence[Fold]
    parts: Structure
    keys: pd.DataFrame
    sums: Sequence[tuple[Index, Index]]
    pools: Sequence[Index] = ()
    past: Sequence[PastParts] = ()

    @property
    def level(self) -> list[str]:
        """The level of each series."""
        return [str(level) for level in self.keys["level"]]

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels in order, each once."""
        return tuple(dict.fromkeys(self.level))

    def others(self, group: int) -> list[int]:
        """Return the positions of the folds of other groups."""
        return [i for i, fold in enumerate(self.folds) if fold.group != group]


def crossed_weights(groups: Groups, recipe: Recipe) -> list[Weights]:
    """Return the weights from all folds, then for each fold those from the other groups."""
    proof = [_proof(fold, fold.predicted, groups, recipe) for fold in groups.folds]
    everything = _weights(proof, groups.folds, groups.levels, recipe)
    crossed = []
    for fold in groups.folds:
        others = groups.others(fold.group)
        seen = [proof[i] for i in others], [groups.folds[i] for i in others]
        crossed.append(_weights(*seen, groups.levels, recipe))
    tried = [
        _mixture_scores(fold, weights, groups, recipe)
        for fold, weights in zip(groups.folds, crossed, strict=True)
    ]
    share = _proven_share(tried, _looks(groups.folds, recipe))
    return [_mix(weights, share, recipe) for weights in (everything, *crossed)]


def _proven_share(tried: Sequence[Evidence], seen: Array) -> Array:
    """Return the largest share of the blend that does not clearly lose to the baseline, (blocks,).

    Args:
        tried: of each fold, the losses of each share.
        seen: independent looks that the folds are, shape (blocks,).
    """
    losses = np.stack([_log_losses(one) for one in tried])  # (folds, blocks, shares)
    found = np.ones(losses.shape[1])
    for b in range(len(found)):
        said = losses[np.isfinite(losses[:, b, 0]), b]
        if len(said):
            error = said.std(0) / np.sqrt(max(seen[b] - 1, 1))
            found[b] = _SHARES[int(np.argmax(said.mean(0) - error <= 0))]
        elif b > 0:
            found[b] = found[b - 1]
    return found


def _log_losses(tried: Evidence) -> Array:
    """Return log squared error ÷ the baseline's, the mean of all levels, (blocks, shares)."""
    squares = np.maximum(tried.squares, 1e-9)
    mean = np.log(squares / squares[..., [-1]]).mean(1)
    return np.where((tried.n > 0).all(1, keepdims=True), mean, np.nan)


def _mixture_scores(fold: Fold, weights: Weights, groups: Groups, recipe: Recipe) -> Evidence:
    """Return what one fold says of the blend mixed with the baseline in each share."""
    blend = blend_predictions(fold.predicted, weights, groups.level, fold.special)
    baseline = fold.predicted[list(recipe.members).index(BASELINE)]
    mixed = np.stack([share * blend + (1 - share) * baseline for share in _SHARES])
    return _proof(fold, mixed, groups, recipe)


def _mix(weights: Weights, share: Array, recipe: Recipe) -> Weights:
    alone = np.zeros(len(recipe.members))
    alone[list(recipe.members).index(BASELINE)] = 1
    part = share[:, None, None]
    values = part * np.asarray(weights.table) + (1 - part) * alone
    return Weights(weights.members, weights.levels, weights.lead_blocks, values)


def _proof(fold: Fold, predicted: Array, groups: Groups, recipe: Recipe) -> Evidence:
    block = block_of(recipe.lead_blocks, len(fold.days))
    blocks = len(recipe.lead_blocks)
    return evidence(predicted, fold.counts, groups.level, groups.levels, block, blocks)


def _weights(
    proof: Sequence[Evidence], folds: Sequence[Fold], levels: tuple[str, ...], recipe: Recipe
) -> Weights:
    return weigh(
        reduce(add, proof),
        recipe.members,
        levels,
        recipe.lead_blocks,
        baseline=BASELINE,
        trust=_trust(folds, recipe),
    )


def _trust(folds: Sequence[Fold], recipe: Recipe) -> Trust:
    """Return what is thought of the members before the folds, and how far these are believed."""
    seen = _looks(folds, recipe)
    prior = [recipe.weight_of_a_mean if name in MEANS else 1.0 for name in recipe.members]
    return Trust(np.array(prior), seen / (seen + recipe.doubt_looks), recipe.weight_power)


def _looks(folds: Sequence[Fold], recipe: Recipe) -> Array:
    """Return how many independent looks at each block of leads the folds are, shape (blocks,)."""
    ends = (*recipe.lead_blocks[1:], recipe.origins.horizon_days)
    lengths = [after - first for first, after in zip(recipe.lead_blocks, ends, strict=True)]
    return looks(pd.DatetimeIndex([fold.origin for fold in folds]), lengths)
