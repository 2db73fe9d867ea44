"""Time-and-place features as a scikit-learn transformer: a force-day and an area in, a row out."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from features.asof import AsOf
from features.catalogue import features_at, grid
from forewatch.arrays import Array
from forewatch.errors import MissingColumns, NotFitted


class PlaceTimeFeatures(TransformerMixin, BaseEstimator):
    """Turns rows of (day, area) into features known at the view's origin.

    Args:
        view: what was known at the origin; features come from it and from nothing else.

    Attributes:
        features_: declarations of the columns, those of the force's own last.
    """

    def __init__(self, view: AsOf) -> None:
        self.view = view

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002 (scikit-learn's)
        """Check the columns and fix the features.

        Raises:
            MissingColumns: if day or area is absent.
        """
        _check(X)
        self.features_ = features_at(self.view)
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
        self._stop_if_not_fitted()
        _check(X)
        days, day = np.unique(pd.DatetimeIndex(X["day"]), return_inverse=True)
        areas, area = np.unique(X["area"].to_numpy(dtype=object), return_inverse=True)
        found = grid(self.view, pd.DatetimeIndex(days), tuple(areas), self.features_)
        return np.asarray(found[day, area])

    def get_feature_names_out(self, input_features: object = None) -> NDArray[Any]:  # noqa: ARG002
        """Return the names of the columns of `transform`.

        Raises:
            NotFitted: before `fit`.
        """
        self._stop_if_not_fitted()
        return np.asarray([feature.name for feature in self.features_], dtype=object)

    def _stop_if_not_fitted(self) -> None:
        if not hasattr(self, "features_"):
            raise NotFitted("PlaceTimeFeatures is not fitted; call fit() first")


def _check(frame: pd.DataFrame) -> None:
    if missing := [name for name in ("day", "area") if name not in frame]:
        found = ", ".join(map(str, frame.columns))
        raise MissingColumns(
            f"places and times lack {', '.join(missing)}; found {found}; give day and area"
        )
