"""Hourly trees that bend the shares of hours where a day is not like others of its weekday.

1. The target is the calls of an hour, given those of the whole day in that place and of that call
   type, beside what the profile of hours expects of it: trees learn shapes of days, never levels.
2. Hours of which trees see the same are added up (`models.hour_rows`), and a Poisson model with
   the profile's expectation as offset is grown on the sums: a leaf rests on expected calls.
3. Blocks of weeks are left out in turn. Their likelihood chooses how many trees there are and which
   share of what they say is believed, in logarithms; where nothing is gained, nothing is bent.

Source:
    Ke et al. (2017), LightGBM; docs/experiments/009-hours.md.
"""

from __future__ import annotations

from typing import Any, Self

import lightgbm as lgb
import numpy as np
from joblib import Parallel, delayed

from features.asof import AsOf
from features.cube import Cube, cube
from features.storms import without_storms
from forewatch.arrays import Array
from forewatch.clock import HOUR_US, instants_us
from forewatch.errors import DataError, StaleModel
from models.boosters import booster_of
from models.hour_rows import NAMES, SEASON, HourKinds, Timeline
from models.member_settings import HourSettings
from models.profiles import kinds_of_day, split

_STRENGTHS = np.array([0.0, 0.25, 0.5, 0.75, 1.0])  # believed of what the trees say
_STEP = 20  # trees between two looks at the blocks left out
_NOBODY = 1e-9  # expected calls below which a row says nothing


