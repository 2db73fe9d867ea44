"""Features of an area: what it is like, and how many live there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.declaration import ALWAYS, FLAG, Feature, Maker, Values

_COLUMNS = {"area_urban": "urban", "area_rural": "rural", "area_coast": "coast"}


def area_features(view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...]) -> Values:  # noqa: ARG001 (as all makers)
    """Return the features of `PLACES`, each of shape (1, areas)."""
    kinds = np.array([[view.tree.area(area).kind for area in areas]])
    found = {name: (kinds == kind).astype(np.float64) for name, kind in _COLUMNS.items()}
    residents = np.array([[view.tree.residents(area) for area in areas]])
    found["area_population_log"] = np.log(np.where(residents > 0, residents, np.nan))
    return found


PLACES = Maker(
    area_features,
    (
        Feature("area_urban", "urban area", "0 or 1", "area tree", ALWAYS, FLAG),
        Feature("area_rural", "rural area", "0 or 1", "area tree", ALWAYS, FLAG),
        Feature("area_coast", "coastal area", "0 or 1", "area tree", ALWAYS, FLAG),
        Feature(
            "area_population_log",
            "logarithm of the residents; unknown (NaN) where the tree has none",
            *("log persons", "area tree", ALWAYS),
        ),
    ),
)
