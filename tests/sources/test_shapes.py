import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from forewatch.areas import Area, AreaTree
from forewatch.errors import (
    DataError,
    ImplausibleImport,
    MissingColumns,
    PersonalData,
    SettingsError,
)
from planning.area_maps import area_map
from sources.import_options import ImportOptions
from sources.lake import Lake
from sources.receipts import Receipt
from sources.shapes import import_shapes

AT = pd.Timestamp("2026-11-26T18:00Z").as_unit("us")
TREE = AreaTree(
    (
        Area("shire", "Shire"),
        Area("north", "North End", "shire", lat=51.5, lon=-2.5),
        Area("south", "South End", "shire", lat=50.5, lon=-2.5),
        Area("n1", "Market", "north"),
        Area("n2", "Harbour", "north"),
        Area("s1", "Market", "south"),
        Area("s2", "Hill", "south"),
    ),
    ("force", "district", "beat"),
)


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


NORTH, SOUTH = box(-3, 51, -2, 52), box(-3, 50, -2, 51)
BEATS = {
    "n1": box(-3, 51, -2.5, 52),
    "n2": box(-2.5, 51, -2, 52),
    "s1": box(-3, 50, -2.5, 51),
    "s2": box(-2.5, 50, -2, 51),
}


def feature(geometry: object, **properties: object) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def written(folder: Path, *features: dict[str, Any], **more: object) -> Path:
    file = folder / "shapes.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features, **more}))
    return file


def beats(folder: Path) -> Path:
    return written(folder, *(feature(shape, area=area) for area, shape in BEATS.items()))


def taken_in(
    folder: Path,
    file: Path,
    *,
    id_column: str | None = None,
    mapping: str | None = None,
    options: ImportOptions | None = None,
    tree: AreaTree = TREE,
) -> Receipt:
    how = None
    if mapping is not None:
        how = folder / "mapping.toml"
        how.write_text(mapping)
    return import_shapes(
        Lake(folder / "history"), tree, file, how,
        id_column=id_column, imported_at=AT, quarantine=folder / "quarantine",
        options=options or ImportOptions(),
    )  # fmt: skip


def table(folder: Path) -> pd.DataFrame:
    found = Lake(folder / "history").table("shapes")
    assert found is not None
    return found


def test_beats_are_kept_and_what_lies_above_is_made_of_them(tmp_path: Path) -> None:
    receipt = taken_in(tmp_path, beats(tmp_path))
    assert (receipt.rows, receipt.taken) == (4, 4)
    assert receipt.notes == (
        "4 outlines of level beat: they fit together, and were simplified together",
        "outlines made of those of the areas below: north, south, shire",
    )
    outlines = table(tmp_path)
    assert list(dict.fromkeys(outlines["area"])) == list(TREE.ids)
    assert outlines.groupby("area")["made_of"].first()["north"] == "n1 n2"
    for level, areas in (("beat", 4), ("district", 2), ("force", 1)):
        found = area_map(outlines, TREE, TREE.at_level(level))
        assert (found.kind, len(found.rings), found.without_shape) == ("outlines", areas, ())


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    taken_in(tmp_path, beats(tmp_path))
    before = len(Lake(tmp_path / "history").imports("shapes"))
    receipt = taken_in(tmp_path, beats(tmp_path))
    assert (receipt.unchanged, receipt.taken, receipt.superseded) == (4, 0, 0)
    assert len(Lake(tmp_path / "history").imports("shapes")) == before


def test_a_forecast_does_not_know_of_outlines(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "history")
    before = lake.version()
    taken_in(tmp_path, beats(tmp_path))
    assert lake.version() == before


