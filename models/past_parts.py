"""Parts of past origins' days beside what they came to: hours, thirds of days, leaf areas.

What an origin expected of a cell's day is split as the forecast would have split it then: by the
profile of hours and the shares of leaf areas as known at the origin. The trees that bend hours are
left out (they would have to be grown anew at every origin), so hours are judged a little worse than
they are. Beside stand the means of the same weekday (and hour) over 8 and 52 weeks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from features.asof import AsOf
from features.cube import Cube, DayFactors, cube, leaf_type_days
from features.storms import storm_day_factors
from forewatch.arrays import Array, Index
from forewatch.clock import HOUR_US, WEEK_DAYS, instants_us
from forewatch.shocks import THIRDS, third_of_day
from models.contrasts import Contrasts
from models.horizon import timeline_of
from models.leaf_shares import leaf_shares
from models.origins import Fold
from models.profiles import hour_shares, kinds_of_day, leaf_places, split, weekday_hour_means
from models.recipe import Recipe

_MOST_PARTS = 8_000  # of one kind and origin, that tell of dispersion
BASELINE_WEEKS = (8, 52)
_LEAST_COST = 1e-6


@dataclass(frozen=True)
class Parts:
    """Counts of parts of force-days beside what was expected of them.

    Args:
        mean: expected calls, shape (areas, call types, pieces).
        counts: what happened, same shape; NaN unknown.
        day: days ahead of the origin of each piece, ascending, shape (pieces,).
        place: position of the place of each area, shape (areas,).
    """

    mean: Array
    counts: Array
    day: Index
    place: Index

    def sums(self, first: Index) -> Parts:
        """Return the parts summed from each first piece to the next."""
        mean, counts = (np.add.reduceat(a, first, axis=2) for a in (self.mean, self.counts))
        return Parts(mean, counts, self.day[first], self.place)

    def on_days(self, days: Index) -> Parts:
        """Return the pieces of some days ahead."""
        at = np.isin(self.day, days)
        return Parts(self.mean[..., at], self.counts[..., at], self.day[at], self.place)


@dataclass(frozen=True)
class Hours:
    """How the days ahead of a past origin fall into hours.

    Args:
        day, slot, third: days ahead of the origin, local hour and third of the force-day of each
            interval, shape (intervals,).
        length: of each interval, in hours.
        kind: kind of each day ahead, see `models.profiles.kinds_of_day`.
        shares: of hours as known at the origin, see `models.profiles.Shares`.
        counts: what happened, shape (places, call types, intervals); NaN unknown.
        weekday: of each interval's force-day, shape (intervals,).
        weekday_means: of an hour, one for each of `BASELINE_WEEKS`, each (places, call types, 7,
            slots).
    """

    day: Index
    slot: Index
    third: Index
    length: Array
    kind: Index
    shares: Array
    counts: Array
    weekday: Index
    weekday_means: tuple[Array, ...]

    @property
    def baselines(self) -> tuple[Array, ...]:
        """What means of same weekday-hours expect, each (places, call types, intervals)."""
        return tuple(
            mean[:, :, self.weekday, self.slot] * self.length for mean in self.weekday_means
        )

    @property
    def first_of_thirds(self) -> Index:
        """The first interval of each third of a day."""
        return np.flatnonzero(np.diff(self.day * THIRDS + self.third, prepend=-1))

    def parts(self, cells: Array) -> Parts:
        """Return the cells' hours.

        Args:
            cells: expected calls by day ahead, shape (days ahead, places, call types).
        """
        mean = split(cells, self.shares, self.kind, self.day, self.slot, self.length)
        return Parts(mean, self.counts, self.day, np.arange(mean.shape[0]))

    def thirds(self, cells: Array) -> Parts:
        """Return the cells' thirds of days, see `parts`."""
        return self.parts(cells).sums(self.first_of_thirds)

    def contrasts(self, cells: Array, days: Index) -> Contrasts:
        """Return hours of some days ahead beside the thirds that they are of, see `parts`."""
        hourly = self.parts(cells)
        third = self.day * THIRDS + self.third
        return _contrasts(hourly, third, hourly.place, days)


