"""What a boosted tree sees of a series on a day ahead: ratios, calendar, kinds, never a raw level.

A row is a (first day not known, day that is forecast, series). Everything about counts comes from
days before the first of the two, with the log-linear model's calendar taken out, and as a ratio to
its level, so that one tree serves a force of a thousand calls a day and a place with one a month.
Columns that tell dates apart (season, year, the raw level, what all series share of a day) are left
out: from a few years a tree would learn them by heart.

Source:
    docs/experiments/003-members-on-wales.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.levels import LEVEL_NAMES, trailing, weekday_means
from features.panel import Panel
from forewatch.arrays import Array, Index
from forewatch.clock import WEEK_DAYS
from models.loglinear import Loglinear

_CHUNK = 512  # days at a time, so that a long history fits in memory
_LARGE = 5.0  # calls a day from which on the size of a series no longer matters to its ratios
_COUNT_NAMES = (
    "ratio_7",
    "ratio_28",
    "ratio_56",
    "ratio_364",
    "ratio_weekday_8",
    "ratio_weekday_26",
    "ratio_1",
    "ratio_3",
    "size_log",
    "lead_days",
)
_KIND_NAMES = ("series_level", "call_type")


def covariate_names(panel: Panel) -> tuple[str, ...]:
    """Return the names of the features that trees see: all but those that tell dates apart."""
    return tuple(f.name for f in panel.covariates.features if f.sight.trees)


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
        plain: the fitted log-linear model, whose expectation the trees correct.
        covariates: names of the covariates to give.
        kinds: numbers of levels and call types.
    """

    def __init__(
        self, panel: Panel, plain: Loglinear, covariates: tuple[str, ...], kinds: Kinds
    ) -> None:
        self.covariates = panel.covariates.named(covariates)
        self.area_of = panel.area_of
        self.kinds = kinds.codes(panel)
        self.effect = plain.effect(panel)
        self.level = plain.levels(panel, self.effect)
        self.counts = panel.counts
        self.plain = panel.counts / self.effect[: len(panel.counts)]

    def expected(self, origins: Index, targets: Index) -> Array:
        """Return what the log-linear model expects, calls per day, shape (pairs, N)."""
        return np.asarray(self.level[origins] * self.effect[targets])

    def features(self, origins: Index, targets: Index) -> Array:
        """Return the columns for pairs of days, shape (pairs, N, columns), float32.

        Args:
            origins: first day that is not known, shape (pairs,).
            targets: day that is forecast, not before its origin's, shape (pairs,).
        """
        days, which = np.unique(origins, return_inverse=True)
        level = self.level[days]
        past = trailing(self.plain, days)
        year = _known(past[..., LEVEL_NAMES.index("level_364")] / level, 1.0)
        two_months = _known(past[..., LEVEL_NAMES.index("level_56")] / level, year)
        month = _known(past[..., LEVEL_NAMES.index("level_28")] / level, two_months)
        week = _known(past[..., LEVEL_NAMES.index("ratio_7_28")], 1.0) * month
        three = _known(self._last(days, 3) / level, week)
        one = _known(self._last(days, 1) / level, three)
        ahead = (targets - origins) % WEEK_DAYS
        weekdays = (
            _known(self._same_weekday(origins + ahead, weeks) / level[which], long[which])
            for weeks, long in ((8, two_months), (26, year))
        )
        count_columns = [
            *(ratio[which] for ratio in (week, month, two_months, year)),
            *weekdays,
            one[which],
            three[which],
            np.log(np.minimum(level, _LARGE))[which],
            np.repeat((targets - origins)[:, None], level.shape[1], axis=1),
        ]
        calendar = self.covariates[targets][:, self.area_of]
        kinds = np.broadcast_to(self.kinds, (len(targets), *self.kinds.shape))
        counts = np.stack(count_columns, axis=-1)
        return np.concatenate([counts, calendar, kinds], axis=-1, dtype=np.float32)

    def _same_weekday(self, days: Index, weeks: int) -> Array:
        """Return the mean of the last same weekdays before each day, shape (K, N)."""
        each, which = np.unique(days, return_inverse=True)
        parts = [each[i : i + _CHUNK] for i in range(0, len(each), _CHUNK)]
        found = [weekday_means(self.plain, part, weeks) for part in parts]
        return np.concatenate(found)[which]

    def _last(self, days: Index, number: int) -> Array:
        """Return the mean of what is known of the last days, NaN where nothing is, shape (K, N)."""
        last = self.plain[days[:, None] - np.arange(1, number + 1)]
        known = np.isfinite(last).sum(axis=1)
        total = np.nansum(last, axis=1)
        found = np.full(total.shape, np.nan)
        return np.asarray(np.divide(total, known, out=found, where=known > 0))


def _known(ratio: Array, otherwise: Array | float) -> Array:
    """Return a ratio, and another one where it is not known."""
    return np.where(np.isfinite(ratio), ratio, otherwise)
