"""Areas as the features of a GeoJSON: their properties, positions, and the middles of their shapes.

Source:
    RFC 7946, The GeoJSON Format: longitude first, degrees by WGS 84. Files of before (GeoJSON 2008)
    may name another system in a member crs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from forewatch.errors import DataError
from sources.personal import quote_text

_TYPES = (
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
    "GeometryCollection",
)  # fmt: skip
_DEPTHS = {"Point": 0, "Polygon": 2, "MultiPolygon": 3}  # lists around the positions
_LEAST_POINTS = 3  # of a ring
_MOST_DEGREES = (180, 90)  # of longitude and latitude
# WGS 84, and ETRS89 and NAD83, which are within two metres of it.
_IN_DEGREES = re.compile(r"CRS:?84h?$|EPSG:[\d.]*:?(4326|4979|4258|4269)$", re.IGNORECASE)
_LEAST_METRES = 1000
_TO_DEGREES = (
    "export it as longitude and latitude by WGS 84 (EPSG:4326), or convert it: ogr2ogr -t_srs "
    "EPSG:4326 new.geojson {}"
)
_NAMES_SHOWN = 10
_MOST_BYTES = 64 * 2**20


def geojson_features(file: Path) -> list[dict[str, Any]]:
    """Return the features of a file, each with a table of properties.

    Raises:
        DataError: if it is no feature collection in UTF-8, is larger than 64 MiB, says that it is
            not in degrees, or a feature has no properties.
    """
    _stop_at_size(file)
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"), parse_constant=_no_number)
    except FileNotFoundError as error:
        raise DataError(f"no file {file.name} at the path given; check the path") from error
    except (ValueError, RecursionError) as error:
        # A decoder's message holds the place and no text of the file.
        raise DataError(
            f"{file.name} is no GeoJSON feature collection ({_reason(error)}); export it again"
        ) from error
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        raise DataError(
            f"{file.name} is no GeoJSON feature collection: it has no list of features; export the "
            "areas as one FeatureCollection"
        )
    _stop_at_system(file, content.get("crs"))
    if not features:
        raise DataError(f"{file.name} has no features; export the areas, one feature each")
    for number, feature in enumerate(features, 1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
            raise DataError(
                f"{file.name}: feature {number} has no table of properties; give it an id or a name"
            )
    return features


def _stop_at_size(file: Path) -> None:
    size = file.stat().st_size if file.is_file() else 0
    if size > _MOST_BYTES:
        raise DataError(
            f"{file.name} is {size / 2**20:,.0f} MiB, and a GeoJSON is read up to "
            f"{_MOST_BYTES // 2**20}; leave features of other places out, or take a generalised "
            "edition (ogr2ogr -simplify)"
        )


def _stop_at_system(file: Path, crs: object) -> None:
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str):
        raise DataError(
            f"{file.name} names its coordinate system (crs) in a way that can't be read; "
            + _TO_DEGREES.format(file.name)
        )
    if not _IN_DEGREES.search(name.strip()):
        raise DataError(
            f"{file.name} says that its coordinates are by {quote_text(name)} (crs); "
            + _TO_DEGREES.format(file.name)
        )


def property_text(file: Path, number: int, properties: dict[str, Any], name: str) -> str | None:
    """Return a property as text without the blanks around it; None where it is absent or blank.

    Raises:
        DataError: if it is a list or a table.
    """
    value = properties.get(name)
    if isinstance(value, list | dict):
        raise DataError(
            f"{file.name}: property {name!r} of feature {number} is a "
            f"{'list' if isinstance(value, list) else 'table'}; give it as one text or number"
        )
    text = "" if value is None else str(value).strip()
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise DataError(
            f"{file.name}: property {name!r} of feature {number} holds half of a letter (a lone "
            "surrogate); export the file again"
        )
    return text or None


def properties_text(names: Iterable[str]) -> str:
    """Return names of properties for a message, quoted and cut short."""
    listed = [quote_text(name) for name in names]
    more = f" and {len(listed) - _NAMES_SHOWN} more" if len(listed) > _NAMES_SHOWN else ""
    return ", ".join(listed[:_NAMES_SHOWN]) + more or "no properties"


def centre(file: Path, number: int, geometry: object) -> tuple[float, float] | None:
    """Return longitude and latitude of a shape's centre of mass, degrees; None where it has none.

    Args:
        file: the file, for messages.
        number: of the feature in the file, from 1, for messages.
        geometry: what the feature has as its geometry; lines and collections have no centre here.

    Raises:
        DataError: if it is no geometry, its lists are nested otherwise than its type says, or a
            coordinate is no number of degrees.
    """
    if geometry is None or geometry == {}:
        return None
    where = f"{file.name}: the geometry of feature {number}"
    if not isinstance(geometry, dict) or geometry.get("type") not in _TYPES:
        raise DataError(f"{where} is of no type that GeoJSON has; want one of {', '.join(_TYPES)}")
    kind = geometry["type"]
    if kind not in _DEPTHS:
        return None
    if "coordinates" not in geometry:
        raise DataError(f"{where} ({kind}) has no coordinates; export it again")
    coordinates = geometry["coordinates"]
    if coordinates == []:
        return None  # as good as no geometry, says the RFC
    stop_at_bad_positions(f"{where} ({kind})", coordinates, _DEPTHS[kind])
    if kind == "Point":
        return float(coordinates[0]), float(coordinates[1])
    parts = [
        _ring(np.array([position[:2] for position in ring], float), sign)
        for polygon in (coordinates if kind == "MultiPolygon" else [coordinates])
        for sign, ring in _signed_rings(polygon)
    ]
    weight = sum(area for area, _, _ in parts)
    if not weight:
        return None
    return sum(a * x for a, x, _ in parts) / weight, sum(a * y for a, _, y in parts) / weight


def stop_at_bad_positions(where: str, coordinates: object, depth: int) -> None:
    """Stop where coordinates are nested otherwise than a type says, or are no degrees.

    Args:
        where: whose they are, for messages.
        coordinates: as the file has them.
        depth: lists around the positions: 0 of a point, 2 of a polygon, 3 of several.

    Raises:
        DataError: saying what was found.
    """
    if depth:
        if not isinstance(coordinates, list):
            raise DataError(
                f"{where} is nested wrongly: a list was wanted and {_kind(coordinates)} found; "
                "export it again"
            )
        for inner in coordinates:
            stop_at_bad_positions(where, inner, depth - 1)
        if depth == 1 and len(coordinates) < _LEAST_POINTS:
            raise DataError(
                f"{where} has a ring of {len(coordinates)} points; a ring has at least three"
            )
        return
    pair = coordinates if isinstance(coordinates, list) else []
    if len(pair) <= 1 or any(isinstance(value, list) for value in pair):
        raise DataError(
            f"{where} is nested wrongly: a pair of longitude and latitude was wanted and "
            f"{_kind(coordinates)} found; export it again"
        )
    for value, most, axis in zip(pair, _MOST_DEGREES, ("longitude", "latitude"), strict=False):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DataError(f"{where} has {_kind(value)} for a {axis}; give degrees as numbers")
        if not abs(value) <= most:  # also what is no number or endless
            raise DataError(
                f"{where} has {value!s:.12} for a {axis}; degrees go from -{most} to {most}"
                f"{_what_it_may_be(value)}: export it as longitude and latitude by WGS 84 "
                "(EPSG:4326)"
            )


def _what_it_may_be(value: float) -> str:
    if abs(value) >= _LEAST_METRES:
        return (
            ", and this looks like metres of a projected grid (as the British National Grid, "
            "EPSG:27700)"
        )
    return ", longitude first" if abs(value) <= max(_MOST_DEGREES) else ""


def _kind(value: object) -> str:
    names: dict[type, str] = {str: "a text", dict: "a table", bool: "true or false"}
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "nothing" if value is None else names.get(type(value), "a number")


def _signed_rings(polygon: list[Any]) -> Iterator[tuple[int, list[list[float]]]]:
    """Yield each ring with 1 where it bounds the area and -1 where it is a hole in it."""
    for i, ring in enumerate(polygon):
        yield (-1 if i else 1), ring


def _ring(points: NDArray[np.float64], sign: int) -> tuple[float, float, float]:
    """Return signed area and centre of a ring, in squared degrees and degrees.

    Source:
        Bourke (1988), Calculating the area and centroid of a polygon: the shoelace formula.
    """
    if (points[0] != points[-1]).any():
        points = np.vstack([points, points[:1]])
    x, y = (points - points[0]).T  # near the origin, so that small areas keep their digits
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    area = cross.sum() / 2
    if area == 0:
        return 0.0, 0.0, 0.0
    cx = ((x[:-1] + x[1:]) * cross).sum() / (6 * area) + points[0, 0]
    cy = ((y[:-1] + y[1:]) * cross).sum() / (6 * area) + points[0, 1]
    return sign * abs(float(area)), float(cx), float(cy)


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not written in UTF-8"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
