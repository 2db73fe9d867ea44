"""The force's tree of areas: force > district > beat, or any other depth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from forewatch.area_kinds import MIXED
from forewatch.errors import SettingsError, UnknownArea

# What questions and mappings say instead of an id: the sum, every one by itself, and none.
RESERVED_IDS = frozenset({"all", "each", "exclude"})


@dataclass(frozen=True)
class Area:
    """One node of the tree; latitude and longitude in degrees, population in residents."""

    id: str
    name: str
    parent: str | None = None
    kind: str = MIXED
    lat: float | None = None
    lon: float | None = None
    population: float | None = None


@dataclass(frozen=True)
class AreaTree:
    """Areas in the order given; one root; calls are recorded at the leaves.

    Args:
        areas: every node, parents anywhere in the order.
        levels: names of the depths from the root down, e.g. ("force", "district", "beat").
    """

    areas: tuple[Area, ...]
    levels: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a forest, an orphan, a cycle, a duplicate, an unnamed depth."""
        ids = [area.id for area in self.areas]
        if doubled := sorted({i for i in ids if ids.count(i) > 1}):
            raise SettingsError(f"areas stand twice: {', '.join(doubled)}; keep one of each")
        roots = [area.id for area in self.areas if area.parent is None]
        if len(roots) != 1:
            raise SettingsError(
                f"an area tree has one root; found {roots}; give the others a parent"
            )
        if orphans := [a.id for a in self.areas if a.parent is not None and a.parent not in ids]:
            raise SettingsError(f"areas whose parent is not in the tree: {', '.join(orphans)}")
        unreached = set(ids) - set(self.below(roots[0]))
        if unreached:
            raise SettingsError(f"areas in a circle: {', '.join(sorted(unreached))}")
        if (deepest := max(self._depth.values())) >= len(self.levels):
            raise SettingsError(
                f"the tree is {deepest + 1} levels deep, levels names {len(self.levels)}: "
                f"{', '.join(self.levels)}; name every depth from the root down"
            )

    def stop_at_reserved_ids(self) -> None:
        """Stop where an id means something else in a question; old issues may still hold such.

        Raises:
            SettingsError: naming each area whose id is a word of questions or a level's name. The
                one area of a level may carry that level's name: both then mean the same.
        """
        if words := [i for i in self.ids if i in RESERVED_IDS]:
            raise SettingsError(
                f"no area may have the id {', '.join(words)}: in questions and mappings it stands "
                "for several areas or for none; give the area another id"
            )
        for name in (i for i in self.ids if i in self.levels):
            if self.at_level(name) != (name,):
                raise SettingsError(
                    f"area {name!r} has the id of a level of areas, so that a question about one "
                    "would be taken for the other; give the area another id, or the level another "
                    "name under [levels]"
                )

    @cached_property
    def _by_id(self) -> dict[str, Area]:
        return {area.id: area for area in self.areas}

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {area.id: [] for area in self.areas}
        for area in self.areas:
            if area.parent is not None:
                found[area.parent].append(area.id)
        return {key: tuple(value) for key, value in found.items()}

    @cached_property
    def _depth(self) -> dict[str, int]:
        depth = {self.root: 0}
        queue = [self.root]
        while queue:
            here = queue.pop()
            for child in self._children[here]:
                depth[child] = depth[here] + 1
                queue.append(child)
        return depth

    @cached_property
    def root(self) -> str:
        """The id of the whole force."""
        return next(area.id for area in self.areas if area.parent is None)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Every id, in the order given."""
        return tuple(area.id for area in self.areas)

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """The areas without children, in the order given: where calls are recorded."""
        return tuple(i for i in self.ids if not self._children[i])

    def area(self, area_id: str) -> Area:
        """Return the node; UnknownArea with near names if there is none."""
        if area_id not in self._by_id:
            raise UnknownArea(area_id, self.ids)
        return self._by_id[area_id]

    def level(self, area_id: str) -> str:
        """Return the name of the depth at which the area stands."""
        self.area(area_id)
        return self.levels[self._depth[area_id]]

    def children(self, area_id: str) -> tuple[str, ...]:
        """Return the areas directly below."""
        self.area(area_id)
        return self._children[area_id]

    def below(self, area_id: str) -> tuple[str, ...]:
        """Return the area itself and everything under it, parents first."""
        found = [area_id]
        for here in found:
            found.extend(self._children[here])
        return tuple(found)

    def leaves_of(self, area_id: str) -> tuple[str, ...]:
        """Return the leaves under (or at) an area, in the order of the tree."""
        self.area(area_id)
        under = set(self.below(area_id))
        return tuple(i for i in self.leaves if i in under)

    def leaf_positions(self, area_id: str) -> list[int]:
        """Return where the leaves of an area ("" is the whole force) stand in the tree's leaves."""
        own = set(self.leaves_of(area_id or self.root))
        return [i for i, leaf in enumerate(self.leaves) if leaf in own]

    def residents(self, area_id: str) -> float:
        """Return the area's own residents, or those of its parts; NaN if any is unknown."""
        own, parts = self.area(area_id).population, self.children(area_id)
        if own is not None or not parts:
            return float("nan") if own is None else own
        return sum(self.residents(part) for part in parts)

    def at_level(self, level: str) -> tuple[str, ...]:
        """Return the areas at a named level, in the order given."""
        if level not in self.levels:
            raise SettingsError(f"no level {level!r}; the levels are {', '.join(self.levels)}")
        depth = self.levels.index(level)
        return tuple(i for i in self.ids if self._depth[i] == depth)

    def cut(self, level: str) -> tuple[str, ...]:
        """Return the areas at a level, and the leaves that end above it: they tile the force."""
        self.at_level(level)  # refuses a level without a name; one without areas is fine
        depth = self.levels.index(level)
        return tuple(
            i
            for i in self.ids
            if self._depth[i] == depth or (self._depth[i] < depth and not self._children[i])
        )

    def ancestor_in(self, area_id: str, cut: tuple[str, ...]) -> str:
        """Return the member of a cut that holds the area (a cut's member holds itself)."""
        for above in self.upwards(area_id):
            if above in cut:
                return above
        raise UnknownArea(area_id, cut)

    def upwards(self, area_id: str) -> tuple[str, ...]:
        """Return an area and all above it, the nearest first."""
        parent = self.area(area_id).parent
        return (area_id,) if parent is None else (area_id, *self.upwards(parent))
