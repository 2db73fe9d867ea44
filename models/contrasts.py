"""Dispersion of call types, by contrasts of the smallest parts of the same whole.

Given the count Y of a whole, a part whose share of it is p differs from p Y by chance alone,

    E[(y − p Y)²] = dispersion × p (1 − p) × calls expected of the whole,

whatever shocks the whole shares, be it a storm, and however steady it is. The ratio of sums over
many parts is the dispersion; in its denominator the whole's count stands for the expected one, and
its weights depend on what was expected only, so both sums have the right mean. A call type is drawn
to the mean one, and that to 1: counts are Poisson given their rates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
from scipy.stats import poisson

from forewatch.arrays import Array, Index

LEAST_DISPERSION = 0.3  # of any call type, also after all steadiness
LEAST_CALLS = 1e-6
_CLIP = 3.0
_NO_SURPRISE = 3.0  # calls²: added to what a squared residual counts as at most
_LEAST_CHANCE = 0.05  # of a Poisson count's, that is expected of any row
# 1 counts for the mean dispersion, and the mean for each call type's, as so many rows of its own.
_PRIOR_POISSON_ROWS = 50.0
_PRIOR_TYPE_ROWS = 100.0


@dataclass(frozen=True)
class Contrasts:
    """Parts of a whole beside their share of what the whole came to; one a row.

    Args:
        square: (count − share × count of the whole)², calls².
        chance: what a Poisson count's would be, share × (1 − share) × count of the whole.
        expected: the same of the whole's expected calls.
        trust: part of the row that counts: of a whole that came to far more than was expected, a
            burst in one of its parts maybe, as much as of one that came to what chance allows.
        shared: what sd² of shocks that parts do not share would be multiplied with.
        call_type: position of the call type.
        lead_days: days ahead of the origin.
    """

    square: Array
    chance: Array
    expected: Array
    trust: Array
    shared: Array
    call_type: Index
    lead_days: Index

    @classmethod
    def of(
        cls, mean: Array, counts: Array, whole: Index, call_type: Index, lead_days: Index
    ) -> Contrasts:
        """Return the parts of wholes of which all is known and something expected.

        Args:
            mean: expected calls of the parts, shape (parts,).
            counts: what happened; NaN unknown.
            whole: number of the whole that each part is of.
            call_type: position of the parts' call type.
            lead_days: days ahead of the origin of the parts.
        """
        calls, seen = (np.bincount(whole, values) for values in (mean, counts))
        used = np.flatnonzero((calls > LEAST_CALLS)[whole] & np.isfinite(seen)[whole])
        whole = whole[used]
        share, came = mean[used] / calls[whole], seen[whole]
        squares = np.bincount(whole, share**2, len(calls))[whole]
        most = calls[whole] + _CLIP * np.sqrt(calls[whole]) + _NO_SURPRISE
        return cls(
            (counts[used] - share * came) ** 2,
            share * (1 - share) * came,
            share * (1 - share) * calls[whole],
            np.minimum(most / np.maximum(came, 1), 1),
            mean[used] ** 2 * (1 - 2 * share + squares),
            call_type[used],
            lead_days[used],
        )

    @classmethod
    def joined(cls, found: Sequence[Contrasts]) -> Contrasts:
        """Return the rows of several."""
        return cls(
            *(np.concatenate([getattr(one, field.name) for one in found]) for field in fields(cls))
        )

    def at(self, which: Index) -> Contrasts:
        """Return some of the rows."""
        return type(self)(*(getattr(self, field.name)[which] for field in fields(self)))


def cell_days(mean: Array, counts: Array) -> Contrasts:
    """Return the cells' days within their call type's, both (days ahead, places, call types)."""
    day, _, call_type = (each.ravel() for each in np.indices(mean.shape))
    whole = day * mean.shape[2] + call_type
    return Contrasts.of(mean.ravel(), counts.ravel(), whole, call_type, day)


def dispersion_of(found: Contrasts, before: Array, apart: float) -> Array:
    """Return the dispersion of the call types, shape (call types,).

    Args:
        found: the parts.
        before: what was found in the round before, by which residuals are clipped; same shape.
        apart: sd² of the shocks that parts of a whole do not share.
    """
    types = len(before)
    rest = found.shared * apart
    expected = expected_variance(before[found.call_type] * found.chance + rest, found.chance)
    weight = found.trust / (1 + 2 * found.expected)
    size = np.bincount(found.call_type, weight * found.chance, types)
    seen = np.bincount(found.call_type, weight * (clipped(found.square, expected) - rest), types)
    row = size.sum() / max(len(found.square), 1)
    if not row > 0:
        return np.ones(types)
    mean = (seen.sum() + _PRIOR_POISSON_ROWS * row) / (size.sum() + _PRIOR_POISSON_ROWS * row)
    prior = _PRIOR_TYPE_ROWS * row
    return np.asarray(np.maximum((seen + prior * mean) / (size + prior), LEAST_DISPERSION))


def expected_variance(variance: Array, calls: Array) -> Array:
    """Return the variance expected of rows, no less than a small part of a Poisson count's."""
    return np.maximum(variance, _LEAST_CHANCE * calls + LEAST_CALLS)


def clipped(square: Array, expected: Array) -> Array:
    """Return squared residuals as far as they count, with the factor that keeps a mean unbiased.

    Args:
        square: shape (rows,).
        expected: the variance expected, same shape.
    """
    at, kept = _kept_of_poisson()
    factor = np.interp(np.log(expected), at, kept)
    return np.asarray(np.minimum(square, _CLIP**2 * expected + _NO_SURPRISE) / factor)


@cache
def _kept_of_poisson() -> tuple[Array, Array]:
    """Return logs of means, and what clipping leaves of a Poisson count's variance at each."""
    means = np.geomspace(1e-3, 1e3, 121)
    counts = np.arange(1400)[:, None]
    square = np.minimum((counts - means) ** 2, _CLIP**2 * means + _NO_SURPRISE)
    return np.log(means), (square * poisson.pmf(counts, means)).sum(0) / means
