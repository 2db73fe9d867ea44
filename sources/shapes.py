"""Outlines of areas for maps: taken from a GeoJSON into the lake, simplified, and checked.

1. Features become outlines of areas (`sources.shape_features`), several of one area are joined.
2. The areas of each level are repaired and simplified together (`sources.outlines`), and put in
   the place of the outlines that they had; those of other areas stay.
3. Areas above them that have no outline of their own get one of the areas below, where all of
   these have one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from forewatch.areas import AreaTree
from forewatch.errors import DataError
from forewatch.outlines import made_of
from forewatch.tables import SHAPES, check, empty
from sources.import_options import AS_USUAL, ImportOptions
from sources.lake import Lake
from sources.outlines import (
    Geometries,
    Plane,
    Simplified,
    dissolved,
    geometries_of,
    outline_rows,
    simplified,
)
from sources.plausibility import stop_at_doubts, too_many_refused
from sources.quarantine import put_aside, refused_rows, totals
from sources.receipts import Receipt
from sources.shape_features import AREA, ShapeFeatures, read_shapes
from sources.table_mapping import TableMapping, read_mapping

_SHOWN = 10
_ROWS = list(SHAPES.columns)


@dataclass(frozen=True)
class _NewOutlines:
    """The rows of SHAPES that a file gives, and what there is to say of them."""

    rows: pd.DataFrame
    plane: Plane
    notes: tuple[str, ...]


def import_shapes(  # noqa: PLR0913 (one parameter for each thing that an import needs)
    lake: Lake,
    tree: AreaTree,
    file: Path,
    mapping: Path | None,
    *,
    id_column: str | None,
    imported_at: pd.Timestamp,
    quarantine: Path,
    options: ImportOptions = AS_USUAL,
) -> Receipt:
    """Take a file's outlines into the lake and say what became of its features.

    Args:
        lake: where they are kept.
        tree: the force's areas.
        file: GeoJSON.
        mapping: TOML that says what its codes mean; None where they are ids or names of areas.
        id_column: the property that holds the codes; None: the mapping's, or a standard one.
        imported_at: UTC.
        quarantine: folder for features that can't be taken.
        options: what a person accepted, and whether anything is written.

    Raises:
        DataError: if the file can't be read, or nothing of it can be drawn.
        ImplausibleImport: if much of it can't be taken.
        SettingsError: if the mapping can't be used.
        MissingColumns, PersonalData: if its properties can't be taken.
    """
    how = read_mapping(mapping, TableMapping)
    if id_column is not None:
        how = how.model_copy(update={"columns": {**how.columns, AREA: id_column}})
    found = read_shapes(file, tree, how)
    with options.writing(lake):
        standing = lake.table(SHAPES.name)
        before = empty(SHAPES.name) if standing is None else check(SHAPES.name, standing)
        refused = totals(found.reason, None)
        readings = pd.DataFrame({"area": found.area})
        aside = refused_rows(readings, found.reason, None)
        written = None if options.is_dry_run else put_aside(quarantine, SHAPES.name, file, aside)
        doubt = too_many_refused(len(found.reason), refused, how.most_quarantined, written)
        stop_at_doubts(file.name, (doubt,), options.accepted)
        if not _taken(found).any():
            raise DataError(
                f"{file.name}: no feature can be drawn ({', '.join(refused) or 'all excluded'}); "
                "export the areas as polygons"
            )
        new = _outlines(found, tree)
        merged, notes = _merge(before, new, tree, replaces=how.replaces_table)
        receipt = _receipt(found, before, new.rows)
        notes = (*found.notes, *_joined(found), *new.notes, *notes, *_far_notes(new, tree))
        receipt = replace(receipt, notes=notes, is_dry_run=options.is_dry_run)
        if not options.is_dry_run:
            lake.replace(SHAPES.name, merged, receipt.about(file, imported_at))
    return receipt


def _taken(found: ShapeFeatures) -> pd.Series:
    return (found.reason == "") & (found.filtered == "")


def _outlines(found: ShapeFeatures, tree: AreaTree) -> _NewOutlines:
    """Return the rows of the areas that a file has, level by level of the tree."""
    taken = _taken(found)
    by_area = taken.index[taken].to_series().groupby(found.area[taken]).agg(list)
    areas = [area for area in tree.ids if area in by_area.index]
    in_degrees = shapely.get_coordinates(found.outline[taken.to_numpy(bool)])
    plane = Plane.around(in_degrees)
    in_metres = shapely.transform(found.outline[taken.to_numpy(bool)], plane.metres)
    placed = dict(zip(taken.index[taken], in_metres, strict=True))
    outlines = {area: shapely.union_all([placed[i] for i in by_area[area]]) for area in areas}
    frames, notes = [], []
    for level in tree.levels:
        here = [area for area in tree.at_level(level) if area in outlines]
        if here:
            done = simplified(np.array([outlines[area] for area in here]))
            frames.append(_rows(here, done, plane))
            notes.append(_fit_note(level, len(here), done.fit))
    mended = (f"{found.repaired:,} outlines crossed themselves and were repaired",)
    notes = [*(mended if found.repaired else ()), *notes]
    return _NewOutlines(pd.concat(frames, ignore_index=True), plane, tuple(notes))


def _fit_note(level: str, areas: int, fit: str) -> str:
    said = {
        "as given": "they fit together, and were simplified together",
        "closed": "gaps and overlaps between them were closed, and they were simplified together",
        "no": "they don't fit together, and each was simplified by itself",
    }
    return f"{areas:,} outlines of level {level}: {said[fit]}"


def _rows(
    areas: Sequence[str], done: Simplified, plane: Plane, made_of: Sequence[str] = ()
) -> pd.DataFrame:
    """Return rows of SHAPES, area by area and from the coarsest to the finest."""
    frames = [
        outline_rows(areas, outlines, plane).assign(tolerance_m=tolerance)
        for tolerance, outlines in done.by_tolerance.items()
    ]
    rows = pd.concat(frames, ignore_index=True)
    sources = dict(zip(areas, made_of or [""] * len(areas), strict=True))
    return check(SHAPES.name, rows.assign(made_of=rows["area"].map(sources)))


def _merge(
    before: pd.DataFrame, new: _NewOutlines, tree: AreaTree, *, replaces: bool
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the whole table after a file, in the order of the tree, and what to say of it."""
    own = before[before["made_of"] == ""]
    gone = sorted(set(own["area"]) - set(tree.ids))
    kept = own.iloc[0:0] if replaces else own[own["area"].isin(tree.ids)]
    removed = sorted(set(own["area"]) - set(kept["area"]) - set(new.rows["area"]) - set(gone))
    told = [frame for frame in (kept[~kept["area"].isin(new.rows["area"])], new.rows) if len(frame)]
    rows = pd.concat(told, ignore_index=True)
    made = _dissolved_rows(rows, tree)
    rows = pd.concat([rows, made], ignore_index=True) if len(made) else rows
    order = rows["area"].map({area: i for i, area in enumerate(tree.ids)})
    rows = rows.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
    return check(SHAPES.name, rows), (
        *_listed("outlines made of those of the areas below", made["area"].unique()),
        *_listed("outlines removed, as the tree no longer has their areas", gone),
        *_listed("outlines removed, as the file doesn't have them", removed),
        *_without_notes(set(rows["area"]), tree),
    )


