"""Weights from past origins, none used on what they were found from, and held back where unproven.

1. Weights found from some groups of origins are tried on the others.
2. Where, by block of leads and over all levels, the blend does not beat the honest baseline there,
   it is mixed with the baseline: the largest share of the blend that does not lose. A short history
   with a moving level has nothing better to say of the next quarter than the last eight weeks.
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
from numpy.typing import NDArray

from models.blend import Evidence, Weights, blended, block_of, evidence, weigh
from models.origins import Fold
from models.raking import Structure
from models.recipe import BASELINE, Recipe

Array = NDArray[np.float64]
Index = NDArray[np.int64]
_SHARES = (1.0, 0.75, 0.5, 0.25, 0.0)  # of the blend; the rest is the baseline


@dataclass(frozen=True)
class Groups:
    """The folds, with what is needed to sum cells up to the published series.

    Args:
        folds: past origins with the members' forecasts.
        parts: which series is which part of the force.
        keys: level, area, call_type of each series.
        sums: places and call types (positions) that each series sums over.
    """

    folds: Sequence[Fold]
    parts: Structure
    keys: pd.DataFrame
    sums: Sequence[tuple[Index, Index]]

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


def weights_of(groups: Groups, recipe: Recipe) -> list[Weights]:
    """Return the weights from all folds, then for each fold those from the other groups."""
    proof = [_proof(fold, fold.predicted, groups, recipe) for fold in groups.folds]
    everything = _weights(proof, groups.levels, recipe)
    crossed = [
        _weights([proof[i] for i in groups.others(fold.group)], groups.levels, recipe)
        for fold in groups.folds
    ]
    tried = [
        _tried(fold, weights, groups, recipe)
        for fold, weights in zip(groups.folds, crossed, strict=True)
    ]
    share = _proven(reduce(add, tried))
    return [_mixed(weights, share, recipe) for weights in (everything, *crossed)]


def _proven(tried: Evidence) -> Array:
    """Return the largest share of the blend that does not lose to the baseline, (blocks,)."""
    found = np.ones(len(tried.n))
    for b, seen in enumerate(tried.n > 0):
        if seen.any():
            squares = tried.squares[b][seen]
            ratio = (squares / np.maximum(squares[:, [-1]], 1e-9)).mean(0)
            found[b] = _SHARES[int(np.argmax(ratio <= 1))]
        elif b > 0:
            found[b] = found[b - 1]
    return found


def _tried(fold: Fold, weights: Weights, groups: Groups, recipe: Recipe) -> Evidence:
    """Return what one fold says of the blend mixed with the baseline in each share."""
    blend = blended(fold.predicted, weights, groups.level)
    baseline = fold.predicted[list(recipe.members).index(BASELINE)]
    mixed = np.stack([share * blend + (1 - share) * baseline for share in _SHARES])
    return _proof(fold, mixed, groups, recipe)


def _mixed(weights: Weights, share: Array, recipe: Recipe) -> Weights:
    alone = np.zeros(len(recipe.members))
    alone[list(recipe.members).index(BASELINE)] = 1
    part = share[:, None, None]
    values = part * np.asarray(weights.values) + (1 - part) * alone
    return Weights(weights.members, weights.levels, weights.lead_blocks, values)


def _proof(fold: Fold, predicted: Array, groups: Groups, recipe: Recipe) -> Evidence:
    block = block_of(recipe.lead_blocks, len(fold.days))
    blocks = len(recipe.lead_blocks)
    return evidence(predicted, fold.counts, groups.level, groups.levels, block, blocks)


def _weights(proof: Sequence[Evidence], levels: tuple[str, ...], recipe: Recipe) -> Weights:
    return weigh(
        reduce(add, proof),
        recipe.members,
        levels,
        recipe.lead_blocks,
        baseline=BASELINE,
        power=recipe.weight_power,
    )
