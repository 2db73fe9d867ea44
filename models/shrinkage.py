"""Shares estimated from few counts: pulled towards a wider group's as far as chance explains them.

The counts of one group over its categories are taken as multinomial around shares that vary from
group to group (Dirichlet). Pearson's chi-square of all groups tells how much they really vary:
E[χ²] = df × (1 + (n − 1) r), and K = 1/r − 1 is the number of calls that the prior counts for.

Source:
    Brier (1980), Analysis of contingency tables under cluster sampling, equation 3.4 (moments);
    Good (1965), The Estimation of Probabilities (Dirichlet prior as added counts).
"""

from __future__ import annotations

import numpy as np

from forewatch.arrays import Array

_STRONGEST, _WEAKEST = 1e5, 5.0  # bounds on the calls that a prior counts for
_LEAST_EXPECTED = 0.5  # cells below are left out of chi-square: their terms are wild


def shrunk(counts: Array, prior: Array, *, per: int = 0) -> Array:
    """Return shares over the last axis that lie between the counts' own and the prior's.

    Args:
        counts: calls, shape (..., categories); groups without a call get the prior.
        prior: shares that sum to 1 over the last axis, broadcast to the counts' shape.
        per: number of leading axes that each get a strength of their own (0: one for all).

    Returns:
        Shares of the counts' shape, positive wherever the prior is, summing to 1.
    """
    prior = np.broadcast_to(prior, counts.shape)
    calls = counts.sum(-1, keepdims=True)
    strength = prior_calls(counts, prior, per=per)
    strength = strength.reshape(strength.shape + (1,) * (counts.ndim - per))
    return np.asarray((counts + strength * prior) / (calls + strength))


def prior_calls(counts: Array, prior: Array, *, per: int = 0) -> Array:
    """Return how many calls the prior counts for, shape of the first *per* axes."""
    calls = counts.sum(-1, keepdims=True)
    expected = calls * prior
    used = expected >= _LEAST_EXPECTED
    terms = np.divide((counts - expected) ** 2, expected, out=np.zeros(counts.shape), where=used)
    # a category's own contribution to the degrees of freedom is 1 − its share
    freedom = np.where(used, 1 - prior, 0.0)
    excess = (terms - freedom).sum(tuple(range(per, counts.ndim)))
    room = (freedom * np.maximum(calls - 1, 0)).sum(tuple(range(per, counts.ndim)))
    variation = np.divide(excess, room, out=np.zeros(np.shape(room)), where=room > 0)
    least, most = 1 / (_STRONGEST + 1), 1 / (_WEAKEST + 1)
    return np.asarray(1 / np.clip(variation, least, most) - 1)
