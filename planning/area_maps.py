"""Maps of areas: their outlines on a plane, in whole numbers of a box, or tiles where none are.

Degrees become a plane whose east is shortened as it is at the middle latitude of what is drawn (the
equirectangular projection), so that a map of a force has its true aspect. Points are rounded to the
box; neighbours share theirs, so that no gap opens between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.areas import AreaTree
from forewatch.arrays import Array, Index
from forewatch.outlines import METRES_PER_DEGREE, current_outlines
from planning.map_shapes import MapShapes, Point, Ring
from planning.tiles import tile_map

BOX = 1000  # units of the longer side
_MARGIN = 4  # free around the map, so that no stroke is cut
# Coarsest outlines that are good enough: what they may be off is less than two units of the box.
_UNITS_OFF = 1.7
_LEAST_POINTS = 3


def area_map(outlines: pd.DataFrame, tree: AreaTree, areas: Sequence[str]) -> MapShapes:
    """Return the map of areas: of their outlines, or of tiles where none of them has any.

    Args:
        outlines: rows of SHAPES (`forewatch.tables`), in their order.
        tree: the force's; an outline dissolved of other areas than it has now isn't drawn.
        areas: ids, each once, none over another: a cut of the tree, or the areas below one.

    Raises:
        UnknownArea: if the tree lacks one.
    """
    for area in areas:
        tree.area(area)
    rows = current_outlines(outlines[outlines["area"].isin(areas)], tree)
    if not len(rows):
        return tile_map(tree, areas)
    plane = _plane(rows[["lon", "lat"]].to_numpy(float))
    span = np.ptp(plane, axis=0)
    units = (BOX - 2 * _MARGIN) / max(span.max(), 1e-9)
    chosen = _good_enough(rows, _UNITS_OFF / units * METRES_PER_DEGREE)
    points = np.round((plane - plane.min(axis=0)) * units).astype(np.int64) + _MARGIN
    width, height = (int(side) + _MARGIN for side in points.max(axis=0))
    rings = _rings(rows[chosen], points[chosen])
    drawn = [area for area in areas if area in rings]
    return MapShapes(
        kind="outlines",
        width=width,
        height=height,
        rings={area: rings[area] for area in drawn},
        middles={area: point_inside(rings[area]) for area in drawn},
        without_shape=tuple(area for area in areas if area not in rings),
    )


def point_inside(rings: Sequence[Ring]) -> Point:
    """Return a point well inside rings: in the middle of the widest stretch at half their height.

    Args:
        rings: of one area; holes turn the other way.

    >>> point_inside([((0, 0), (30, 0), (30, 10), (10, 10), (10, 90), (0, 90))])
    (5, 45)
    """
    largest = max(rings, key=lambda ring: abs(_doubled_area(ring)))
    ys = sorted({y for _, y in largest})
    middle = (ys[0] + ys[-1]) / 2 + 0.25  # on no point: a line through one would count it twice
    crossings = sorted(
        a[0] + (middle - a[1]) * (b[0] - a[0]) / (b[1] - a[1])
        for ring in rings
        for a, b in _sides(ring)
        if min(a[1], b[1]) < middle < max(a[1], b[1])
    )
    stretches = list(zip(crossings[::2], crossings[1::2], strict=False))
    if not stretches:
        return largest[0]
    left, right = max(stretches, key=lambda stretch: stretch[1] - stretch[0])
    return round((left + right) / 2), round(middle - 0.25)


def _good_enough(rows: pd.DataFrame, metres: float) -> NDArray[np.bool_]:
    """Return which rows are of the coarsest outline of their area that is within so many metres."""
    fine = rows["tolerance_m"].where(rows["tolerance_m"] <= metres)
    finest = rows.groupby("area")["tolerance_m"].transform("min")
    wanted = fine.groupby(rows["area"]).transform("max").fillna(finest)
    return (rows["tolerance_m"] == wanted).to_numpy()


def _plane(degrees: Array) -> Array:
    """Return points east and south, in degrees of latitude, shape (points, 2)."""
    lon, lat = degrees.T
    middle = np.radians((lat.min() + lat.max()) / 2)
    return np.column_stack([lon * max(np.cos(middle), 0.01), -lat])


def _rings(rows: pd.DataFrame, points: Index) -> dict[str, tuple[Ring, ...]]:
    """Return the rings of each area; an area that is smaller than a unit is drawn as a dot."""
    found: dict[str, list[Ring]] = {}
    places: dict[str, Point] = {}
    numbers = rows.groupby(["area", "part", "ring"], sort=False).ngroup().to_numpy()
    starts = np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1]))
    names = rows["area"].to_numpy()[starts]
    for area, ring in zip(names, np.split(points, starts[1:]), strict=True):
        places.setdefault(area, (int(ring[0, 0]), int(ring[0, 1])))
        left = _without_idle_points(ring)
        own = found.setdefault(area, [])
        if len(left) >= _LEAST_POINTS:
            own.append(tuple((int(x), int(y)) for x, y in left))
    return {area: tuple(rings) or (_dot(places[area]),) for area, rings in found.items()}


def _without_idle_points(ring: Index) -> Index:
    """Return a ring without points that stand twice or lie on the straight line of two others."""
    while len(ring):
        before, after = np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0)
        is_idle = (ring == after).all(axis=1)
        if not is_idle.any():
            (x, y), (next_x, next_y) = (ring - before).T, (after - ring).T
            is_idle = x * next_y == y * next_x
        if not is_idle.any():
            break
        ring = ring[~is_idle]
    return ring


def _dot(place: Point) -> Ring:
    x, y = place
    return ((x - 1, y - 1), (x + 1, y - 1), (x + 1, y + 1), (x - 1, y + 1))


def _sides(ring: Ring) -> Iterable[tuple[Point, Point]]:
    return zip(ring, (*ring[1:], ring[0]), strict=True)


def _doubled_area(ring: Ring) -> int:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in _sides(ring))
