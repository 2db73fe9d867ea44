"""Features of an area: what kind it is of, and how many live there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.declaration import ALWAYS, FLAG, Feature, Maker, Values
from forewatch.area_kinds import MIXED, AreaKind


def kind_flags(view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...]) -> Values:  # noqa: ARG001 (as all makers)
    """Return a flag for each kind of area but "mixed", each of shape (1, areas)."""
    kinds = np.array([[view.tree.area(area).kind for area in areas]])
    return {_name(kind): (kinds == kind.id).astype(np.float64) for kind in _flagged(view)}


def residents_log(view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...]) -> Values:  # noqa: ARG001 (as all makers)
    """Return the logarithm of the residents, of shape (1, areas)."""
    residents = np.array([[view.tree.residents(area) for area in areas]])
    return {"area_population_log": np.log(np.where(residents > 0, residents, np.nan))}


def _flagged(view: AsOf) -> tuple[AreaKind, ...]:
    return tuple(kind for kind in view.profile.area_kinds if kind.id != MIXED)


def _name(kind: AreaKind) -> str:
    return f"area_{kind.id}"


def _flag_features(view: AsOf) -> tuple[Feature, ...]:
    return tuple(
        replace(_KIND, name=_name(kind), meaning=f"area of the kind {kind.name}")
        for kind in _flagged(view)
    )


_KIND = Feature(
    "area_<kind>",
    "one column for each of the profile's [[area_kinds]] but mixed (urban, rural, coast)",
    *("0 or 1", "area tree", ALWAYS, FLAG),
)
KINDS_OF_AREA = Maker(kind_flags, (_KIND,), _flag_features)
RESIDENTS = Maker(
    residents_log,
    (
        Feature(
            "area_population_log",
            "logarithm of the residents; unknown (NaN) where the tree has none",
            *("log persons", "area tree", ALWAYS),
        ),
    ),
)
