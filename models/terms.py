"""The terms of the log-linear models: which features enter, in what form, with what prior.

Which these are, and the priors, is declared with the features (`features.declaration`). Effects
that come back once a year only (the yearly cycle, tourism) are also held back by how far a yearly
cycle of that series is to be believed, see `models.yearly`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.declaration import WEEKDAY, Feature, Prior
from features.panel import Panel
from forewatch.arrays import Array
from forewatch.clock import WEEK_DAYS


@dataclass(frozen=True)
class Term:
    """One column of the design.

    Args:
        name: name of the column.
        prior: how large its effect is thought to be.
        is_logged: whether it enters as log(1 + value).
    """

    name: str
    prior: Prior
    is_logged: bool = False

    def state(self) -> list[Any]:
        """Return it as JSON values."""
        return [self.name, self.is_logged, *astuple(self.prior)]

    @classmethod
    def from_state(cls, state: list[Any]) -> Term:
        """Return the term whose state this was."""
        name, is_logged, *prior = state
        return cls(name, Prior(*prior), is_logged)


WEEKDAYS = tuple(Term(f"weekday_{day}", WEEKDAY) for day in range(WEEK_DAYS))


def terms(features: Iterable[Feature], harmonics: int) -> tuple[Term, ...]:
    """Return the terms that features allow, weekdays first.

    Args:
        features: what a panel has.
        harmonics: how many harmonics of the year to keep at most.
    """
    found = [
        Term(feature.name, feature.prior, feature.kind.is_logged)
        for feature in features
        if feature.prior is not None
        and not (feature.kind.is_cycle and feature.prior.harmonic > harmonics)
    ]
    return (*WEEKDAYS, *found)


def design(panel: Panel, chosen: tuple[Term, ...]) -> Array:
    """Return the columns of the terms, shape (areas, D + H, terms); unknown values count as 0.

    Weekdays are coded as differences from the mean weekday.
    """
    weekday = pd.DatetimeIndex(panel.days.append(panel.horizon)).day_of_week.to_numpy()
    days = [(weekday == d).astype(float) - 1 / WEEK_DAYS for d in range(WEEK_DAYS)]
    rest = chosen[WEEK_DAYS:]
    names = tuple(term.name for term in rest)
    others = np.nan_to_num(panel.covariates.named(names)).transpose(1, 0, 2)
    logged = [i for i, term in enumerate(rest) if term.is_logged]
    others[:, :, logged] = np.log1p(others[:, :, logged])
    weekdays = np.broadcast_to(np.stack(days, axis=1), (*others.shape[:2], WEEK_DAYS))
    return np.concatenate([weekdays, others], axis=2)
