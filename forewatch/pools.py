"""Pools: leaf areas among which a call type's reports are known as one sum only.

What is learned of a small area by itself could be told by what is published: whoever knows the sum
and the other parts knows the rest. So of the areas of a pool only the sum is learned
(`features.pools`), and every figure of one of them carries the pool.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from forewatch.areas import AreaTree


@dataclass(frozen=True)
class Pool:
    """The leaves of a pool, and how its reports are spread over them.

    Args:
        leaves: ids of at least two leaf areas, ascending.
        chances: share of each leaf in the pool's reports; they add up to 1.
    """

    leaves: tuple[str, ...]
    chances: tuple[float, ...]


def merge_overlapping(groups: Iterable[Iterable[str]]) -> list[set[str]]:
    """Return the groups with those that share a member made one.

    >>> [sorted(group) for group in merge_overlapping([{"a", "b"}, {"c", "d"}, {"b", "e"}])]
    [['c', 'd'], ['a', 'b', 'e']]
    """
    found: list[set[str]] = []
    for group in groups:
        whole = set(group)
        apart = [other for other in found if other.isdisjoint(whole)]
        for other in found:
            if not other.isdisjoint(whole):
                whole |= other
        found = [*apart, whole]
    return found


def splits(leaves: AbstractSet[str], pool: AbstractSet[str]) -> bool:
    """Return whether leaves hold a part of a pool, but not the whole of it.

    Of these leaves no more than the sum of the pool is known, spread over its members.

    >>> splits({"a"}, {"a", "b"}), splits({"a", "b", "c"}, {"a", "b"}), splits({"c"}, {"a", "b"})
    (True, False, False)
    """
    return not leaves.isdisjoint(pool) and not leaves >= pool


def areas_of_their_own(
    tree: AreaTree, groups: Iterable[Iterable[str]], areas: Sequence[str]
) -> list[tuple[str, ...]]:
    """Return areas as they can be told apart: those that share a pool as one place.

    Args:
        tree: the area tree.
        groups: leaves that are told together.
        areas: ids of areas that don't overlap.

    Returns:
        Groups of the areas, in the order of their first ones.
    """
    own = {area: frozenset(tree.leaves_of(area)) for area in areas}
    together = merge_overlapping(
        {area for area, leaves in own.items() if splits(leaves, whole)}
        for whole in merge_overlapping(groups)
    )
    group_of = {area: group for group in together for area in group}
    found = [tuple(a for a in areas if a in group_of.get(area, {area})) for area in areas]
    return list(dict.fromkeys(found))


def whole_areas(tree: AreaTree, leaves: Iterable[str]) -> tuple[str, ...]:
    """Return the fewest areas that are made of exactly these leaves, in the order of the tree."""
    chosen = set(leaves)
    inside = {area for area in tree.ids if chosen.issuperset(tree.leaves_of(area))}
    return tuple(
        area for area in tree.ids if area in inside and tree.area(area).parent not in inside
    )
