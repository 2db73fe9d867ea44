"""Gradient-boosted trees over all series at once, directly for each block of leads.

1. The target is a day's calls ÷ what the log-linear model expects of it from its level at the
   origin: a tree learns where that model errs, not how large a place is or what a Sunday is.
2. A row weighs what its ratio is worth: expected ÷ (1 + s² expected), where s is the size of the
   shocks that the largest series share; small counts are noisy, large ones are not exact either.
3. The ratios of a block are scaled to a mean of 1: that the force has grown or shrunk over the
   years is known to the level, and is not carried on into the future.
4. Each block of leads has its own trees, learned from pairs (origin, day ahead) that are drawn
   from the whole past: few origins would let a tree learn dates by heart.

Source:
    Ke et al. (2017), LightGBM; Makridakis et al. (2022), M5 accuracy competition (direct models by
    lead, pooled); docs/experiments/003-members-on-wales.md.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Self

import lightgbm as lgb
import numpy as np

from features.panel import Panel
from forewatch.arrays import Array, Index
from forewatch.errors import NotEnoughHistory, StaleModel
from models.base import Series, State, check_series, series_from, series_of
from models.boosters import booster_of
from models.boosting_rows import Kinds, Rows, covariate_names, names
from models.loglinear import Loglinear
from models.member_settings import BoostingSettings, Growth

_LEAST_PAIRS = 20


class Boosting:
    """The boosted member; see the module for the method.

    Args:
        settings: see `BoostingSettings`.
        seed: the same seed draws the same rows and grows the same trees.
        threads: threads that LightGBM may use; the trees do not depend on it.
    """

    name = "boosting"

    def __init__(
        self, settings: BoostingSettings | None = None, seed: int = 0, threads: int = 1
    ) -> None:
        self.settings = settings or BoostingSettings()
        self.seed = seed
        self.threads = threads
        self.series_: Series | None = None
        self.covariates_: tuple[str, ...] = ()
        self.kinds_ = Kinds((), ())
        self.plain_ = Loglinear(self.settings.plain)
        self.boosters_: tuple[lgb.Booster, ...] = ()

    def fit(self, panel: Panel) -> Self:
        """Grow the trees of each block of leads from the panel's past.

        Raises:
            NotEnoughHistory: if there are too few pairs of days for the first block, or no calls.
        """
        self.series_, self.covariates_ = series_of(panel), covariate_names(panel)
        self.kinds_ = Kinds.of(panel)
        self.plain_ = Loglinear(self.settings.plain).fit(panel)
        rows = self._rows(panel)
        bounds = (*self.settings.lead_blocks, self.settings.last_lead_days + 1)
        boosters: list[lgb.Booster] = []
        for first, end in pairwise(bounds):
            origins, targets = self._pairs(panel, first, end)
            if len(origins) < _LEAST_PAIRS or not (rows.counts[targets] > 0).any():
                break  # longer leads have fewer
            boosters.append(self._grown(self.settings.growth(first), rows, origins, targets))
        if not boosters:
            raise NotEnoughHistory(
                f"boosting needs {_LEAST_PAIRS} pairs of days of which the later is known, with "
                f"some calls; {len(panel.days)} days of history give {len(origins)}; leave it out "
                "of the recipe"
            )
        self.boosters_ = tuple(boosters)
        return self

    def predict(self, panel: Panel) -> Array:
        """Return expected calls for the horizon, shape (H, N), the levels taken from the panel."""
        check_series(self.name, self.series_, panel)
        rows = self._rows(panel)
        days, ahead = len(panel.days), len(panel.horizon)
        lead = np.minimum(np.arange(ahead), self.settings.last_lead_days)
        block = np.searchsorted(self.settings.lead_blocks, lead, side="right") - 1
        block = np.clip(block, 0, len(self.boosters_) - 1)
        mean = np.empty((ahead, panel.counts.shape[1]))
        for b in np.unique(block):
            here = np.flatnonzero(block == b)
            origins = np.full(len(here), days)
            columns = rows.features(origins, days + here)
            columns[:, :, names(self.covariates_).index("lead_days")] = lead[here, None]
            ratio = self.boosters_[b].predict(
                columns.reshape(-1, columns.shape[2]), num_threads=self.threads
            )
            expected = rows.expected(origins, days + here)
            mean[here] = expected * np.asarray(ratio).reshape(expected.shape)
        return mean

    def state(self) -> State:
        """Return settings, series, covariates, kinds, and the trees as LightGBM's text."""
        trees = {
            f"leads_{first}_booster": booster.model_to_string()
            for first, booster in zip(self.settings.lead_blocks, self.boosters_, strict=False)
        }
        return {
            "settings": self.settings.model_dump(mode="json"),
            "seed": self.seed,
            "series": [list(pair) for pair in self.series_ or ()],
            "covariates": list(self.covariates_),
            "levels": list(self.kinds_.levels),
            "call_types": list(self.kinds_.call_types),
            "plain": self.plain_.state(),
            "trees": trees,
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return the member whose state this was, with one thread.

        Raises:
            StaleModel: if the trees were grown on other features than this code makes.
        """
        member = cls(BoostingSettings(**state["settings"]), seed=int(state["seed"]))
        member.series_ = series_from(state["series"])
        member.covariates_ = tuple(state["covariates"])
        member.kinds_ = Kinds(tuple(state["levels"]), tuple(state["call_types"]))
        member.plain_ = Loglinear.from_state(state["plain"])
        member.boosters_ = tuple(
            booster_of(state["trees"][key])
            for key in (f"leads_{first}_booster" for first in member.settings.lead_blocks)
            if key in state["trees"]
        )
        wanted = list(names(member.covariates_))
        for booster in member.boosters_:
            if booster.feature_name() != wanted:
                raise StaleModel(
                    f"the trees were grown on {booster.num_feature()} features, this code makes "
                    f"{len(wanted)} or names them otherwise; run 'forewatch train'"
                )
        return member

    def _rows(self, panel: Panel) -> Rows:
        return Rows(panel, self.plain_, self.covariates_, self.kinds_)

    def _pairs(self, panel: Panel, first: int, end: int) -> tuple[Index, Index]:
        """Draw pairs (origin, day ahead) with leads in [first, end), the latter known days."""
        days, series = panel.counts.shape
        earliest = min(self.settings.first_origin_days, days // 3)
        origins, leads = np.meshgrid(
            np.arange(earliest, days), np.arange(first, end), indexing="ij"
        )
        inside = origins + leads < days
        some = np.asarray(np.isfinite(panel.counts).any(axis=1))
        inside &= some[np.minimum(origins + leads, days - 1)]
        origins, leads = origins[inside], leads[inside]
        wanted = min(max(self.settings.rows // series, _LEAST_PAIRS), len(origins))
        rng = np.random.default_rng([self.seed, first])
        drawn = np.sort(rng.choice(len(origins), size=wanted, replace=False))
        return origins[drawn], origins[drawn] + leads[drawn]

    def _grown(self, growth: Growth, rows: Rows, origins: Index, targets: Index) -> lgb.Booster:
        """Return the trees learned from the pairs' rows of which the count is known."""
        settings = self.settings
        expected = rows.expected(origins, targets)
        counts = rows.counts[targets]
        known = np.isfinite(counts)
        weight = (expected / (1 + settings.shared_shock_sd**2 * expected))[known]
        columns = rows.features(origins, targets)[known]
        ratio = counts[known] / expected[known]
        columns_of = names(self.covariates_)
        data = lgb.Dataset(
            columns,
            label=ratio * weight.sum() / max((weight * ratio).sum(), 1e-9),
            weight=weight / weight.mean(),
            feature_name=list(columns_of),
            categorical_feature=["series_level", "call_type"],
            free_raw_data=True,
        )
        return lgb.train(
            {
                "objective": "poisson",
                "learning_rate": growth.learning_rate,
                "num_leaves": growth.leaves,
                "min_data_in_leaf": settings.rows_per_leaf,
                "feature_fraction": settings.column_share,
                "feature_contri": [0.0 if n in growth.blind_to else 1.0 for n in columns_of],
                "lambda_l2": settings.ridge,
                "num_threads": self.threads,
                "seed": self.seed,
                "deterministic": True,
                "force_col_wise": True,
                "verbosity": -1,
            },
            data,
            num_boost_round=settings.rounds,
        )
