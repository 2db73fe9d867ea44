"""What forecasts are worth below the modelled day: hours, thirds of days, leaf areas.

They are judged as days are (`models.judging`), under the sizes of shocks that saw nothing of what
they judge. Beside them stand means of the same weekday and hour over 8 and 52 weeks, each with an
honest spread: its variance is a × mean + b × mean², a and b found by level from other origins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forewatch.arrays import Array, Index
from forewatch.shocks import Shocks, Within
from models.contrasts import clipped
from models.crossing import Groups
from models.judging import PastForecast, score_table, weekly_losses
from models.least_squares import nonnegative
from models.past_parts import Parts, PastParts, some_days
from models.recipe import Recipe

_HOUR, _THIRD, _LEAF = "hour", "third", "leaf"
_PREFIXES = ("baseline", "baseline52")  # of the means over `models.past_parts.BASELINE_WEEKS`
_MOST_SCORED = 300  # counts of one level, origin and block of leads
_ROUNDS = 3
_LEAST = 1e-9
_SEED = 5  # of the choice of what is judged, whatever the recipe


def part_scores(
    groups: Groups,
    cells: Sequence[Array],
    sizes: Sequence[Shocks],
    recipe: Recipe,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return scores and sums of losses of parts, as `models.judging` gives those of days.

    Levels are "<level> by hour", "<level> by third" of a day (all call types of an area), "leaf by
    day" and "leaf and type by day".

    Args:
        groups: past origins with their parts.
        cells: each fold's coherent cells.
        sizes: shocks of each fold, which saw nothing of it.
        recipe: blocks of leads.
    """
    tables, losses = [pd.DataFrame()], [pd.DataFrame()]
    for level, part, series in _judged_levels(groups):
        ours, baselines = _forecasts(part, series, groups, cells, sizes, recipe)
        others = {
            prefix: _spread(found, groups)
            for prefix, found in zip(_PREFIXES, baselines, strict=True)
        }
        levels = [level] * len(series)
        tables.append(score_table(ours, others, levels, recipe))
        losses.append(weekly_losses(ours, others, levels, recipe))
    return pd.concat(tables, ignore_index=True), pd.concat(losses, ignore_index=True)


