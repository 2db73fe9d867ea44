"""What is declared of a feature, once: everything that uses features reads it from here.

A maker computes values and declares what they are: its `Maker` stands at the end of its module and
in one line of `features.catalogue`. Trees draw their columns by position: a new feature is declared
after those of its maker.

Source:
    Sizes of priors: special days of South West England's ambulances (1 January +24…33 %, Boxing Day
    +9…16 %, New Year's Eve +2…11 %) and docs/experiments/003-members-on-wales.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.asof import AsOf
from forewatch.arrays import Array

Values = dict[str, Array]


@dataclass(frozen=True)
class Kind:
    """What sort of value it is.

    Args:
        name: for the page.
        nothing: the value of a day that has nothing of it.
        is_logged: log-linear models take log(1 + value), so that the largest festival does not
            outrun what smaller ones have shown.
        is_cycle: it turns with the year; how many turns log-linear models take is theirs to choose.
    """

    name: str
    nothing: float = 0.0
    is_logged: bool = False
    is_cycle: bool = False


FLAG, SHARE, NUMBER, LOG_RATIO = (Kind(name) for name in ("flag", "share", "number", "log ratio"))
THOUSANDS, CYCLE = Kind("thousands", is_logged=True), Kind("cycle", is_cycle=True)


@dataclass(frozen=True)
class Prior:
    """How large its effect is thought to be: standard deviations of coefficients on the log scale.

    0.1 says that effects of about 10 % are ordinary.

    Args:
        sd: of the whole force.
        child_sd: of a child's difference from its parents.
        recipe_key: the prior of the missing-person recipe that it goes by; "": sd itself.
        harmonic: the harmonic of the year whose credibility it shares (`models.yearly`), 0 none.
    """

    sd: float
    child_sd: float
    recipe_key: str = ""
    harmonic: int = 0


WEEKDAY = Prior(0.3, 0.15, "weekday")
SPECIAL_DAY, HOLIDAY = Prior(0.15, 0.07, "special_day"), Prior(0.05, 0.04, "school_holiday")


@dataclass(frozen=True)
class HourColumn:
    """How the hourly trees see it.

    Args:
        position: its place among their columns.
        steps: to a whole, to which it is rounded; None: as it is.
        is_yearly: whether it tells the time of the year, which a short history can't teach.
    """

    position: int
    steps: int | None = None
    is_yearly: bool = False

    def rounded(self, values: Array) -> Array:
        """Return the values in its steps."""
        return values if self.steps is None else np.round(values * self.steps) / self.steps


@dataclass(frozen=True)
class Sight:
    """Which members see it; log-linear models and missing-person regressions by its prior.

    Args:
        trees: the daily trees; not what tells dates apart, which they would learn by heart.
        sarima: SARIMA.
        hours: the trees that bend the shares of hours.
        missing_trees: its place among the columns of the missing-person trees.
    """

    trees: bool = True
    sarima: bool = False
    hours: HourColumn | None = None
    missing_trees: int | None = None


@dataclass(frozen=True)
class Feature:
    """One feature.

    Args:
        name: its column.
        meaning: what it says, in one line.
        unit: of its values.
        source: what it is made from.
        known: the earliest lead at which it is known.
        kind: what sort of value it is.
        part: the part of an explanation that it feeds, "" for none.
        prior: how large its effect is thought to be; None: no regression takes it.
        sight: which members see it.
    """

    name: str
    meaning: str
    unit: str
    source: str
    known: str
    kind: Kind = NUMBER
    part: str = ""
    prior: Prior | None = None
    sight: Sight = Sight()

    @property
    def seen_by(self) -> tuple[str, ...]:
        """Names of the members that see it, for the page."""
        seen = {
            "log-linear, missing persons": self.prior is not None,
            "trees": self.sight.trees,
            "SARIMA": self.sight.sarima,
            "hours": self.sight.hours is not None,
            "missing-person trees": self.sight.missing_trees is not None,
        }
        return tuple(name for name, sees in seen.items() if sees)


@dataclass(frozen=True)
class Maker:
    """What computes features, and their declarations.

    Args:
        make: gives the values of its features by name, each of shape (days, areas) or one that
            broadcasts to it; NaN unknown.
        declared: its features; a name in angle brackets stands for those of the force's own.
        own: gives the features of the force's own that a view has, in the place of *declared*.
    """

    make: Callable[[AsOf, pd.DatetimeIndex, tuple[str, ...]], Values]
    declared: tuple[Feature, ...]
    own: Callable[[AsOf], tuple[Feature, ...]] | None = None

    def features(self, view: AsOf) -> tuple[Feature, ...]:
        """Return the features that it makes of a view."""
        return self.declared if self.own is None else self.own(view)


# Lead at which most are known.
ALWAYS, ANNOUNCED = "any lead", "any lead, as announced by the origin"
