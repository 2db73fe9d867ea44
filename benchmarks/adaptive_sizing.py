"""Would intervals gain from the record of issues? A simulation on backtest files of days.

    python -m benchmarks.adaptive_sizing SET WORKSPACE ROWS.parquet [--all]

At each origin the standard deviation of a level and block of leads is multiplied by a factor that
is learned from forecasts of earlier origins whose days have come by then:

- posterior, HALF-LIFE PRIOR: factor² = (prior + Σ look × z²) ÷ (prior + Σ look), z² the squared
  standardised residual, at most 9, meaned over a level's series and the origins that told the day.
  A day is a seventh of a look, which halves every so many weeks: leads that overlap and series that
  move together are no more looks than one. For each block alone, for all leads of a level, or for
  all; "long": a look of a block lasts as long as its leads; "narrower": the factor is at most 1.
- tracking, RATE: the log of the factor moves by rate × (share of a day outside its 80 % interval −
  0.2) a week (Gibbs & Candès 2021; Angelopoulos, Candès & Tibshirani 2023, equation 1).
- experts, ETA: several rates, weighed by exp(−η × discounted loss) (Gibbs & Candès 2024).
- hindsight: a factor for each level and block from the scored days: what there is to gain.

Printed by level and block: 80 % coverage (ends by their fair part) without and with, mean factor,
CRPS without, its change with the 95 % interval over weeks. Only levels of many calls are looked at.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import special

from benchmarks.accuracy.cases import level_of, step_of
from benchmarks.accuracy.forecasts import read, targets_of
from benchmarks.accuracy.protocols import PROTOCOLS, Protocol
from benchmarks.accuracy.scoring import label
from benchmarks.accuracy.truth import truth
from forewatch.arrays import Array, Index, Mask
from forewatch.clock import Clock
from forewatch.count_distribution import CountDistribution
from forewatch.history import History
from models import scores
from models.comparison import EPOCH
from models.rolling import QUANTILES
from serving.workspace import Workspace

UPPER = {"wales": 3, "swast": 2, "laguna": 2, "toronto": 1, "demo": 3}  # levels of many calls
_MOST, _BOUNDS, _SEED, _WEEK = 9.0, (0.4, 2.5), 3, 7.0  # z² as models.dispersion clips it
_HALF_LIVES, _RATES, _LOSS_HALF_LIFE = (4, 8, 13, 26), (0.0, 0.02, 0.05, 0.1, 0.2), 26.0


@dataclass(frozen=True)
class Record:
    """Forecasts beside what came; rows are days ahead of origins, numbered from the epoch.

    Args:
        origin, day, block: of each row, shape (rows,); level: number of each series' level.
        mean, variance, counts: shape (rows, series); counts NaN where unknown.
    """

    origin: Index
    day: Index
    block: Index
    mean: Array
    variance: Array
    counts: Array
    level: Index

    def at(self, rows: Mask) -> Record:
        """Return some of the rows."""
        names = ("origin", "day", "block", "mean", "variance", "counts")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    def told(self, factor: Array) -> CountDistribution:
        """Return the distributions with sd multiplied, shape (rows, series)."""
        return CountDistribution.of(self.mean, self.variance * factor**2)

    def covered(self, factor: Array) -> Array:
        """Return the randomised coverage of 80 % intervals, shape (rows, series)."""
        return scores.coverage(scores.bracket(self.told(factor), self.counts), 0.8)

    def crps(self, factor: Array) -> Array:
        """Return twice the mean pinball loss of 19 quantiles, shape (rows, series)."""
        quantiles = self.told(factor).quantiles(QUANTILES)
        return np.asarray(2 * scores.pinball(self.counts, quantiles, QUANTILES).mean(-1))

    def by_level(self, values: Array) -> Array:
        """Return means over the known series of levels, shape (rows, levels); NaN where none is."""
        known, each = np.isfinite(values), np.eye(self.level.max() + 1)[self.level]
        return _ratio(np.nan_to_num(values) @ each, known @ each)

    def of_days(self, looks: Array, before: int) -> tuple[Index, Array]:
        """Return days that came before an origin, and means of (rows, levels) by day and block."""
        past = np.flatnonzero((self.origin < before) & (self.day < before))
        days, at = np.unique(self.day[past], return_inverse=True)
        sums = np.zeros((2, len(days), self.block.max() + 1, looks.shape[1]))
        for total, values in zip(sums, (np.nan_to_num(looks), np.isfinite(looks)), strict=True):
            np.add.at(total, (at, self.block[past]), values[past])
        return np.asarray(days, np.int64), _ratio(*sums)

    def spread(self, by_origin: Array) -> Array:
        """Return (origins, blocks, levels) for each row and series."""
        _, number = np.unique(self.origin, return_inverse=True)
        return np.asarray(by_origin[number, self.block][:, self.level])


def _ratio(sums: Array, counts: Array) -> Array:
    return np.asarray(np.divide(sums, counts, np.full(sums.shape, np.nan), where=counts > 0))


def posterior(half_life: float, prior: float, pool: str, record: Record) -> Array:
    """Return the factor of each row and series; *pool*: alone, long, leads, all, narrower."""
    z2 = record.by_level(np.minimum((record.counts - record.mean) ** 2 / record.variance, _MOST))
    lead, blocks = record.day - record.origin + 1.0, range(record.block.max() + 1)
    lasts = np.full((len(blocks), 1), _WEEK)
    if pool == "long":
        lasts = np.array([[lead[record.block == b].max()] for b in blocks])
    over = {"alone": (), "long": (), "all": (1, 2)}.get(pool, (1,))
    found = []
    for origin in np.unique(record.origin).tolist():
        days, mean = record.of_days(z2, origin)
        parts = [np.sum(x, over, keepdims=True) for x in (np.nan_to_num(mean), np.isfinite(mean))]
        look = _ratio(*parts)
        weight = 0.5 ** ((origin - days) / _WEEK / half_life)[:, None, None]
        weight = np.isfinite(look) * weight / (lasts if pool == "long" else _WEEK)
        square = (prior + (weight * np.nan_to_num(look)).sum(0)) / (prior + weight.sum(0))
        found.append(np.broadcast_to(square, mean.shape[1:]))
    most = 1.0 if pool == "narrower" else _BOUNDS[1]
    return record.spread(np.clip(np.sqrt(found), _BOUNDS[0], most))


def tracking(rate: float, record: Record) -> Array:
    """Return the factor of each row and series."""
    origins = np.unique(record.origin)
    log = np.zeros((len(origins), record.block.max() + 1, record.level.max() + 1))
    outside = np.full((len(record.day), log.shape[2]), np.nan)
    for i, origin in enumerate(origins.tolist()):
        if i:
            days, off = record.of_days(outside - 0.2, origin)
            moved = np.nan_to_num(off[days >= origins[i - 1]]).sum(0)
            log[i] = np.clip(log[i - 1] + rate / _WEEK * moved, *np.log(_BOUNDS))
        own = record.at(record.origin == origin)
        held = own.covered(np.exp(log[i])[own.block][:, own.level])
        outside[record.origin == origin] = own.by_level(1 - held)
    return record.spread(np.exp(log))


def experts(eta: float, record: Record) -> Array:
    """Return the factor of each row and series."""
    each = [tracking(rate, record) for rate in _RATES]
    losses = np.array([record.by_level(record.crps(one)) for one in each])
    losses /= np.nanmean(losses[0], axis=0)
    shares = []
    for origin in np.unique(record.origin).tolist():
        lost = []
        for loss in losses:
            days, mean = record.of_days(loss, origin)
            weight = 0.5 ** ((origin - days) / _WEEK / _LOSS_HALF_LIFE) / _WEEK
            lost.append(np.tensordot(weight, np.nan_to_num(mean), 1))
        shares.append(special.softmax(-eta * np.array(lost), axis=0))
    mixed = [record.spread(np.array(shares)[:, e]) * one for e, one in enumerate(each)]
    return np.asarray(np.sum(mixed, axis=0))


def hindsight(record: Record) -> Array:
    """Return the factor of each row and series."""
    z2 = record.by_level((record.counts - record.mean) ** 2 / record.variance)
    _, mean = record.of_days(z2, int(record.day.max()) + 1)
    return np.asarray(np.sqrt(np.nanmean(mean, 0))[record.block][:, record.level])


def record_of(history: History, protocol: Protocol, file: Path) -> Record:
    """Return a backtest file of days beside what came, of the set's upper levels."""
    clock = Clock.of(history.profile)
    targets, upper = targets_of(file, clock), protocol.levels[: UPPER[protocol.name]]
    levels = [level_of(series, history) for series in targets.series]
    at = [i for i, name in enumerate(levels) if name in upper]
    happened, told = truth(history, targets.series, step_of(targets)), read(file, "", targets)[""]
    if told.quantiles is None:
        raise SystemExit(f"{file} has no quantiles")
    mean, quantiles = (each[:, at].astype(float) for each in (told.mean, told.quantiles))
    apart = ((quantiles - mean[..., None]) ** 2).mean(-1) - 1 / 12  # quantiles are whole numbers
    day = (clock.force_day(targets.starts) - pd.Timestamp(EPOCH)).days.to_numpy()
    return Record(
        day - targets.lead_day + 1,
        day,
        np.searchsorted([last for _, last in protocol.blocks[:-1]], targets.lead_day),
        mean,
        np.maximum(apart / (special.ndtri(QUANTILES) ** 2).mean(), mean / 10),
        happened.counts[happened.at(targets.starts)][:, at],
        np.array([upper.index(levels[i]) for i in at]),
    )


