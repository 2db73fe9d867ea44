"""Joins the truth and the climatologies to a backtest file: what `scoring` works on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.accuracy import climatology as past
from benchmarks.accuracy.forecasts import Contender, Targets, read, targets_of
from benchmarks.accuracy.protocols import Protocol
from benchmarks.accuracy.scoring import Case
from benchmarks.accuracy.truth import ALL, Series, Truth, truth
from forewatch.arrays import Array
from forewatch.clock import HOUR_US, Clock, instants_us
from forewatch.history import History
from models.rolling import Interval

WEEKS = {"8 weeks": 8, "52 weeks": 52}
EIGHT = "8 weeks"
_SHORTEST_DAY_HOURS = 23


def case(history: History, protocol: Protocol, files: Mapping[str, Path]) -> tuple[Case, Truth]:
    """Return what is scored (the files' forecasts and two climatologies), and the truth.

    A series that never had a call is left out: there is nothing to forecast, and no scale.

    Args:
        history: of the workspace.
        protocol: of the set.
        files: backtest files by the name of their forecaster; the first one's rows are scored.
    """
    targets = targets_of(next(iter(files.values())), Clock.of(history.profile))
    happened = truth(history, targets.series, step_of(targets))
    counts = happened.counts[happened.at(targets.starts)]
    never = np.nansum(happened.counts, axis=0) == 0
    counts[:, never] = np.nan
    level = tuple(level_of(series, history) for series in targets.series)
    forecasts: list[Contender] = []
    baseline: Contender | None = None
    for name, file in files.items():
        found = read(file, name, targets)
        forecasts.append(found[name])
        baseline = baseline or found.get("baseline")
    plain = _climatologies(baseline, happened, targets, level, protocol)
    scale = deviation(happened) if protocol.scaled else np.ones(len(level))
    return Case(targets, counts, (*forecasts, *plain), level, scale), happened


def step_of(targets: Targets) -> Interval:
    """Return what the intervals are, by the least distance of two starts."""
    hours = np.diff(np.unique(instants_us(targets.starts))).min() / HOUR_US
    if hours <= 1:
        return "hour"
    return "shift" if hours < _SHORTEST_DAY_HOURS else "day"


def deviation(happened: Truth) -> Array:
    """Return each series' mean absolute deviation about its mean over all days; NaN if it is 0."""
    centred = happened.counts - np.nanmean(happened.counts, axis=0)
    found = np.nanmean(np.abs(centred), axis=0)
    return np.where(found > 0, found, np.nan)


def level_of(series: Series, history: History) -> str:
    """Return the name of the level at which a series stands, as `--levels` calls it."""
    area, call_type, grade = series
    tree = history.tree
    if call_type == ALL and grade == ALL:
        return tree.level(area)
    if grade == ALL:
        return "call_type" if area == tree.root else "cell"
    return "grade" if call_type == ALL else "bottom"


def _climatologies(
    baseline: Contender | None,
    happened: Truth,
    targets: Targets,
    level: tuple[str, ...],
    protocol: Protocol,
) -> list[Contender]:
    """Return the 8-week and the 52-week mean; the former is the file's own where it has one."""
    at = happened.at(targets.starts[:1])[0]
    first = int(happened.day[at] - targets.lead_day[0] + 1)
    found = []
    for name, weeks in WEEKS.items():
        spread = past.spread(weeks, happened, first, protocol.blocks, level)
        if name == EIGHT and baseline is not None:
            mean = baseline.mean.astype(float)
        else:
            mean = past.expected(weeks, happened, targets)
        found.append(past.with_spread(name, mean, targets, spread))
    return found