@dataclass(frozen=True)
class Leaves:
    """How the days ahead of a past origin fall to leaf areas.

    Args:
        place: position of each leaf's place, shape (leaves,).
        shares: as known at the origin, shape (leaves, call types).
        counts: what happened, shape (leaves, call types, days ahead); NaN unknown.
        weekday_means: of a day, one for each of `BASELINE_WEEKS`, from the weekday of the first day
            ahead, each (leaves, call types, 7).
    """

    place: Index
    shares: Array
    counts: Array
    weekday_means: tuple[Array, ...]

    @property
    def baselines(self) -> tuple[Array, ...]:
        """What means of same weekdays expect, each (leaves, call types, days ahead)."""
        day = np.arange(self.counts.shape[2]) % WEEK_DAYS
        return tuple(mean[:, :, day] for mean in self.weekday_means)

    def parts(self, cells: Array) -> Parts:
        """Return the leaf areas' days, see `Hours.parts`."""
        mean = np.moveaxis(cells, 0, 2)[self.place] * self.shares[:, :, None]
        return Parts(mean, self.counts, np.arange(len(cells)), self.place)

    def contrasts(self, cells: Array, days: Index) -> Contrasts:
        """Return leaf areas on some days ahead beside their place, see `Hours.parts`."""
        daily = self.parts(cells)
        return _contrasts(daily, daily.day, self.place, days)


@dataclass(frozen=True)
class PastParts:
    """How the days ahead of one past origin fall into parts.

    Args:
        hours: None for daily counts.
        leaves: None where the modelled places are the leaves.
    """

    hours: Hours | None
    leaves: Leaves | None

    def contrasts(self, cells: Array, lead_blocks: Sequence[int], seed: int) -> Contrasts | None:
        """Return the smallest parts beside their wholes; None where there are none.

        Args:
            cells: as of `Hours.parts`.
            lead_blocks: first lead day of each block.
            seed: of the choice of days where there are more parts than are needed.
        """
        rng, days = np.random.default_rng(seed), np.arange(len(cells))
        found = []
        for kind in (self.hours, self.leaves):
            if kind is not None:
                parts_a_day = kind.counts.size / len(days)
                cost = parts_a_day * len(lead_blocks) / _MOST_PARTS
                found.append(kind.contrasts(cells, some_days(days, cost, lead_blocks, rng)))
        joined = Contrasts.joined(found) if found else None
        return joined if joined is not None and len(joined.square) else None


def past_parts(view: AsOf, folds: Sequence[Fold], recipe: Recipe, jobs: int = 1) -> list[PastParts]:
    """Return how the days ahead of each past origin fall into parts.

    Args:
        view: what is known by now, to judge by.
        folds: past origins, ascending.
        recipe: how far back shares look.
        jobs: threads to use; the result does not depend on it.
    """
    now = cube(view)
    daily = _leaf_days(view, now, folds)
    tasks = (
        delayed(_past_part)(view.at(fold.origin), now, daily, fold.days, recipe) for fold in folds
    )
    return list(Parallel(n_jobs=jobs, prefer="threads")(tasks))


def _past_part(
    then: AsOf, now: Cube, daily: _LeafDays | None, days: pd.DatetimeIndex, recipe: Recipe
) -> PastParts:
    """Return how the days ahead of one origin fall into parts."""
    if now.step == "day" and daily is None:
        return PastParts(None, None)
    past = cube(then, recipe.shares.hour_days)
    usual = storm_day_factors(then, past)
    return PastParts(
        _hours(then, now, days, recipe, past, usual) if now.step == "hour" else None,
        None if daily is None else _leaves(then, daily, days, recipe, usual),
    )


def some_days(
    days: Index, cost: float, lead_blocks: Sequence[int], rng: np.random.Generator
) -> Index:
    """Return a random choice of days ahead, at least one of each block of leads, ascending.

    Args:
        days: days ahead, each once.
        cost: of a day, as a part of what each block may cost.
        lead_blocks: first lead day of each block.
        rng: makes the choice.
    """
    most = max(int(1 / max(cost, _LEAST_COST)), 1)
    block = np.searchsorted(lead_blocks, days, side="right")
    chosen = [rng.permutation(days[block == number])[:most] for number in np.unique(block)]
    return np.sort(np.concatenate(chosen))


@dataclass(frozen=True)
class _LeafDays:
    """Counts of leaf areas by day.

    Args:
        days: force-days, shape (days,).
        place: position of each leaf's place, shape (leaves,).
        counts: shape (leaves, call types, days); NaN unknown.
    """

    days: pd.DatetimeIndex
    place: Index
    counts: Array


