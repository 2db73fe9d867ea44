"""Features of a force's own covariates: by force-day and area, with what stands in where unknown.

1. A day's value is the mean of those known of its hours; that of an area without its own the mean
   of its parts', or the value of the area above that has one.
2. A day without a value has nothing of a covariate that is announced; of others what the profile
   says stands in, made from the values known.
3. Members see (value - nothing) ÷ step, so that 0 is nothing of it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.declaration import Feature, Maker, Prior, Sight, Values
from forewatch import tables
from forewatch.areas import AreaTree
from forewatch.arrays import Array
from forewatch.profile import Covariate

_YEAR_DAYS = 364
_NEAR_DAYS = 15  # of the time of the year (assumed: four or five of each weekday a year)
_KNOWN = {
    "announced": "any lead, as announced by the origin",
    "measured": "days before the origin, as measured by then; {}",
    "forecast": "leads that were forecast by the origin; {}",
}
_BEYOND = {
    "none": "nothing beyond",
    "last_year": "beyond the mean of the last 364 days known",
    "climatology": "beyond the mean of the weekday at that time of the year",
}
_CHILD_SHARE = 0.5  # of the prior, as the declared features have about


def covariate_features(view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...]) -> Values:
    """Return a column for each covariate of the profile, (days, areas); NaN unknown."""
    table = view.published(tables.COVARIATES)
    of_day = view.clock.force_day(pd.DatetimeIndex(table["start"])) if len(table) else None
    found: Values = {}
    for each in view.profile.covariates:
        rows = (table["covariate"] == each.id).to_numpy()
        known = _by_day(table[rows], of_day[rows]) if of_day is not None and rows.any() else None
        values = _of_areas(known, view.tree, each, areas)
        filled = _values_on(days, values, each)
        found[_name(each)] = (filled - each.nothing) / each.step
    return found


def _by_day(rows: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the mean value of each force-day and area: days × areas, NaN unknown."""
    means = rows["value"].groupby([days, rows["area"].to_numpy()]).mean()
    return means.unstack()  # noqa: PD010 - a mean has one value a day and area


def _of_areas(
    known: pd.DataFrame | None, tree: AreaTree, covariate: Covariate, areas: tuple[str, ...]
) -> pd.DataFrame:
    """Return the values of the days known in the areas asked for, days × areas."""
    if known is None:
        return pd.DataFrame(np.empty((0, len(areas))), index=pd.DatetimeIndex([]), columns=areas)
    own = (tree.root,) if covariate.level is None else tree.cut(covariate.level)
    known = known.rename(columns={"": tree.root}).reindex(columns=list(own))
    found = {}
    for area in areas:
        under = set(tree.below(area))
        parts = [one for one in own if one in under]
        here = parts or [one for one in own if area in set(tree.below(one))]
        found[area] = known[here].mean(axis=1)
    return pd.DataFrame(found, index=known.index)


def _values_on(days: pd.DatetimeIndex, known: pd.DataFrame, covariate: Covariate) -> Array:
    """Return the values of days, shape (days, areas), with what stands in where unknown."""
    values = known.reindex(days).to_numpy(dtype=np.float64, copy=True)
    if covariate.known == "announced":
        return np.where(np.isfinite(values), values, covariate.nothing)
    if covariate.beyond == "none" or not len(known):
        return values
    lost = np.flatnonzero(~np.isfinite(values).all(axis=1))
    usual = _climatology if covariate.beyond == "climatology" else _last_year
    stands_in = usual(known, days[lost])
    values[lost] = np.where(np.isfinite(values[lost]), values[lost], stands_in)
    return values


def _last_year(known: pd.DataFrame, days: pd.DatetimeIndex) -> Array:
    """Return the mean of the last 364 days with a value, the same for all days, by area."""
    since = known.index[-1] - pd.Timedelta(days=_YEAR_DAYS)
    mean = known[known.index > since].mean().to_numpy(dtype=np.float64)
    return np.broadcast_to(mean, (len(days), known.shape[1]))


def _climatology(known: pd.DataFrame, days: pd.DatetimeIndex) -> Array:
    """Return the mean of the same weekday near the same time of the year, (days, areas)."""
    when = pd.DatetimeIndex(known.index)
    apart = np.abs(days.day_of_year.to_numpy()[:, None] - when.day_of_year.to_numpy())
    near = np.minimum(apart, _YEAR_DAYS + 1 - apart) <= _NEAR_DAYS
    near &= days.day_of_week.to_numpy()[:, None] == when.day_of_week.to_numpy()
    values = known.to_numpy(dtype=np.float64)
    there = np.isfinite(values)
    sums, numbers = (near.astype(float) @ each for each in (np.where(there, values, 0.0), there))
    return np.asarray(np.divide(sums, numbers, out=np.full(sums.shape, np.nan), where=numbers > 0))


def _name(covariate: Covariate) -> str:
    return f"covariate_{covariate.id}"


def _feature_of(view: AsOf) -> tuple[Feature, ...]:
    return tuple(
        replace(
            _COVARIATE,
            name=_name(each),
            meaning=each.name,
            unit=f"{each.step:g} {each.unit} from {each.nothing:g}",
            known=_KNOWN[each.known].format(_BEYOND[each.beyond]),
            part=each.its_part,
            prior=Prior(each.prior, each.prior * _CHILD_SHARE),
        )
        for each in view.profile.covariates
    )


_COVARIATE = Feature(
    "covariate_<id>",
    "one column for each of the profile's [[covariates]]: its value beyond nothing, in its steps",
    *("its own", "imported covariates", "as the profile says"),
    part="its own",
    prior=Prior(0.1, 0.05),
    sight=Sight(sarima=True, missing_trees=7),
)
COVARIATES = Maker(covariate_features, (_COVARIATE,), _feature_of)
