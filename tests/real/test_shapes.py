"""Real outlines, those that fit together and those that cross themselves, on maps."""

from __future__ import annotations

import gzip
import json
from functools import reduce
from pathlib import Path

import pandas as pd
import pytest
import shapely

from forewatch.areas import Area, AreaTree
from planning.area_maps import area_map
from planning.map_shapes import shape_paths
from sources.lake import Lake
from sources.receipts import Receipt
from sources.shapes import import_shapes


def imported(folder: Path, file: Path, column: str, level: str) -> tuple[Receipt, AreaTree]:
    features = json.loads(file.read_text())["features"]
    ids = [feature["properties"][column].lower() for feature in features]
    tree = AreaTree((Area("force", "Force"), *(Area(i, i, "force") for i in ids)), ("force", level))
    receipt = import_shapes(
        Lake(folder / "history"), tree, file, None,
        id_column=column, imported_at=pd.Timestamp("2026-11-26T18:00Z").as_unit("us"),
        quarantine=folder / "quarantine",
    )  # fmt: skip
    return receipt, tree


@pytest.mark.parametrize(
    ("file", "column", "note", "most_bytes"),
    [
        (
            *("districts.geojson", "LAD13CD"),
            "9 outlines of level area: gaps and overlaps between them were closed",
            3_600,
        ),
        ("wards.geojson", "WD13CD", "281 outlines of level area: they fit together", 14_700),
    ],
)
def test_real_outlines_become_a_map_of_few_bytes_without_gaps(
    real_data: Path, tmp_path: Path, *, file: str, column: str, note: str, most_bytes: int
) -> None:
    given = real_data / "avon-somerset" / file
    receipt, tree = imported(tmp_path, given, column, "area")
    assert receipt.taken == receipt.rows == len(tree.leaves)
    assert any(each.startswith(note) for each in receipt.notes)
    outlines = Lake(tmp_path / "history").table("shapes")
    assert outlines is not None
    found = area_map(outlines, tree, tree.leaves)
    assert found.without_shape == ()
    paths = shape_paths(found)
    text = "\n".join(f'<path d="{path}"/>' for path in paths.values())
    assert len(gzip.compress(text.encode(), 6)) < most_bytes
    drawn = [
        # by the rule "evenodd": a hole takes away from the ring around it
        reduce(
            shapely.symmetric_difference,
            [shapely.make_valid(shapely.Polygon(ring)) for ring in rings],
        )
        for rings in found.rings.values()
    ]
    whole = shapely.union_all(drawn)
    gaps = sum(
        shapely.Polygon(hole).area for part in shapely.get_parts(whole) for hole in part.interiors
    )
    overlap = sum(each.area for each in drawn) - whole.area
    assert gaps + overlap < 0.001 * whole.area
