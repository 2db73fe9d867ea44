"""The terms of the log-linear model: which covariates enter, in what form, with what prior.

A prior is the standard deviation of a coefficient on the log scale: 0.1 says that effects of about
10 % are ordinary. Effects that come back once a year only (the yearly cycle, tourism) are also
held back by how far a yearly cycle of that series is to be believed, see `models.yearly`.

Source:
    Sizes: special days of South West England's ambulances (1 January +24…33 %, Boxing Day +9…16 %,
    New Year's Eve +2…11 %) and docs/experiments/003-members-on-wales.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.panel import Panel
from models.base import Array

WEEK_DAYS = 7
SPECIAL_DAYS = (
    "bank_holiday",
    "bank_holiday_eve",
    "bank_holiday_after",
    "christmas_eve",
    "christmas_day",
    "boxing_day",
    "new_years_eve",
    "new_years_day",
    "easter_days",
)


@dataclass(frozen=True)
class Term:
    """One column of the design.

    Args:
        name: name of the column.
        sd: prior standard deviation at the whole force.
        child_sd: prior standard deviation of a child's difference from its parents.
        harmonic: the harmonic of the year whose credibility it shares, 0 for none.
    """

    name: str
    sd: float
    child_sd: float
    harmonic: int = 0


def terms(names: tuple[str, ...], harmonics: int) -> tuple[Term, ...]:
    """Return the terms that covariates of these names allow, weekdays first.

    Args:
        names: names of the covariates.
        harmonics: how many harmonics of the year to keep at most.
    """
    found = [Term(f"weekday_{d}", sd=0.3, child_sd=0.15) for d in range(WEEK_DAYS)]
    for name in names:
        if name in SPECIAL_DAYS:
            found.append(Term(name, sd=0.15, child_sd=0.07))
        elif name == "school_holiday" or name.startswith("holiday_"):
            found.append(Term(name, sd=0.05, child_sd=0.04))
        elif harmonic := re.fullmatch(r"season_(?:sin|cos)_(\d+)", name):
            if (number := int(harmonic.group(1))) <= harmonics:
                found.append(Term(name, sd=0.2, child_sd=0.1, harmonic=number))
        elif name == "tourism_pressure":
            found.append(Term(name, sd=0.3, child_sd=0.2, harmonic=1))
        elif name in {"event_here_thousands", "event_near_thousands"}:
            found.append(Term(name, sd=0.1, child_sd=0.05))
    return tuple(found)


def design(panel: Panel, chosen: tuple[Term, ...]) -> Array:
    """Return the columns of the terms, shape (areas, D + H, terms); unknown values count as 0.

    Weekdays are coded as differences from the mean weekday; thousands of persons as log(1 + x), so
    that the largest festival does not outrun what smaller ones have shown.
    """
    weekday = pd.DatetimeIndex(panel.days.append(panel.horizon)).day_of_week.to_numpy()
    days = [(weekday == d).astype(float) - 1 / WEEK_DAYS for d in range(WEEK_DAYS)]
    names = tuple(term.name for term in chosen[WEEK_DAYS:])
    others = np.nan_to_num(panel.covariates.named(names)).transpose(1, 0, 2)
    in_thousands = [i for i, name in enumerate(names) if name.endswith("_thousands")]
    others[:, :, in_thousands] = np.log1p(others[:, :, in_thousands])
    weekdays = np.broadcast_to(np.stack(days, axis=1), (*others.shape[:2], WEEK_DAYS))
    return np.concatenate([weekdays, others], axis=2)
