"""The area tree from a file: a table of nodes with their parents, or the features of a GeoJSON."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import ValidationError

from forewatch.area_kinds import MIXED
from forewatch.areas import Area, AreaTree
from forewatch.errors import DataError, MissingColumns, SettingsError
from forewatch.profile import AreaEntry, Profile
from forewatch.tables import AREAS
from sources.area_ids import with_ids
from sources.extract import column_names, stop_if_doubled
from sources.geojson import centre, geojson_features, properties_text, property_text
from sources.lake import Lake
from sources.personal import columns_text, quote_text, refuse_persons
from sources.table_mapping import Root, TableMapping
from sources.tabular import texts

GEOJSON = (".geojson", ".json")
_NUMBERS = ("lat", "lon", "population")


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

    Missing ids are made from names; parents are ids, or names that one area has; parent is "" at
    the root; kind is "mixed" where none is given. Several areas without a parent stand below the
    mapping's root, or else below the force itself.

    Raises:
        PersonalData: if the file or the mapping offers a column about persons.
        MissingColumns: if the file names neither ids nor names.
        DataError: if a kind, a number, a shape or an id can't be read, or an id stands twice.
        SettingsError: if the areas make no tree of the profile's levels.
    """
    used = (mapping.columns.get(ours, ours) for ours in AREAS.columns)
    offered = _property_names(file)
    refuse_persons(file.name, offered, used, mapping.refuse, allowed=AREAS.columns)
    stop_if_doubled(file, offered, [mapping.columns.get(ours, ours) for ours in AREAS.columns])
    if not {mapping.columns.get(ours, ours) for ours in ("id", "name")}.intersection(offered):
        has = properties_text(offered) if _is_geojson(file) else columns_text(offered, ())
        raise MissingColumns(
            f"areas lack id and name; {file.name} has {has}; name them under [columns] in a mapping"
        )
    found = _features(file, mapping) if _is_geojson(file) else _rows(file, mapping)
    found = with_ids(found, file.name)
    found["kind"] = found["kind"].fillna(MIXED).str.casefold()
    _stop_at_bad_values(found, profile)
    found = _add_root(found, mapping.root or Root(id=profile.force.id, name=profile.force.name))
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
        for row in table[list(AREAS.columns)].to_dict("records")
    )
    tree_ = AreaTree(areas, profile.levels.names)
    tree_.stop_at_reserved_ids()
    kinds = profile.area_kind_ids
    if strange := [area for area in areas if area.kind not in kinds]:
        raise SettingsError(
            f"area {strange[0].id} was imported as of kind {strange[0].kind!r}, and forewatch.toml "
            f"has {', '.join(kinds)}; add the kind under [[area_kinds]], or import the areas again"
        )
    return tree_


def _rows(file: Path, mapping: TableMapping) -> pd.DataFrame:
    offered = column_names(file)
    used = {ours: mapping.columns.get(ours, ours) for ours in AREAS.columns}
    if lost := sorted(set(mapping.columns.values()) - set(offered)):
        raise MissingColumns(
            f"areas lack {', '.join(lost)}; {file.name} has "
            f"{columns_text(offered, mapping.columns.values())}; mend the mapping's names of "
            "columns"
        )
    read = texts(file, tuple(theirs for theirs in used.values() if theirs in offered))
    return _field_types(
        {
            ours: read[theirs].astype("str")
            if theirs in read
            else pd.Series(mapping.constants.get(ours), index=read.index, dtype="str")
            for ours, theirs in used.items()
        }
    )


def _features(file: Path, mapping: TableMapping) -> pd.DataFrame:
    columns: dict[str, list[str | None]] = {ours: [] for ours in AREAS.columns}
    for number, feature in enumerate(geojson_features(file), 1):
        middle = centre(file, number, feature.get("geometry"))
        placed = {} if middle is None else dict(zip(("lon", "lat"), map(str, middle), strict=True))
        for ours in AREAS.columns:
            theirs = mapping.columns.get(ours, ours)
            given = property_text(file, number, feature["properties"], theirs)
            columns[ours].append(given or mapping.constants.get(ours) or placed.get(ours))
    return _field_types({name: pd.Series(values, dtype="str") for name, values in columns.items()})


def _field_types(columns: dict[str, pd.Series]) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    for name in _NUMBERS:
        numbers = pd.to_numeric(frame[name], errors="coerce").astype("float64")
        if (bad := frame[name].notna() & ~np.isfinite(numbers)).any():
            row = int(bad.to_numpy().argmax())
            raise DataError(
                f"areas: {name} {quote_text(frame[name].iloc[row])} is no number (row {row + 1}); "
                "mend it, or leave the cell empty"
            )
        frame[name] = numbers
    return frame


def _stop_at_bad_values(frame: pd.DataFrame, profile: Profile) -> None:
    # A tree with a node left out is another tree, so nothing of it goes to quarantine.
    for number, row in enumerate(frame.to_dict("records"), 1):
        where = f"area {quote_text(row['id'])} can't be taken (row {number})"
        if row["kind"] not in profile.area_kind_ids:
            raise DataError(
                f"{where}: kind {quote_text(row['kind'])} is not one of "
                f"{', '.join(profile.area_kind_ids)}; mend it, or add the kind under "
                "[[area_kinds]] in forewatch.toml"
            )
        given = {k: v for k, v in row.items() if k in _NUMBERS and not pd.isna(v)}
        try:
            AreaEntry(**given, id=row["id"], name=row["name"])
        except ValidationError as error:
            wrong = error.errors(include_url=False)[0]
            if wrong["loc"] == ("id",):
                raise DataError(
                    f"{where}: an id is lower-case letters, digits, - and _, at "
                    "most 63 of them, with a letter or digit first; give the file such ids"
                ) from error
            raise DataError(
                f"{where}: {wrong['loc'][0]} {wrong['input']!r} "
                f"{wrong['msg'].replace('Input should be', 'should be')}; mend it"
            ) from error


def _add_root(frame: pd.DataFrame, root: Root) -> pd.DataFrame:
    tops = frame["parent"] == ""
    if tops.sum() <= 1:
        return frame
    top = pd.DataFrame([{"id": root.id, "name": root.name, "parent": "", "kind": MIXED}])
    if root.id in set(frame["id"]):
        raise SettingsError(
            f"{tops.sum()} areas have no parent, and one of the file's has the id of the area to "
            f"put above them, {root.id!r}; give the others parent = {root.id!r}"
        )
    frame = frame.assign(parent=frame["parent"].mask(tops, root.id))
    return pd.concat([top, frame], ignore_index=True).astype(AREAS.columns)[list(AREAS.columns)]


def _is_geojson(file: Path) -> bool:
    return file.suffix.lower() in GEOJSON


def _property_names(file: Path) -> tuple[str, ...]:
    if not _is_geojson(file):
        return column_names(file)
    return tuple(dict.fromkeys(k for f in geojson_features(file) for k in f["properties"]))
