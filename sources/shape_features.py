"""The features of a GeoJSON as outlines of the force's areas: which area each is, and its polygons.

A feature is an area's where a property has the area's id or name, whatever its case and signs; a
mapping's crosswalk says what other codes mean. Features that can't be taken keep their reason.
"""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from forewatch.areas import AreaTree
from forewatch.arrays import Array, Mask
from forewatch.errors import DataError, MissingColumns
from sources.crosswalk import EXCLUDE, slug
from sources.dated_codes import all_entries, dated_ids
from sources.geojson import (
    geojson_features,
    properties_text,
    property_text,
    stop_at_bad_positions,
)
from sources.outlines import Geometries, repaired
from sources.personal import quote_text, refuse_persons
from sources.quarantine import reasons
from sources.table_mapping import TableMapping

AREA = "area"
_NAMES_OF_ID = (AREA, "id", "name")  # of the property, where nobody names it
_DEPTHS = {"Polygon": 2, "MultiPolygon": 3}
_MOST_POINTS = 2_000_000
_RING_POINTS = 4  # of a closed one
_SHOWN, _NEAR = 5, 3
_SWAPPED_DEGREES, _SWAPPED_RATIO = 1.0, 0.1
NO_CODE = "no id"
NO_AREA = "no area has this id or name"
SEVERAL_AREAS = "the name of several areas"
NO_SHAPE = "no polygon"
NOTHING_LEFT = "a shape without an area"


@dataclass(frozen=True)
class ShapeFeatures:
    """The features of a file, one each in its order.

    Args:
        area: id of the area, NaN where it is none's.
        outline: valid polygons in degrees, None where there is nothing to draw.
        reason: why the feature can't be taken, "" where it can.
        filtered: why the mapping leaves it out, "" where it doesn't.
        repaired: features whose outline had to be repaired.
        notes: sentences for the person who imports.
    """

    area: pd.Series
    outline: Geometries
    reason: pd.Series
    filtered: pd.Series
    repaired: int
    notes: tuple[str, ...]


def read_shapes(file: Path, tree: AreaTree, mapping: TableMapping) -> ShapeFeatures:
    """Return what a file says of the outlines of a tree's areas.

    Raises:
        DataError: if it can't be read, isn't in degrees, has latitude and longitude swapped, or no
            feature of it is an area.
        MissingColumns: if no property holds the ids.
        PersonalData: if a property is about persons.
    """
    features = geojson_features(file)
    codes, name = _codes(file, features, mapping)
    area, excluded = _areas(codes, tree, mapping)
    if not len(area.dropna()) and not excluded.any():
        raise DataError(_no_area_at_all(file, features, codes, name, tree))
    given = _polygons(file, features)
    drawable = np.array([shape is not None for shape in given])
    outline = np.full(len(given), None, object)
    outline[drawable] = repaired(given[drawable])
    lost = drawable & np.array([shape is None or shape.is_empty for shape in outline])
    folded = Counter(each.name.casefold() for each in tree.areas)
    several = codes.fillna("").map(lambda code: folded[code.casefold()] > 1)
    reason = reasons(
        {
            "_": excluded,
            NO_CODE: codes.isna(),
            SEVERAL_AREAS: area.isna() & several,
            NO_AREA: area.isna(),
            NO_SHAPE: pd.Series(~drawable),
            NOTHING_LEFT: pd.Series(lost),
        }
    ).mask(excluded, "")
    taken = ((reason == "") & ~excluded).to_numpy(bool)
    _stop_if_swapped(file, area, outline, taken, tree)
    broken = drawable & taken & ~np.asarray(shapely.is_valid(given))
    filtered = pd.Series("", index=area.index, dtype="str")
    return ShapeFeatures(
        area=area,
        outline=outline,
        reason=reason,
        filtered=filtered.mask(excluded, "excluded by the crosswalk"),
        repaired=int(broken.sum()),
        notes=_unknown_notes(codes[reason == NO_AREA], tree),
    )


def _codes(
    file: Path, features: list[dict[str, Any]], mapping: TableMapping
) -> tuple[pd.Series, str]:
    """Return the text of each feature that says which area it is, and the property's name."""
    offered = _offered(features)
    given = mapping.columns.get(AREA)
    name = given or next((each for each in _NAMES_OF_ID if each in offered), None)
    refuse_persons(file.name, offered, (name,) if name else (), mapping.refuse, _NAMES_OF_ID)
    if name not in offered:
        lacks = f"no property {quote_text(given)}" if given else "neither area, id nor name"
        raise MissingColumns(
            f"{file.name} has {lacks} to tell areas by; it has {properties_text(offered)}; name "
            "the property that holds ids or names of areas with --id"
        )
    texts = [
        property_text(file, number, _properties(feature), name)
        for number, feature in enumerate(features, 1)
    ]
    return pd.Series(texts, dtype="str", name=AREA), name


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    """Return a feature's properties, with the id that GeoJSON has beside them."""
    beside: dict[str, Any] = (
        {"id": feature["id"]} if isinstance(feature.get("id"), str | int) else {}
    )
    properties: dict[str, Any] = feature["properties"]
    return beside | properties


def _offered(features: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for each in features for name in _properties(each)))


def _areas(codes: pd.Series, tree: AreaTree, mapping: TableMapping) -> tuple[pd.Series, pd.Series]:
    """Return the area of each code, NaN where it has none, and which codes are left out."""
    folded = Counter(each.name.casefold() for each in tree.areas)
    names = {
        each.id: each.name if folded[each.name.casefold()] == 1 else each.id for each in tree.areas
    }
    entries = all_entries(mapping.crosswalk.get("area", "identity"), ())
    ids, _ = dated_ids(codes.astype("category"), None, names, entries, falls_back=True)
    excluded = (ids == EXCLUDE).rename(AREA)
    by_slug = {slug(name): area for area, name in names.items()} | {i: i for i in tree.ids}
    found = ids.fillna(codes.map(slug, na_action="ignore").map(by_slug))
    return found.mask(excluded).astype("str"), excluded


