"""Makers of features that packages of the force's own add (`forewatch.extensions`).

What they declare is checked when they are loaded, what they give whenever they are asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.declaration import Feature, Maker, Values
from forewatch import extensions
from forewatch.errors import DataError, SettingsError
from forewatch.explanation_parts import FED, TAKEN
from forewatch.extensions import Packages

_PART = re.compile("[a-z][a-z_]*|")  # "" feeds none


@cache
def package_makers(packages: Packages, ours: tuple[Feature, ...]) -> tuple[Maker, ...]:
    """Return the makers that packages add.

    Args:
        packages: names of distributions, as the profile has them.
        ours: the features that are there already.

    Raises:
        SettingsError: if a package isn't installed, can't be loaded, or adds features that can't be
            used.
    """
    taken = {feature.name for feature in ours}
    found = extensions.additions(extensions.FEATURES, packages, Maker)
    for name, maker in found.items():
        _stop_if_unfit(name, maker.declared, taken)
        taken.update(feature.name for feature in maker.declared)
    own = [
        maker if maker.own is None else replace(maker, own=_Own(name, maker.own, frozenset(taken)))
        for name, maker in found.items()
    ]
    return tuple(own)


@dataclass(frozen=True)
class _Own:
    """The features of a view that a package's maker has, looked through each time.

    Args:
        name: of its entry point.
        features: what the package says.
        taken: names of features that are there already.
    """

    name: str
    features: Callable[[AsOf], tuple[Feature, ...]]
    taken: frozenset[str]

    def __call__(self, view: AsOf) -> tuple[Feature, ...]:
        """Return them; SettingsError if the package fails, or one can't be used."""
        try:
            found = tuple(self.features(view))
        except Exception as error:
            raise SettingsError(
                f"{self.name} of extensions.packages fails to say which features it has: "
                f"{type(error).__name__}: {error}"
            ) from error
        _stop_if_unfit(self.name, found, self.taken)
        return found


def _stop_if_unfit(name: str, features: tuple[Feature, ...], taken: Collection[str]) -> None:
    for feature in features:
        if complaint := _complaint(feature, taken):
            raise SettingsError(
                f"{name} of extensions.packages adds the feature {feature.name!r}, {complaint}"
            )


def _complaint(feature: Feature, taken: Collection[str]) -> str:
    """Return why a feature of a package can't be used; "" if it can."""
    if feature.name in taken:
        return "which is there already; give it another name"
    if feature.sight.hours is not None:
        return "which asks for a column of the hourly trees; these are Forewatch's own"
    if feature.part in TAKEN or not _PART.fullmatch(feature.part):
        return (
            f"which can't feed the part {feature.part!r} of an explanation; want one of "
            f"{', '.join(FED)}, or a name of its own in small letters and _"
        )
    return ""


def package_values(
    maker: Maker, names: Collection[str], view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...]
) -> Values:
    """Return what a package's maker makes.

    Args:
        maker: the maker.
        names: features that it declares.
        view: what is known.
        days: force-days.
        areas: ids.

    Raises:
        DataError: if it fails, or gives something else than finite numbers, or NaN, that broadcast
            to (days, areas).
    """
    told = ", ".join(sorted(names))
    try:
        made = {name: np.asarray(values) for name, values in maker.make(view, days, areas).items()}
    except Exception as error:
        raise DataError(
            f"a package of the force's own fails to make {told}: {type(error).__name__}: {error}"
        ) from error
    if made.keys() != set(names):
        raise DataError(
            f"a package of the force's own makes {', '.join(sorted(made)) or 'nothing'}, and "
            f"declares {told}; want values for each that is declared, and for no other"
        )
    shape = (len(days), len(areas))
    for name, values in made.items():
        try:
            fits = values.dtype.kind in "bif" and np.broadcast_shapes(values.shape, shape) == shape
        except ValueError:
            fits = False
        if not fits or np.isinf(values.astype(np.float64)).any():
            raise DataError(
                f"the feature {name!r} of a package of the force's own has values of shape "
                f"{values.shape} and type {values.dtype}; want finite numbers, or NaN, of (days, "
                f"areas) = {shape}, or what broadcasts to it"
            )
    return made