def test_a_file_of_districts_takes_the_place_of_what_was_made(tmp_path: Path) -> None:
    taken_in(tmp_path, beats(tmp_path))
    file = written(
        tmp_path, feature(box(-3.1, 51, -2, 52), area="north"), feature(SOUTH, area="SOUTH END")
    )
    receipt = taken_in(tmp_path, file)
    assert (receipt.taken, receipt.superseded) == (2, 0)
    outlines = table(tmp_path)
    assert set(outlines.loc[outlines["area"] == "north", "made_of"]) == {""}
    assert outlines.loc[outlines["area"] == "shire", "lon"].min() == pytest.approx(-3.1)
    assert set(BEATS) <= set(outlines["area"])  # those of other areas stay


def test_a_file_may_take_the_place_of_all(tmp_path: Path) -> None:
    taken_in(tmp_path, beats(tmp_path))
    file = written(tmp_path, feature(NORTH, area="north"))
    receipt = taken_in(tmp_path, file, mapping="replaces_table = true")
    assert "outlines removed, as the file doesn't have them: n1, n2, s1, s2" in receipt.notes
    assert set(table(tmp_path)["area"]) == {"north"}


def test_outlines_of_areas_that_are_gone_are_removed_and_told(tmp_path: Path) -> None:
    taken_in(tmp_path, beats(tmp_path))
    smaller = AreaTree(tuple(area for area in TREE.areas if area.id != "s2"), TREE.levels)
    accepts = ImportOptions(frozenset({"quarantine"}))
    receipt = taken_in(tmp_path, beats(tmp_path), tree=smaller, options=accepts)
    assert receipt.quarantined == {"no area has this id or name": 1}
    assert "outlines removed, as the tree no longer has their areas: s2" in receipt.notes
    outlines = table(tmp_path)
    assert set(outlines.loc[outlines["area"] == "south", "made_of"]) == {"s1"}


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    file = beats(tmp_path)
    tried = taken_in(tmp_path, file, options=ImportOptions(is_dry_run=True))
    assert not (tmp_path / "history").exists()
    assert tried.taken == taken_in(tmp_path, file).taken == 4


def test_codes_are_ids_names_or_slugs_and_a_mapping_says_the_rest(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        feature(BEATS["n1"], CD="N1"),
        feature(BEATS["n2"], CD="harbour"),
        feature(BEATS["s1"], CD="E05001"),
        feature(BEATS["s2"], CD="Hill!"),
        feature(box(5, 5, 6, 6), CD="elsewhere"),
    )
    mapping = '[columns]\narea = "CD"\n[crosswalk.area]\nE05001 = "s1"\nelsewhere = "exclude"\n'
    receipt = taken_in(tmp_path, file, mapping=mapping)
    assert (receipt.taken, receipt.filtered) == (4, {"excluded by the crosswalk": 1})


def test_a_feature_of_no_area_goes_to_quarantine_with_near_names(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        *(feature(shape, name=area) for area, shape in BEATS.items()),
        feature(NORTH, name="Borough of North End"),
        feature(SOUTH, name="Sooth End"),
        feature(SOUTH, name="Market"),
        feature(SOUTH),
    )
    accepts = ImportOptions(frozenset({"quarantine"}))
    receipt = taken_in(tmp_path, file, options=accepts)
    assert receipt.quarantined == {
        "no area has this id or name": 2,
        "the name of several areas": 1,
        "no id": 1,
    }
    assert receipt.notes[:2] == (
        "no area 'Borough of North End'; near: north",
        "no area 'Sooth End'; near: south, north",
    )
    aside = next((tmp_path / "quarantine").iterdir()).read_text()
    assert "no area has this id or name,shapes.geojson,5," in aside


def test_too_many_unknown_features_need_a_word(tmp_path: Path) -> None:
    file = written(tmp_path, feature(NORTH, area="north"), feature(SOUTH, area="nowhere"))
    with pytest.raises(ImplausibleImport, match="1 of 2 rows can't be taken"):
        taken_in(tmp_path, file)
    assert Lake(tmp_path / "history").table("shapes") is None


