"""Squared residuals of past forecasts, with what the model of shocks says they are made of.

For groups of cells (the force, places, call types, single cells) over thirds of days, days, weeks,
four weeks and all of a block of leads, squared residuals are linear in the sizes of `Shocks`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np

from forewatch.arrays import Array, Index, Mask
from forewatch.shocks import PERSISTENCES, SCOPES, WHOLES, Scope
from models.contrasts import LEAST_CALLS, Contrasts, cell_days

WINDOWS_DAYS: tuple[int, ...] = (1, 7, 28)  # besides thirds of days and the whole block
_MOST_ROWS = 1000  # of one kind, origin and block of leads


@dataclass(frozen=True)
class Residuals:
    """Out-of-sample forecasts of one origin beside what happened.

    Args:
        mean: expected calls of the cells, shape (days ahead, places, call types), or by third of a
            day (days ahead, thirds, places, call types).
        counts: what happened, same shape; NaN unknown.
        history_days: force-days of history at the origin.
        small: parts smaller than a cell's day; None: there are none.
        doubt: how unsure special days are, shape (days ahead, kinds), see
            `features.special_days`; None: no day is special.
    """

    mean: Array
    counts: Array
    history_days: int
    small: Contrasts | None = None
    doubt: Array | None = None


@dataclass(frozen=True)
class SquaredSums:
    """Squared residuals of groups of cells over thirds of days and longer, one a row.

    Args:
        square: shape (rows,).
        by_type: calls of each call type, shape (rows, call types).
        steady: what steadiness is multiplied with, shape (rows, wholes).
        shared: what sd² is multiplied with: each scope and persistence, then each call type's own
            day; shape (rows, scopes × persistences + call types).
        kind: number of the kind of group (who × window), shape (rows,).
        weight: how many groups of its kind each row stands for, shape (rows,).
    """

    square: Array
    by_type: Array
    steady: Array
    shared: Array
    kind: Index
    weight: Array

    def at(self, which: Index) -> SquaredSums:
        """Return some of the rows."""
        return SquaredSums(*(getattr(self, field.name)[which] for field in fields(self)))

    @classmethod
    def joined(cls, found: Sequence[SquaredSums], less: Array) -> SquaredSums:
        """Return the rows of several origins, of which something is expected.

        Args:
            found: one an origin.
            less: factor of the sizes of shocks at each origin.
        """
        shared = np.concatenate(
            [one.shared * factor for one, factor in zip(found, less, strict=True)]
        )
        by_type = np.concatenate([one.by_type for one in found])
        used = by_type.sum(1) > LEAST_CALLS
        rest = ("square", "steady", "kind", "weight")
        return cls(
            by_type=by_type[used],
            shared=shared[used],
            **{name: np.concatenate([getattr(one, name) for one in found])[used] for name in rest},
        )


@dataclass(frozen=True)
class SquaredResiduals:
    """Squared residuals of one origin by block of leads, with what they are made of.

    Args:
        history_days: force-days of history at the origin.
        groups: of thirds of days and longer, one a block.
        contrasts: of the smallest parts, one a block.
        are_cells: whether these are days of cells.
        special: of special days, which are in none of the groups, one a block; of each row what sd²
            of special days is multiplied with beside it, shape (rows, kinds × scopes).
    """

    history_days: int
    groups: tuple[SquaredSums, ...]
    contrasts: tuple[Contrasts, ...]
    are_cells: bool
    special: tuple[tuple[SquaredSums, Array], ...] = ()

    @classmethod
    def of(cls, found: Residuals, lead_blocks: Sequence[int]) -> SquaredResiduals:
        """Return those of an origin; days with an unknown cell are left out of every group."""
        bounds = list(pairwise([*lead_blocks, np.iinfo(np.int64).max]))
        mean, counts = (
            each if each.ndim == 4 else each[:, None]  # noqa: PLR2004 - thirds as an axis
            for each in (found.mean, found.counts)
        )
        small = cell_days(mean.sum(1), counts.sum(1)) if found.small is None else found.small
        lead, doubt = small.lead_days, found.doubt
        usual = counts.copy()
        if doubt is not None:
            usual[doubt.any(1)] = np.nan
        return cls(
            found.history_days,
            tuple(_squared_sums(mean[a:b], usual[a:b]) for a, b in bounds),
            tuple(small.at(np.flatnonzero((lead >= a) & (lead < b))) for a, b in bounds),
            found.small is None,
            ()
            if doubt is None
            else tuple(_of_special_days(mean[a:b], counts[a:b], doubt[a:b]) for a, b in bounds),
        )


def _of_special_days(mean: Array, counts: Array, doubt: Array) -> tuple[SquaredSums, Array]:
    """Return the special days of one origin and block, see `SquaredResiduals.special`."""
    groups, unsure = [_squared_sums(mean[:0], counts[:0])], [np.zeros((0, doubt.shape[1]))]
    for day in np.flatnonzero(doubt.any(1)).tolist():
        own = _squared_sums(mean[day : day + 1], counts[day : day + 1])
        own = own.at(np.flatnonzero(own.kind >= len(SCOPES)))  # not its thirds
        groups.append(own)
        unsure.append(np.broadcast_to(doubt[day], (len(own.square), doubt.shape[1])))
    sums = SquaredSums(
        *(np.concatenate([getattr(g, f.name) for g in groups]) for f in fields(SquaredSums))
    )
    shared = np.concatenate(unsure)[:, :, None] * sums.shared[:, None, DAY]
    return sums, shared.reshape(len(sums.square), doubt.shape[1] * len(SCOPES))


def _squared_sums(mean: Array, counts: Array) -> SquaredSums:
    """Return the groups of one origin and block of leads, see `Residuals` for the shapes."""
    by_place: Mask = np.all(np.isfinite(counts), axis=(1, 3))
    told = by_place.any(0)  # a place of which no day is known at all is no part of the force here
    known = by_place[:, told].all(1) & told.any()
    mean, counts = (each[known][:, :, told] for each in (mean, counts))
    days, thirds, *cells = mean.shape
    whole = mean.sum(1)
    windows = []
    if thirds > 1:
        shape = (days * thirds, 1, 1, *cells)
        windows.append((0, mean.reshape(shape), counts.reshape(shape), whole.repeat(thirds, 0)))
    for w, length in enumerate(sorted({n for n in WINDOWS_DAYS if n <= days} | {days} - {0})):
        n = days // length
        shape = (n, length, thirds, *cells)
        number = 1 + (len(WINDOWS_DAYS) if length == days else w)
        held = n * length
        m, y = (each[:held].reshape(shape) for each in (mean, counts))
        windows.append((number, m, y, whole[:held]))
    parts = [
        _group(m, y, all_day.reshape(*m.shape[:2], *cells), scope, number * len(SCOPES) + s)
        for number, m, y, all_day in windows
        for s, scope in enumerate(SCOPES)
    ]
    if not parts:
        types = cells[1]
        width = len(SCOPES) * len(PERSISTENCES) + types
        none = np.zeros(0)
        return SquaredSums(
            none,
            np.zeros((0, types)),
            np.zeros((0, len(WHOLES))),
            np.zeros((0, width)),
            np.zeros(0, np.int64),
            none,
        )
    return SquaredSums(
        *(np.concatenate([getattr(one, f.name) for one in parts]) for f in fields(SquaredSums))
    )


THIRD, DAY = (
    PERSISTENCES.index(name) + len(PERSISTENCES) * np.arange(len(SCOPES))
    for name in ("third", "day")
)
# Axes of (window, day, third, place, call type) that a group of the scope sums over besides times.
_PLACES, _TYPES = 3, 4
_OVER: dict[Scope, tuple[int, ...]] = {
    "force": (_PLACES, _TYPES),
    "place": (_TYPES,),
    "call_type": (_PLACES,),
    "cell": (),
}


def _group(mean: Array, counts: Array, whole: Array, scope: Scope, kind: int) -> SquaredSums:
    """Return the rows of the groups of one scope, at most `_MOST_ROWS` of them.

    Args:
        mean: expected calls, shape (windows, days, thirds, places, call types).
        counts: what happened, same shape.
        whole: expected calls of the whole force-days, shape (windows, days, places, call types).
        scope: what a group is, besides all times of a window.
        kind: number of the kind of group.
    """
    types = mean.shape[_TYPES]
    kept = [axis for axis in (_PLACES, _TYPES) if axis not in _OVER[scope]]
    size = (mean.shape[0], *(mean.shape[axis] for axis in kept))
    n = int(np.prod(size))
    chosen = np.arange(n)
    if n > _MOST_ROWS:
        chosen = np.sort(np.random.default_rng(kind).choice(n, _MOST_ROWS, replace=False))
    window, *cell = np.unravel_index(chosen, size)
    position = dict(zip(kept, cell, strict=True))
    m, y = (_of_groups(each, window, position) for each in (mean, counts))
    by_place = whole.sum(3)[window]  # (rows, days, places)
    places = by_place
    if _PLACES in position:
        places = np.take_along_axis(by_place, position[_PLACES][:, None, None], axis=2)
    of_type = [m.sum((1, 2, 3)), (m.sum((2, 3)) ** 2).sum(1)]
    if _TYPES in position:
        of_type = [_at_type(each[:, 0], position[_TYPES], types) for each in of_type]
    return SquaredSums(
        (y.sum((1, 2, 3, 4)) - m.sum((1, 2, 3, 4))) ** 2,
        of_type[0],
        _steady(m, places, by_place.sum(2)),
        np.column_stack([_shared(m), of_type[1]]),
        np.full(len(chosen), kind),
        np.full(len(chosen), n / max(len(chosen), 1)),
    )


def _of_groups(values: Array, window: Index, position: Mapping[int, Index]) -> Array:
    """Return the values of groups, shape (rows, days, thirds, places, call types) of each."""
    found = values[window]
    for axis, at in position.items():
        index = at.reshape(-1, 1, 1, 1, 1)
        found = np.take_along_axis(found, index, axis=axis)
    return found


def _at_type(values: Array, call_type: Index, types: int) -> Array:
    """Return values of one call type each, shape (rows, call types)."""
    found = np.zeros((len(values), types))
    found[np.arange(len(values)), call_type] = values
    return found


def _steady(calls: Array, places: Array, force: Array) -> Array:
    """Return minus squared calls of each day in each whole ÷ those of the whole, (rows, wholes)."""
    by_place = calls.sum((2, 4))
    of_place = np.divide(by_place**2, places, out=np.zeros_like(by_place), where=places > 0)
    total = by_place.sum(2)
    of_force = np.divide(total**2, force, out=np.zeros_like(total), where=force > 0)
    return -np.stack([of_place.sum((1, 2)), of_force.sum(1)], axis=1)


def _shared(calls: Array) -> Array:
    """Return squared calls that share one draw of each shock, (rows, scopes × persistences)."""
    found: list[Array] = []
    for scope in SCOPES:
        together = calls.sum(_OVER[scope], keepdims=True)
        of_day = together.sum(2, keepdims=True)
        each = (together, of_day, of_day.sum(1, keepdims=True))
        found += [(shared**2).sum((1, 2, 3, 4)) for shared in each]
    return np.stack(found, axis=1)
