"""Outlines of the demo force's beats: openly synthetic, drawn around their middles.

1. The land is what lies within some kilometres of a beat's middle, with a wavy coast.
2. Each district has the part of it that lies nearer to its middle than to any other (a Voronoi
   cell), and each beat such a part of its district.

Nothing of a real border is in them. Only beats are written: the import makes districts of them.
"""

from __future__ import annotations

import json

import numpy as np
import shapely

from forewatch.arrays import Array
from sources.outlines import Geometries, clean_coverage
from sources.synthetic.places import Beat, beats, districts
from sources.synthetic.plan import COAST, Plan

# Degrees of latitude.
_REACH, _SMOOTHING = 0.13, 0.06
_WAVE, _STEP = 0.006, 0.008
_WAVES = (3, 7, 13, 29, 61)  # along the coast, the longest highest
_DIGITS = 5
_APART = 1e-5  # two middles at one place are taken apart by so much


def shapes_geojson(plan: Plan) -> str:
    """Return a GeoJSON with a feature for each beat; the same plan gives the same text."""
    below = beats(plan)
    degrees = np.array([(beat.entry.lon, beat.entry.lat) for beat in below], float)
    degrees[:, 0] += _APART * np.arange(len(degrees)) / len(degrees)
    east = np.array([np.cos(np.radians(degrees[:, 1].mean())), 1.0])
    cells = _cells(below, degrees * east, plan, east)
    shapes = shapely.set_precision(shapely.transform(cells, lambda xy: xy / east), 10**-_DIGITS)
    features = [
        {
            "type": "Feature",
            "properties": {"area": beat.entry.id, "name": beat.entry.name},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for beat, shape in zip(below, shapes, strict=True)
    ]
    about = "Openly synthetic outlines of the demo force: no real border is in them."
    collection = {"type": "FeatureCollection", "description": about, "features": features}
    return json.dumps(collection, separators=(",", ":")) + "\n"


def _cells(below: tuple[Beat, ...], places: Array, plan: Plan, east: Array) -> Geometries:
    """Return the beats' parts of the land; they fit together."""
    land = _land(places, plan)
    middles = np.array([each.centre[::-1] for each in districts(plan)]) * east
    own = np.array([beat.district for beat in below])
    cells = np.full(len(below), None, object)
    for number, whole in enumerate(_nearest(middles, land)):
        cells[own == number] = shapely.intersection(_nearest(places[own == number], land), whole)
    return clean_coverage(cells)


def _nearest(places: Array, land: shapely.Geometry) -> Geometries:
    """Return for each place the part of the land that is nearest to it."""
    cells = shapely.voronoi_polygons(shapely.multipoints(places), extend_to=land, ordered=True)
    found: Geometries = shapely.intersection(shapely.get_parts(cells), land)
    return found


def _land(middles: Array, plan: Plan) -> shapely.Geometry:
    """Return one piece of land around places, without lakes, its coast wavy."""
    places = shapely.multipoints(middles)
    around = shapely.buffer(shapely.buffer(places, _REACH), -_SMOOTHING)
    if len(shapely.get_parts(around)) > 1:
        around = shapely.buffer(shapely.convex_hull(places), _REACH - _SMOOTHING)
    coast = shapely.get_coordinates(
        shapely.segmentize(shapely.get_exterior_ring(shapely.get_parts(around)[0]), _STEP)
    )[:-1]
    out = np.roll(coast, -1, axis=0) - np.roll(coast, 1, axis=0)
    outwards = np.column_stack([out[:, 1], -out[:, 0]]) / np.hypot(*out.T)[:, None]
    moved = coast + outwards * _waves(len(coast), plan)[:, None]
    land = shapely.make_valid(shapely.Polygon(moved), method="structure", keep_collapsed=False)
    parts = shapely.get_parts(land)
    largest: shapely.Geometry = parts[int(np.argmax(shapely.area(parts)))]
    return largest


def _waves(n: int, plan: Plan) -> Array:
    """Return how far each of n points along the coast is moved."""
    rng = plan.stream(COAST)
    phase = rng.uniform(0, 2 * np.pi, len(_WAVES))
    along = np.arange(n) * 2 * np.pi / n
    heights = _WAVE * np.sqrt(_WAVES[0] / np.array(_WAVES, float))
    waves: Array = (heights[:, None] * np.sin(np.outer(_WAVES, along) + phase[:, None])).sum(0)
    return waves