def test_an_id_may_stand_beside_the_properties(tmp_path: Path) -> None:
    file = written(tmp_path, {**feature(NORTH, n=1), "id": "north"})
    assert taken_in(tmp_path, file).taken == 1


def test_features_of_one_area_are_joined(tmp_path: Path) -> None:
    island = box(-3.6, 51.5, -3.4, 51.7)
    file = written(tmp_path, feature(NORTH, area="north"), feature(island, area="north"))
    receipt = taken_in(tmp_path, file)
    assert (receipt.rows, receipt.taken) == (2, 2)
    assert "areas with several features, which were joined: north" in receipt.notes
    assert table(tmp_path)["part"].nunique() == 2


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, "no polygon"),
        ({}, "no polygon"),
        ({"type": "Polygon", "coordinates": []}, "no polygon"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "no polygon"),
        ({"type": "Point", "coordinates": [-2.5, 51]}, "no polygon"),
        ({"type": "LineString", "coordinates": [[-3, 51], [-2, 51]]}, "no polygon"),
        ({"type": "GeometryCollection", "geometries": []}, "no polygon"),
        (
            {"type": "Polygon", "coordinates": [[[-3, 51], [-2, 52], [-3, 51]]]},
            "a shape without an area",
        ),
        (
            {"type": "Polygon", "coordinates": [[[-3, 51], [-3, 51], [-3, 51], [-3, 51]]]},
            "a shape without an area",
        ),
    ],
)
def test_what_has_no_area_goes_to_quarantine(tmp_path: Path, geometry: object, reason: str) -> None:
    file = written(
        tmp_path, feature(geometry, area="north"), *(feature(s, area=a) for a, s in BEATS.items())
    )
    receipt = taken_in(tmp_path, file)
    assert receipt.quarantined == {reason: 1}
    assert set(table(tmp_path).loc[table(tmp_path)["area"] == "north", "made_of"]) == {"n1 n2"}
    only = written(tmp_path, feature(geometry, area="north"))
    with pytest.raises(DataError, match=f"no feature can be drawn \\({reason}\\)"):
        taken_in(tmp_path, only, options=ImportOptions(frozenset({"quarantine"})))


def test_heights_holes_and_collections_are_read(tmp_path: Path) -> None:
    high = [[[*place, 120.5] for place in ring] for ring in NORTH["coordinates"]]
    lake = [[-2.6, 51.4], [-2.6, 51.6], [-2.4, 51.6], [-2.4, 51.4], [-2.6, 51.4]]
    with_hole = {"type": "Polygon", "coordinates": [*SOUTH["coordinates"]]}
    mixed = {
        "type": "GeometryCollection",
        "geometries": [{"type": "Point", "coordinates": [0, 0]}, with_hole],
    }
    north = {"type": "Polygon", "coordinates": [*high, lake]}
    receipt = taken_in(
        tmp_path, written(tmp_path, feature(north, area="north"), feature(mixed, area="south"))
    )
    assert receipt.taken == 2
    rows = table(tmp_path)
    assert rows.loc[rows["area"] == "north", "ring"].max() == 1
    assert rows.loc[rows["area"] == "south", "ring"].max() == 0


def test_a_shape_that_crosses_itself_is_repaired_and_told(tmp_path: Path) -> None:
    loop = [[-3, 51], [-2, 51], [-2, 52], [-2.5, 51.5], [-2.4, 51.4], [-2.5, 51.3], [-3, 52]]
    file = written(tmp_path, feature({"type": "Polygon", "coordinates": [loop]}, area="north"))
    receipt = taken_in(tmp_path, file)
    assert receipt.taken == 1
    tie = [[-3, 51], [-2, 52], [-2, 51], [-3, 52], [-3, 51]]
    file = written(tmp_path, feature({"type": "Polygon", "coordinates": [tie]}, area="north"))
    assert "1 outlines crossed themselves and were repaired" in taken_in(tmp_path, file).notes