class HourTrees:
    """What bends the shares of hours; see the module for the method.

    Args:
        settings: see `HourSettings`.
        seed: the same seed grows the same trees.
        jobs: threads to grow in; the result does not depend on it.
    """

    def __init__(self, settings: HourSettings | None = None, seed: int = 0, jobs: int = 1) -> None:
        self.settings = settings or HourSettings()
        self.seed = seed
        self.jobs = jobs
        self.call_types_: tuple[str, ...] = ()
        self.strength_ = 0.0
        self.booster_: lgb.Booster | None = None

    def fit(self, view: AsOf, hours: Array) -> Self:
        """Learn from the view's past; of daily counts, or where it does not pay, nothing.

        Args:
            view: what was known.
            hours: the profile that is to be bent, see `models.profiles.Shares`.
        """
        self.call_types_, self.strength_, self.booster_ = view.profile.call_type_ids, 0.0, None
        if view.step == "day" or not self.settings.rounds:
            return self
        past = without_storms(view, cube(view, self.settings.days))
        calls, expected = counts_and_expected(view, past, hours)
        if not calls.any():
            return self
        kinds = HourKinds.of(view, Timeline.of(past))
        x = kinds.rows(len(past.call_types))
        block = past.day // self.settings.block_days % self.settings.blocks
        parts = [
            np.stack([kinds.sums(values * (block == b)).ravel() for values in (calls, expected)])
            for b in range(self.settings.blocks)
        ]
        known_days = np.unique(past.day[expected.any((0, 1))]).size
        blind = SEASON if known_days < self.settings.season_from_days else ()
        rounds, self.strength_ = self._proven(x, parts, blind)
        if self.strength_ > 0:
            self.booster_ = self._grown(x, np.sum(parts, axis=0), rounds, blind)
        return self

    def bend(self, view: AsOf, timeline: Timeline) -> Array:
        """Return factors of the profile's shares, before the hours of a day are scaled to it.

        Returns:
            Shape (places, call types, intervals), or (1, 1, 1) where nothing is bent.

        Raises:
            DataError: if the call types are not those learned from.
        """
        if self.booster_ is None:
            return np.ones((1, 1, 1))
        if view.profile.call_type_ids != self.call_types_:
            raise DataError(
                f"hours were learned of {len(self.call_types_)} call types, "
                f"{', '.join(self.call_types_)}; the profile has "
                f"{', '.join(view.profile.call_type_ids)}; train again"
            )
        kinds = HourKinds.of(view, timeline)
        types = len(self.call_types_)
        said = np.asarray(self.booster_.predict(kinds.rows(types), raw_score=True, num_threads=1))
        factor = np.exp(self.strength_ * said).reshape(types, -1)
        return np.moveaxis(factor[:, kinds.kind], 1, 0)

    def state(self) -> dict[str, Any]:
        """Return settings, call types, strength, and the trees as LightGBM's text."""
        return {
            "settings": self.settings.model_dump(mode="json"),
            "seed": self.seed,
            "call_types": list(self.call_types_),
            "strength": self.strength_,
            "hour_booster": self.booster_.model_to_string() if self.booster_ else None,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the trees whose state this was.

        Raises:
            StaleModel: if they were grown on other features than this code makes.
        """
        trees = cls(HourSettings(**state["settings"]), int(state["seed"]))
        trees.call_types_ = tuple(state["call_types"])
        trees.strength_ = float(state["strength"])
        if state["hour_booster"] is not None:
            trees.booster_ = booster_of(state["hour_booster"])
            if trees.booster_.feature_name() != list(NAMES):
                raise StaleModel(
                    f"the hourly trees were grown on {trees.booster_.num_feature()} features, this "
                    f"code makes {len(NAMES)} or names them otherwise; run 'forewatch train'"
                )
        return trees

    def _proven(self, x: Array, parts: list[Array], blind: tuple[str, ...]) -> tuple[int, float]:
        """Return the trees and the strength that say most of blocks that they have not seen."""
        tasks = (delayed(self._gain)(x, parts, held, blind) for held in range(len(parts)))
        gain = np.sum(Parallel(n_jobs=self.jobs, prefer="threads")(tasks), axis=0)
        best, strength = np.unravel_index(gain.argmax(), gain.shape)
        return int(best + 1) * _STEP, float(_STRENGTHS[strength])

    def _gain(self, x: Array, parts: list[Array], held: int, blind: tuple[str, ...]) -> Array:
        """Return what trees of the other blocks say of one, shape (looks, strengths).

        A look comes after every `_STEP` trees; the gain is that of the log likelihood.
        """
        part = parts[held]
        trees = self._grown(x, np.sum(parts, axis=0) - part, self.settings.rounds, blind)
        seen = part[1] > _NOBODY
        calls, expected, said = *part[:, seen], np.zeros(seen.sum())
        looks = range(0, self.settings.rounds, _STEP)
        gain = np.zeros((len(looks), len(_STRENGTHS)))
        for look, first in enumerate(looks):
            said += trees.predict(
                x[seen], raw_score=True, start_iteration=first, num_iteration=_STEP, num_threads=1
            )
            bent = _STRENGTHS[:, None] * said
            gain[look] = bent @ calls - np.expm1(bent) @ expected
        return gain

    def _grown(self, x: Array, part: Array, rounds: int, blind: tuple[str, ...]) -> lgb.Booster:
        """Return the trees learned from calls and expected calls by row, shape (2, rows)."""
        settings = self.settings
        calls, expected = part[:, part[1] > _NOBODY]
        data = lgb.Dataset(
            x[part[1] > _NOBODY],
            label=calls,
            init_score=np.log(expected),
            feature_name=list(NAMES),
            categorical_feature=["call_type", "kind_of_area"],
        )
        return lgb.train(
            {
                "objective": "poisson",
                "learning_rate": settings.learning_rate,
                "num_leaves": settings.leaves,
                "min_data_in_leaf": 1,
                "min_sum_hessian_in_leaf": settings.calls_per_leaf,
                "poisson_max_delta_step": 1e-9,  # so that the hessian is expected calls
                "lambda_l2": settings.ridge_calls,
                "cat_l2": settings.ridge_calls,
                "feature_fraction": settings.column_share,
                "feature_contri": [0.0 if name in blind else 1.0 for name in NAMES],
                "num_threads": 1,
                "seed": self.seed,
                "deterministic": True,
                "force_row_wise": True,
                "verbosity": -1,
            },
            data,
            num_boost_round=rounds,
        )


def counts_and_expected(
    view: AsOf, past: Cube, hours: Array, bend: Array | float = 1.0
) -> tuple[Array, Array]:
    """Return calls and what the profile expects of them given their day's, (places, types, hours).

    Both are 0 on days of which an hour is unknown.

    Args:
        view: what was known.
        past: counts as known.
        hours: the profile, see `models.profiles.Shares`.
        bend: what bends it, as of `HourTrees.bend`.
    """
    daily = np.moveaxis(past.daily(), 2, 0)
    known = np.isfinite(np.moveaxis(daily, 0, 2))[:, :, past.day]
    kind = kinds_of_day(view, past.force_days)
    length = np.diff(instants_us(past.edges)) / HOUR_US
    expected = split(np.nan_to_num(daily), hours, kind, past.day, past.slot, bend * length)
    return np.where(known, past.counts, 0.0), expected
