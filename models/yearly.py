"""How far a yearly cycle seen in a few years is to be believed.

A slowly wandering level looks like a yearly cycle until enough years are seen. So the size of each
harmonic is compared with what the wandering alone would make of it:

1. counts by 28 days, relative to what is expected of them without a yearly cycle;
2. a regression on a trend and three harmonics; the rest is taken as an AR(1), whose spectrum at
   the harmonic's frequency gives the variance V of its coefficients;
3. of a harmonic with coefficients a, b the share max(0, 1 − 4 V ÷ (a² + b²)) is believed
   (wandering alone makes 2 V of a² + b² on average; a cycle has to show twice as much).

Source:
    Priestley (1981), Spectral Analysis and Time Series, section 6.1 (variance of a harmonic in
    coloured noise); James & Stein (1961) for the positive-part share;
    docs/experiments/003-members-on-wales.md.
"""

from __future__ import annotations

import numpy as np

from forewatch.arrays import Array

MONTH_DAYS = 28
HARMONICS = 3
_DAYS_OF_YEAR = 365.25
_LEAST_YEARS = 1.3  # below it, trend and cycle can't be told apart
_REDDEST = 0.8
_DOUBT = 4.0  # experiment 003: 2 costs 2 % of the total's error on Wales, 0.3 % gained elsewhere


def credible_shares(counts: Array, expected: Array) -> Array:
    """Return the share of each harmonic to believe, 0 to 1, shape (N, HARMONICS).

    Args:
        counts: calls per day, shape (D, N), 0 where unknown.
        expected: calls expected without a yearly cycle, same shape, 0 where unknown.
    """
    days, n = counts.shape
    months = days // MONTH_DAYS
    if days < _LEAST_YEARS * _DAYS_OF_YEAR:
        return np.zeros((n, HARMONICS))
    seen, wanted = (_by_month(values, months) for values in (counts, expected))
    ratio = np.divide(seen, wanted, out=np.ones_like(seen), where=wanted > 0)
    middle = (np.arange(months) + 0.5) * MONTH_DAYS
    turn = 2 * np.pi * np.arange(1, HARMONICS + 1) * middle[:, None] / _DAYS_OF_YEAR
    columns = np.concatenate(
        [np.ones((months, 1)), middle[:, None] / days, np.cos(turn), np.sin(turn)], axis=1
    )
    found, *_ = np.linalg.lstsq(columns, ratio, rcond=None)
    rest = ratio - columns @ found
    cosines, sines = found[2 : 2 + HARMONICS], found[2 + HARMONICS :]
    noise = _variance(rest, months, columns.shape[1])
    size = np.maximum(cosines**2 + sines**2, 1e-12)
    return np.asarray(np.maximum(1 - _DOUBT * noise / size, 0.0).T)


def _by_month(values: Array, months: int) -> Array:
    """Return sums over the last whole stretches of 28 days, shape (months, N)."""
    kept = values[len(values) - months * MONTH_DAYS :]
    return np.asarray(kept.reshape(months, MONTH_DAYS, -1).sum(axis=1))


def _variance(rest: Array, months: int, columns: int) -> Array:
    """Return the variance of a harmonic's coefficient in AR(1) noise, shape (HARMONICS, N)."""
    square = np.maximum((rest**2).sum(0), 1e-12)
    redness = np.clip((rest[1:] * rest[:-1]).sum(0) / square + 1 / months, 0, _REDDEST)
    innovation = square / (months - columns) * (1 - redness**2)
    angle = 2 * np.pi * np.arange(1, HARMONICS + 1)[:, None] * MONTH_DAYS / _DAYS_OF_YEAR
    spectrum = innovation / (1 + redness**2 - 2 * redness * np.cos(angle))
    return np.asarray(2 * spectrum / months)
