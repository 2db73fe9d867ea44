"""What was expected of areas and windows of time from past origins, beside what happened.

Windows are those that are published: a force-day, seven force-days in a row, and eight hours of a
force-day, which stand for a shift of any force.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from features.asof import AsOf
from features.cube import cube
from forewatch.arrays import Array, Index
from forewatch.clock import WEEK_DAYS, instants_us
from forewatch.pools import areas_of_their_own
from forewatch.rates import Forecast, Rates, Selection, Spans
from forewatch.shocks import Shocks
from models.missing.members import blend_reports
from models.missing.origins import member_weights, report_shocks
from models.missing.reports import types_of
from models.missing.settings import CLIMATOLOGY, MissingRecipe
from models.missing.spreading import rates_of, shares_of
from models.origins import Fold
from models.profiles import Shares

SHIFT, DAY, WEEK = "shift", "day", "week"
_SHIFT_HOURS = 8
_EPOCH = pd.Timestamp("1970-01-05")  # a Monday
# Forecast and truth of one area, window and origin.
_NUMBERS = ("mean", "variance", "baseline", "baseline_variance", "count")
COLUMNS = (
    "level",
    "area",
    "window",
    "block",
    "origin",
    "week",
    "start",
    *_NUMBERS,
)


@dataclass(frozen=True)
class ReportCounts:
    """Reports by leaf area and interval.

    Args:
        edges_us: instants that bound the intervals, microseconds since 1970 UTC, (intervals + 1,).
        until: reports before each edge, shape (leaves, intervals + 1).
        unknown: intervals before each edge of which nothing is known, same shape.
    """

    edges_us: Index
    until: Array
    unknown: Array

    def counts(self, leaves: Index, spans: Spans) -> Array:
        """Return the reports of some leaves in each span, shape (spans,); NaN where not known.

        Spans begin and end at the bounds of intervals.
        """
        start, end = instants_us(spans.starts), instants_us(spans.ends)
        low, high = (np.searchsorted(self.edges_us, at) for at in (start, end))
        inside = (start >= self.edges_us[0]) & (end <= self.edges_us[-1])
        low, high = np.where(inside, low, 0), np.where(inside, high, 0)
        found = (self.until[leaves][:, high] - self.until[leaves][:, low]).sum(0)
        gaps = (self.unknown[leaves][:, high] - self.unknown[leaves][:, low]).sum(0)
        return np.where(inside & (gaps == 0), found, np.nan)


def counts_in_windows(view: AsOf) -> ReportCounts:
    """Return the reports of every leaf area that are known to a view."""
    past = cube(view)
    edges_us = instants_us(past.edges)
    ledger, types = view.ledger(since=past.edges[0]), types_of(view)
    chosen = np.isin(ledger.call_type, types) & (ledger.starts_us < edges_us[-1])
    interval = np.searchsorted(edges_us, ledger.starts_us[chosen], side="right") - 1
    leaves = view.tree.leaves
    counts = np.zeros((len(leaves), len(past.day)))
    np.add.at(counts, (ledger.leaf[chosen], interval), ledger.count[chosen])
    place = {name: i for i, name in enumerate(past.places)}
    of_leaf = np.array([place[view.tree.ancestor_in(leaf, past.places)] for leaf in leaves])
    unknown: Array = np.isnan(past.counts[:, types]).max(1)[of_leaf].astype(np.float64)
    return ReportCounts(edges_us, _before(counts), _before(unknown))


def window_table(
    view: AsOf, found: Sequence[Fold], recipe: MissingRecipe, jobs: int = 1
) -> pd.DataFrame:
    """Return forecasts of areas and windows beside what happened, one row each.

    Weights and shocks are those that the other groups of folds ask for, so that nothing is judged
    by what saw it; shares of hours and areas were known at the group's first origin.

    Args:
        view: what is known by now.
        found: past origins with the members' forecasts.
        recipe: the recipe.
        jobs: threads to use; the result does not depend on it.

    Returns:
        Rows of `COLUMNS`; block is the number of the block of leads, origin an instant, week the
        number of the calendar week, start an instant (microseconds since 1970 UTC), baseline the
        shrunken climatology. Unknown windows are left out.
    """
    truth = counts_in_windows(view)
    groups = dict.fromkeys(fold.group for fold in found)
    tasks = (delayed(_group_rows)(view, found, group, truth, recipe) for group in groups)
    frames: list[pd.DataFrame] = Parallel(n_jobs=jobs, prefer="threads")(tasks)
    return pd.concat(frames, ignore_index=True)


def _group_rows(
    view: AsOf, found: Sequence[Fold], group: int, truth: ReportCounts, recipe: MissingRecipe
) -> pd.DataFrame:
    """Return the rows of the folds of one group."""
    own = [fold for fold in found if fold.group == group]
    others = [fold for fold in found if fold.group != group]
    learned = _GroupSettings.of(view.at(own[0].origin), others, recipe)
    rows = [_rows(view, fold, learned, truth, recipe) for fold in own]
    return pd.concat(rows, ignore_index=True)


@dataclass(frozen=True)
class _GroupSettings:
    """What a group of folds is judged with, none of it from the group."""

    parts: Shares
    weights: Array
    shocks: Shocks
    plain_shocks: Shocks

    @classmethod
    def of(cls, view: AsOf, others: Sequence[Fold], recipe: MissingRecipe) -> _GroupSettings:
        weights = member_weights(others, recipe)
        means = [blend_reports(fold.predicted, weights, recipe.lead_blocks) for fold in others]
        plain = [_plain(fold, recipe) for fold in others]
        return cls(
            shares_of(view, recipe),
            weights,
            report_shocks(others, means, recipe),
            report_shocks(others, plain, recipe),
        )


def _plain(fold: Fold, recipe: MissingRecipe) -> Array:
    return np.asarray(fold.predicted[list(recipe.members).index(CLIMATOLOGY)])


def _rows(
    view: AsOf, fold: Fold, learned: _GroupSettings, truth: ReportCounts, recipe: MissingRecipe
) -> pd.DataFrame:
    """Return the rows of one fold."""
    then = view.at(fold.origin)
    mean = blend_reports(fold.predicted, learned.weights, recipe.lead_blocks)
    rates = rates_of(then, fold.days, mean, _plain(fold, recipe), learned.parts)
    ours = Forecast(fold.origin, fold.origin, rates, learned.shocks)
    plain = Forecast(
        fold.origin, fold.origin, _with_base(rates, rates.baseline), learned.plain_shocks
    )
    spans, about = _spans(rates, recipe)
    number = {leaf: i for i, leaf in enumerate(rates.leaves)}
    areas = _areas(view)
    parts = []
    for _, together in areas:
        leaves = tuple(leaf for area in together for leaf in view.tree.leaves_of(area))
        chosen = Selection(leaves=leaves)
        said, beside = ours.answer(chosen, spans), plain.answer(chosen, spans)
        counts = truth.counts(np.array([number[leaf] for leaf in leaves]), spans)
        parts.append([said.mean, said.variance, beside.mean, beside.variance, counts])
    windows = len(about)
    found = {str(name): np.tile(about[name].to_numpy(), len(areas)) for name in about}
    found["level"] = np.repeat([level for level, _ in areas], windows)
    found["area"] = np.repeat([together[0] for _, together in areas], windows)
    found["origin"] = np.full(len(found["area"]), fold.origin)
    for i, name in enumerate(_NUMBERS):
        found[name] = np.concatenate([part[i] for part in parts])
    known = np.isfinite(found["count"])
    return pd.DataFrame({name: found[name][known] for name in COLUMNS})


def _with_base(rates: Rates, base: Array) -> Rates:
    return Rates(**{**rates.__dict__, "base": base})


def _areas(view: AsOf) -> list[tuple[str, tuple[str, ...]]]:
    """Return level and area of every area, from the whole force down.

    Areas that were ever pooled are one place: what is counted in each was drawn.
    """
    tree, types = view.tree, view.profile.missing_call_types
    pools = [pool for kind in types for pool in view.ever_pooled.get(kind, [])]
    levels = [level for level in tree.levels if tree.at_level(level)]
    return [
        (level, together)
        for level in levels
        for together in areas_of_their_own(tree, pools, tree.at_level(level))
    ]


def _spans(rates: Rates, recipe: MissingRecipe) -> tuple[Spans, pd.DataFrame]:
    """Return the windows of a horizon, and window, block and week of each."""
    days, begins = len(rates.force_days), np.flatnonzero(np.diff(rates.day, prepend=-1))
    bounds = np.append(begins, len(rates.day))
    first = np.arange(0, days - WEEK_DAYS + 1, WEEK_DAYS)
    # window, first and last edge of each, force-day on which it begins
    parts = [
        (DAY, bounds[:-1], bounds[1:], np.arange(days)),
        (WEEK, bounds[first], bounds[first + WEEK_DAYS], first),
    ]
    if rates.step == "hour":
        cut = (begins[:, None] + np.array([0, _SHIFT_HOURS, 2 * _SHIFT_HOURS])).ravel()
        after = np.append(cut[1:], len(rates.day))
        parts.append((SHIFT, cut, after, np.repeat(np.arange(days), 3)))
    start, end, day = (np.concatenate([part[at] for part in parts]) for at in (1, 2, 3))
    about = pd.DataFrame(
        {
            "window": np.repeat([part[0] for part in parts], [len(part[3]) for part in parts]),
            "block": np.searchsorted(recipe.lead_blocks, day, side="right") - 1,
            "week": (rates.force_days[day] - _EPOCH).days // WEEK_DAYS,
            "start": instants_us(rates.edges[start]),
        }
    )
    return Spans(rates.edges[start], rates.edges[end]), about


def _before(values: Array) -> Array:
    """Return sums before each bound, shape (leaves, intervals + 1)."""
    return np.concatenate([np.zeros((len(values), 1)), values.cumsum(1)], axis=1)
