"""The calendar's shape as small trees see it, pooled over all areas (LightGBM, Poisson).

The target is a day's reports, the offset the place's share of the force's level: trees learn
shapes, never levels. They are few and small, with large leaves: of a season that was never seen
they say nothing, where a harmonic would go on.

Source: Ke et al. (2017), LightGBM; docs/experiments/008-missing-person-model.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from forewatch.arrays import Array
from models.boosters import booster_of
from models.missing.calendar_shape import place_shares
from models.missing.reports import Reports
from models.missing.settings import TreeSettings

_LEAST_REPORTS = 20.0  # below, there is no shape to be seen
_STEP = 0.5  # LightGBM's poisson_max_delta_step: no leaf runs away on a few reports


@dataclass(frozen=True)
class Trees:
    """Trees that give the factor of a day and place.

    Args:
        names: covariates that they see, beside the log of the place's share.
        booster: the trees; None where too little was seen.
    """

    names: tuple[str, ...]
    booster: lgb.Booster | None

    def effect(self, seen: Reports) -> Array:
        """Return the factor of each day and place, shape (D + H, P)."""
        table = _table(seen, self.names)
        if self.booster is None:
            return np.ones(table.shape[:2])
        raw = self.booster.predict(table.reshape(-1, table.shape[2]), raw_score=True)
        return np.asarray(np.exp(np.asarray(raw))).reshape(table.shape[:2])

    def state(self) -> dict[str, Any]:
        """Return the trees as text."""
        text = None if self.booster is None else self.booster.model_to_string()
        return {"names": list(self.names), "trees_booster": text}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Trees:
        """Return the trees whose state this was."""
        text = state["trees_booster"]
        booster = None if text is None else booster_of(text)
        return cls(tuple(state["names"]), booster)


def trees_of(seen: Reports, settings: TreeSettings, seed: int) -> Trees:
    """Return the trees that the past grows.

    Args:
        seen: the reports.
        settings: how many and how large.
        seed: the same seed grows the same trees.
    """
    past, known = len(seen.days), seen.known
    total = seen.filled.sum()
    names = _names(seen)
    if total < _LEAST_REPORTS:
        return Trees(names, None)
    share = place_shares(seen, np.ones_like(seen.filled))
    level = total / (known * share).sum()
    offset = np.broadcast_to(np.log(level * share), known.shape)[known]
    rows, counts = _table(seen, names)[:past][known], seen.counts[known]
    asked = {
        "objective": "poisson",
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": max(int(settings.leaf_share * len(rows)), 1),
        "lambda_l2": settings.ridge,
        "poisson_max_delta_step": _STEP,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": 1,
        "seed": seed,
        "verbose": -1,
    }
    data = lgb.Dataset(rows, counts, init_score=offset, free_raw_data=True)
    return Trees(names, lgb.train(asked, data, settings.rounds))


def _names(seen: Reports) -> tuple[str, ...]:
    """Return the names of the features that these trees see, by their declared places."""
    features = seen.panel.covariates.features
    found = [(f.sight.missing_trees, f.name) for f in features if f.sight.missing_trees is not None]
    return tuple(name for _, name in sorted(found))


def _table(seen: Reports, names: tuple[str, ...]) -> Array:
    """Return what the trees see, shape (D + H, P, columns)."""
    values = seen.panel.covariates.named(names)[:, seen.column]
    share = np.log(place_shares(seen, np.ones_like(seen.filled)))
    own = np.broadcast_to(share[None, :, None], (*values.shape[:2], 1))
    return np.concatenate([np.nan_to_num(values), own], axis=2)
