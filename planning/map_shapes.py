"""The shapes of areas as they are drawn: rings of whole numbers in a box, and their SVG paths.

`area_map` (`planning.area_maps`) makes them for any areas of a tree: of imported outlines, of tiles
where there are none, or of an alphabetic grid where not even middles are known. Page and charts
draw the same:

- `rings[area]` holds the closed rings of an area as (x, y) in the box, the first point not said
  again at the end. Holes turn the other way than the rings around them, so that both fill rules of
  SVG leave them open. x grows to the east, y to the south, from 0 to `width` and `height`.
- `middles[area]` is a point well inside the area, for its label.
- `without_shape` are areas that were asked for and have no outline: list them beside the map.
- `kind` says what is drawn. Of "tiles" only neighbourhood is true, of "grid" not even that.

>>> square = MapShapes("outlines", 10, 8, {"a1": (((0, 0), (10, 0), (10, 8)),)}, {"a1": (7, 3)})
>>> shape_paths(square)
{'a1': 'M0 0h10v8z'}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Point = tuple[int, int]
Ring = tuple[Point, ...]
MapKind = Literal["outlines", "tiles", "grid"]


@dataclass(frozen=True)
class MapShapes:
    """What a map of areas draws; areas in the order in which they were asked for.

    Args:
        kind: imported outlines, tiles placed by the areas' middles, or an alphabetic grid.
        width: of the box, in its own units.
        height: of the box.
        rings: by area.
        middles: by area, a point inside it.
        without_shape: areas that were asked for and can't be drawn.
    """

    kind: MapKind
    width: int
    height: int
    rings: Mapping[str, tuple[Ring, ...]]
    middles: Mapping[str, Point]
    without_shape: tuple[str, ...] = ()

    @property
    def view_box(self) -> str:
        """The attribute viewBox of an SVG that shows the whole map."""
        return f"0 0 {self.width} {self.height}"


def shape_paths(shapes: MapShapes) -> dict[str, str]:
    """Return for each area the attribute `d` of one SVG path: numbers and letters only."""
    return {area: "".join(map(_path, rings)) for area, rings in shapes.rings.items()}


def _path(ring: Ring) -> str:
    (x, y), parts, command = ring[0], [f"M{ring[0][0]} {ring[0][1]}"], "M"
    for to_x, to_y in ring[1:]:
        step_x, step_y = to_x - x, to_y - y
        x, y = to_x, to_y
        if step_x and step_y:
            # a further pair needs no letter, and no blank before a minus
            parts.append(("" if step_x < 0 else " ") if command == "l" else "l")
            parts.append(f"{step_x}{'' if step_y < 0 else ' '}{step_y}")
            command = "l"
        else:
            command = "v" if step_y else "h"
            parts.append(f"{command}{step_y or step_x}")
    return "".join(parts) + "z"
