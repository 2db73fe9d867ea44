import json

import numpy as np
import pytest
import shapely

from sources.synthetic import Plan
from sources.synthetic.places import beats
from sources.synthetic.shapes import shapes_geojson


@pytest.mark.parametrize(("districts", "below"), [(9, None), (1, 1), (1, 2), (2, 1), (3, 40)])
def test_every_beat_has_an_outline_and_they_fit_together(districts: int, below: int | None) -> None:
    plan = Plan(districts=districts, beats_per_district=below)
    text = shapes_geojson(plan)
    assert text == shapes_geojson(plan)
    features = json.loads(text)["features"]
    names = [feature["properties"]["area"] for feature in features]
    assert names == [beat.entry.id for beat in beats(plan)]
    shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    assert shapely.is_valid(shapes).all()
    assert (shapely.area(shapes) > 0).all()
    overlap = shapely.area(shapes).sum() - shapely.area(shapely.union_all(shapes))
    assert abs(overlap) < 1e-4 * shapely.area(shapes).sum()


def test_another_seed_has_another_coast_and_says_that_it_is_synthetic() -> None:
    one, other = (shapes_geojson(Plan(seed=seed, districts=2)) for seed in (1, 2))
    assert one != other
    assert "Openly synthetic" in json.loads(one)["description"]


def test_beats_lie_about_where_their_middles_are() -> None:
    plan = Plan()
    features = json.loads(shapes_geojson(plan))["features"]
    shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    middles = [(beat.entry.lon, beat.entry.lat) for beat in beats(plan)]
    places = shapely.points(np.array(middles, float))
    assert np.mean(shapely.distance(shapes, places) == 0) > 0.8
    assert shapely.distance(shapes, places).max() < 0.1
