"""A map of equal tiles where no outlines are known: each area at a place near its middle.

Areas are given to the cells of a grid so that the sum of squared distances to their middles is
least: the shape of the force is lost, north stays above and neighbours stay near. Where no middles
are known, tiles stand in the order of the alphabet, row by row, and the map says so ("grid").

Source:
    Kuhn (1955), The Hungarian method for the assignment problem, by scipy's linear_sum_assignment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from forewatch.areas import AreaTree
from forewatch.arrays import Array
from planning.map_shapes import MapShapes, Point, Ring

_TILE, _GAP = 100, 8  # of the box's units: a cell's side, and what is left free between two tiles
_LEAST_SPREAD = 1e-6  # degrees; middles nearer than this are one place
_WIDER = 1.3  # a grid wider than high reads better on most screens; used where middles say nothing
_TURN = 360


def tile_map(tree: AreaTree, areas: Sequence[str]) -> MapShapes:
    """Return a tile for each area; the same areas in any order have the same places.

    Args:
        tree: the force's.
        areas: ids, each once. Those without a middle stand below the others, by the alphabet.
    """
    ordered = sorted(areas, key=lambda area: (tree.area(area).name.casefold(), area))
    middles = _middles(tree, ordered)
    cells = _cells_by_middle(middles) if len(middles) else {}
    columns = 1 + max((x for x, _ in cells.values()), default=_alphabet_columns(len(ordered)) - 1)
    first_row = 1 + max((y for _, y in cells.values()), default=-1)
    for n, area in enumerate(area for area in ordered if area not in cells):
        cells[area] = (n % columns, first_row + n // columns)
    rows = 1 + max((y for _, y in cells.values()), default=0)
    return MapShapes(
        kind="tiles" if len(middles) else "grid",
        width=columns * _TILE,
        height=rows * _TILE,
        rings={area: (_tile(cells[area]),) for area in areas},
        middles={area: _middle(cells[area]) for area in areas},
    )


def _middles(tree: AreaTree, areas: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return longitude and latitude of the areas that have both."""
    nodes = [tree.area(area) for area in areas]
    return {
        node.id: (node.lon, node.lat)
        for node in nodes
        if node.lat is not None and node.lon is not None
    }


def _cells_by_middle(middles: Mapping[str, tuple[float, float]]) -> dict[str, Point]:
    """Return column and row of each area, from 0 at the north-west."""
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - only where no outlines are

    places = _plane(np.array([*middles.values()], float))
    columns, spots = _grid(places)
    distances = ((places[:, None] - spots[None]) ** 2).sum(-1)
    _, given = linear_sum_assignment(distances)
    found = {
        area: (int(at % columns), int(at // columns))
        for area, at in zip(middles, given, strict=True)
    }
    left = min(x for x, _ in found.values())
    top = min(y for _, y in found.values())
    return {area: (x - left, y - top) for area, (x, y) in found.items()}


def _plane(degrees: Array) -> Array:
    """Return middles east and south on a plane, shape (areas, 2), true to scale at their latitude.

    They are turned about where the 180th meridian cuts them.
    """
    lon, lat = degrees.T
    if np.ptp(lon) > _TURN / 2:
        lon = np.mod(lon, _TURN)
    middle = np.radians((lat.min() + lat.max()) / 2)
    return np.column_stack([(lon - lon.min()) * np.cos(middle), lat.max() - lat])


def _grid(places: Array) -> tuple[int, Array]:
    """Return the columns of a grid over places, and the middles of its cells row by row.

    The grid has the aspect of the places and cells enough for a ragged edge; cells' middles are
    spread over the places' own span, so that where they stand close, tiles move outwards.
    """
    n = len(places)
    span = np.ptp(places, axis=0)
    wide, high = np.maximum(span, max(span.max() * 0.05, _LEAST_SPREAD))
    cells = n * 1.25
    columns = max(1, min(n, round(np.sqrt(cells * wide / high))))
    rows = -(-n // columns) if columns == 1 or n <= columns else max(1, round(cells / columns))
    while columns * rows < n:
        rows += 1
    x, y = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
    low = places.min(axis=0)
    spots = np.column_stack([x.ravel(), y.ravel()]) * np.maximum(span, _LEAST_SPREAD) + low
    return columns, spots


def _alphabet_columns(n: int) -> int:
    return max(1, int(np.ceil(np.sqrt(n * _WIDER))))


def _tile(cell: Point) -> Ring:
    left, top = (at * _TILE + _GAP // 2 for at in cell)
    right, bottom = left + _TILE - _GAP, top + _TILE - _GAP
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def _middle(cell: Point) -> Point:
    return cell[0] * _TILE + _TILE // 2, cell[1] * _TILE + _TILE // 2
