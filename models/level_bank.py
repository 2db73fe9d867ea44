"""Which memory of the level forecast best so far, by lead: a bank of half-lives.

How fast a level moves differs by force and by series, and a forecast of tomorrow wants a shorter
memory than one of next quarter. So the level ahead is a mean of levels of several half-lives:

1. each forecasts every day of the past from the level as it was known some days before;
2. a half-life weighs (sum of squared errors) ^ (−looks ÷ 2), its likelihood beside the others',
   where looks are the days known ÷ days ahead, because errors that overlap say the same thing.

Of a small series, or far ahead, the past says little, and all half-lives weigh about the same.

Source:
    Raftery, Madigan & Hoeting (1997), Bayesian model averaging for linear regression models (weight
    by likelihood); docs/experiments/018-season-and-growth.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forewatch.arrays import Array
from models.blend import block_of
from models.level import Level

FIRST_LEADS = (0, 7, 28)  # of the blocks of leads, in days
_JUDGED_LEADS = (4, 18, 60)  # one a block, near its middle
_FIRST_DAYS = 60  # of the past are not judged: a long memory has seen nothing yet
_LEAST_SQUARES = 1e-9  # keeps a series that never missed from dividing by 0


@dataclass(frozen=True)
class LevelBank:
    """Levels of several half-lives.

    Args:
        half_lives_days: of the recent change.
        long_half_life_days: of the long-run level that it is seen against; where recent is not much
            shorter, twice as long as recent.
    """

    half_lives_days: tuple[float, ...]
    long_half_life_days: float

    def weights(self, level: Level, effect: Array) -> Array:
        """Return the weights, shape (blocks of leads, half-lives, N), summing to 1 over half-lives.

        Args:
            level: counts of the past, shape (D, N).
            effect: what one call of level becomes on each day, shape (D, N).
        """
        n = level.counts.shape[1]
        squares = np.zeros((len(_JUDGED_LEADS), len(self.half_lives_days), n))
        if len(self.half_lives_days) == 1:
            return np.ones_like(squares)
        for k, half_life in enumerate(self.half_lives_days):
            before = level.before_each_day(effect, half_life, self._long(half_life))
            for b, lead in enumerate(_JUDGED_LEADS):
                errors = level.counts[lead:] - before[: -1 - lead] * effect[lead:]
                squares[b, k] = (errors**2 * level.known[lead:])[_FIRST_DAYS:].sum(0)
        days = np.maximum(level.known.sum(0) - _FIRST_DAYS, 0)
        looks = days / np.array(_JUDGED_LEADS)[:, None, None]
        likelihood = -looks / 2 * np.log(np.maximum(squares, _LEAST_SQUARES))
        found = np.exp(likelihood - likelihood.max(1, keepdims=True))
        return np.asarray(found / found.sum(1, keepdims=True))

    def ahead(self, level: Level, effect: Array, weights: Array, days: int) -> Array:
        """Return the level that each of so many days ahead is forecast with, shape (days, N).

        Args:
            level: counts of the past that ends where the days begin, shape (D, N).
            effect: what one call of level becomes on each day, shape (D, N).
            weights: of this past or an earlier one.
            days: how many.
        """
        ends = [level.at_end(effect, each, self._long(each)) for each in self.half_lives_days]
        return np.asarray((weights * np.stack(ends)).sum(1)[block_of(FIRST_LEADS, days)])

    def _long(self, half_life: float) -> float:
        return max(self.long_half_life_days, 2 * half_life)