def _without_notes(drawn: set[str], tree: AreaTree) -> tuple[str, ...]:
    notes: list[str] = []
    for level in tree.levels:
        here = tree.at_level(level)
        without = [area for area in here if area not in drawn]
        if without and len(without) == len(here):
            notes.append(f"no area of level {level} has an outline yet")
        else:
            notes += _listed(f"areas of level {level} without an outline", without)
    return tuple(notes)


def _dissolved_rows(rows: pd.DataFrame, tree: AreaTree) -> pd.DataFrame:
    """Return rows of the areas without an outline whose parts all have one, the deepest first."""
    plane = Plane.around(rows[["lon", "lat"]].to_numpy(float))
    finest = rows["tolerance_m"] == rows.groupby("area")["tolerance_m"].transform("min")
    gaps = rows[finest].groupby("area")["tolerance_m"].first().to_dict()
    outlines = geometries_of(rows[finest], plane)
    frames = [empty(SHAPES.name)]
    for level in reversed(tree.levels):
        here = [
            area
            for area in tree.at_level(level)
            if area not in outlines
            and tree.children(area)
            and all(part in outlines for part in tree.children(area))
        ]
        if not here:
            continue
        for area in here:
            parts = tree.children(area)
            gaps[area] = max(gaps[part] for part in parts)
            outlines[area] = dissolved(np.array([outlines[part] for part in parts]), gaps[area])
        made: Geometries = np.array([outlines[area] for area in here])
        frames.append(_rows(here, simplified(made), plane, [made_of(tree, area) for area in here]))
    return pd.concat(frames[1:], ignore_index=True) if frames[1:] else frames[0]


def _receipt(found: ShapeFeatures, before: pd.DataFrame, now: pd.DataFrame) -> Receipt:
    """Return the receipt: a feature is as new as its area's outline."""
    held = {area: rows[_ROWS].to_csv(index=False) for area, rows in before.groupby("area")}
    said = {area: rows[_ROWS].to_csv(index=False) for area, rows in now.groupby("area")}
    own = set(before.loc[before["made_of"] == "", "area"])
    areas = found.area[_taken(found)]
    unchanged = sum(held.get(area) == said[area] for area in areas)
    known = sum(area in own for area in areas)
    return Receipt(
        table=SHAPES.name,
        rows=len(found.area),
        taken=len(areas) - known,
        unchanged=unchanged,
        superseded=known - unchanged,
        filtered=totals(found.filtered, None),
        quarantined=totals(found.reason, None),
    )


def _joined(found: ShapeFeatures) -> tuple[str, ...]:
    several = found.area[_taken(found)].value_counts()
    return _listed("areas with several features, which were joined", several.index[several > 1])


def _far_notes(new: _NewOutlines, tree: AreaTree) -> tuple[str, ...]:
    """Return a note on areas whose middle lies further from their outline than that is large."""
    finest = new.rows["tolerance_m"] == new.rows.groupby("area")["tolerance_m"].transform("min")
    far = []
    for area, outline in geometries_of(new.rows[finest], new.plane).items():
        node = tree.area(area)
        if node.lat is None or node.lon is None:
            continue
        middle = shapely.Point(new.plane.metres(np.array([[node.lon, node.lat]]))[0])
        west, south, east, north = outline.bounds
        if outline.distance(middle) > np.hypot(east - west, north - south):
            far.append(f"{area} ({outline.distance(middle) / 1000:,.0f} km)")
    return _listed("areas whose middle is far from their outline; is it theirs?", far)


def _listed(what: str, names: Sequence[str] | pd.Index | np.ndarray) -> tuple[str, ...]:
    if not len(names):
        return ()
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return (f"{what}: {', '.join(map(str, names[:_SHOWN]))}{more}",)
