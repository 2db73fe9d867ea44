"""Who a series' parents are, and what a series without history is worth.

The parent of an area is the area above it, that of a call type the whole force; a cell (place ×
call type) has two parents, its place and its call type. Where nothing is known of a series it takes
its share of its parents: an equal share among those of its kind below its parent, and for a cell
the product of both parents' shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.panel import Panel
from forewatch.arrays import Array, Index, Mask
from forewatch.errors import NotEnoughHistory

NOBODY = -1


@dataclass(frozen=True)
class Lineage:
    """Parents of the series of a panel; series 0 is the whole force; all shapes (N,).

    Args:
        parent: index of the parent (an area's above it, a cell's place), -1 for the whole force.
        call_type_of: index of a cell's call type at the whole force, -1 for others.
        level: number of the level the series stands at, in the order of the keys.
    """

    parent: Index
    call_type_of: Index
    level: Index

    @classmethod
    def of(cls, panel: Panel) -> Lineage:
        """Read the parents off the panel, which names parents before children.

        A panel that does not tell the areas above has none between force and place.
        """
        keys = panel.keys.reset_index(drop=True)
        areas, call_types = keys["area"].astype(str), keys["call_type"].astype(str)
        is_cell = (keys["level"] == "cell").to_numpy()
        totals = {
            pair: i for i, pair in enumerate(zip(areas, call_types, strict=True)) if not is_cell[i]
        }
        above = np.zeros(len(keys), np.int64) if panel.parents is None else panel.parents
        parent = np.where(is_cell, 0, above)
        parent[0] = NOBODY
        call_type_of = np.full(len(keys), NOBODY, np.int64)
        for i in np.flatnonzero(is_cell):
            parent[i] = totals[areas[i], "all"]
            call_type_of[i] = totals[areas[0], call_types[i]]
        level = keys["level"].factorize()[0].astype(np.int64)
        return cls(parent, call_type_of, level)

    @cached_property
    def is_cell(self) -> Mask:
        """Whether the series is a place × call type, with two parents."""
        return self.call_type_of >= 0

    @cached_property
    def generations(self) -> tuple[Index, ...]:
        """Indices of the series whose parents all stand in an earlier generation."""
        depth = np.zeros(len(self.parent), np.int64)
        for i in np.flatnonzero(self.parent >= 0):
            depth[i] = max(depth[self.parent[i]], depth[max(self.call_type_of[i], 0)]) + 1
        return tuple(np.flatnonzero(depth == d) for d in range(int(depth.max()) + 1))

    def inherited(self, values: Array, i: int) -> float:
        """Return one series' share of its parents' values; values of shape (N,)."""
        if not self.is_cell[i]:
            alike = (self.level == self.level[i]) & (self.parent == self.parent[i])
            return float(values[self.parent[i]] / alike.sum())
        of_both = values[self.parent[i]] * values[self.call_type_of[i]]
        return float(of_both / values[0]) if values[0] > 0 else 0.0

    def from_parents(self, values: Array, series: Index) -> Array:
        """Return what parents let expect of logarithms of one generation, shape (n, columns).

        Of the force nothing, 0; of an area or a call type what its parent has; of a cell what its
        place has, and what its call type differs by from the force.

        Args:
            values: of all series, shape (N, columns).
            series: one of the `generations`, shape (n,).
        """
        if series[0] == 0:
            return np.zeros((len(series), values.shape[1]))
        parent, call_type = self.parent[series], self.call_type_of[series]
        of_type = values[np.maximum(call_type, 0)] - values[0]
        return np.asarray(values[parent] + np.where(call_type[:, None] >= 0, of_type, 0.0))

    def filled(self, values: Array) -> Array:
        """Return the values, shape (N,), with each NaN replaced by its share.

        A force of which only some parts are known is worth their mean times their number.

        Raises:
            NotEnoughHistory: if no series has a value.
        """
        found = values.copy()
        for level in range(1, int(self.level.max()) + 1):
            family = found[self.level == level]
            if np.isnan(found[0]) and np.isfinite(family).any() and not self._are_cells(level):
                found[0] = np.nanmean(family) * len(family)
        if np.isnan(found[0]):
            raise NotEnoughHistory(
                "no series has a single known day before the origin; import counts of earlier days"
            )
        for i in np.flatnonzero(np.isnan(found)):
            found[i] = self.inherited(found, int(i))
        return found

    def _are_cells(self, level: int) -> bool:
        return bool(self.is_cell[self.level == level].any())
