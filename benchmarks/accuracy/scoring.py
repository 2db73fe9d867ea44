"""Scores by level and block of leads, and paired comparisons over weeks.

- mae: absolute error of the mean; where the protocol scales it, divided by the mean absolute
  deviation of the series about its mean over all days.
- mae_median: the same of the median, which is the better guess where counts are small.
- mse: squared error of the mean. bias: expected ÷ counted − 1.
- crps: twice the mean pinball loss over the 19 quantiles, in calls: the continuous ranked
  probability score but for the integral's coarseness, the same for all that are compared.
- cover50, cover80, cover90: of the central intervals, ends by their fair part (`calibration`);
  plain80 takes both ends in and is never below its level where counts are small.
- rms_pearson: root mean square of (count − mean) ÷ √mean; 1 for Poisson with known rate.

The Poisson floor is what each score would be if the rate were known and were our mean: no forecast
of independent calls can do better, and only one with dispersion below Poisson does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pandas as pd

from benchmarks.accuracy.calibration import bracket, inside
from benchmarks.accuracy.forecasts import Contender, Targets
from forewatch.arrays import Array, Index
from forewatch.count_distribution import CountDistribution
from models import scores
from models.rolling import QUANTILES

Blocks = Sequence[tuple[int, int]]
COMPARED = ("mae", "mse", "crps")
_SEED = 3
_MEDIAN = QUANTILES.index(0.5)
_EPOCH = pd.Timestamp("1970-01-05", tz="UTC")  # a Monday
_CHUNK = 200_000
_HIGHEST_RATE = 1e6  # calls in one interval


@dataclass(frozen=True)
class Case:
    """What is scored together: targets, truth, and the contenders.

    Args:
        targets: the rows.
        counts: what happened, shape (targets, series); NaN unknown.
        contenders: ours first.
        level: of each series.
        scale: absolute errors of a series are divided by it, shape (series,).
    """

    targets: Targets
    counts: Array
    contenders: tuple[Contender, ...]
    level: tuple[str, ...]
    scale: Array

    @cached_property
    def week(self) -> Index:
        """Number of the week of each target."""
        return np.asarray((self.targets.starts - _EPOCH).days // 7, dtype=np.int64)


def label(block: tuple[int, int]) -> str:
    """Return a block as it is printed.

    >>> label((1, 7))
    '1-7'
    """
    return f"{block[0]}-{block[1]}"


def scored(case: Case, blocks: Blocks) -> pd.DataFrame:
    """Return one row a level, block and contender.

    Columns: level, days, who, n, calls, the scores above, floor_mae, floor_mse, floor_crps, and of
    each score that is compared <score>_vs (ours ÷ theirs − 1 on the rows that both have), with its
    95 % interval <score>_low, <score>_high by resampling whole weeks.
    """
    rows: list[dict[str, object]] = []
    for level in dict.fromkeys(case.level):
        series = np.flatnonzero(np.array(case.level) == level)
        for block in blocks:
            lead = case.targets.lead_day
            at = np.flatnonzero((lead >= block[0]) & (lead <= block[1]))
            if len(at):
                found = _block(case, np.ix_(at, series))
                rows += [{"level": level, "days": label(block), **row} for row in found]
    return pd.DataFrame(rows)


def _block(case: Case, part: tuple[Index, ...]) -> list[dict[str, object]]:
    y = case.counts[part]
    scale = np.broadcast_to(case.scale, case.counts.shape)[part]
    week = np.broadcast_to(case.week[part[0]], y.shape)
    ours = losses(case.contenders[0], part, y, scale)
    floor = _floor(case.contenders[0].mean[part].astype(float), y, scale)
    rows = []
    for contender in case.contenders:
        theirs = losses(contender, part, y, scale)
        row: dict[str, object] = {"who": contender.name, "n": int(np.isfinite(theirs["mae"]).sum())}
        row |= _summary(theirs, y) | floor
        if contender is not case.contenders[0]:
            row |= _compared(ours, theirs, week)
        rows.append(row)
    return rows


def losses(who: Contender, part: tuple[Index, ...], y: Array, scale: Array) -> dict[str, Array]:
    """Return the losses of a contender on a part of the rows, each in the shape of the part.

    Without quantiles only those of the mean.
    """
    mean = who.mean[part].astype(float)
    error = y - mean
    with np.errstate(divide="ignore", invalid="ignore"):
        pearson = np.where(mean > 0, error**2 / mean, np.nan)
    found = {"mean": mean, "mae": np.abs(error) / scale, "mse": error**2, "pearson": pearson}
    if who.quantiles is None:
        return found
    names = ("mae_median", "crps", "cover50", "cover80", "cover90", "plain80")
    found |= {name: np.full(y.shape, np.nan) for name in names}
    rows = max(_CHUNK // max(y.shape[1], 1), 1)
    for first in range(0, len(y), rows):
        at = slice(first, first + rows)
        quantiles = who.quantiles[(part[0][at], part[1])].astype(float)
        found["mae_median"][at] = np.abs(y[at] - quantiles[..., _MEDIAN]) / scale[at]
        found["crps"][at] = 2 * scores.pinball(y[at], quantiles, QUANTILES).mean(-1)
        steps = bracket(mean[at], quantiles, y[at])
        for percent in (50, 80, 90):
            found[f"cover{percent}"][at] = scores.coverage(steps, percent / 100)
        found["plain80"][at] = inside(quantiles, y[at], 0.8)
    return found


def _summary(found: Mapping[str, Array], y: Array) -> dict[str, float]:
    known = np.isfinite(found["mae"])
    row = {"calls": float(y[known].mean()) if known.any() else np.nan}
    for name, loss in found.items():
        if name not in ("mean", "pearson"):
            row[name] = _mean(loss)
    row["bias"] = float(found["mean"][known].sum() / max(y[known].sum(), 1e-9) - 1)
    row["rms_pearson"] = float(np.sqrt(_mean(found["pearson"])))
    return row


def _mean(loss: Array) -> float:
    known = np.isfinite(loss)
    return float(loss[known].mean()) if known.any() else float("nan")


def _compared(
    ours: Mapping[str, Array], theirs: Mapping[str, Array], week: Index
) -> dict[str, float]:
    row: dict[str, float] = {}
    for name in COMPARED:
        if name in ours and name in theirs and np.isfinite(ours[name] + theirs[name]).any():
            found = scores.bootstrap(ours[name], theirs[name], week, _SEED)
            row |= dict(zip((f"{name}_vs", f"{name}_low", f"{name}_high"), found, strict=True))
    return row


def _floor(mean: Array, y: Array, scale: Array) -> dict[str, float]:
    known = np.isfinite(y) & np.isfinite(mean)
    rate, by = mean[known], scale[known]
    grid, absolute, crps = _poisson()
    return {
        "floor_mae": float((np.interp(rate, grid, absolute) / by).mean()),
        "floor_mse": float(rate.mean()),
        "floor_crps": float(np.interp(rate, grid, crps).mean()),
    }


@cache
def _poisson() -> tuple[Array, Array, Array]:
    """Return rates, and the absolute error and the quantiles' loss that remain if one is known."""
    rate = np.geomspace(1e-4, _HIGHEST_RATE, 4000)
    known = CountDistribution.of(rate, rate)
    _, absolute = scores.poisson_floor(rate)
    quantiles = known.quantiles(QUANTILES)
    loss = np.zeros(len(rate))
    for k, level in enumerate(QUANTILES):
        apart = scores.absolute(known, quantiles[:, k])
        loss += (apart + (2 * level - 1) * (rate - quantiles[:, k])) / 2
    return rate, absolute, 2 * loss / len(QUANTILES)