def _polygons(file: Path, features: list[dict[str, Any]]) -> Geometries:
    """Return the polygons of each feature as they are given, None where it has none."""
    found = np.full(len(features), None, object)
    points = 0
    for number, feature in enumerate(features, 1):
        rings = _rings(f"{file.name}: the geometry of feature {number}", feature.get("geometry"))
        points += sum(len(ring) for polygon in rings for ring in polygon)
        if points > _MOST_POINTS:
            raise DataError(
                f"{file.name} has more than {_MOST_POINTS:,} points; leave features of other "
                "places out, or take a generalised edition (ogr2ogr -simplify)"
            )
        if rings:
            found[number - 1] = shapely.MultiPolygon(
                [shapely.Polygon(outer, holes) for outer, *holes in rings]
            )
    return found


def _rings(where: str, geometry: object) -> list[list[Array]]:
    """Return the closed rings of each polygon of a geometry; of lines and points none."""
    if geometry is None or geometry == {}:
        return []
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or not isinstance(kind, str):
        raise DataError(f"{where} is no GeoJSON geometry; export it again")
    if kind == "GeometryCollection":
        inner = geometry.get("geometries")
        if not isinstance(inner, list):
            raise DataError(f"{where} ({kind}) has no list of geometries; export it again")
        return [polygon for each in inner for polygon in _rings(where, each)]
    if kind not in _DEPTHS:
        return []
    coordinates = geometry.get("coordinates")
    if coordinates is None:
        raise DataError(f"{where} ({kind}) has no coordinates; export it again")
    if coordinates == []:
        return []
    stop_at_bad_positions(f"{where} ({kind})", coordinates, _DEPTHS[kind])
    polygons = coordinates if kind == "MultiPolygon" else [coordinates]
    return [[_ring(ring) for ring in polygon] for polygon in polygons if polygon]


def _ring(positions: list[list[float]]) -> Array:
    """Return a closed ring without heights, continuous across the 180th meridian."""
    points = np.array([position[:2] for position in positions], float)
    points[:, 0] = np.unwrap(points[:, 0], period=360)
    if (points[0] != points[-1]).any() or len(points) < _RING_POINTS:
        points = np.vstack([points, points[:1]])
    return points


def _stop_if_swapped(
    file: Path, area: pd.Series, outline: Geometries, taken: Mask, tree: AreaTree
) -> None:
    """Stop where outlines lie at their areas' middles once latitude and longitude are swapped."""
    as_given, swapped = [], []
    for i in np.flatnonzero(taken):
        node = tree.area(area.iloc[i])
        if node.lat is not None and node.lon is not None:
            x, y = outline[i].centroid.coords[0]
            as_given.append(np.hypot(x - node.lon, y - node.lat))
            swapped.append(np.hypot(y - node.lon, x - node.lat))
    if not as_given or np.median(as_given) < _SWAPPED_DEGREES:
        return
    if np.median(swapped) < _SWAPPED_RATIO * np.median(as_given):
        raise DataError(
            f"{file.name} has latitude and longitude swapped: the outlines lie far from the "
            "middles of their areas, and near them the other way round; export it with the "
            "longitude first"
        )


def _unknown_notes(codes: pd.Series, tree: AreaTree) -> tuple[str, ...]:
    unknown = list(dict.fromkeys(codes))
    notes = [
        f"no area {quote_text(code)}; near: {', '.join(_near(code, tree)) or 'none'}"
        for code in unknown[:_SHOWN]
    ]
    more = len(unknown) - _SHOWN
    return (*notes, *([f"and {more:,} more features of no area"] if more > 0 else []))


def _near(code: str, tree: AreaTree) -> list[str]:
    """Return ids of areas that a code may mean: those whose name is within it come first."""
    words = set(slug(code).split("-"))
    within = [each.id for each in tree.areas if set(slug(each.name).split("-")) <= words]
    if within:
        return within[:_NEAR]
    alike = difflib.get_close_matches(slug(code), [slug(each.name) for each in tree.areas], _NEAR)
    return [each.id for one in alike for each in tree.areas if slug(each.name) == one][:_NEAR]


def _no_area_at_all(
    file: Path, features: list[dict[str, Any]], codes: pd.Series, name: str, tree: AreaTree
) -> str:
    """Return what to say where no feature is an area: what is there, and which property is better.

    A text is told only where it is no longer than an id may be.
    """
    folded = {word.casefold() for each in tree.areas for word in (each.id, each.name)}
    hits = {
        other: sum(
            isinstance(text, str) and (text.strip().casefold() in folded or slug(text) in tree.ids)
            for text in (_properties(feature).get(other) for feature in features)
        )
        for other in _offered(features)
        if other != name
    }
    best = max(hits, key=lambda other: hits[other], default=None)
    better = ""
    if best is not None and hits[best]:
        better = f"; {quote_text(best)} would name {hits[best]} areas: give it with --id"
    shown = ", ".join(quote_text(code) for code in codes.dropna().unique()[:_SHOWN])
    known = ", ".join(tree.ids[:_SHOWN])
    return (
        f"{file.name}: no feature is an area of the force; {quote_text(name)} has "
        f"{shown or 'no id'}, and areas are {known} …"
        f"{better or '; name another property with --id'}, or map the codes under [crosswalk] area "
        "in a mapping"
    )
