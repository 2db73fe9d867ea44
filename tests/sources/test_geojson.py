"""Features of a GeoJSON are read, or what is wrong with the file is said; never a trace."""

import json
from pathlib import Path
from typing import Any

import pytest

from forewatch.errors import DataError
from sources.geojson import centre, geojson_features, property_text

SQUARE = [[0, 50], [2, 50], [2, 52], [0, 52], [0, 50]]
FILE = Path("areas.geojson")


def saved(folder: Path, content: str | bytes) -> Path:
    path = folder / "areas.geojson"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def collection(*features: object) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def test_a_collection_is_read_with_and_without_a_byte_order_mark(tmp_path: Path) -> None:
    text = collection({"type": "Feature", "properties": {"id": "å"}, "geometry": None})
    for coding in ("utf-8", "utf-8-sig"):
        (feature,) = geojson_features(saved(tmp_path, text.encode(coding)))
        assert feature["properties"] == {"id": "å"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no GeoJSON feature collection (Expecting value"),
        ("{", "is no GeoJSON feature collection"),
        ("[" * 100_000, "is no GeoJSON feature collection (it is nested too deeply)"),
        ('{"features": []}'.encode("utf-16"), "(it is not written in UTF-8)"),
        ("[]", "it has no list of features"),
        ('{"type": "Feature", "properties": {}}', "it has no list of features"),
        ('{"features": {"a": 1}}', "it has no list of features"),
        ('{"features": null}', "it has no list of features"),
        (collection(), "has no features"),
        (collection("x"), "feature 1 has no table of properties"),
        (collection({"properties": {}}, {"geometry": None}), "feature 2 has no table"),
        (collection({"properties": [1]}), "feature 1 has no table of properties"),
        ('{"features": [{"properties": {"lat": NaN}}]}', "(NaN is no number)"),
        ('{"features": [{"properties": {"lat": -Infinity}}]}', "(-Infinity is no number)"),
    ],
)
def test_what_is_no_collection_is_said(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(DataError) as error:
        geojson_features(saved(tmp_path, content))
    assert str(error.value).startswith("areas.geojson")
    assert said in str(error.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file areas\.geojson at the path given"):
        geojson_features(tmp_path / "areas.geojson")


def test_a_property_is_one_text_or_number() -> None:
    properties = {"id": " 7 ", "n": 7, "blank": " ", "none": None, "list": [1], "table": {}}
    found = [property_text(FILE, 1, properties, name) for name in ("id", "n", "blank", "none", "x")]
    assert found == ["7", "7", None, None, None]
    with pytest.raises(DataError, match="property 'list' of feature 1 is a list; give it as one"):
        property_text(FILE, 1, properties, "list")
    with pytest.raises(DataError, match="property 'table' of feature 1 is a table"):
        property_text(FILE, 1, properties, "table")


@pytest.mark.parametrize(
    ("geometry", "middle"),
    [
        (None, None),
        ({}, None),
        ({"type": "Point", "coordinates": [-2.5, 51.25, 12.0]}, (-2.5, 51.25)),
        ({"type": "Polygon", "coordinates": [SQUARE]}, (1, 51)),
        ({"type": "Polygon", "coordinates": [SQUARE[:-1]]}, (1, 51)),  # a ring left open
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, None),  # without an area
        ({"type": "Polygon", "coordinates": []}, None),
        ({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, None),
    ],
)
def test_the_middle_of_a_shape(
    geometry: dict[str, Any] | None, middle: tuple[float, float] | None
) -> None:
    assert centre(FILE, 1, geometry) == (middle if middle is None else pytest.approx(middle))


@pytest.mark.parametrize(
    ("geometry", "said"),
    [
        ("POLYGON((0 0))", "is of no type that GeoJSON has"),
        ([1, 2], "is of no type that GeoJSON has"),
        ({"type": "Circle", "coordinates": [0, 0]}, "want one of Point, MultiPoint"),
        ({"type": "Point"}, "(Point) has no coordinates"),
        ({"type": "Point", "coordinates": None}, "a pair of longitude and latitude was wanted and"),
        ({"type": "Point", "coordinates": [1]}, "wanted and a list of 1 found"),
        ({"type": "Point", "coordinates": ["-2.5", "51.2"]}, "has a text for a longitude"),
        ({"type": "Point", "coordinates": [-2.5, None]}, "has nothing for a latitude"),
        ({"type": "Point", "coordinates": [True, 51]}, "has true or false for a longitude"),
        ({"type": "Point", "coordinates": [0, 95]}, "has 95 for a latitude; degrees go from -90"),
        ({"type": "Point", "coordinates": [358000, 172000]}, "(EPSG:4326)"),
        ({"type": "Point", "coordinates": [358000, 172000]}, "looks like metres of a projected"),
        ({"type": "Point", "coordinates": [51, -120]}, "to 90, longitude first: export"),
        ({"type": "Point", "coordinates": [10**400, 0]}, "has 100000000000 for a longitude"),
        ({"type": "Point", "coordinates": [float("nan"), 0]}, "has nan for a longitude"),
        ({"type": "Point", "coordinates": [float("inf"), 0]}, "has inf for a longitude"),
        ({"type": "Polygon", "coordinates": SQUARE}, "is nested wrongly"),
        ({"type": "Polygon", "coordinates": [[SQUARE]]}, "is nested wrongly"),
        ({"type": "Polygon", "coordinates": "0 0, 1 1"}, "a list was wanted and a text found"),
        ({"type": "Polygon", "coordinates": [SQUARE[:2]]}, "has a ring of 2 points"),
        ({"type": "MultiPolygon", "coordinates": [SQUARE]}, "is nested wrongly"),
    ],
)
def test_what_is_no_shape_in_degrees_is_said(geometry: object, said: str) -> None:
    with pytest.raises(DataError) as error:
        centre(FILE, 3, geometry)
    assert str(error.value).startswith("areas.geojson: the geometry of feature 3")
    assert said in str(error.value)
