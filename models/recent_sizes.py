"""Sizes of shocks as the last weeks had them, learned from what was told of days that came since.

A training sizes shocks from a year of past origins; a force may be calmer or wilder by now.

1. What forecasts told of the days of the force and of its places is kept (`models.told_days`).
2. Days that came since have z² = (count − mean)² ÷ variance, meaned over the places and over the
   forecasts that told the day, so that a day counts once. Seven days are one look, which halves
   every four weeks; "as told" counts as eight looks:

       factor² = (8 + Σ look × z²) ÷ (8 + Σ look), one for the force and one for its places.

3. Sizes move until the variance of a day of each is factor² times what it was, in the mean over the
   first week of each block of leads: the force's and the places' own shocks, all persistences
   alike, and only where these are nothing already the steadiness of whole days. Call types, cells,
   hours and leaf areas vary as they did, but for their part in the shocks of force and place.
   Where fewer than 5 calls a day are expected nothing is looked at, and nothing moves.

Days that are not known, special days, and days with a storm, a break, or an area that ended or
began tell nothing. Without a record the factors are 1, and nothing moves.

Source:
    docs/experiments/020-adaptive-sizing.md, where the constants come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import lsq_linear

from forewatch.arrays import Array, Index
from forewatch.clock import WEEK_DAYS
from forewatch.shocks import PERSISTENCES, SCOPES, THIRDS, WHOLES, Shocks
from models.contrasts import LEAST_DISPERSION, clipped
from models.crossing import Groups
from models.told_days import ToldDays, counts_of_origins, day_numbers, day_variance

_PRIOR_LOOKS, _HALF_LIFE_WEEKS = 8.0, 4.0
_LEAST_FACTOR, _MOST_FACTOR = 0.4, 2.5
_LEAST_CALLS = 5.0  # a day: of a force or place with fewer nothing is looked at
_WORTH_A_NOTE = 0.05
_LEAST_VARIANCE = 1e-9  # calls²: of days on which nothing is expected
_AREAS: tuple[int, int] = (SCOPES.index("force"), SCOPES.index("place"))
# How unwillingly sizes move, in parts of the variance of a day: the force's shocks, the places',
# the steadiness of places and of the force. Where one place is the force, the force's move.
_RIDGE = np.array([0.0, 0.01, 0.3, 0.3])


@dataclass(frozen=True)
class SpreadFactors:
    """What the sd of a day is multiplied with: of the force's days, and of its places'."""

    force: float = 1.0
    places: float = 1.0

    @classmethod
    def of(cls, told: ToldDays, days: pd.DatetimeIndex, counts: Array) -> SpreadFactors:
        """Return the factors after some days, of which those are looked at that were told.

        Args:
            told: by forecasts from before the days that they tell of.
            days: force-days that came, ascending; the last is the day before the first ahead.
            counts: of the force and of the places, shape (days, 1 + places); NaN unknown.
        """
        numbers, ahead = day_numbers(days), int(day_numbers(days[-1:])[0]) + 1
        said = told.within_memory(ahead)
        at = np.searchsorted(numbers, said.day)
        came = (said.day < ahead) & (said.day >= numbers[0])
        came &= numbers[np.minimum(at, len(numbers) - 1)] == said.day
        if not came.any():
            return cls()
        mean = said.mean[came]
        variance = np.where(mean >= _LEAST_CALLS, said.variance[came], np.nan)
        square = clipped((counts[at[came]] - mean) ** 2, variance) / variance
        age = ahead - said.day[came]
        return cls(
            _factor(square[:, :1], said.day[came], age), _factor(square[:, 1:], said.day[came], age)
        )

    def note(self) -> tuple[str, ...]:
        """Return in words by how much ranges differ from the training's, or nothing."""
        parts = [
            f"{abs(factor - 1):.0%} {'wider' if factor > 1 else 'narrower'} for days of {whose}"
            for whose, factor in (("the whole force", self.force), ("its areas", self.places))
            if abs(factor - 1) > _WORTH_A_NOTE
        ]
        if not parts:
            return ()
        told = {"wider" in part for part in parts}
        how = "not as the year before" if len(told) > 1 else "calmer than the year before"
        how = "wilder than the year before" if told == {True} else how
        ranges = f"ranges are {' and '.join(parts)}"
        return (f"the last weeks were {how}: {ranges} than the training alone would make them",)


def _factor(square: Array, day: Index, age: Index) -> float:
    """Return the factor by z² of the rows, (rows, series), where a day counts once."""
    known = np.isfinite(square)
    each = np.where(known, square, 0).sum(1) / np.maximum(known.sum(1), 1)
    told = known.any(1)
    days, at, rows = np.unique(day[told], return_inverse=True, return_counts=True)
    if not len(days):
        return 1.0
    look = np.bincount(at, each[told]) / rows
    old = np.bincount(at, age[told]) / rows
    weight = 0.5 ** (old / WEEK_DAYS / _HALF_LIFE_WEEKS) / WEEK_DAYS
    square_of_factor = (_PRIOR_LOOKS + weight @ look) / (_PRIOR_LOOKS + weight.sum())
    return float(np.clip(np.sqrt(square_of_factor), _LEAST_FACTOR, _MOST_FACTOR))


