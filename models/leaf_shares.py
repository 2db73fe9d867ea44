"""Shares that split a place's calls of a type over its leaf areas.

1. A chain of shrunk shares: population, all calls of the leaf, the call type.
2. A leaf that is new would be understated by all the days on which it was not there. Where a place
   has a new one, only the days since the newest began are counted; what the older leaves had before
   is what their shares are drawn to, beside the new one's share of the population.

3. A leaf that ended (`features.ends`) has no calls to count any more, and what storms brought
   (`features.storms`) counts as usual days.

4. Inside a pool the shares are its chances: what was counted of its leaves was drawn by these.

A leaf of the tree that never had a call is not known to be new: it has a share as small as its
record, until its first calls tell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.asof import AsOf
from features.beginnings import beginnings
from features.cube import cube, leaf_counts, leaf_days
from features.ends import LEAST_SILENT_DAYS, last_end
from features.storms import storm_day_factors
from forewatch.arrays import Array, Index
from models.shrinkage import shrunk

_FEW = 1e-3


def leaf_shares(view: AsOf, days: int, leaf_place: Index) -> Array:
    """Return the share of each leaf in its place, shape (leaves, call types).

    Args:
        view: what was known at the origin.
        days: force-days to count, at most.
        leaf_place: index of the place of each leaf, shape (leaves,).
    """
    usual = storm_day_factors(view, cube(view, days))
    calls, people = leaf_counts(view, days, usual), _people(view, leaf_place)
    daily = leaf_days(view)
    left = _left_of_ended(daily, leaf_place)
    calls *= left
    age = np.where((begins := beginnings(daily)) > 0, daily.shape[1] - begins, days)
    found = np.empty(calls.shape)
    for place in np.unique(leaf_place):
        here = np.flatnonzero(leaf_place == place)
        found[here] = _shares(calls[here], people[here])
        since = int(age[here].min())
        if since < days:
            is_new = age[here] < days
            recent = leaf_counts(view, since, usual)[here] * left[here]
            found[here] = _with_new(recent, calls[here], people[here], is_new)
    _share_pools(view, found, leaf_place)
    return found


def _left_of_ended(daily: Array, leaf_place: Index) -> Array:
    """Return 0 for each leaf that ended while its place goes on, 1 for the others, (leaves, 1)."""
    found = np.ones((len(daily), 1))
    for leaf in np.flatnonzero(~daily[:, -LEAST_SILENT_DAYS:].any(axis=1)):
        whole = daily[leaf_place == leaf_place[leaf]].sum(0)
        found[leaf] = last_end(daily[leaf], whole) is None
    return found


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


def _shares(calls: Array, prior: Array) -> Array:
    """Return shares of the leaves of one place from their calls, (leaves, call types)."""
    return shrunk(calls.T, shrunk(calls.sum(1), prior)).T


def _with_new(recent: Array, calls: Array, people: Array, is_new: NDArray[np.bool_]) -> Array:
    """Return shares of the leaves of one place of which some are new, (leaves, call types).

    Args:
        recent: calls since the newest leaf began, shape (leaves, call types).
        calls: calls of the whole span, same shape.
        people: shares of the residents, shape (leaves,).
        is_new: which leaves are new, shape (leaves,).
    """
    prior = np.repeat(people[:, None], calls.shape[1], axis=1)
    if (~is_new).any():
        old = _shares(calls[~is_new], people[~is_new] / people[~is_new].sum())
        prior[~is_new] = old * people[~is_new].sum()
    whole = prior @ (calls.sum(0) / max(calls.sum(), 1.0)) if calls.sum() else people
    own = shrunk(recent.sum(1), whole / whole.sum())
    bent = prior * (own / whole)[:, None]
    return shrunk(recent.T, (bent / bent.sum(0)).T).T
