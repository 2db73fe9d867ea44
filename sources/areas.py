"""The area tree from a file: a table of nodes with their parents, or the features of a GeoJSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.areas import AREA_KINDS, Area, AreaTree
from forewatch.errors import DataError, MissingColumns, SettingsError
from forewatch.profile import AreaEntry, Profile
from sources.crosswalk import slug
from sources.lake import Lake
from sources.personal import refuse_persons
from sources.table_mapping import Root, TableMapping
from sources.tabular import column_names, texts

COLUMNS = ("id", "name", "parent", "kind", "lat", "lon", "population")
GEOJSON = (".geojson", ".json")
_NUMBERS = ("lat", "lon", "population")
_TEXTS = ("id", "name", "parent", "kind")


def tree(lake: Lake, profile: Profile) -> AreaTree:
    """Return the force's area tree: the profile's own, or the imported one.

    Raises:
        SettingsError: if there is none, or there are two.
    """
    table = lake.table("areas")
    if table is None:
        if not profile.areas:
            raise SettingsError(
                "the force has no areas; write [[areas]] into forewatch.toml or run "
                "'forewatch import areas FILE'"
            )
        return profile.tree()
    if profile.areas:
        raise SettingsError(
            f"two area trees: forewatch.toml has {len(profile.areas)} [[areas]] and "
            f"{len(table)} areas were imported; keep one of them"
        )
    return _tree(table, profile)


def area_table(file: Path, profile: Profile, mapping: TableMapping) -> pd.DataFrame:
    """Return the areas of a file, one row each in its order; the root first if it was added.

    Missing ids are made from names; parent is "" at the root; kind is "mixed" where none is given.
    Several areas without a parent stand below the mapping's root, or else below the force itself.

    Raises:
        PersonalData: if the file or the mapping offers a column about persons.
        MissingColumns: if the file names neither ids nor names.
        DataError: if a kind, a number or an id can't be read.
        SettingsError: if the areas make no tree of the profile's levels.
    """
    used = (mapping.columns.get(ours, ours) for ours in COLUMNS)
    refuse_persons(file.name, _offered(file), used, mapping.refuse, allowed=COLUMNS)
    found = _features(file, mapping) if file.suffix.lower() in GEOJSON else _rows(file, mapping)
    if found["id"].isna().all() and found["name"].isna().all():
        raise MissingColumns(
            f"areas lack id and name; {file.name} has {', '.join(_offered(file))}; name them "
            "under [columns] in a mapping"
        )
    found["id"] = found["id"].fillna(found["name"].map(slug, na_action="ignore"))
    found["name"] = found["name"].fillna(found["id"])
    found["kind"] = found["kind"].fillna("mixed").str.casefold()
    found["parent"] = found["parent"].fillna("")
    _stop_at_bad_values(found)
    found = _rooted(found, mapping.root or Root(id=profile.force.id, name=profile.force.name))
    built = _tree(found, profile)
    if not built.at_level(profile.levels.modelled):
        raise SettingsError(
            f"models are fitted by {profile.levels.modelled}, and no area stands at that level; "
            f"the tree has {', '.join(dict.fromkeys(built.level(i) for i in built.ids))}; change "
            "[levels] in forewatch.toml"
        )
    return found


def nearest(tree_: AreaTree, lat: pd.Series, lon: pd.Series) -> pd.Series:
    """Return the leaf whose centre is nearest to each point in degrees; NaN where either is NaN.

    Source:
        Haversine formula; R. W. Sinnott (1984), Virtues of the haversine, Sky and Telescope 68.
    """
    leaves = [tree_.area(leaf) for leaf in tree_.leaves]
    placed = {
        area.id: (area.lat, area.lon)
        for area in leaves
        if area.lat is not None and area.lon is not None
    }
    known = lat.notna() & lon.notna()
    if not placed or not known.any():
        return pd.Series(index=lat.index, dtype="str")
    centres = np.radians(np.array(list(placed.values()), float))
    points = np.radians(np.column_stack([lat[known], lon[known]]).astype(float))
    half = (points[:, None] - centres[None]) / 2
    cosines = np.cos(points[:, None, 0]) * np.cos(centres[None, :, 0])
    haversine = np.sin(half[..., 0]) ** 2 + cosines * np.sin(half[..., 1]) ** 2
    ids = np.array(list(placed))[haversine.argmin(1)]
    return pd.Series(ids, index=lat.index[known], dtype="str").reindex(lat.index)


def _tree(table: pd.DataFrame, profile: Profile) -> AreaTree:
    areas = tuple(
        Area(
            id=row["id"],
            name=row["name"],
            parent=row["parent"] or None,
            kind=row["kind"],
            **{name: None if pd.isna(row[name]) else float(row[name]) for name in _NUMBERS},
        )
        for row in table[list(COLUMNS)].to_dict("records")
    )
    return AreaTree(areas, profile.levels.names)


def _rows(file: Path, mapping: TableMapping) -> pd.DataFrame:
    offered = column_names(file)
    used = {ours: mapping.columns.get(ours, ours) for ours in COLUMNS}
    if lost := sorted(set(mapping.columns.values()) - set(offered)):
        raise MissingColumns(f"areas lack {', '.join(lost)}; {file.name} has {', '.join(offered)}")
    read = texts(file, tuple(theirs for theirs in used.values() if theirs in offered))
    return _typed(
        {
            ours: read[theirs].astype("str")
            if theirs in read
            else pd.Series(mapping.constants.get(ours), index=read.index, dtype="str")
            for ours, theirs in used.items()
        }
    )


def _features(file: Path, mapping: TableMapping) -> pd.DataFrame:
    features = _geojson(file)
    properties = [feature.get("properties") or {} for feature in features]
    columns: dict[str, list[Any]] = {
        ours: [
            _text(found.get(mapping.columns.get(ours, ours), mapping.constants.get(ours)))
            for found in properties
        ]
        for ours in COLUMNS
    }
    centres = [_centroid(feature.get("geometry") or {}) for feature in features]
    for axis, ours in ((1, "lat"), (0, "lon")):
        columns[ours] = [
            given if given is not None else centre and str(centre[axis])
            for given, centre in zip(columns[ours], centres, strict=True)
        ]
    return _typed({name: pd.Series(values, dtype="str") for name, values in columns.items()})


def _typed(columns: dict[str, pd.Series]) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    for name in _NUMBERS:
        numbers = pd.to_numeric(frame[name], errors="coerce").astype("float64")
        if (bad := frame[name].notna() & numbers.isna()).any():
            raise DataError(f"areas: {name} {frame.loc[bad, name].iloc[0]!r} is no number; mend it")
        frame[name] = numbers
    return frame


def _stop_at_bad_values(frame: pd.DataFrame) -> None:
    # A tree with a node left out is another tree, so nothing of it goes to quarantine.
    for row in frame.to_dict("records"):
        given = {k: v for k, v in row.items() if k in _NUMBERS and not pd.isna(v)}
        if row["kind"] not in AREA_KINDS:
            raise DataError(
                f"area {row['name']}: kind {row['kind']!r} is not one of {', '.join(AREA_KINDS)}"
            )
        try:
            AreaEntry(**given, **{k: row[k] for k in ("id", "name")}, parent=row["parent"] or None)
        except ValueError as error:
            raise DataError(
                f"area {row['id']!r} can't be taken: {error}; an id is lower case letters, digits, "
                "- and _"
            ) from error


def _rooted(frame: pd.DataFrame, root: Root) -> pd.DataFrame:
    tops = frame["parent"] == ""
    if tops.sum() <= 1:
        return frame
    top = pd.DataFrame([{"id": root.id, "name": root.name, "parent": "", "kind": "mixed"}])
    frame = frame.assign(parent=frame["parent"].mask(tops, root.id))
    return pd.concat([top.reindex(columns=list(COLUMNS)), frame], ignore_index=True).astype(
        dict.fromkeys(_TEXTS, "str") | dict.fromkeys(_NUMBERS, "float64")
    )


def _geojson(file: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        features = content["features"]
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise DataError(f"{file.name} is no GeoJSON feature collection; check the file") from error
    return list(features)


def _offered(file: Path) -> tuple[str, ...]:
    if file.suffix.lower() not in GEOJSON:
        return column_names(file)
    return tuple(dict.fromkeys(k for f in _geojson(file) for k in f.get("properties") or {}))


def _text(value: object) -> str | None:
    return None if value is None or str(value).strip() == "" else str(value).strip()


def _centroid(geometry: dict[str, Any]) -> tuple[float, float] | None:
    """Return longitude and latitude of the centre of mass of a geometry, in degrees."""
    parts = [_ring(np.asarray(ring, float)[:, :2], sign) for sign, ring in _rings(geometry)]
    weight = sum(area for area, _, _ in parts)
    if weight:
        return (
            sum(a * x for a, x, _ in parts) / weight,
            sum(a * y for a, _, y in parts) / weight,
        )
    if geometry.get("type") == "Point":
        lon, lat = geometry["coordinates"][:2]
        return float(lon), float(lat)
    return None


def _rings(geometry: dict[str, Any]) -> Iterator[tuple[int, list[list[float]]]]:
    """Yield each ring with 1 where it bounds the area and -1 where it is a hole in it."""
    polygons = geometry.get("coordinates", []) if geometry.get("type") == "MultiPolygon" else []
    if geometry.get("type") == "Polygon":
        polygons = [geometry["coordinates"]]
    for polygon in polygons:
        for i, ring in enumerate(polygon):
            yield (-1 if i else 1), ring


def _ring(points: NDArray[np.float64], sign: int) -> tuple[float, float, float]:
    """Return signed area and centre of a closed ring, in squared degrees and degrees.

    Source:
        Bourke (1988), Calculating the area and centroid of a polygon: the shoelace formula.
    """
    x, y = (points - points[0]).T  # near the origin, so that small areas keep their digits
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    area = cross.sum() / 2
    if area == 0:
        return 0.0, 0.0, 0.0
    cx = ((x[:-1] + x[1:]) * cross).sum() / (6 * area) + points[0, 0]
    cy = ((y[:-1] + y[1:]) * cross).sum() / (6 * area) + points[0, 1]
    return sign * abs(float(area)), float(cx), float(cy)
