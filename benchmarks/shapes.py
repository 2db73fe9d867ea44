"""Bytes of maps as drawn, and the seconds to import and draw them, of real outlines.

    python -m benchmarks.shapes [../shared/data/avon-somerset]

Per file and level: areas, points in the file and on the map, bytes of the paths as an SVG has them
and compressed (gzip, level 6), the most and the median change of an area's size, how neighbours
fit, and processor seconds to import and to draw. Then the same for other tolerances, and with each
area by itself. Without a folder: the demo force's beats alone.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from forewatch.areas import Area, AreaTree
from planning.area_maps import area_map
from planning.map_shapes import MapShapes, shape_paths
from sources.lake import Lake
from sources.outlines import Plane, geometries_of, outline_rows, repaired, simplified
from sources.shapes import import_shapes
from sources.synthetic import Plan
from sources.synthetic.places import profile
from sources.synthetic.shapes import shapes_geojson

TOLERANCES = (1 / 400, 1 / 600, 1 / 800, 1 / 1000)  # parts of the map's longer side


def drawn_bytes(shapes: MapShapes) -> tuple[int, int]:
    """Return the bytes of a map's paths, as they stand in an SVG and compressed."""
    paths = [f'<path d="{path}"/>' for path in shape_paths(shapes).values()]
    text = "\n".join(paths).encode()
    return len(text), len(gzip.compress(text, 6))


def tree_of(folder: Path) -> AreaTree:
    """Return the districts with the wards below them, by the codes of the two files."""
    districts = _properties(folder / "districts.geojson")
    wards = _properties(folder / "wards.geojson")
    return AreaTree(
        (
            Area("force", "Force"),
            *(Area(d["LAD13CD"].lower(), d["LAD13NM"], "force") for d in districts),
            *(
                Area(ward["WD13CD"].lower(), ward["WD13NM"], of["LAD13CD"].lower())
                for ward in wards
                for of in districts
                if ward["WD13CDO"].startswith(of["LAD13CDO"])
            ),
        ),
        ("force", "district", "ward"),
    )


def _properties(file: Path) -> list[dict[str, str]]:
    return [feature["properties"] for feature in json.loads(file.read_text())["features"]]


def measured(name: str, file: Path, tree: AreaTree, column: str, level: str) -> dict[str, Any]:
    """Import a file into a lake of its own and return what its map of a level costs."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "history")
        receipt, importing = timed(
            lambda: import_shapes(
                lake, tree, file, None,
                id_column=column, imported_at=pd.Timestamp("2026-11-26T18:00Z").as_unit("us"),
                quarantine=Path(folder) / "quarantine",
            )
        )  # fmt: skip
        table = lake.table("shapes")
    if table is None:
        raise ValueError(name)
    found, drawing = timed(lambda: area_map(table, tree, tree.at_level(level)))
    size, compressed = drawn_bytes(found)
    change = changes(file, table, tree.at_level(level), column)
    fit = next(note for note in receipt.notes if "outlines of level" in note)
    return {
        "file": name,
        "level": level,
        "areas": len(found.rings),
        "points in the file": _points(file),
        "points drawn": sum(len(ring) for rings in found.rings.values() for ring in rings),
        "bytes": size,
        "compressed": compressed,
        "size changed, most": float(change.max()) if len(change) else np.nan,
        "median": float(np.median(change)) if len(change) else np.nan,
        "import cpu s": importing,
        "draw cpu s": drawing,
        "fit": fit.split(": ", 1)[1],
    }


def changes(file: Path, table: pd.DataFrame, areas: tuple[str, ...], column: str) -> np.ndarray:
    """Return by which share the coarsest outlines differ in size from the file's."""
    coarsest = table["tolerance_m"] == table.groupby("area")["tolerance_m"].transform("max")
    plane = Plane.around(table[["lon", "lat"]].to_numpy(float))
    kept = geometries_of(table[coarsest & table["area"].isin(areas)], plane)
    features = json.loads(file.read_text())["features"]
    ids = [feature["properties"][column].lower() for feature in features]
    given = repaired(shapely.from_geojson([json.dumps(each["geometry"]) for each in features]))
    sizes = dict(zip(ids, shapely.area(shapely.transform(given, plane.metres)), strict=True))
    return np.array([abs(kept[area].area / sizes[area] - 1) for area in kept if area in sizes])


def at_tolerances(name: str, file: Path) -> list[dict[str, Any]]:
    """Return what other tolerances, and each area by itself, would cost as drawn."""
    features = json.loads(file.read_text())["features"]
    degrees = repaired(shapely.from_geojson([json.dumps(each["geometry"]) for each in features]))
    plane = Plane.around(shapely.get_coordinates(degrees))
    outlines = shapely.transform(degrees, plane.metres)
    names = [f"a{number}" for number in range(len(outlines))]
    tree = AreaTree(
        (Area("force", "Force"), *(Area(each, each, "force") for each in names)), ("force", "area")
    )
    west, south, east, north = shapely.total_bounds(outlines)
    side = max(east - west, north - south)
    whole = next(iter(simplified(outlines).by_tolerance.items()))
    rows = []
    for tolerance in TOLERANCES:
        ways = {"alone": shapely.simplify(outlines, side * tolerance)}
        if shapely.coverage_is_valid(outlines):
            ways["together"] = shapely.coverage_simplify(outlines, side * tolerance)
        elif round(side * tolerance, 1) == whole[0]:
            ways["closed, together"] = whole[1]
        for way, simple in ways.items():
            points = outline_rows(names, simple, plane).assign(made_of="", tolerance_m=1.0)
            size, compressed = drawn_bytes(area_map(points, tree, names))
            rows.append(
                {
                    "file": name,
                    "tolerance": f"1/{1 / tolerance:.0f}",
                    "way": way,
                    "bytes": size,
                    "compressed": compressed,
                }
            )
    return rows


def _points(file: Path) -> int:
    features = json.loads(file.read_text())["features"]
    given = shapely.from_geojson([json.dumps(each["geometry"]) for each in features])
    return int(shapely.get_num_coordinates(given).sum())


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a function gives, and its processor seconds."""
    began = time.process_time()
    found = function()
    return found, round(time.process_time() - began, 2)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="with districts and wards.geojson")
    folder = parser.parse_args().folder
    rows, others = [], []
    if folder is not None:
        tree = tree_of(folder)
        for name, column, level in (
            ("districts.geojson", "LAD13CD", "district"),
            ("wards.geojson", "WD13CD", "ward"),
            ("wards.geojson", "WD13CD", "district"),
        ):
            rows.append(measured(name, folder / name, tree, column, level))
        others = [
            *at_tolerances("districts.geojson", folder / "districts.geojson"),
            *at_tolerances("wards.geojson", folder / "wards.geojson"),
        ]
    with tempfile.TemporaryDirectory() as made:
        file = Path(made) / "demo.geojson"
        file.write_text(shapes_geojson(Plan()))
        rows.append(measured("demo force", file, profile(Plan()).tree(), "area", "beat"))
    with pd.option_context("display.width", 250, "display.max_columns", 20):
        print(pd.DataFrame(rows).drop(columns="fit").to_string(index=False))
        for row in rows:
            print(f"{row['file']}, {row['level']}: {row['fit']}")
        if others:
            print(pd.DataFrame(others).to_string(index=False))


if __name__ == "__main__":
    main()
