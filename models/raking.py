"""Coherent means: levels agree on a total, then an upper level re-scales the lower one.

1. Upwards: what an area is expected to have is the mean of its own forecast and the sum of those
   of its parts; for the whole force, of its own, the sum of its areas and the sum of its call
   types. Forecasts of the same thing made in different ways err differently.
2. Areas, downwards: the children of each area are scaled so that they add up to it, from the root
   to the places.
3. Call types are scaled to add up to the root.
4. The cells place × call type are fitted to both margins by iterative proportional fitting.

What is published is always summed up from the cells, so every total is the sum of its parts.

Source:
    Hollyman, Petropoulos & Tipping (2021), Understanding forecast reconciliation (equal means of
    top-down and bottom-up); Deming & Stephan (1940), On a least squares adjustment of a sampled
    frequency table when the expected marginal totals are known;
    docs/experiments/007-blend-and-coherence.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forewatch.areas import AreaTree
from forewatch.arrays import Array, Index

_SEED = 1e-9  # share of an independent table mixed in, so that a cell at zero can meet its margins
_ROUNDS = 60
_CLOSE = 1e-11


@dataclass(frozen=True)
class Structure:
    """Which series of a panel is which part of the force.

    Args:
        root: column of the root with all call types.
        steps: the tree from the root down: (parent's position, children's positions) in `areas`.
        areas: column of each area down to the places, parents first, shape (areas,).
        places: position in `areas` of each place, shape (places,).
        call_types: column of the root with each call type, shape (call types,).
        cells: column of each place × call type, shape (places, call types).
    """

    root: int
    steps: tuple[tuple[int, Index], ...]
    areas: Index
    places: Index
    call_types: Index
    cells: Index


def structure(
    keys: pd.DataFrame, tree: AreaTree, places: tuple[str, ...], call_types: tuple[str, ...]
) -> Structure:
    """Return the structure of a panel's series.

    A panel leaves out duplicates: an only child has the counts of its parent, an only call type
    those of "all". They share one column here.

    Args:
        keys: level, area, call_type of each series, in the order of the panel's columns.
        tree: the area tree.
        places: areas of the modelled level; they tile the force.
        call_types: ids of the call types.
    """
    column = {key: i for i, key in enumerate(zip(keys["area"], keys["call_type"], strict=True))}
    above = _above(tree, places)
    whole: dict[str, int] = {}
    for area in above:
        parent = tree.area(area).parent
        twin = whole[parent] if parent is not None else -1
        whole[area] = column.get((area, "all"), twin)
    only_type, only_place = len(call_types) == 1, len(places) == 1
    root = column[tree.root, "all"]
    types = [root if only_type else column[tree.root, t] for t in call_types]
    cells = [
        [column.get((p, t), types[j] if only_place else whole[p]) for j, t in enumerate(call_types)]
        for p in places
    ]
    position = {area: i for i, area in enumerate(above)}
    steps = tuple(
        (position[area], np.array([position[child] for child in tree.children(area)]))
        for area in above
        if area not in places and tree.children(area)
    )
    return Structure(
        root,
        steps,
        np.array([whole[area] for area in above]),
        np.array([position[place] for place in places]),
        np.array(types),
        np.array(cells),
    )


def _above(tree: AreaTree, places: tuple[str, ...]) -> tuple[str, ...]:
    """Return the areas from the root down to the places, parents first."""
    under = {area for place in places for area in tree.below(place)} - set(places)
    return tuple(area for area in tree.below(tree.root) if area not in under)


def rake(predicted: Array, parts: Structure) -> Array:
    """Return coherent expected calls of the cells, shape (days, places, call types).

    Args:
        predicted: expected calls of every series of the panel, shape (days, series); never
            negative. NaN and zeros are allowed: a cell unknown or at zero takes its part from its
            margins where these are positive.
        parts: the structure of the series.
    """
    areas = _upwards(np.maximum(predicted, 0), parts)
    predicted = np.nan_to_num(np.maximum(predicted, 0))
    for parent, children in parts.steps:
        areas[:, children] = _scale_parts(areas[:, children], areas[:, parent])
    total = areas[:, 0]
    places = _scale_parts(areas[:, parts.places], total)
    types = _scale_parts(predicted[:, parts.call_types], total)
    return _fit_margins(predicted[:, parts.cells], places, types, total)


def _upwards(predicted: Array, parts: Structure) -> Array:
    """Return what the levels agree that the areas have, shape (days, areas); 0 where unknown."""
    areas = predicted[:, parts.areas].copy()
    whole = [predicted[:, parts.root]]
    if parts.call_types.size > 1:
        whole.append(predicted[:, parts.call_types].sum(1))
    areas[:, 0] = _mean_estimate(*whole)
    for parent, children in reversed(parts.steps):
        if parts.areas[children[0]] != parts.areas[parent]:  # an only child is its parent again
            own = [areas[:, parent]] if parent else whole
            areas[:, parent] = _mean_estimate(*own, areas[:, children].sum(1))
    return np.nan_to_num(areas)


def _mean_estimate(*estimates: Array) -> Array:
    """Return the mean of the estimates that are known and positive, shape (days,); else 0."""
    stacked = np.nan_to_num(np.stack(estimates))
    known = (stacked > 0).sum(0)
    return np.asarray(np.divide(stacked.sum(0), known, out=np.zeros(known.shape), where=known > 0))


def _scale_parts(parts: Array, whole: Array) -> Array:
    """Return parts (days, n) that add up to whole (days,); equal parts where all are zero."""
    total = parts.sum(1, keepdims=True)
    share = np.divide(parts, total, out=np.full(parts.shape, 1 / parts.shape[1]), where=total > 0)
    return np.asarray(share * whole[:, None])


def _fit_margins(cells: Array, places: Array, types: Array, total: Array) -> Array:
    """Fit cells (days, P, C) to margins (days, P) and (days, C) by turns."""
    safe = np.where(total > 0, total, 1.0)[:, None, None]
    independent = places[:, :, None] * types[:, None, :] / safe
    found = cells + _SEED * independent
    # A place whose cells are all unknown takes the call types of the force.
    empty = cells.sum(2, keepdims=True) <= 0
    found = np.where(empty, independent, found)
    for _ in range(_ROUNDS):
        found = found * _ratio(places, found.sum(2))[:, :, None]
        off = np.abs(found.sum(1) - types).max(initial=0)
        found = found * _ratio(types, found.sum(1))[:, None, :]
        if off <= _CLOSE * float(total.max(initial=1)):
            break
    return found


def _ratio(wanted: Array, found: Array) -> Array:
    return np.asarray(np.divide(wanted, found, out=np.zeros(wanted.shape), where=found > 0))