@pytest.mark.parametrize("cut", [True, False])
def test_a_force_across_the_180th_meridian_is_drawn_in_one_piece(
    tmp_path: Path, *, cut: bool
) -> None:
    whole = box(179, -18, -179, -16)
    west, east = box(179, -18, 180, -16), box(-180, -18, -179, -16)
    halves = [west["coordinates"], east["coordinates"]]
    geometry = {"type": "MultiPolygon", "coordinates": halves} if cut else whole
    tree = AreaTree((Area("fiji", "Fiji"),), ("force",))
    taken_in(tmp_path, written(tmp_path, feature(geometry, area="fiji")), tree=tree)
    found = area_map(table(tmp_path), tree, ("fiji",))
    assert found.height > 0.95 * found.width
    assert np.ptp(table(tmp_path)["lon"]) == pytest.approx(2)


def polygon(coordinates: str) -> str:
    geometry = f'{{"type": "Polygon", "coordinates": {coordinates}}}'
    return f'{{"features": [{{"properties": {{"area": "north"}}, "geometry": {geometry}}}]}}'


def moved(geometry: dict[str, Any], *, metres: bool) -> dict[str, Any]:
    ring = geometry["coordinates"][0]
    return {
        "type": "Polygon",
        "coordinates": [[[x * 1e5 + 5e5, y * 3e3] if metres else [y, x] for x, y in ring]],
    }


def test_metres_and_swapped_degrees_are_told(tmp_path: Path) -> None:
    national_grid = written(tmp_path, feature(moved(NORTH, metres=True), area="north"))
    with pytest.raises(DataError, match="looks like metres of a projected grid") as error:
        taken_in(tmp_path, national_grid)
    assert "EPSG:4326" in str(error.value)
    swapped = written(
        tmp_path,
        feature(moved(NORTH, metres=False), area="north"),
        feature(moved(SOUTH, metres=False), area="south"),
    )
    with pytest.raises(DataError, match="has latitude and longitude swapped"):
        taken_in(tmp_path, swapped)


def test_an_outline_far_from_its_areas_middle_is_told(tmp_path: Path) -> None:
    file = written(tmp_path, feature(box(-3, 55, -2, 56), area="north"))
    notes = " ".join(taken_in(tmp_path, file).notes)
    assert "areas whose middle is far from their outline; is it theirs?: north (390 km)" in notes


@pytest.mark.parametrize(
    ("crs", "said"),
    [
        ("urn:ogc:def:crs:EPSG::27700", "by 'urn:ogc:def:crs:EPSG::27700' (crs)"),
        ("EPSG:3857", "by 'EPSG:3857' (crs)"),
        (4326, "in a way that can't be read"),
    ],
)
def test_another_coordinate_system_is_refused_by_its_name(
    tmp_path: Path, crs: object, said: str
) -> None:
    file = written(
        tmp_path, feature(NORTH, area="north"), crs={"type": "name", "properties": {"name": crs}}
    )
    with pytest.raises(DataError) as error:
        taken_in(tmp_path, file)
    assert said in str(error.value)
    assert "ogr2ogr -t_srs EPSG:4326 new.geojson shapes.geojson" in str(error.value)


