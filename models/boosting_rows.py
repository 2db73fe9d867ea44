"""What a boosted tree sees of a series on a day ahead: ratios, calendar, kinds, never a raw level.

A row is a (day from which is forecast, day that is forecast, series). Everything about counts comes
from days before the first of the two. Counts enter as ratios to the series' trailing level, so that
one tree serves a force of a thousand calls a day and a place with one a month.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.levels import LEVEL_NAMES, same_weekday, trailing
from features.panel import Panel
from models.base import HALF_A_CALL, Array, Index
from models.lineage import Lineage

LevelDays = Literal[28, 56]
WEEK_DAYS = 7
YEAR_DAYS = 364  # whole weeks, so that weekdays fall on each other
_CHUNK = 64  # origins at a time, so that a long history fits in memory
_NOT_FOR_TREES = ("day_of_year", "season_sin_2", "season_cos_2", "season_sin_3", "season_cos_3")
_COUNT_NAMES = (
    "level_28_ratio",
    "level_56_ratio",
    "level_364_ratio",
    "ratio_7_28",
    "ratio_28_364",
    "ratio_yoy",
    "weekday_8_ratio",
    "weekday_26_ratio",
    "yesterday_ratio",
    "last_3_days_ratio",
    "force_yesterday_ratio",
    "force_last_3_days_ratio",
    "force_ratio_7_28",
    "season_of_last_year",
    "level_log",
    "lead_days",
)
_KIND_NAMES = ("series_level", "call_type")


def covariate_names(panel: Panel) -> tuple[str, ...]:
    """Return the covariates that trees use; later harmonics say the same as the first to them."""
    return tuple(name for name in panel.covariates.names if name not in _NOT_FOR_TREES)


def names(covariates: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the columns, the kinds last."""
    return (*_COUNT_NAMES, *covariates, *_KIND_NAMES)


@dataclass(frozen=True)
class Kinds:
    """Whole numbers that stand for the levels and call types of a panel, kept with the model."""

    levels: tuple[str, ...]
    call_types: tuple[str, ...]

    @classmethod
    def of(cls, panel: Panel) -> Kinds:
        """Number levels and call types in the order of the keys."""
        keys = panel.keys
        return cls(tuple(keys["level"].unique()), tuple(keys["call_type"].unique()))

    def codes(self, panel: Panel) -> Array:
        """Return the numbers of each series, shape (N, 2)."""
        level = [self.levels.index(level) for level in panel.keys["level"]]
        call_type = [self.call_types.index(kind) for kind in panel.keys["call_type"]]
        return np.array([level, call_type], dtype=float).T


