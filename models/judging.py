"""Judging on past origins: weights, shocks and scores, none seen by what they judge.

Everything that is estimated from past origins (weights of the members, sizes of the shocks) is
estimated for each group of origins from the other groups. So are the spreads of the two baselines,
so that their scores are those of an honest distribution, not of a bare number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd

from forewatch.arrays import Array, Index
from forewatch.count_distribution import CountDistribution
from forewatch.shocks import THIRDS, Shocks, Within
from models import scores
from models.blend import Weights, blend_predictions
from models.comparison import EPOCH, weekly
from models.crossing import Groups
from models.dispersion import sizes_of
from models.raking import rake
from models.recipe import BASELINE, LONG_BASELINE, Recipe
from models.squared_residuals import Residuals, SquaredResiduals

_EPOCH = pd.Timestamp(EPOCH)
_NEAR, _ENOUGH = 0.05, 300  # off 80 % by more, of so many counts, is worth a note
_SAME_SEED = 11  # of the bootstrap, whatever the recipe: scores differ by what they score only


@dataclass(frozen=True)
class PastForecast:
    """One forecast of one past origin beside what happened.

    Args:
        origin: the instant; days: force-days ahead, shape (H,).
        mean, variance: coherent, per series, shape (H, series).
        counts: what happened, same shape; NaN unknown.
        lead_days: days ahead of the origin, shape (H,).
    """

    origin: pd.Timestamp
    days: pd.DatetimeIndex
    mean: Array
    variance: Array
    counts: Array
    lead_days: Index

    @property
    def distribution(self) -> CountDistribution:
        """The distribution of each day's count."""
        return CountDistribution.of(self.mean, self.variance)

    @cached_property
    def crps(self) -> Array:
        """The CRPS of each day's count; NaN unknown."""
        return scores.crps(self.distribution, self.counts)

    @property
    def mae(self) -> Array:
        """The absolute error of each day's mean; NaN unknown."""
        return np.abs(self.counts - self.mean)


def blended_cells(groups: Groups, weights: Sequence[Weights]) -> list[Array]:
    """Return each fold's coherent cells under its weights, (H, places, call types) each."""
    return [
        rake(blend_predictions(fold.predicted, own, groups.level, fold.special), groups.parts)
        for fold, own in zip(groups.folds, weights, strict=True)
    ]


def member_cells(groups: Groups, recipe: Recipe, name: str) -> list[Array] | None:
    """Return each fold's cells as one member alone forecasts them; None if it is not there."""
    if name not in recipe.members:
        return None
    at = list(recipe.members).index(name)
    alone = [
        fold.predicted[at] if fold.honest is None or name != BASELINE else fold.honest
        for fold in groups.folds
    ]
    return [one[:, groups.parts.cells] for one in alone]


def member_forecasts(groups: Groups, recipe: Recipe, name: str) -> list[PastForecast] | None:
    """Return each fold's forecast of one member alone, None if it is not there.

    It is spread as ours is, by days alone; of special days it knows nothing.
    """
    alone = member_cells(groups, recipe, name)
    if alone is None:
        return None
    folds = [replace(fold, doubt=None) for fold in groups.folds]
    plain = replace(groups, past=(), folds=folds)
    by_group = crossed_shocks(plain, squared_residuals(plain, alone, recipe), recipe)
    sizes = [by_group[fold.group] for fold in folds]
    return spread_forecasts(replace(groups, folds=folds), alone, sizes)


def squared_residuals(
    groups: Groups, cells: Sequence[Array], recipe: Recipe
) -> list[SquaredResiduals]:
    """Return what each fold says of the sizes of shocks."""
    return [
        SquaredResiduals.of(_residuals(groups, i, own, recipe), recipe.lead_blocks)
        for i, own in enumerate(cells)
    ]


def fold_shocks(squares: Sequence[SquaredResiduals], recipe: Recipe, history_days: int) -> Shocks:
    """Return the shocks from all folds, for forecasts that learn from so many force-days."""
    return sizes_of(squares, recipe.lead_blocks, history_days=history_days)


def crossed_shocks(
    groups: Groups, squares: Sequence[SquaredResiduals], recipe: Recipe
) -> dict[int, Shocks]:
    """Return for each group of folds the shocks that the other groups ask for."""
    fitted_on = {fold.group: fold.history_days for fold in reversed(groups.folds)}
    return {
        group: sizes_of(
            [squares[i] for i in groups.others(group)],
            recipe.lead_blocks,
            history_days=history_days,
        )
        for group, history_days in fitted_on.items()
    }


def spread_forecasts(
    groups: Groups, cells: Sequence[Array], sizes: Sequence[Shocks]
) -> list[PastForecast]:
    """Return each fold's forecast with the spread that shocks of these sizes give."""
    return [
        _sum_series(i, own, shocks, groups)
        for i, (own, shocks) in enumerate(zip(cells, sizes, strict=True))
    ]