def _leaf_days(view: AsOf, now: Cube, folds: Sequence[Fold]) -> _LeafDays | None:
    """Return the counts of leaf areas, from a year before the first origin; None: no leaves.

    Of call types with pools leaf areas are drawn, not counted, and so not known.
    """
    place = leaf_places(view, now.places)
    if len(place) == len(now.places):
        return None
    last = folds[0].days[0] - pd.Timedelta(days=WEEK_DAYS * max(BASELINE_WEEKS))
    since = int(now.force_days.searchsorted(last))
    counts = leaf_type_days(view, now.force_days[since:])
    counts[np.isnan(now.daily()[:, :, since:])[place]] = np.nan
    pooled = [bool(view.ever_pooled.get(kind)) for kind in now.call_types]
    counts[:, pooled] = np.nan
    return _LeafDays(now.force_days[since:], place, counts)


def _hours(
    then: AsOf,
    now: Cube,
    days: pd.DatetimeIndex,
    recipe: Recipe,
    past: Cube,
    usual: DayFactors | None,
) -> Hours:
    """Return the hours of days ahead of an origin, of which counts and storms are known."""
    when, length = timeline_of(then, days)
    starts = instants_us(when.edges[:-1])
    first = np.flatnonzero(np.diff(when.day, prepend=-1))
    third = third_of_day((starts - starts[first][when.day]) / HOUR_US)
    low = int(np.searchsorted(instants_us(now.edges), starts[0]))
    counts = now.counts[:, :, low : low + len(starts)]
    unknown = len(starts) - counts.shape[2]
    if unknown:
        counts = np.pad(counts, ((0, 0), (0, 0), (0, unknown)), constant_values=np.nan)
    return Hours(
        when.day,
        when.slot,
        third,
        length,
        kinds_of_day(then, days),
        hour_shares(then, past.times(usual), recipe.shares.half_life_days),
        counts,
        days.day_of_week.to_numpy().astype(np.int64)[when.day],
        tuple(weekday_hour_means(past, weeks, recipe.shares.days) for weeks in BASELINE_WEEKS),
    )


def _leaves(
    then: AsOf,
    daily: _LeafDays,
    days: pd.DatetimeIndex,
    recipe: Recipe,
    usual: DayFactors | None,
) -> Leaves:
    """Return the leaf areas' days ahead of an origin, of which storms are known."""
    first = int(daily.days.searchsorted(days[0]))
    counts = daily.counts[:, :, first : first + len(days)]
    unknown = len(days) - counts.shape[2]
    if unknown:
        counts = np.pad(counts, ((0, 0), (0, 0), (0, unknown)), constant_values=np.nan)
    baselines, past = [], daily.counts[:, :, :first]
    for weeks in BASELINE_WEEKS:
        n = min(weeks, first // WEEK_DAYS)
        # whole weeks: the first day of them has the weekday of the first day ahead
        recent = past[:, :, first - n * WEEK_DAYS :]
        weekly = recent.reshape(*recent.shape[:2], n, WEEK_DAYS)
        baselines.append(
            _known_mean(weekly, _known_mean(past, np.zeros(past.shape[:2]))[..., None])
        )
    shares = leaf_shares(then, recipe.shares.leaf_days, daily.place, usual)
    return Leaves(daily.place, shares, counts, tuple(baselines))


def _known_mean(counts: Array, otherwise: Array) -> Array:
    """Return the means of what is known along the third axis; where nothing is, what is given."""
    known = np.isfinite(counts)
    n = known.sum(2)
    mean = np.where(known, counts, 0).sum(2) / np.maximum(n, 1)
    return np.where(n > 0, mean, otherwise)


def _contrasts(parts: Parts, time: Index, area: Index, days: Index) -> Contrasts:
    """Return parts of some days beside their wholes, each of one call type.

    Args:
        parts: the parts.
        time: number of the time that makes a whole, shape (pieces,).
        area: number of the area that makes a whole, shape (areas,).
        days: days ahead to take.
    """
    at = np.flatnonzero(np.isin(parts.day, days))
    mean, counts = parts.mean[..., at], parts.counts[..., at]
    of, call_type, piece = np.ix_(*(np.arange(n) for n in mean.shape))
    _, when = np.unique(time[at], return_inverse=True)
    whole = (area[of] * mean.shape[1] + call_type) * (when.max(initial=0) + 1) + when[piece]
    numbers = (whole, call_type, parts.day[at][piece])
    return Contrasts.of(
        mean.ravel(),
        counts.ravel(),
        *(np.broadcast_to(each, mean.shape).ravel() for each in numbers),
    )
