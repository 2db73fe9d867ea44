"""How far a yearly cycle seen in a few years is to be believed.

A slowly wandering level looks like a yearly cycle until enough years are seen. So the size of each
harmonic is compared with what the wandering alone would make of it:

1. counts by 28 days, relative to what is expected of them without a yearly cycle;
2. a regression on a trend and three harmonics; the rest is taken as an AR(1), whose spectrum at
   the harmonic's frequency, twice, gives the variance V of its coefficients (twice, because the
   spectrum of few years is flatter than that of the wandering);
3. from two years on, how the coefficients differ from year to year gives V as well, and the more
   of it the more years there are;
4. of a harmonic with coefficients a, b the share max(0, 1 − 2 V ÷ (a² + b²)) is believed: 2 V is
   what wandering alone makes of a² + b² on average.

Source:
    Priestley (1981), Spectral Analysis and Time Series, section 6.1 (variance of a harmonic in
    coloured noise); James & Stein (1961) for the positive-part share; docs/experiments/
    003-members-on-wales.md and 021-weeks-of-the-year.md.
"""

from __future__ import annotations

import numpy as np

from forewatch.arrays import Array

MONTH_DAYS = 28
HARMONICS = 3
_MONTHS = 13  # of a year of 364 days
_DAYS_OF_YEAR = 365.25
_LEAST_YEARS = 1.3  # below it, trend and cycle can't be told apart
_REDDEST = 0.8
_UNDERSTATED = 2.0  # what the spectrum says of V, by this; 1 costs 2 % of Wales' total, record 003
_LOOKS = 2.0  # of the spectrum, in coefficients' deviations from year to year; record 021


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
    by_spectrum = _UNDERSTATED * _variance(rest, months, columns.shape[1])
    by_years, looks = _from_year_to_year(rest, turn)
    noise = (_LOOKS * by_spectrum + looks * by_years) / (_LOOKS + looks)
    size = np.maximum(cosines**2 + sines**2, 1e-12)
    return np.asarray(np.maximum(1 - 2 * noise / size, 0.0).T)


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


def _from_year_to_year(rest: Array, turn: Array) -> tuple[Array, int]:
    """Return V as the last whole years tell it, shape (HARMONICS, N), and how many looks that is.

    Args:
        rest: what trend and harmonics leave, shape (months, N).
        turn: angle of each harmonic, shape (months, HARMONICS).
    """
    years = len(rest) // _MONTHS
    squares = np.zeros((turn.shape[1], rest.shape[1]))
    if years < 2:  # noqa: PLR2004 - one year differs from no other
        return squares, 0
    kept = years * _MONTHS
    by_year = rest[len(rest) - kept :].reshape(years, _MONTHS, -1)
    angle = turn[len(turn) - kept :].reshape(years, _MONTHS, -1)
    for wave in (np.cos(angle), np.sin(angle)):
        own = 2 / _MONTHS * np.einsum("ymh,ymn->yhn", wave, by_year)
        squares += ((own - own.mean(0)) ** 2).sum(0)
    deviations = 2 * (years - 1)
    return squares / deviations / years, deviations - 1  # the trend has taken one