def score_table(
    ours: Sequence[PastForecast],
    others: Mapping[str, Sequence[PastForecast]],
    level_of: Sequence[str],
    recipe: Recipe,
) -> pd.DataFrame:
    """Return the scores by level and block of leads.

    Args:
        ours: the blend's forecasts.
        others: forecasts of the same folds to compare with, by the prefix of their columns.
        level_of: level of each series.
        recipe: blocks of leads.

    Returns:
        One row a level and block: level, block, n (series-days), calls (mean a series-day), mae,
        mse, bias (relative), crps, log_score, coverage_50, coverage_80, coverage_95, rms_pearson,
        floor_mae, floor_crps, of each other <prefix>_mae, <prefix>_mse, <prefix>_crps, and the
        relative differences to it with their 95 % intervals: crps_vs_<prefix>, …_low, …_high,
        mae_vs_<prefix>, ….
    """
    losses = _losses(ours) | _details(ours)
    for prefix, found in others.items():
        losses |= {f"{prefix}_{name}": loss for name, loss in _losses(found).items()}
    known = np.isfinite(losses["calls"])
    lead = np.concatenate([one.lead_days for one in ours])
    block = np.searchsorted(recipe.lead_blocks, lead, side="right") - 1
    week = np.concatenate([(j.days - _EPOCH).days // 7 for j in ours])
    origin = np.repeat(np.arange(len(ours)), [len(one.days) for one in ours])
    rows: list[dict[str, str | float]] = []
    for level in dict.fromkeys(level_of):
        series = np.array([name == level for name in level_of])
        for b, label in enumerate(block_labels(recipe.lead_blocks)):
            chosen = known & (block == b)[:, None] & series
            if chosen.any():
                where = (
                    np.broadcast_to(week[:, None], chosen.shape)[chosen],
                    np.broadcast_to(origin[:, None], chosen.shape)[chosen],
                )
                row = {name: loss[chosen] for name, loss in losses.items()}
                rows.append({"level": level, "block": label, **_row(row, where, tuple(others))})
    return pd.DataFrame(rows)


def miscovered(scores: pd.DataFrame) -> tuple[str, ...]:
    """Return in words at which levels intervals hold more or less than they say.

    Args:
        scores: see `score_table`.
    """
    notes = []
    for level, rows in scores.groupby("level", sort=False):
        held = float(np.average(rows["coverage_80"], weights=rows["n"]))
        if rows["n"].sum() >= _ENOUGH and abs(held - 0.8) > _NEAR:
            how = "too narrow" if held < 0.8 else "too wide"  # noqa: PLR2004 - as above
            notes.append(f"80 % intervals of level {level} held {held:.0%} of counts: {how}")
    return tuple(notes)


def weekly_losses(
    ours: Sequence[PastForecast],
    others: Mapping[str, Sequence[PastForecast]],
    level_of: Sequence[str],
    recipe: Recipe,
) -> pd.DataFrame:
    """Return sums of losses by level, block, origin and week, see `models.comparison`.

    Those of others are columns of their own, as `score_table` calls them; counts of which one of
    the forecasts knows nothing are in no sum.
    """
    labels = np.array(block_labels(recipe.lead_blocks))
    rows = []
    for i, one in enumerate(ours):
        block = np.searchsorted(recipe.lead_blocks, one.lead_days, side="right") - 1
        about = {"block": labels[block], "week": (one.days - _EPOCH).days // 7}
        beside = {"": one} | {f"{prefix}_": found[i] for prefix, found in others.items()}
        losses = {
            f"{prefix}{loss}": getattr(each, loss)
            for prefix, each in beside.items()
            for loss in ("crps", "mae")
        }
        known = np.all([np.isfinite(each) for each in losses.values()], axis=0)
        for level in dict.fromkeys(level_of):
            here = known & (np.array(level_of) == level)
            sums = {name: np.where(here, loss, 0).sum(1) for name, loss in losses.items()}
            told = pd.DataFrame(about | {"n": here.sum(1)} | sums)
            rows.append(told.assign(level=level, origin=one.origin))
    return weekly(pd.concat(rows))


def block_labels(lead_blocks: Sequence[int]) -> list[str]:
    """Return the days ahead of each block as people count them, from 1.

    >>> block_labels((0, 7, 28))
    ['1-7', '8-28', '29+']
    """
    ends = [f"-{after}" for after in lead_blocks[1:]] + ["+"]
    return [f"{first + 1}{end}" for first, end in zip(lead_blocks, ends, strict=True)]


def _row(
    row: dict[str, Array], where: tuple[Index, Index], prefixes: tuple[str, ...]
) -> dict[str, float]:
    """Return the means of the losses, the bias and the comparisons of one level and block.

    Args:
        row: losses of each count, by name.
        where: week and origin of each count.
        prefixes: of what is compared with.
    """
    calls, expected = row.pop("calls"), row.pop("expected")
    pearson = row.pop("pearson")
    found: dict[str, float] = {"n": float(calls.size), "calls": float(calls.mean())}
    found |= {name: float(loss.mean()) for name, loss in row.items()}
    found["bias"] = float(expected.sum() / max(calls.sum(), 1e-9) - 1)
    found["rms_pearson"] = float(np.sqrt(pearson.mean()))
    for prefix, loss in product(prefixes, ("crps", "mae")):
        losses = row[loss], row[f"{prefix}_{loss}"]
        compared = scores.paired_change(*losses, where, _SAME_SEED, 500)
        name = f"{loss}_vs_{prefix}"
        found |= dict(zip((name, f"{name}_low", f"{name}_high"), compared, strict=True))
    return found


def _losses(found: Sequence[PastForecast]) -> dict[str, Array]:
    """Return the losses that forecasts are compared by, (all days, series); NaN unknown."""
    mae = _concatenate(found, "mae")
    return {"mae": mae, "mse": mae**2, "crps": _concatenate(found, "crps")}


def _details(found: Sequence[PastForecast]) -> dict[str, Array]:
    """Return what else is told of the blend, in the shape of the losses."""
    mean, counts = _concatenate(found, "mean"), _concatenate(found, "counts")
    steps = scores.bracket(CountDistribution.of(mean, _concatenate(found, "variance")), counts)
    floor_crps, floor_mae = scores.poisson_floor(mean)
    return {
        "calls": counts,
        "expected": mean,
        "pearson": (counts - mean) ** 2 / np.maximum(mean, 1e-9),
        "log_score": scores.log_score(steps),
        "coverage_50": scores.coverage(steps, 0.5),
        "coverage_80": scores.coverage(steps, 0.8),
        "coverage_95": scores.coverage(steps, 0.95),
        "floor_crps": floor_crps,
        "floor_mae": floor_mae,
    }


def _concatenate(found: Sequence[PastForecast], name: str) -> Array:
    return np.concatenate([getattr(one, name) for one in found])


def _residuals(groups: Groups, at: int, cells: Array, recipe: Recipe) -> Residuals:
    """Return the cells of one fold beside what happened, by third of a day where hours are."""
    fold = groups.folds[at]
    mean, counts = cells, fold.counts[:, groups.parts.cells]
    if not groups.past:
        return Residuals(mean, counts, fold.history_days, doubt=fold.doubt)
    hours = groups.past[at].hours
    if hours is not None:
        thirds = hours.thirds(cells)
        mean, counts = (
            np.moveaxis(each, 2, 0).reshape(len(cells), THIRDS, *cells.shape[1:])
            for each in (thirds.mean, thirds.counts)
        )
    small = groups.past[at].contrasts(cells, recipe.lead_blocks, at)
    return Residuals(mean, counts, fold.history_days, small, fold.doubt)


def _sum_series(at: int, cells: Array, shocks: Shocks, groups: Groups) -> PastForecast:
    """Return mean and variance of every published series of one fold, summed from the cells.

    Of series that are told together the first stands for their sum, the others are unknown.
    """
    fold = groups.folds[at]
    shocks = shocks.on_days(fold.doubt)
    days = np.arange(len(fold.days))
    daily = np.moveaxis(cells, 0, 2)
    calls, day = daily, days
    if shocks.has_thirds and (hours := groups.past[at].hours) is not None:
        thirds = hours.thirds(cells)
        calls, day = thirds.mean, thirds.day
    of_places, of_force = daily.sum(1)[:, day], daily.sum((0, 1))[day]
    mean, variance = np.empty(fold.counts.shape), np.empty(fold.counts.shape)
    sums, counts = list(groups.sums), fold.counts.copy()
    for pool in groups.pools:
        places = np.unique(np.concatenate([sums[i][0] for i in pool]))
        sums[pool[0]] = places, sums[pool[0]][1]
        counts[:, pool[0]] = fold.counts[:, pool].sum(1)
        counts[:, pool[1:]] = np.nan
    for i, (places, types) in enumerate(sums):
        mean[:, i] = daily[np.ix_(places, types)].sum((0, 1))
        within = Within(types, day, of_places[places], of_force)
        variance[:, i] = shocks.variance(calls[np.ix_(places, types)], day, day, within)
    return PastForecast(fold.origin, fold.days, mean, variance, counts, days)


PREFIXES = {"baseline": BASELINE, "baseline52": LONG_BASELINE}
