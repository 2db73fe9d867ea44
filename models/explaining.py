"""What explains a forecast: the same engine asked again, each time without one kind of reason.

1. Parts that features feed (season, holiday, tourism, events): the factor is the forecast ÷ the
   forecast of the same engine when the days ahead have nothing of them. So it holds for the
   published, blended and coherent forecast, whatever its members are, and follows when they change.
2. Recent trend: the level that a day is forecast with ÷ the long-run level, as the log-linear model
   sees them. Without that member levels are taken from the plain counts.
3. Weekday: what is left of the forecast, by weekday, over the whole weeks of the horizon.

What then remains (members at odds with the log-linear level, the interplay of reasons, a horizon
too short to have whole weeks) is not kept: it follows from the forecast itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from features.declaration import Feature
from features.panel import Panel
from forewatch.arrays import Array, Index
from forewatch.clock import WEEK_DAYS
from forewatch.explanation_parts import FACTORS
from forewatch.explanations import HOURS_OF_DAY, Factors
from models.base import Member
from models.level import Level
from models.loglinear import Loglinear
from models.member_settings import LoglinearSettings
from models.sarima import Sarima

_HOLIDAY = "holiday"  # the part that named holidays feed beside their features
_NOTHING = 1e-12  # calls a day below which a cell is taken to have none


def heeds(member: str, part: str, features: Iterable[Feature]) -> bool:
    """Return whether a member's forecast can change when a part is taken away.

    SARIMA is slow to ask, and sees some features and the yearly effect that is taken out of its
    counts; the others are simply asked.
    """
    return member != Sarima.name or any(
        feature.sight.sarima or (feature.prior is not None and feature.prior.harmonic > 0)
        for feature in features
        if feature.part == part
    )


def panel_without(seen: Panel, part: str) -> Panel | None:
    """Return the panel with nothing of a part on the days ahead; None if there is nothing now.

    The past stays: what was learned of levels from it doesn't change.
    """
    ahead = seen.covariates.values[len(seen.days) :]
    values = seen.covariates.values.copy()
    changed = False
    for i, feature in enumerate(seen.covariates.features):
        if feature.part == part:
            nothing = feature.kind.nothing
            changed = changed or bool((np.nan_to_num(ahead[:, :, i], nan=nothing) != nothing).any())
            values[len(seen.days) :, :, i] = nothing
    special = seen.special
    if part == _HOLIDAY and special is not None:
        changed = changed or bool(special.kind[len(seen.days) :].any())
        special = special.before(len(seen.days))
    if not changed:
        return None
    return replace(seen, covariates=replace(seen.covariates, values=values), special=special)


def factors(
    seen: Panel,
    cells: Array,
    coherent: Callable[[str, Panel], Array],
    column: Index,
    member: Member | None,
) -> Factors:
    """Return what explains a forecast.

    Args:
        seen: the panel that was forecast from.
        cells: coherent daily calls, shape (days, places, call types).
        coherent: gives such calls for a part and the panel that has nothing of it ahead.
        column: series of each cell in the panel, shape (places, call types).
        member: the log-linear member, if there is one.
    """
    long, change = (values[..., column] for values in _level(seen, member))
    fed = dict.fromkeys(feature.part for feature in seen.covariates.features if feature.part)
    names = tuple(dict.fromkeys((*FACTORS, *fed)))
    logs = dict.fromkeys(names, np.zeros(cells.shape))
    said = np.log(np.maximum(cells, _NOTHING))
    for part in (part for part in names if part in fed):
        if (panel := panel_without(seen, part)) is not None:
            logs[part] = said - np.log(np.maximum(coherent(part, panel), _NOTHING))
    logs["recent_trend"] = np.broadcast_to(np.log(change), cells.shape)
    hours = seen.hours[len(seen.days) :, None, None]
    left = said - np.log(long * hours / HOURS_OF_DAY) - sum(logs.values())
    logs["weekday"] = _by_weekday(left, seen.horizon.day_of_week.to_numpy())
    stacked = np.stack([np.moveaxis(logs[name], 0, 2) for name in names])
    return Factors(long, stacked.astype(np.float32), names)


def _level(seen: Panel, member: Member | None) -> tuple[Array, Array]:
    """Return the long-run level, (N,), and the change from it on the days ahead, (H, N) or (N,)."""
    days = len(seen.days)
    if isinstance(member, Loglinear):
        settings, effect = member.settings, member.effect(seen)
    else:
        settings = LoglinearSettings()
        hours = seen.hours[:days, None] / HOURS_OF_DAY
        effect = np.broadcast_to(hours, seen.counts.shape)
    long, change = Level.of(seen, settings.level_trust_calls).long_and_change(
        effect[:days], settings.level_half_life_days, settings.long_half_life_days
    )
    if isinstance(member, Loglinear):
        return long[-1], member.levels_ahead(seen, effect) / long[-1]
    return long[-1], change[-1]


def _by_weekday(left: Array, weekday: Index) -> Array:
    """Return the mean of each weekday's values minus that of all, shape (days, …).

    Zeros where the days ahead are less than a week: there is nothing to compare.
    """
    whole = len(left) // WEEK_DAYS * WEEK_DAYS
    if not whole:
        return np.zeros(left.shape)
    mean = np.stack([left[:whole][weekday[:whole] == d].mean(0) for d in range(WEEK_DAYS)])
    return np.asarray((mean - mean.mean(0))[weekday])