def shocks_of_origins(
    groups: Groups, cells: Sequence[Array], by_group: Mapping[int, Shocks]
) -> list[Shocks]:
    """Return the shocks of each past origin, moved by what the origins before it told.

    Args:
        groups: the past origins, ascending.
        cells: blended forecasts of each, (H, places, call types).
        by_group: the sizes that the other groups ask for.
    """
    told = {
        group: [
            ToldDays.of(fold.days, own, shocks, fold.doubt)
            for fold, own in zip(groups.folds, cells, strict=True)
        ]
        for group, shocks in by_group.items()
    }
    days, counts = counts_of_origins(groups)
    found = []
    for i, (fold, own) in enumerate(zip(groups.folds, cells, strict=True)):
        past = days < fold.days[0]
        shocks = by_group[fold.group]
        if past.any():
            record = ToldDays.concat(told[fold.group][:i])
            factors = SpreadFactors.of(record, days[past], counts[past])
            shocks, _ = resize_shocks(shocks, factors, np.moveaxis(own, 0, 2))
        found.append(shocks)
    return found


def resize_shocks(
    shocks: Shocks, factors: SpreadFactors, calls: Array
) -> tuple[Shocks, SpreadFactors]:
    """Return sizes of which the days of force and places vary as the factors say.

    Args:
        shocks: as a training sized them.
        factors: of sd. 1 and 1 change nothing.
        calls: expected calls of the days ahead, shape (places, call types, days).

    Returns:
        The sizes, and the factors that they reach: sizes can't be less than nothing.
    """
    if factors == SpreadFactors():
        return shocks, factors
    lead = np.arange(calls.shape[2])
    block = shocks.block(lead)
    sd = shocks.sd.copy()
    steadiness = np.broadcast_to(shocks.steadiness, (len(sd), len(WHOLES))).copy()
    before = day_variance(calls, shocks, lead)
    wanted = np.array([factors.force, factors.places]) ** 2 - 1
    for b in np.unique(block):  # by a week of each, so that a longer horizon says the same
        days = np.flatnonzero(block == b)[:WEEK_DAYS]
        table = _variance_by_size(calls[..., days], before[days])
        if not table.any():
            continue
        of_day = _squares_of_days(shocks.sd[b])
        room = float(shocks.dispersion[b].min()) - LEAST_DISPERSION - steadiness[b].sum()
        moves = _size_changes(table, wanted, of_day, max(room, 0.0))
        sd[b] = _sd_of_block(shocks.sd[b], of_day, moves[: len(_AREAS)])
        steadiness[b] += moves[len(_AREAS) :]
    found = replace(shocks, sd=sd, steadiness=steadiness)
    after = day_variance(calls, found, lead)
    return found, SpreadFactors(
        _sd_ratio(before[:, 0], after[:, 0]), _sd_ratio(before[:, 1:], after[:, 1:])
    )


def _sd_ratio(before: Array, after: Array) -> float:
    """Return the root of the mean ratio of variances, 1 where nothing is expected of any."""
    some = before > _LEAST_VARIANCE
    return float(np.sqrt((after[some] / before[some]).mean())) if some.any() else 1.0


def _variance_by_size(calls: Array, variance: Array) -> Array:
    """Return what a unit of each size brings to a day of the force and of a place.

    In parts of the day's variance, shape (2, sizes): sd² of force and place, steadiness of places
    and force; 0 where nothing is looked at.
    """
    by_place = calls.sum(1)
    force = by_place.sum(0)
    squares = (by_place**2).sum(0)
    variance = np.maximum(variance, _LEAST_VARIANCE)
    of_force = np.stack([force**2, squares, -force, -force]) / variance[:, 0]
    own, part = by_place**2, by_place**2 / np.maximum(force, _LEAST_VARIANCE)
    of_place = np.stack([own, own, -by_place, -part]) / variance[:, 1:].T
    found = np.zeros((2, len(of_force)))
    for row, expected, of_its in zip(found, (force, by_place), (of_force, of_place), strict=True):
        used = expected >= _LEAST_CALLS
        if used.any():
            row[:] = of_its[:, used].mean(1)
    return found


def _squares_of_days(sd: Array) -> Array:
    """Return sd² of a whole day by the shocks of force and place, shape (2,)."""
    third, day, level = ((sd[list(_AREAS), p] ** 2) for p in range(len(PERSISTENCES)))
    return np.asarray(third / THIRDS + day + level)


def _size_changes(table: Array, wanted: Array, of_day: Array, room: float) -> Array:
    """Return by how much each size moves, see `_variance_by_size`."""
    scale = np.maximum(np.abs(table).max(0), 1e-12)
    rows = np.concatenate([table / scale, np.diag(_RIDGE)])
    target = np.concatenate([wanted, np.zeros(len(_RIDGE))])
    least = np.concatenate([-of_day * scale[:2], [0, 0]])
    most = np.concatenate([[np.inf, np.inf], room * scale[2:]])
    free = most > least
    moves = np.zeros(len(scale))
    solved = lsq_linear(rows[:, free], target, (least[free], most[free]), method="bvls")
    moves[free] = solved.x / scale[free]
    steady = moves[2:].sum()
    if steady > room:
        moves[2:] *= room / steady
    return moves


def _sd_of_block(sd: Array, of_day: Array, moves: Array) -> Array:
    """Return the sizes of one block, (scopes, persistences), all persistences moved alike."""
    found = sd.copy()
    for scope, square, move in zip(_AREAS, of_day, moves, strict=True):
        left = max(square + move, 0.0)
        if square > 0:
            found[scope] *= np.sqrt(left / square)
        else:
            found[scope, PERSISTENCES.index("day")] = np.sqrt(left)
    return found