def table(record: Record, factor: Array, protocol: Protocol) -> pd.DataFrame:
    """Return scores by level and block without and with the factors."""
    ways = (np.ones_like(factor), factor)
    before, after, held, holds = (f(one) for f in (record.crps, record.covered) for one in ways)
    rows = []
    for number, name in enumerate(protocol.levels[: UPPER[protocol.name]]):
        for b, block in enumerate(protocol.blocks):
            part = np.ix_(record.block == b, record.level == number)
            week = np.broadcast_to(record.day[:, None] // 7, before.shape)[part]
            change = [100 * x for x in scores.bootstrap(after[part], before[part], week, _SEED)]
            row = {"level": name, "days": label(block), "cover80": np.nanmean(held[part])}
            row |= {"with": np.nanmean(holds[part]), "factor": factor[part].mean()}
            row |= {"crps": np.nanmean(before[part])}
            rows.append(row | dict(zip(("change %", "low", "high"), change, strict=True)))
    return pd.DataFrame(rows)


CHOSEN = "posterior 4 8 leads"
ALL: dict[str, Callable[[Record], Array]] = {
    f"posterior {half} {prior} {pool}": partial(posterior, half, prior, pool)
    for pool, priors in (
        *(("leads", (4, 8, 16)), ("alone", (4, 8, 16))),
        *(("long", (8,)), ("all", (8,)), ("narrower", (8,))),
    )
    for prior in priors
    for half in _HALF_LIVES
}
ALL |= {f"tracking {rate}": partial(tracking, rate) for rate in _RATES[1:]}
ALL |= {f"experts {eta}": partial(experts, eta) for eta in (10, 100)} | {"hindsight": hindsight}


def main() -> None:
    """Print what sizing by the record does."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("set", choices=list(PROTOCOLS))
    options.add_argument("workspace", type=Path)
    options.add_argument("rows", type=Path, help="a backtest file of days")
    options.add_argument("--all", action="store_true", help="all that was tried, a line each")
    asked = options.parse_args()
    protocol = PROTOCOLS[asked.set]
    record = record_of(Workspace(asked.workspace).history(), protocol, asked.rows)
    for name in ALL if asked.all else (CHOSEN,):
        found = table(record, ALL[name](record), protocol)
        off = (found[["cover80", "with"]] - 0.8).abs().mean().round(3).to_list()
        change = found["change %"]
        print(f"{name}: CRPS {change.mean():+.2f} %, at most {change.max():+.2f} %, off 0.8: {off}")
        if not asked.all:
            print(found.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
