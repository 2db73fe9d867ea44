"""Time-and-place features as a scikit-learn transformer: a force-day and an area in, a row out."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from features import days as of_days
from features import events as of_events
from features import visitors as of_visitors
from features.asof import AsOf
from forewatch.areas import AreaTree
from forewatch.errors import MissingColumns, NotFitted

Array = NDArray[np.float64]

AREA_NAMES = ("area_urban", "area_rural", "area_coast", "area_population_log")
NAMES = (*of_days.NAMES, *of_visitors.NAMES, *of_events.NAMES, *AREA_NAMES)


class PlaceTimeFeatures(TransformerMixin, BaseEstimator):
    """Turns rows of (day, area) into features known at the view's origin.

    Args:
        view: what was known at the origin; features come from it and from nothing else.

    Attributes:
        names_: names of the columns: `NAMES`, then one `holiday_<kind>` for each kind of holiday
            of the force's own that was announced by the origin.
    """

    def __init__(self, view: AsOf) -> None:
        self.view = view

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002 (scikit-learn's)
        """Check the columns and fix the names of the features.

        Raises:
            MissingColumns: if day or area is absent.
        """
        _check(X)
        self.names_ = (*NAMES, *of_days.holiday_names(self.view))
        return self

    def transform(self, X: pd.DataFrame) -> Array:
        """Return float64 features, one row per row of X, in its order; NaN unknown.

        Args:
            X: columns day (local date of the force-day, without zone) and area (id of the tree).

        Raises:
            NotFitted: before `fit`.
            MissingColumns: if day or area is absent.
            UnknownArea: if an area is not in the tree.
        """
        if not hasattr(self, "names_"):
            raise NotFitted("PlaceTimeFeatures is not fitted; call fit() first")
        _check(X)
        days, day = np.unique(pd.DatetimeIndex(X["day"]), return_inverse=True)
        areas, area = np.unique(X["area"].to_numpy(dtype=object), return_inverse=True)
        return self.grid(pd.DatetimeIndex(days), tuple(areas))[day, area]

    def grid(self, days: pd.DatetimeIndex, areas: tuple[str, ...]) -> Array:
        """Return the features of every day in every area, shape (days, areas, features).

        Raises:
            NotFitted: before `fit`.
            UnknownArea: if an area is not in the tree.
        """
        if not hasattr(self, "names_"):
            raise NotFitted("PlaceTimeFeatures is not fitted; call fit() first")
        days = days.as_unit("us")
        found = {
            **_area_features(self.view.tree, areas),
            **of_days.day_features(self.view, days, areas, self.names_[len(NAMES) :]),
            **of_visitors.tourism_features(self.view, days, areas),
            **of_events.event_features(self.view, days, areas),
        }
        values = np.empty((len(days), len(areas), len(self.names_)))
        for column, name in enumerate(self.names_):
            values[:, :, column] = found[name]
        return values

    def get_feature_names_out(self, input_features: object = None) -> NDArray[Any]:  # noqa: ARG002
        """Return the names of the columns of `transform`.

        Raises:
            NotFitted: before `fit`.
        """
        if not hasattr(self, "names_"):
            raise NotFitted("PlaceTimeFeatures is not fitted; call fit() first")
        return np.asarray(self.names_, dtype=object)


def _check(frame: pd.DataFrame) -> None:
    if missing := [name for name in ("day", "area") if name not in frame]:
        found = ", ".join(map(str, frame.columns))
        raise MissingColumns(
            f"places and times lack {', '.join(missing)}; found {found}; give day and area"
        )


def _area_features(tree: AreaTree, areas: tuple[str, ...]) -> dict[str, Array]:
    """Return `AREA_NAMES`, each of shape (1, areas)."""
    kinds = np.array([[tree.area(area).kind for area in areas]])
    found = {f"area_{kind}": (kinds == kind).astype(np.float64) for kind in ("urban", "rural")}
    found["area_coast"] = (kinds == "coast").astype(np.float64)
    residents = np.array([[_population(tree, area) for area in areas]])
    found["area_population_log"] = np.log(np.where(residents > 0, residents, np.nan))
    return found


def _population(tree: AreaTree, area: str) -> float:
    """Return the area's own residents, or those of its parts; NaN if any is unknown."""
    own = tree.area(area).population
    parts = tree.children(area)
    if own is not None or not parts:
        return float("nan") if own is None else own
    return sum(_population(tree, part) for part in parts)
