"""Shares that split a place's calls of a type over its leaf areas.

1. A chain of shrunk shares: population, all calls of the leaf, the call type.
2. Shares wander, and each leaf's past counts as long as it tells of now (`models.share_drift`):
   where nothing moves, all of it; a suburb that grows is followed within weeks.
3. A leaf that is new would be understated by all the days on which it was not there. Where a place
   has a new one, only the days since the newest began are counted; what the older leaves had before
   is what their shares are drawn to, beside the new one's share of the population.
4. A leaf that ended (`features.ends`) has no calls to count any more, and what storms brought
   (`features.storms`) counts as usual days. Days on which a leaf was not observed say nothing of
   it.
5. Inside a pool the shares are its chances: what was counted of its leaves was drawn by these.

A leaf of the tree that never had a call is not known to be new: it has a share as small as its
record, until its first calls tell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.asof import AsOf
from features.beginnings import beginnings
from features.cube import DayFactors, known_leaf_type_days, leaf_type_days, past_days
from features.ends import LEAST_SILENT_DAYS, last_end
from forewatch.arrays import Array, Index
from models.share_drift import ShareRecord, StartingRatios, current_ratios, in_blocks
from models.shrinkage import prior_calls, shrunk

_FEW = 1e-3
_YEAR_DAYS = 364


def leaf_shares(view: AsOf, days: int, leaf_place: Index, usual: DayFactors | None = None) -> Array:
    """Return the share of each leaf in its place, shape (leaves, call types).

    Args:
        view: what was known at the origin.
        days: force-days to learn from, at most.
        leaf_place: index of the place of each leaf, shape (leaves,).
        usual: what makes the storms of the last days usual; None: there were none.
    """
    if len(leaf_place) == len(np.unique(leaf_place)):
        return np.ones((len(leaf_place), len(view.profile.call_type_ids)))
    force_days = past_days(view, days)
    days = len(force_days)
    known = known_leaf_type_days(view, force_days)
    calls = np.where(known, leaf_type_days(view, force_days), np.nan)
    daily = calls[:, list(view.unpooled_types)].sum(1)
    begins, ended = beginnings(daily), _ended(daily, leaf_place)
    calls = np.nan_to_num(calls)
    if usual is not None:
        n = min(days, usual.factor.shape[2])
        calls[..., -n:] *= usual.factor[leaf_place][..., -n:]
    calls[ended] = 0.0
    age = days - begins
    start = _start(calls, age, _people(view, leaf_place), leaf_place)
    for place in np.unique(leaf_place):
        here = leaf_place == place
        calls[here, :, : days - age[here].min()] = 0.0
    record = ShareRecord(in_blocks(calls), in_blocks(known.astype(np.float64)), leaf_place)
    found = current_ratios(record, start)
    found = found / (record.among @ found)[leaf_place]
    _share_pools(view, found, leaf_place)
    return found


def _ended(daily: Array, leaf_place: Index) -> list[int]:
    """Return the leaves that ended while their place goes on; NaN: not known."""
    silent = np.flatnonzero(~np.nan_to_num(daily[:, -LEAST_SILENT_DAYS:]).any(axis=1))
    wholes = (daily[leaf_place == leaf_place[leaf]].sum(0) for leaf in silent)
    return [
        int(leaf)
        for leaf, whole in zip(silent, wholes, strict=True)
        if last_end(daily[leaf], whole) is not None
    ]


def _share_pools(view: AsOf, shares: Array, leaf_place: Index) -> None:
    """Share out, in place, what a pool has in each place by the chances of its leaves."""
    number = {leaf: i for i, leaf in enumerate(view.tree.leaves)}
    for kind, pools in view.pools.items():
        column = view.profile.call_type_ids.index(kind)
        for pool in pools:
            leaves = np.array([number[leaf] for leaf in pool.leaves])
            chances = np.array(pool.chances)
            for place in np.unique(leaf_place[leaves]):
                inside = leaf_place[leaves] == place
                here, chance = leaves[inside], chances[inside]
                shares[here, column] = shares[here, column].sum() * chance / chance.sum()


def _people(view: AsOf, leaf_place: Index) -> Array:
    """Return each leaf's share of its place's residents, equal ones where any is unknown."""
    population = np.array([view.tree.area(leaf).population or np.nan for leaf in view.tree.leaves])
    found = np.empty(len(population))
    for place in np.unique(leaf_place):
        here = leaf_place == place
        even = np.ones(here.sum()) if np.isnan(population[here]).any() else population[here]
        even = np.maximum(even, _FEW * even.max())  # calls come from where nobody lives, too
        found[here] = even / even.sum()
    return found


def _start(calls: Array, age: Index, people: Array, leaf_place: Index) -> StartingRatios:
    """Return the shares that leaves begin with, and how many calls these rest on.

    Args:
        calls: by day, shape (leaves, call types, days).
        age: days since each leaf began, or all days, shape (leaves,).
        people: shares of the residents of each place, shape (leaves,).
        leaf_place: index of the place of each leaf, shape (leaves,).
    """
    days = calls.shape[2]
    found = StartingRatios(*(np.empty(calls.shape[:n]) for n in (1, 2, 1, 2)))
    for place in np.unique(leaf_place):
        here = np.flatnonzero(leaf_place == place)
        since = int(age[here].min())
        prior = np.repeat(people[here, None], calls.shape[1], axis=1)
        if since < days:
            is_new = age[here] < min(days, since + _YEAR_DAYS)
            before = calls[here, :, max(days - since - _YEAR_DAYS, 0) : days - since]
            prior = _beside_new(before.sum(2), people[here], is_new)
        recent = calls[here, :, days - since :].sum(2)
        whole = prior @ ((recent.sum(0) + _FEW) / (recent + _FEW / len(recent)).sum())
        whole /= whole.sum()
        own = shrunk(recent.sum(1), whole)
        bent = prior * (own / whole)[:, None]
        bent /= bent.sum(0)
        found.whole[here], found.of_type[here] = whole, prior / whole[:, None]
        found.whole_calls[here] = prior_calls(recent.sum(1), whole) * whole
        found.type_calls[here] = prior_calls(recent.T, bent.T) * bent
    return found


def _beside_new(before: Array, people: Array, is_new: NDArray[np.bool_]) -> Array:
    """Return shares of the leaves of one place as a new one begins, (leaves, call types).

    Args:
        before: calls of the year before, shape (leaves, call types).
        people: shares of the residents, shape (leaves,).
        is_new: which leaves are new, shape (leaves,).
    """
    prior = np.repeat(people[:, None], before.shape[1], axis=1)
    if (~is_new).any():
        there = before[~is_new]
        old = people[~is_new].sum()
        of_all = shrunk(there.sum(1), people[~is_new] / old)
        prior[~is_new] = shrunk(there.T, of_all).T * old
    return prior