class Rows:
    """Rows of a panel for any pairs of days.

    Args:
        panel: the panel, of which days are numbered from 0, the horizon's on from D.
        covariates: names of the covariates to give.
        kinds: numbers of levels and call types.
        trust_calls: calls expected in 28 days at which these weigh as much as the year before.
    """

    def __init__(
        self, panel: Panel, covariates: tuple[str, ...], kinds: Kinds, trust_calls: float
    ) -> None:
        self.counts = panel.counts
        self.covariates = panel.covariates.named(covariates)
        self.area_of = panel.area_of
        self.hours = panel.hours / 24.0
        self.kinds = kinds.codes(panel)
        self.trust_calls = trust_calls
        self.lineage = Lineage.of(panel)

    def levels(self, origins: Index, days: LevelDays = 28) -> Array:
        """Return the trailing level before each day, calls per day, positive; (K, N).

        The calls of the last *days*, held by the year before them where they are few.
        """
        past = trailing(self.counts, origins)
        recent, year = (past[..., LEVEL_NAMES.index(f"level_{n}")] for n in (days, 364))
        known = self._known_days(origins)
        year = np.maximum(self._filled(year), HALF_A_CALL / (known + 1))
        calls = np.where(np.isfinite(recent), recent, year) * days
        return np.asarray(year * (calls + self.trust_calls) / (days * year + self.trust_calls))

    def features(self, origins: Index, targets: Index, level_days: LevelDays = 28) -> Array:
        """Return the columns for pairs of days, shape (pairs, N, columns), float32.

        Args:
            origins: first day that is not known, shape (pairs,).
            targets: day that is forecast, not before its origin's, shape (pairs,).
            level_days: days of the trailing level that ratios are to.
        """
        days, which = np.unique(origins, return_inverse=True)
        level = self.levels(days, level_days)
        past = trailing(self.counts, days)
        ratio = {name: past[..., i] for i, name in enumerate(LEVEL_NAMES)}
        week_8, week_26 = (self._same_weekday(days, weeks) for weeks in (8, 26))
        ahead = (targets - origins) % WEEK_DAYS
        yesterday, last_3_days = (self._fresh(days, week_26, n) for n in (1, 3))
        count_columns = [
            (ratio["level_28"] / level)[which],
            (ratio["level_56"] / level)[which],
            (ratio["level_364"] / level)[which],
            *(ratio[name][which] for name in ("ratio_7_28", "ratio_28_364", "ratio_yoy")),
            week_8[which, :, ahead] / level[which],
            week_26[which, :, ahead] / level[which],
            yesterday[which],
            last_3_days[which],
            *(self._of_force(a)[which] for a in (yesterday, last_3_days, ratio["ratio_7_28"])),
            self._season_of_last_year(origins, targets),
            np.log(level)[which],
            np.repeat((targets - origins)[:, None], level.shape[1], axis=1),
        ]
        calendar = self.covariates[targets][:, self.area_of]
        kinds = np.broadcast_to(self.kinds, (len(targets), *self.kinds.shape))
        counts = np.stack(count_columns, axis=-1)
        return np.concatenate([counts, calendar, kinds], axis=-1, dtype=np.float32)

    def _filled(self, levels: Array) -> Array:
        """Give series without history the share of their parents, origin by origin."""
        unknown = np.flatnonzero(np.isnan(levels).any(axis=1))
        for k in unknown:
            levels[k] = self.lineage.filled(levels[k])
        return levels

    def _known_days(self, origins: Index) -> Index:
        known = np.isfinite(self.counts).cumsum(axis=0)
        return np.asarray(np.concatenate([np.zeros_like(known[:1]), known])[origins])

    def _same_weekday(self, origins: Index, weeks: int) -> Array:
        parts = [origins[i : i + _CHUNK] for i in range(0, len(origins), _CHUNK)]
        return np.concatenate([same_weekday(self.counts, part, weeks) for part in parts])

    def _fresh(self, origins: Index, weekday_means: Array, days: int) -> Array:
        """Return the last days' calls ÷ what their weekdays usually have; (K, N), NaN unknown."""
        back = np.arange(1, days + 1)
        last = self.counts[origins[:, None] - back]
        usual = np.moveaxis(weekday_means[:, :, (-back) % WEEK_DAYS], 2, 1)
        total = usual.sum(axis=1)
        return _ratio(last.sum(axis=1), total)

    @staticmethod
    def _of_force(values: Array) -> Array:
        return np.broadcast_to(values[:, :1], values.shape)

    def _season_of_last_year(self, origins: Index, targets: Index) -> Array:
        """Return the step, one year ago, from the 28 days before to the 21 around the target."""
        end = np.minimum(targets - YEAR_DAYS + 11, origins)  # nothing from the origin on
        around = _window_mean(self.counts, targets - YEAR_DAYS - 10, end)
        before = _window_mean(self.counts, origins - YEAR_DAYS - 28, origins - YEAR_DAYS)
        before[origins < YEAR_DAYS + 28] = np.nan
        return _ratio(around, before)


def _window_mean(counts: Array, first: Index, end: Index) -> Array:
    """Return means of the known days of [first, end), shape (pairs, N), NaN where there is none."""
    known = np.isfinite(counts)
    none = np.zeros((1, counts.shape[1]))
    calls = np.concatenate([none, np.where(known, counts, 0.0).cumsum(axis=0)])
    days = np.concatenate([none, known.cumsum(axis=0)])
    first, end = np.clip(first, 0, len(counts)), np.clip(end, 0, len(counts))
    first = np.minimum(first, end)
    n = days[end] - days[first]
    return _ratio(calls[end] - calls[first], n)


def _ratio(above: Array, below: Array) -> Array:
    """Return above ÷ below, NaN where there is nothing below."""
    ratio: Array = np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)
    return ratio
