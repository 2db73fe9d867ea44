"""The series that a check looks at: the force, its call types, its areas, and types in areas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forewatch.areas import AreaTree
from forewatch.arrays import Array
from forewatch.history import History
from sources.daily import Daily

FALSE_ALARMS = 0.01  # a force where nothing is wrong is told of something once in a hundred checks


@dataclass(frozen=True)
class Group:
    """A series by its place and call type.

    Args:
        name: as the report writes it.
        area: id of the area; "" the whole force.
        call_type: id of the call type; "" all of them.
        leaves: positions of its leaves.
        type_number: position of its call type; None: all of them.
        is_below: whether the area is a leaf below the modelled level.
    """

    name: str
    area: str
    call_type: str
    leaves: NDArray[np.int64]
    type_number: int | None = None
    is_below: bool = False

    def series(self, per_day: Daily) -> Array:
        """Return its calls per day, NaN where one of its leaves was unobserved."""
        return per_day.series(self.leaves, self.type_number)


def groups(found: History) -> list[Group]:
    """Return the total, each call type, each modelled area, and each leaf below these."""
    types = found.profile.call_type_ids
    every = np.arange(len(found.tree.leaves))
    named = [Group("total", "", "", every)]
    named += [Group(kind, "", kind, every, i) for i, kind in enumerate(types) if len(types) > 1]
    return named + areas(found)


def areas(found: History) -> list[Group]:
    """Return each area of the modelled cut, and each leaf below it; not the whole force."""
    tree = found.tree
    cut = tree.cut(found.profile.levels.modelled)
    named = [
        Group(f"in {area}", area, "", np.array(tree.leaf_positions(area)))
        for area in cut
        if area != tree.root
    ]
    named += [
        Group(f"{tree.level(leaf)} {leaf}", leaf, "", np.array([i]), is_below=True)
        for i, leaf in enumerate(tree.leaves)
        if leaf not in set(cut) and leaf != tree.root
    ]
    return named


def cells(found: History) -> list[Group]:
    """Return each call type in each area; none where there is only one type or one area."""
    types = found.profile.call_type_ids
    return [
        Group(f"{kind} in {one.area}", one.area, kind, one.leaves, i, one.is_below)
        for one in areas(found)
        for i, kind in enumerate(types)
        if len(types) > 1
    ]


def holds(tree: AreaTree, outer: tuple[str, str], inner: tuple[str, str]) -> bool:
    """Return whether a scope holds another; each is an area ("" everywhere) and a type ("" all)."""
    if outer[1] not in ("", inner[1]):
        return False
    if outer[0] in ("", tree.root):
        return True
    return inner[0] != "" and outer[0] in tree.upwards(inner[0])
