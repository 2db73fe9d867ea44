"""How much each member counts, by block of leads and level.

1. Errors of the members on rolling origins are put on the scale of Poisson noise (squared error ÷
   expected calls of the series), so that no single large series decides for its level.
2. A member whose mean square error is larger than that of the honest baseline gets no weight; if
   none is left, the baseline alone stands.
3. Among those left, the weights minimise the error of the blend, held to 0 ≤ weight and a sum of 1,
   and pulled towards equal weights by a ridge on the scale of how much the members disagree.

Source:
    Bates & Granger (1969), The combination of forecasts; shrinkage to equal weights after
    Diebold & Shin (2019), Machine learning for regularized survey forecast combination.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from forewatch.errors import SettingsError

Array = NDArray[np.float64]
Index = NDArray[np.int64]
_LEAST_CALLS = 1e-3  # a day; keeps a series that is nearly always 0 from deciding for its level
_ABSENT = 1.5  # errors of a member that was not judged ÷ the worst member's
_SUM_PENALTY = 1e4  # holds the sum of the weights to 1 within 1e-6 before the exact division


@dataclass(frozen=True)
class Weights:
    """Weights of the members.

    Args:
        members: names, shape (members,).
        levels: names of the levels, shape (levels,).
        lead_blocks: first lead day of each block, shape (blocks,).
        values: shape (blocks, levels, members), never negative, summing to 1 over members.
    """

    members: tuple[str, ...]
    levels: tuple[str, ...]
    lead_blocks: tuple[int, ...]
    values: Array

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit and weights that are none."""
        shape = (len(self.lead_blocks), len(self.levels), len(self.members))
        if self.values.shape != shape:
            raise ValueError(f"weights of shape {self.values.shape}; want {shape}")
        if (self.values < 0).any() or not np.allclose(self.values.sum(-1), 1):
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
            "values": self.values,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Weights:
        """Return the weights that `state` wrote."""
        blocks = tuple(int(day) for day in state["lead_blocks"])
        return cls(tuple(state["members"]), tuple(state["levels"]), blocks, state["values"])


def block_of(lead_blocks: Sequence[int], days: int) -> Index:
    """Return the block of each of the days ahead, shape (days,).

    >>> block_of((0, 2), 4).tolist()
    [0, 0, 1, 1]
    """
    return np.searchsorted(np.asarray(lead_blocks), np.arange(days), side="right").astype(int) - 1


def blended(predictions: Array, weights: Weights, level: Sequence[str]) -> Array:
    """Return the weighted mean of the members' predictions.

    Args:
        predictions: shape (members, days ahead, series); NaN where a member has no forecast, its
            weight then goes to the others in proportion.
        weights: the weights, of the same members in the same order.
        level: level of each series, shape (series,).

    Returns:
        Shape (days ahead, series); where every weighted member is NaN, the mean of all others.

    Raises:
        SettingsError: if a level has no weights.
    """
    if unknown := sorted(set(level) - set(weights.levels)):
        raise SettingsError(f"no weights for {', '.join(unknown)}; train again on this profile")
    at = np.array([weights.levels.index(name) for name in level])
    block = block_of(weights.lead_blocks, predictions.shape[1])
    held = np.moveaxis(weights.values[np.ix_(block, at)], -1, 0) * np.isfinite(predictions)
    orphaned = held.sum(0) == 0
    held = np.where(orphaned, np.isfinite(predictions), held)
    total = (held * np.nan_to_num(predictions)).sum(0)
    known = held.sum(0) > 0
    return np.asarray(np.divide(total, held.sum(0), out=np.full(known.shape, np.nan), where=known))


@dataclass(frozen=True)
class Evidence:
    """Products of the members' scaled errors on one or more rolling origins.

    Args:
        products: Σ error_i × error_j ÷ expected calls, (blocks, levels, members, members).
        n: number of series-days behind each, shape (blocks, levels).
    """

    products: Array
    n: Array

    def __add__(self, other: Evidence) -> Evidence:
        """Return the evidence of both."""
        return Evidence(self.products + other.products, self.n + other.n)

    def __sub__(self, other: Evidence) -> Evidence:
        """Return the evidence without that of the other (for cross-fitting)."""
        return Evidence(self.products - other.products, self.n - other.n)


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
    members = len(predictions)
    filled = np.where(np.isfinite(predictions), predictions, np.nanmean(predictions, axis=0))
    known = np.isfinite(truth)
    scale = np.maximum(filled.mean(axis=(0, 1)), _LEAST_CALLS)
    errors = np.where(known, (filled - truth) / np.sqrt(scale), 0.0)
    products = np.zeros((blocks, len(levels), members, members))
    n = np.zeros((blocks, len(levels)))
    at = np.array([levels.index(name) for name in level])
    for k in range(len(levels)):
        absent = np.isnan(predictions[:, :, at == k]).all((1, 2))
        worst = np.abs(errors[:, :, at == k]).max(0)
        errors[np.ix_(absent, np.ones(errors.shape[1], bool), at == k)] = _ABSENT * worst
        for b in range(blocks):
            part = errors[:, block == b][:, :, at == k].reshape(members, -1)
            products[b, k] = part @ part.T
            n[b, k] = known[block == b][:, at == k].sum()
    return Evidence(products, n)


def weigh(
    found: Evidence,
    members: Sequence[str],
    levels: Sequence[str],
    lead_blocks: Sequence[int],
    *,
    baseline: str,
    pull: float,
) -> Weights:
    """Return the weights that the evidence asks for, pulled towards equal ones.

    Args:
        found: what the rolling origins say.
        members: names in the order of the evidence.
        levels: names of the levels in the order of the evidence.
        lead_blocks: first lead day of each block; a block without evidence (history too short)
            takes the weights of the block before it.
        baseline: the member that the others have to beat.
        pull: strength of the pull towards equal weights; 0 is none.
    """
    values = np.zeros((len(lead_blocks), len(levels), len(members)))
    base = members.index(baseline)
    for b in range(len(lead_blocks)):
        for k in range(len(levels)):
            if found.n[b, k] > 0:
                values[b, k] = _simplex(found.products[b, k] / found.n[b, k], base, pull)
            elif b > 0:
                values[b, k] = values[b - 1, k]
            else:
                values[b, k] = 1 / len(members)
    return Weights(tuple(members), tuple(levels), tuple(lead_blocks), values)


def _simplex(products: Array, base: int, pull: float) -> Array:
    """Return weights that minimise w'Pw + pull × disagreement × |w − equal|² on the simplex."""
    square = np.diag(products)
    able = np.flatnonzero(square <= square[base])
    weights = np.zeros(len(square))
    part = products[np.ix_(able, able)]
    own = np.diag(part)
    disagreement = float((own[:, None] + own[None, :] - 2 * part).mean()) / 2
    ridge = pull * max(disagreement, 1e-9) + 1e-12 * float(own.max(initial=0))
    equal = np.full(len(able), 1 / len(able))
    # w'Aw − 2 ridge equal'w = |Rw − R⁻ᵀ ridge equal|² + constant, where A = R'R
    root = np.linalg.cholesky(part + ridge * np.eye(len(able))).T
    target = np.linalg.solve(root.T, ridge * equal)
    penalty = _SUM_PENALTY * float(np.sqrt(own.max(initial=1e-9)))
    rows = np.vstack([root, np.full((1, len(able)), penalty)])
    found, _ = nnls(rows, np.append(target, penalty))
    weights[able] = found / found.sum()
    return weights
