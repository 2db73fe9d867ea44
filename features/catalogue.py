"""The catalogue of features: what each is, in which unit, from where, when known, who sees it.

`python -m features.catalogue > docs/features.md` writes the page; a test compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.covariates import COVARIATES
from features.days import CALENDAR, OWN_HOLIDAYS
from features.declaration import ALWAYS, ANNOUNCED, Feature, HourColumn, Maker, Sight, Values
from features.events import EVENTS
from features.package_makers import package_makers, package_values
from features.places import KINDS_OF_AREA, RESIDENTS
from features.visitors import TOURISM
from forewatch.arrays import Array
from forewatch.errors import SettingsError

# In the order of their columns; after them come those of packages.
MAKERS = (CALENDAR, TOURISM, EVENTS, KINDS_OF_AREA, RESIDENTS, OWN_HOLIDAYS, COVARIATES)
PLACE_AND_TIME = tuple(feature for maker in MAKERS for feature in maker.declared)
EVERY_FORCES = {f.name: f for maker in MAKERS if maker.own is None for f in maker.declared}

_BEFORE = "any lead; days before the origin only"
_CLOCK, _COUNTS = "force's clock", "counts as known at the origin"
_DAILY = "calls per force-day"

TRAILING = (
    Feature("level_28", "mean of the last 28 days", _DAILY, _COUNTS, _BEFORE),
    Feature("level_56", "mean of the last 56 days", _DAILY, _COUNTS, _BEFORE),
    Feature("level_364", "mean of the last 364 days", _DAILY, _COUNTS, _BEFORE),
    Feature("ratio_7_28", "mean of the last 7 days over level_28", "none", _COUNTS, _BEFORE),
    Feature("ratio_28_364", "level_28 over level_364", "none", _COUNTS, _BEFORE),
    Feature(
        *("ratio_yoy", "level_28 over the mean of the same 28 days 364 days ago"),
        *("none", _COUNTS, _BEFORE),
    ),
    Feature(
        *("same_weekday", "mean of the last same weekdays, for each of the 7 weekdays ahead"),
        *(_DAILY, _COUNTS, _BEFORE),
    ),
)

_NOBODY = Sight(trees=False)  # what the rest is made from
CLOCKWORK = (
    Feature(
        *("force_day", "local date on which the force's own day began", "date", _CLOCK, ALWAYS),
        sight=_NOBODY,
    ),
    Feature(
        *("slot", "local hour of the interval's start", "0 to 23 hours", _CLOCK, ALWAYS),
        sight=_NOBODY,
    ),
    Feature(
        *("hours", "length of the force-day", "hours (23, 24, 25)", _CLOCK, ALWAYS),
        sight=_NOBODY,
    ),
)


def _hourly(
    column: HourColumn, name: str, meaning: str, unit: str, source: str, known: str = ALWAYS
) -> Feature:
    return Feature(name, meaning, unit, source, known, sight=Sight(trees=False, hours=column))


_YEARLY = ("none", "force-day")
# What the hourly trees see beside features of the force-day, in their own form.
HOURLY = (
    _hourly(HourColumn(0), "kind_of_area", "number of the kind of area", "code", "area tree"),
    _hourly(
        HourColumn(2, is_yearly=True), "season_sin", "sine of the month's place in a year", *_YEARLY
    ),
    _hourly(
        HourColumn(3, is_yearly=True), "season_cos", "cosine of the same, in one turn", *_YEARLY
    ),
    _hourly(HourColumn(15), "hour", "hours since the force-day began", "0 to 23 hours", _CLOCK),
    _hourly(
        HourColumn(16, 2),
        *("crowd", "logarithm of 1 + people at events per hundred residents", "log ratio"),
        *("imported events", ANNOUNCED),
    ),
    _hourly(HourColumn(17), "call_type", "number of the call type", "code", "profile"),
)

_SECTIONS = (
    ("Of a place and a force-day", "features/, a module a source", PLACE_AND_TIME),
    ("Of a series before the origin", "features/levels.py", TRAILING),
    ("Of an interval and its force-day", "features/cube.py and features/panel.py", CLOCKWORK),
    ("Of an hour, for the hourly trees", "models/hour_rows.py", HOURLY),
)


def features_by_name(*names: str) -> tuple[Feature, ...]:
    """Return features that every force has, of a place and a force-day, by their names.

    Raises:
        KeyError: if there is no such feature.
    """
    return tuple(EVERY_FORCES[name] for name in names)


def makers(view: AsOf) -> tuple[Maker, ...]:
    """Return what makes the features of a place and a force-day of a view, in their order.

    Raises:
        SettingsError: if a package of the profile isn't installed, can't be loaded, or adds
            features that can't be used.
    """
    if not (packages := view.profile.extensions.packages):
        return MAKERS
    ours = tuple(feature for maker in MAKERS for feature in maker.features(view))
    return MAKERS + package_makers(packages, ours)


def features_at(view: AsOf) -> tuple[Feature, ...]:
    """Return the features of a place and a force-day that a view has; errors as for `makers`."""
    found = tuple(feature for maker in makers(view) for feature in maker.features(view))
    names = [feature.name for feature in found]
    if doubled := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise SettingsError(
            f"two features have the name {doubled[0]}; give what of the force's own makes it (a "
            "kind of area, of holidays, a covariate, a package) another id"
        )
    return found


def values(
    view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...], wanted: Iterable[Feature]
) -> Values:
    """Return the values of features by name, each broadcasting to (days, areas); NaN unknown.

    Raises:
        UnknownArea: if an area is not in the tree.
    """
    names = {feature.name for feature in wanted}
    found: Values = {}
    for maker in makers(view):
        its = {feature.name for feature in maker.features(view)}
        if names & its:
            if maker in MAKERS:
                found |= maker.make(view, days.as_unit("us"), areas)
            else:
                found |= package_values(maker, its, view, days.as_unit("us"), areas)
    return found


def grid(
    view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...], wanted: tuple[Feature, ...]
) -> Array:
    """Return the features of every day in every area, shape (days, areas, features).

    Raises:
        UnknownArea: if an area is not in the tree.
    """
    found = values(view, days, areas, wanted)
    stacked = np.empty((len(days), len(areas), len(wanted)))
    for column, feature in enumerate(wanted):
        stacked[:, :, column] = found[feature.name]
    return stacked


def features_page() -> str:
    """Return the page docs/features.md."""
    lines = [
        "# Features",
        "",
        "Generated by `python -m features.catalogue > docs/features.md`; don't edit by hand.",
        "",
        "Everything is computed from the as-of view (`features/asof.py`), which hands out only",
        "what had been published by the origin. *Known* is the earliest lead at which a value",
        "exists; *part* is the part of an explanation that it feeds. An unknown value is NaN,",
        "never zero, unless its line says otherwise.",
    ]
    for title, module, features in _SECTIONS:
        lines += ["", f"## {title}", "", f"Made in `{module}`.", ""]
        lines += ["| feature | meaning | unit | source | known | kind | part | seen by |"]
        lines += ["|---" * 8 + "|"]
        lines += [
            f"| `{f.name}` | {f.meaning} | {f.unit} | {f.source} | {f.known} | {f.kind.name} | "
            f"{f.part} | {', '.join(f.seen_by)} |"
            for f in features
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(features_page())
