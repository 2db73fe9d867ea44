"""Outlines of areas as shapely's geometries: repaired, simplified, dissolved, and as table rows.

Everything here is in metres on a plane around the force (`Plane`), east and north. Outlines that
fit together are simplified together, so that neighbours keep one border. Where they do so but for
slips of the pen, these are closed first; where they don't, each is simplified by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from forewatch.arrays import Array
from forewatch.outlines import METRES_PER_DEGREE
from forewatch.tables import SHAPES

Geometries = NDArray[np.object_]
# The coarsest outlines stay within this part of the whole map's longer side, which at usual sizes
# is less than two dots of a screen. Source: docs/decisions/0022.
TOLERANCE_OF_MAP = 1 / 600
# Finer ones are for maps of a part of the force: a third and a ninth of the coarsest.
FINER = (1.0, 1 / 3, 1 / 9)
_CLOSED_CHANGE = 0.01  # of an area's size by which closing gaps may change it
_NO_CHANGE = 1e-6
_DIGITS = 6  # of a degree: a decimetre
_TURN = 360
_OF_POINTS = ("area", "part", "ring", "lon", "lat")


@dataclass(frozen=True)
class Plane:
    """A plane of metres around a middle in degrees: true to scale there, near enough around it."""

    lon: float
    lat: float

    @classmethod
    def around(cls, degrees: Array) -> Plane:
        """Return the plane in the middle of points in degrees, shape (points, 2), lon first.

        Opposite the middle is where fewest points are, so that none is cut at the 180th meridian.
        """
        lons = np.unique(np.mod(degrees[:, 0], _TURN))
        gaps = np.diff(np.append(lons, lons[0] + _TURN))
        widest = int(gaps.argmax())
        middle = lons[widest] + gaps[widest] / 2 + _TURN / 2
        lats = degrees[:, 1]
        return cls(float(np.mod(middle + 180, _TURN) - 180), float(lats.min() + lats.max()) / 2)

    @property
    def _scale(self) -> Array:
        east = METRES_PER_DEGREE * max(np.cos(np.radians(self.lat)), 0.01)
        return np.array([east, METRES_PER_DEGREE])

    def metres(self, degrees: Array) -> Array:
        """Return points in metres, shape (points, 2)."""
        away = np.mod(degrees[:, 0] - self.lon + 180, _TURN) - 180
        return np.column_stack([away, degrees[:, 1] - self.lat]) * self._scale

    def degrees(self, metres: Array) -> Array:
        """Return points in degrees; longitudes go on beyond 180 where the plane does."""
        return np.round(metres / self._scale + [self.lon, self.lat], _DIGITS)


@dataclass(frozen=True)
class Simplified:
    """The outlines of areas at several tolerances.

    Args:
        by_tolerance: the areas' outlines, by the metres that they may be off.
        fit: whether neighbours share their borders: "as given", once gaps were "closed", or "no".
    """

    by_tolerance: Mapping[float, Geometries]
    fit: str


def repaired(geometries: Geometries) -> Geometries:
    """Return valid polygons or multipolygons; empty where nothing with an area is left."""
    return np.asarray(shapely.make_valid(geometries, method="structure", keep_collapsed=False))


def simplified(geometries: Geometries) -> Simplified:
    """Return valid outlines of one level of areas, simplified to what a map can show."""
    west, south, east, north = shapely.total_bounds(geometries)
    coarsest = float(max(east - west, north - south)) * TOLERANCE_OF_MAP
    whole, fit = _closed(geometries, coarsest)
    one_by_one = fit == "no"
    return Simplified(
        {
            round(coarsest * part, 1): _without_specks(
                shapely.simplify(whole, coarsest * part)
                if one_by_one
                else shapely.coverage_simplify(whole, coarsest * part),
                coarsest * part,
            )
            for part in FINER
        },
        fit,
    )


def dissolved(parts: Geometries, gap: float) -> BaseGeometry:
    """Return the one outline of areas side by side; gaps up to *gap* metres between are closed."""
    if shapely.coverage_is_valid(parts):
        return shapely.coverage_union_all(parts)
    wide = shapely.buffer(shapely.union_all(parts), gap / 2, join_style="mitre")
    whole: BaseGeometry = repaired(
        np.array([shapely.buffer(wide, -gap / 2, join_style="mitre")], dtype=object)
    )[0]
    return whole


def outline_rows(areas: Sequence[str], geometries: Geometries, plane: Plane) -> pd.DataFrame:
    """Return the columns area, part, ring, lon and lat of SHAPES, one row a point."""
    parts, of_area = shapely.get_parts(geometries, return_index=True)
    rings, of_part = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    goes_on = np.append(of_ring[1:] == of_ring[:-1], False)  # not the first point once more
    points, of_ring = points[goes_on], of_ring[goes_on]
    degrees = plane.degrees(points)
    return pd.DataFrame(
        {
            "area": np.array(areas, dtype=object)[of_area[of_part[of_ring]]],
            "part": _count_from(of_area)[of_part[of_ring]],
            "ring": _count_from(of_part)[of_ring],
            "lon": degrees[:, 0],
            "lat": degrees[:, 1],
        }
    ).astype({name: kind for name, kind in SHAPES.columns.items() if name in _OF_POINTS})


def geometries_of(rows: pd.DataFrame, plane: Plane) -> dict[str, BaseGeometry]:
    """Return the outlines that rows of SHAPES hold, by area; rows of one tolerance for each."""
    found: dict[str, list[shapely.Polygon]] = {}
    for (area, _), part in rows.groupby(["area", "part"], sort=False):
        rings = [
            plane.metres(ring[["lon", "lat"]].to_numpy(float))
            for _, ring in part.groupby("ring", sort=False)
        ]
        found.setdefault(str(area), []).append(shapely.Polygon(rings[0], rings[1:]))
    return {
        area: repaired(np.array([shapely.MultiPolygon(parts)]))[0] for area, parts in found.items()
    }


def clean_coverage(geometries: Geometries, gap: float = 0.0) -> Geometries:
    """Return outlines without overlaps, and without gaps up to a width, corner on corner."""
    clean = shapely.coverage_clean  # type: ignore[attr-defined] # its stubs are of 2.1
    return np.asarray(clean(geometries, gap_width=gap))


def _closed(geometries: Geometries, gap: float) -> tuple[Geometries, str]:
    """Return outlines without overlaps and narrow gaps, and how they fit.

    They are as they were where they fit already, or where closing would change an area much.
    """
    fits = bool(shapely.coverage_is_valid(geometries))
    found = clean_coverage(geometries, gap)
    change = float(np.abs(shapely.area(found) / shapely.area(geometries) - 1).max())
    if shapely.coverage_is_valid(found) and change <= _CLOSED_CHANGE:
        if fits and change < _NO_CHANGE:
            return geometries, "as given"
        return found, "closed"
    return geometries, "as given" if fits else "no"


def _without_specks(geometries: Geometries, tolerance: float) -> Geometries:
    """Return outlines without the islands that are smaller than a dot; of each the largest stays.

    Holes stay, whatever their size: an area may lie in one.
    """
    kept = []
    for geometry in geometries:
        parts = shapely.get_parts(geometry)
        sizes = shapely.area(parts)
        kept.append(shapely.multipolygons(parts[(sizes >= tolerance**2) | (sizes == sizes.max())]))
    return np.array(kept)


def _count_from(owners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each of grouped things its number within its owner, from 0."""
    starts = np.flatnonzero(np.append(True, owners[1:] != owners[:-1]))
    return np.arange(owners.size) - np.repeat(starts, np.diff(np.append(starts, owners.size)))