@pytest.mark.parametrize("crs", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", None])
def test_degrees_by_any_of_their_names_are_taken(tmp_path: Path, crs: str | None) -> None:
    named = None if crs is None else {"type": "name", "properties": {"name": crs}}
    assert taken_in(tmp_path, written(tmp_path, feature(NORTH, area="north"), crs=named)).taken == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no GeoJSON feature collection"),
        ("id,name\n1,North\n", "is no GeoJSON feature collection"),
        ('{"type": "Topology", "objects": {}}', "it has no list of features"),
        ('{"type": "FeatureCollection", "features": []}', "has no features"),
        ('{"features": [{"properties": null}]}', "feature 1 has no table of properties"),
        ('{"features": [{"properties": {"area": ["north"]}}]}', "is a list; give it as one text"),
        ('{"features": [{"properties": {"area": "north"}, "geometry": 4}]}', "is no GeoJSON"),
        (
            '{"features": [{"properties": {"area": "north"}, "geometry": {"type": "Polygon"}}]}',
            "(Polygon) has no coordinates",
        ),
        (polygon("[[[NaN, 51], [-2, 51], [-2, 52]]]"), "NaN is no number"),
        (polygon("[[[1e999, 51], [-2, 51], [-2, 52]]]"), "has inf for a longitude"),
        (polygon(f"[[[{'9' * 400}, 51], [-2, 51], [-2, 52]]]"), "has 999999999999 for a longitude"),
        (polygon("[[-3, 51], [-2, 51]]"), "is nested wrongly"),
        (polygon("null").replace("Polygon", "GeometryCollection"), "has no list of geometries"),
        ('{"features": [' + '{"properties": {"a": ' + "[" * 100_000, "nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_no_geojson_of_areas_is_said_and_the_last_shapes_stay(
    tmp_path: Path, text: str, said: str
) -> None:
    taken_in(tmp_path, beats(tmp_path))
    before = table(tmp_path)
    file = tmp_path / "bad.geojson"
    file.write_text(text)
    with pytest.raises(DataError) as error:
        taken_in(tmp_path, file)
    assert "bad.geojson" in str(error.value)
    assert said in str(error.value)
    pd.testing.assert_frame_equal(table(tmp_path), before)


def test_a_file_without_ids_is_told_which_property_would_do(tmp_path: Path) -> None:
    file = written(tmp_path, *(feature(s, CD=f"E{a}", NM=a) for a, s in BEATS.items()))
    with pytest.raises(MissingColumns, match="neither area, id nor name to tell areas by"):
        taken_in(tmp_path, file)
    with pytest.raises(MissingColumns, match="no property 'XY' to tell areas by"):
        taken_in(tmp_path, file, id_column="XY")
    with pytest.raises(DataError, match=r"'CD' has 'En1'.*'NM' would name 4 areas: give it with"):
        taken_in(tmp_path, file, id_column="CD")
    assert taken_in(tmp_path, file, id_column="NM").taken == 4


def test_properties_about_persons_are_refused(tmp_path: Path) -> None:
    file = written(tmp_path, feature(NORTH, area="north", officer_name="x"))
    with pytest.raises(PersonalData, match="officer_name"):
        taken_in(tmp_path, file)
    assert taken_in(tmp_path, file, mapping='refuse = ["officer_name"]').taken == 1


def test_a_mapping_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="leads area to unknown nowhere"):
        taken_in(tmp_path, beats(tmp_path), mapping='[crosswalk.area]\nx = "nowhere"\n')


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.geojson"
    with file.open("wb") as out:
        out.truncate(70 * 2**20)
    with pytest.raises(DataError, match=r"huge.geojson is 70 MiB, and a GeoJSON is read up to 64"):
        taken_in(tmp_path, file)


def test_outlines_of_several_levels_in_one_file_are_simplified_by_level(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        feature(NORTH, area="north"),
        feature(SOUTH, area="south"),
        *(feature(s, area=a) for a, s in BEATS.items()),
    )
    notes = taken_in(tmp_path, file).notes
    assert notes[:2] == (
        "2 outlines of level district: they fit together, and were simplified together",
        "4 outlines of level beat: they fit together, and were simplified together",
    )


def test_what_is_kept_fits_together_on_the_map(tmp_path: Path) -> None:
    taken_in(tmp_path, beats(tmp_path))
    found = area_map(table(tmp_path), TREE, TREE.leaves)
    polygons = [shapely.Polygon(found.rings[area][0]) for area in TREE.leaves]
    assert shapely.coverage_is_valid(polygons)
