"""Joint draws of counts from shared shocks: another road to what the moments say.

Chance is drawn as three kinds of calls on top of one another: calls that come on their own, calls
of which each place's day has a set number, and calls of which the force's day has a set number; a
set number falls on the cells at random. Shocks move the calls of the first kind, by as much as all
three together would move.
"""

from __future__ import annotations

import numpy as np

from forewatch.arrays import Array, Index
from forewatch.rates import Forecast, Selection, Spans
from forewatch.shocks import PERSISTENCES, SCOPES, Shocks

_SHARED_AXES = {"force": (0, 1), "place": (1,), "call_type": (0,), "cell": ()}


def drawn(forecast: Forecast, selection: Selection, spans: Spans, n: int, seed: int) -> Index:
    """Return counts, shape (n, places, call types, rows); each span lies in one force-day."""
    calls = forecast.expected(selection, spans)
    day = np.asarray(forecast.rates.day_edges.searchsorted(spans.starts, side="right")) - 1
    return joint(forecast.shocks, calls, day, forecast.lead_days[day], n, seed)


def joint(shocks: Shocks, calls: Array, day: Index, lead_days: Index, n: int, seed: int) -> Index:
    """Return counts, shape (n, places, call types, pieces).

    Args:
        shocks: sizes; with steadiness, the calls must be those of whole force-days; with a
            dispersion of each call type, all of them.
        calls: expected, shape (places, call types, pieces).
        day: number of each piece's force-day; pieces of one day share its shocks, but those of a
            third: each piece is one.
        lead_days: lead of each piece's force-day.
        n: number of draws.
        seed: the same seed gives the same draws.
    """
    rng = np.random.default_rng(seed)
    block = shocks.block(lead_days)
    steady = np.broadcast_to(shocks.steadiness, (len(shocks.lead_days), 2))[block]
    alone = 1 - steady.sum(1)
    factor = (_factor(rng, shocks, calls.shape, day, block, n) - 1) / alone + 1
    own = shocks.dispersion[block].T - steady.sum(1)  # (call types, pieces)
    found = _counts(rng, calls * alone * np.maximum(factor, 0), own / alone)
    for number in np.unique(day):
        at = np.flatnonzero(day == number)
        part = calls[:, :, at]
        for p in range(len(calls)):
            if steady[at[0], 0]:
                found[:, p][..., at] += _set_number(rng, part[p], steady[at[0], 0], n)
        if steady[at[0], 1]:
            found[..., at] += _set_number(rng, part, steady[at[0], 1], n)
    return found


def _factor(
    rng: np.random.Generator,
    shocks: Shocks,
    shape: tuple[int, ...],
    day: Index,
    block: Index,
    n: int,
) -> Array:
    """Return what shocks multiply the calls with, shape (n, *shape); its mean is 1."""
    days, day_index = np.unique(day, return_inverse=True)
    factor = np.ones((n, *shape))
    for s, scope in enumerate(SCOPES):
        held = tuple(1 if a in _SHARED_AXES[scope] else shape[a] for a in (0, 1))
        for k, persistence in enumerate(PERSISTENCES):
            size = {"third": shape[2], "day": days.size, "level": 1}[persistence]
            z = rng.standard_normal((n, *held, size))
            log_variance = np.log1p(shocks.sd[block, s, k] ** 2)
            each = z[..., day_index] if persistence == "day" else z
            factor *= np.exp(each * np.sqrt(log_variance) - log_variance / 2)
    z = rng.standard_normal((n, 1, shape[1], days.size))
    log_variance = np.log1p(
        np.broadcast_to(shocks.type_sd[block % len(shocks.type_sd)].T ** 2, shape[1:])
    )
    factor *= np.exp(z[..., day_index] * np.sqrt(log_variance) - log_variance / 2)
    return factor


def _set_number(rng: np.random.Generator, calls: Array, share: float, n: int) -> Index:
    """Return counts of which a day has a set number (rounded up or down), shape (n, *calls)."""
    total = share * calls.sum()
    number = np.floor(total) + (rng.random(n) < total % 1)
    odds = calls.ravel() / calls.sum()
    return rng.multinomial(number.astype(np.int64), odds).reshape(n, *calls.shape)


def _counts(rng: np.random.Generator, mean: Array, dispersion: Array) -> Index:
    """Return counts of the given mean and variance ÷ mean, which is broadcast."""
    dispersion = np.broadcast_to(dispersion, mean.shape)
    found = np.empty(mean.shape, np.int64)
    over, under = dispersion > 1 + 1e-9, dispersion < 1 - 1e-9
    equal = ~over & ~under
    found[equal] = rng.poisson(mean[equal])
    excess = dispersion[over] - 1
    found[over] = rng.poisson(rng.gamma(np.maximum(mean[over], 1e-12) / excess, excess))
    trials = np.maximum(np.ceil(mean[under] / (1 - dispersion[under])), 1)
    found[under] = rng.binomial(trials.astype(np.int64), np.minimum(mean[under] / trials, 1))
    return found
