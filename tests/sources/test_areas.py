import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from forewatch.errors import DataError, MissingColumns, PersonalData, SettingsError
from forewatch.profile import Profile
from sources.areas import area_table, nearest, tree
from sources.lake import Lake
from sources.table_mapping import Root, TableMapping


def profile(**more: Any) -> Profile:
    return Profile.model_validate(
        {
            "force": {"id": "shire", "name": "Shire", "zone": "Europe/London"},
            "levels": {"names": ["force", "district"], "modelled": "district"},
            "call_types": [{"id": "theft", "name": "Theft"}],
            "grades": ["routine"],
            **more,
        }
    )


def csv(folder: Path, text: str) -> Path:
    path = folder / "areas.csv"
    path.write_text(text, encoding="utf-8")
    return path


def square(x: float, y: float, side: float) -> list[list[float]]:
    corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    return [[x + side * a, y + side * b] for a, b in corners]


def geojson(folder: Path, *geometries: dict[str, Any]) -> Path:
    path = folder / "areas.geojson"
    features = [
        {"type": "Feature", "properties": {"NM": f"Place {i}", "n": 10 * i}, "geometry": geometry}
        for i, geometry in enumerate(geometries)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


def test_a_table_of_areas_becomes_a_tree(tmp_path: Path) -> None:
    file = csv(tmp_path, "id,name,parent,kind,population\nshire,Shire,,,\nn,North,shire,Rural,9\n")
    found = area_table(file, profile(), TableMapping())
    assert found["kind"].tolist() == ["mixed", "rural"]
    assert found["population"].tolist()[1] == 9
    lake = Lake(tmp_path / "history")
    lake.replace("areas", found, {})
    read = tree(lake, profile())
    assert read.leaves == ("n",)
    assert read.area("n").lat is None
    assert read.area("n").kind == "rural"


def test_areas_without_parents_stand_below_the_force_and_ids_come_from_names(
    tmp_path: Path,
) -> None:
    file = csv(tmp_path, 'name\n"Bristol, City of"\nNorth Somerset\n')
    found = area_table(file, profile(), TableMapping())
    assert found["id"].tolist() == ["shire", "bristol-city-of", "north-somerset"]
    assert found["parent"].tolist() == ["", "shire", "shire"]
    named = area_table(file, profile(), TableMapping(root=Root(id="whole", name="All of it")))
    assert named["parent"].tolist() == ["", "whole", "whole"]


def test_a_geojson_gives_names_by_mapping_and_the_centres_of_its_polygons(tmp_path: Path) -> None:
    holed = [square(0, 50, 4), square(2, 52, 2)]  # the hole moves the centre: (16·2 − 4·3) / 12
    two = {"type": "MultiPolygon", "coordinates": [[square(0, 0, 1)], [square(10, 0, 1)[::-1]]]}
    file = geojson(tmp_path, {"type": "Polygon", "coordinates": holed}, two)
    mapping = TableMapping(columns={"name": "NM", "population": "n"})
    found = area_table(file, profile(), mapping).set_index("id")
    assert found.loc["place-0", "lon"] == pytest.approx((16 * 2 - 4 * 3) / 12)
    assert found.loc["place-0", "lat"] == pytest.approx((16 * 52 - 4 * 53) / 12)
    assert found.loc["place-1", "lon"] == pytest.approx(5.5)
    assert found.loc["place-1", "lat"] == pytest.approx(0.5)
    assert found.loc["place-1", "population"] == 10


def test_trees_that_do_not_fit_the_profile_are_refused(tmp_path: Path) -> None:
    deep = csv(tmp_path, "id,parent\na,\nb,a\nc,b\n")
    with pytest.raises(SettingsError, match="3 levels deep"):
        area_table(deep, profile(), TableMapping())
    flat = csv(tmp_path, "id,parent\na,\n")
    with pytest.raises(SettingsError, match="no area stands at that level"):
        area_table(flat, profile(), TableMapping())
    with pytest.raises(
        DataError, match=r"kind 'hilly' is not one of urban, rural, coast, mixed; mend"
    ):
        area_table(csv(tmp_path, "id,kind\na,hilly\n"), profile(), TableMapping())
    with pytest.raises(DataError, match="lat 'north' is no number"):
        area_table(csv(tmp_path, "id,lat\na,north\n"), profile(), TableMapping())
    with pytest.raises(DataError, match="area 'A b' can't be taken"):
        area_table(csv(tmp_path, "id\nA b\n"), profile(), TableMapping())
    with pytest.raises(MissingColumns, match=r"areas lack id and name; areas\.csv has 1 others"):
        area_table(csv(tmp_path, "x\n1\n"), profile(), TableMapping())


def test_kinds_of_area_are_the_forces_own(tmp_path: Path) -> None:
    kinds = ["urban", {"id": "university", "name": "University"}]
    own = profile(area_kinds=kinds)
    file = csv(tmp_path, "id,parent,kind\nshire,,\nn,shire,University\ns,shire,urban\n")
    found = area_table(file, own, TableMapping())
    assert found["kind"].tolist() == ["mixed", "university", "urban"]
    with pytest.raises(DataError, match=r"kind 'rural' is not one of urban, university, mixed"):
        area_table(csv(tmp_path, "id,kind\na,rural\n"), own, TableMapping())
    lake = Lake(tmp_path / "history")
    lake.replace("areas", found, {})
    assert tree(lake, own).area("n").kind == "university"
    with pytest.raises(
        SettingsError,
        match=r"area n was imported as of kind 'university', and forewatch.toml has urban, rural, "
        r"coast, mixed; add the kind under \[\[area_kinds\]\], or import the areas again",
    ):
        tree(lake, profile())


def test_there_is_one_tree(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "history")
    own = profile(
        areas=[{"id": "shire", "name": "Shire"}, {"id": "n", "name": "N", "parent": "shire"}]
    )
    assert tree(lake, own).leaves == ("n",)
    with pytest.raises(SettingsError, match="the force has no areas"):
        tree(lake, profile())
    lake.replace("areas", area_table(csv(tmp_path, "id\na\nb\n"), profile(), TableMapping()), {})
    with pytest.raises(SettingsError, match=r"two area trees: forewatch.toml has 2 .* and 3 areas"):
        tree(lake, own)


def test_a_point_belongs_to_the_leaf_with_the_nearest_centre(tmp_path: Path) -> None:
    # At 60° north a degree of longitude is half a degree of latitude: east is nearer than it looks.
    file = csv(tmp_path, "id,lat,lon\nnorth,60.6,0\neast,60,1\nnowhere,,\n")
    lake = Lake(tmp_path / "history")
    lake.replace("areas", area_table(file, profile(), TableMapping()), {})
    found = nearest(tree(lake, profile()), pd.Series([60.0, None]), pd.Series([0.0, 0.0]))
    assert found[0] == "east"
    assert pd.isna(found[1])


def test_a_file_of_areas_brings_nobody_with_it(tmp_path: Path) -> None:
    file = csv(tmp_path, "id,name,parent,email\nshire,Shire,,a@b.example\nn,North,shire,\n")
    with pytest.raises(PersonalData) as error:
        area_table(file, profile(), TableMapping())
    assert str(error.value) == (
        "areas.csv carries columns about persons or free text: email; strip them at the "
        'source, or write refuse = ["email"] into the mapping: they are then never read'
    )
    found = area_table(file, profile(), TableMapping(refuse=("email",)))
    assert "a@b.example" not in found.to_csv()
    with pytest.raises(PersonalData, match="the mapping reads email"):
        area_table(file, profile(), TableMapping(columns={"name": "email"}))


def test_properties_of_a_geojson_are_columns_too(tmp_path: Path) -> None:
    feature = {"properties": {"id": "shire", "Street": "1 High St"}, "geometry": None}
    file = tmp_path / "areas.geojson"
    file.write_text(json.dumps({"features": [feature]}), encoding="utf-8")
    with pytest.raises(PersonalData, match=r"areas\.geojson carries .* free text: Street; strip"):
        area_table(file, profile(), TableMapping())


def test_reserved_ids_are_refused_in_an_imported_tree(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no area may have the id all: .* another id"):
        area_table(csv(tmp_path, "id\nall\nb\n"), profile(), TableMapping())
    with pytest.raises(SettingsError, match="area 'district' has the id of a level"):
        area_table(csv(tmp_path, "id\ndistrict\nb\n"), profile(), TableMapping())
    found = area_table(csv(tmp_path, "id,parent\nforce,\nn,force\n"), profile(), TableMapping())
    assert found["id"].tolist() == ["force", "n"]


def test_parents_are_given_by_id_or_by_name(tmp_path: Path) -> None:
    text = "\ufeffname,parent\nForce,\nÅre,Force\nÖre,FORCE\n北区,force\n"
    found = area_table(csv(tmp_path, text), profile(), TableMapping())
    assert found["id"].tolist() == ["force", "are", "ore", "beiqu"]
    assert found["parent"].tolist() == ["", "force", "force", "force"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "name\nÅre\nNorth\nAre\n",
            "areas.csv: several areas have one id: 'are' in row 1 (name 'Åre') and row 3 (name",
        ),
        ("id\nn\ns\nn\n", "'n' in row 1 (id 'n') and row 3 (id 'n'); keep one of them"),
        ("id,name\nare,Are\n,Åre\n", "'are' in row 1 (id 'are') and row 2 (name 'Åre')"),
        ("name\nNorth\n!?\n", "no id can be made from the name '!?' (row 2), which has no"),
        ("id,name\nn,North\n,\n", "areas.csv: neither id nor name in row 2; give each area one"),
        ("name,parent\nA,\nB,Moon\n", "parent 'Moon' in row 2 is neither the id nor the name"),
        (
            "id,name,parent\nf,F,\na,Twin,f\nb,twin,f\nc,C,Twin\n",
            "parent 'Twin' in row 4 is the name of 2 areas (a, b); give the parent by its id",
        ),
        (f"name\n{'x' * 70}\nb\n", "an id is lower-case letters, digits, - and _, at most 63"),
        ("id,lat\na,95\nb,1\n", "lat 95.0 should be less than or equal to 90; mend it"),
        ("id,lat\na,inf\n", "lat 'inf' is no number (row 1)"),
        ("id,population\na,1e999\n", "population '1e999' is no number (row 1)"),
        ("id,population\na,-3\n", "should be greater than or equal to 0; mend it"),
    ],
)
def test_ids_and_numbers_that_make_no_area_are_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError) as error:
        area_table(csv(tmp_path, text), profile(), TableMapping())
    assert said in str(error.value)
    assert "http" not in str(error.value)


def test_the_forces_own_area_cannot_stand_beside_others_without_a_parent(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"2 areas have no parent.* parent = 'shire'"):
        area_table(csv(tmp_path, "id\nshire\nn\n"), profile(), TableMapping())