def _judged_levels(groups: Groups) -> list[tuple[str, str, list[PartSeries]]]:
    """Return the levels that are judged: what they are called, the kind of part, the series.

    Of many leaf areas a random choice is judged, as many of each call type.
    """
    found: list[tuple[str, str, list[PartSeries]]] = []
    types = groups.parts.cells.shape[1]
    if groups.past[0].hours is not None:
        whole: dict[str, list[PartSeries]] = {}
        for level, (places, kinds) in zip(groups.level, groups.sums, strict=True):
            if len(kinds) == types:
                whole.setdefault(level, []).append(PartSeries(places, kinds))
        found += [
            (f"{level} by {part}", part, series)
            for part in (_HOUR, _THIRD)
            for level, series in whole.items()
        ]
    leaves = [past.leaves for past in groups.past if past.leaves is not None]
    told = np.flatnonzero(np.any([np.isfinite(one.counts).any((0, 2)) for one in leaves], axis=0))
    if leaves and told.size:
        rng = np.random.default_rng(_SEED)
        areas = np.arange(len(leaves[0].place))
        some = np.sort(rng.permutation(areas)[:_MOST_SCORED])
        each = max(_MOST_SCORED // max(len(told), 1), 1)
        by_type = [
            PartSeries(np.array([leaf]), np.array([one]))
            for one in told
            for leaf in np.sort(rng.permutation(areas)[:each])
        ]
        whole_leaves = [PartSeries(np.array([leaf]), told) for leaf in some]
        found += [("leaf by day", _LEAF, whole_leaves), ("leaf and type by day", _LEAF, by_type)]
    return found


def _forecasts(
    part: str,
    series: Sequence[PartSeries],
    groups: Groups,
    cells: Sequence[Array],
    sizes: Sequence[Shocks],
    recipe: Recipe,
) -> tuple[list[PastForecast], list[list[PastForecast]]]:
    """Return our forecasts of one level from each origin, and those of each baseline.

    The baselines' have no spread yet.
    """
    ours: list[PastForecast] = []
    theirs: list[list[PastForecast]] = [[] for _ in _PREFIXES]
    folds = zip(groups.folds, cells, groups.past, sizes, strict=True)
    for i, (fold, own, past, shocks) in enumerate(folds):
        parts, baselines = _parts(part, past, own)
        days, pieces = np.unique(parts.day, return_counts=True)
        cost = len(series) * pieces.max() / _MOST_SCORED
        chosen = some_days(days, cost, recipe.lead_blocks, np.random.default_rng(i))
        judged, at = parts.on_days(chosen), np.isin(parts.day, chosen)
        daily = np.moveaxis(own, 0, 2)
        of_days = shocks.on_days(fold.doubt)
        said = [one.forecast(judged, daily, of_days) for one in series]
        mean, variance, counts = (np.stack(each, axis=1) for each in zip(*said, strict=True))
        when = fold.days[judged.day]
        ours.append(PastForecast(fold.origin, when, mean, variance, counts, judged.day))
        for found, baseline in zip(theirs, baselines, strict=True):
            plain = np.stack([one.sum_of(baseline[..., at]) for one in series], axis=1)
            found.append(replace(ours[-1], mean=plain, variance=plain))
    return ours, theirs


@dataclass(frozen=True)
class PartSeries:
    """Areas and call types whose parts are summed.

    Args:
        areas: positions of the areas among those of the parts.
        types: positions of the call types.
    """

    areas: Index
    types: Index

    def sum_of(self, calls: Array) -> Array:
        """Return the calls of the series, shape (pieces,)."""
        return np.asarray(calls[np.ix_(self.areas, self.types)].sum((0, 1)), dtype=np.float64)

    def forecast(self, parts: Parts, daily: Array, shocks: Shocks) -> tuple[Array, Array, Array]:
        """Return mean, variance and counts, shape (pieces,) each.

        Args:
            parts: of the kind that is judged.
            daily: the cells' days, shape (places, call types, days).
            shocks: sizes.
        """
        calls = parts.mean[np.ix_(self.areas, self.types)].astype(np.float64)
        places = parts.place[self.areas]
        day, row = parts.day, np.arange(len(parts.day))
        within = Within(self.types, day, daily[places].sum(1)[:, day], daily.sum((0, 1))[day])
        variance = shocks.variance(calls, day, row, within)
        return calls.sum((0, 1)), variance, self.sum_of(parts.counts)


def _parts(part: str, past: PastParts, cells: Array) -> tuple[Parts, list[Array]]:
    """Return the parts of a kind, and what the baselines expect of them."""
    if past.hours is not None and part == _HOUR:
        return past.hours.parts(cells), list(past.hours.baselines)
    if past.hours is not None and part == _THIRD:
        first, hours = past.hours.first_of_thirds, past.hours.baselines
        return past.hours.thirds(cells), [np.add.reduceat(each, first, axis=2) for each in hours]
    if past.leaves is not None and part == _LEAF:
        return past.leaves.parts(cells), list(past.leaves.baselines)
    raise ValueError(f"no parts of kind {part!r}")


def _spread(found: Sequence[PastForecast], groups: Groups) -> list[PastForecast]:
    """Return means with the spread that the other groups of origins ask for."""
    sizes: dict[int, Array] = {}
    for fold in groups.folds:
        if fold.group not in sizes:
            others = [found[i] for i in groups.others(fold.group)]
            mean, counts = (
                np.concatenate([getattr(one, name).ravel() for one in others])
                for name in ("mean", "counts")
            )
            known = np.isfinite(counts)
            sizes[fold.group] = _moments(mean[known], counts[known])
    return [
        replace(one, variance=np.maximum(linear * one.mean + square * one.mean**2, _LEAST))
        for one, fold in zip(found, groups.folds, strict=True)
        for linear, square in [sizes[fold.group]]
    ]


def _moments(mean: Array, counts: Array) -> Array:
    """Return a and b of the variance a × mean + b × mean², shape (2,)."""
    found = np.array([1.0, 0.0])
    table = np.stack([mean, mean**2], axis=1)
    if not mean.any():
        return found
    for _ in range(_ROUNDS):
        expected = np.maximum(table @ found, _LEAST)
        weight = 1 / np.sqrt(expected + 2 * expected**2)
        target = clipped((counts - mean) ** 2, expected)
        found = nonnegative(table * weight[:, None], target * weight)
    return found if found.any() else np.array([1.0, 0.0])
