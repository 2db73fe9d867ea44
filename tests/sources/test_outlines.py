import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.outlines import (
    Geometries,
    Plane,
    clean_coverage,
    dissolved,
    geometries_of,
    outline_rows,
    repaired,
    simplified,
)

# A country of 100 km with ragged borders: what simplifying has something to do on.
SIDE = 100_000.0


def country(seed: int, areas: int) -> Geometries:
    """Return areas that fit together: cells around random places, with wavy borders."""
    rng = np.random.default_rng(seed)
    places = shapely.multipoints(rng.uniform(0.1, 0.9, (areas, 2)) * SIDE)
    land = shapely.box(0, 0, SIDE, SIDE)
    cells = shapely.voronoi_polygons(places, extend_to=land, ordered=True)
    cut = clean_coverage(shapely.intersection(shapely.get_parts(cells), land))
    fine = shapely.segmentize(cut, SIDE / 150)
    waves = 0.0008 * SIDE

    def moved(points: np.ndarray) -> np.ndarray:
        # borders move with the plane, so that neighbours stay neighbours
        x, y = points.T
        return points + waves * np.column_stack([np.sin(y / 900), np.sin(x / 700)])

    return clean_coverage(shapely.transform(fine, moved))


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.integers(2, 25))
def test_neighbours_share_their_border_after_simplifying(seed: int, areas: int) -> None:
    given_areas = country(seed, areas)
    done = simplified(given_areas)
    assert done.fit == "as given"
    for tolerance, outlines in done.by_tolerance.items():
        assert shapely.coverage_is_valid(outlines)
        whole = shapely.area(shapely.coverage_union_all(outlines))
        assert shapely.area(outlines).sum() == pytest.approx(whole, rel=1e-9)
        # what moves is a strip along the borders as wide as the tolerance
        borders = shapely.length(given_areas)
        assert (
            np.abs(shapely.area(outlines) - shapely.area(given_areas)) < borders * tolerance
        ).all()
    sizes = [shapely.get_num_coordinates(each).sum() for each in done.by_tolerance.values()]
    assert sizes == sorted(sizes)
    assert sizes[0] < shapely.get_num_coordinates(given_areas).sum()


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.integers(2, 15))
def test_the_parts_make_the_whole(seed: int, areas: int) -> None:
    parts = country(seed, areas)
    whole = dissolved(parts, 10.0)
    assert whole.geom_type == "Polygon"
    assert shapely.get_num_interior_rings(whole) == 0
    assert shapely.area(whole) == pytest.approx(shapely.area(parts).sum())


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.integers(2, 15), st.floats(-180, 180), st.floats(-75, 75))
def test_rows_and_outlines_are_the_same_thing(
    seed: int, areas: int, lon: float, lat: float
) -> None:
    plane = Plane(lon, lat)
    outlines = country(seed, areas)
    names = [f"a{i}" for i in range(areas)]
    read = geometries_of(outline_rows(names, outlines, plane), plane)
    assert list(read) == names
    back = np.array([read[name] for name in names])
    assert shapely.hausdorff_distance(back, outlines) == pytest.approx(0, abs=0.2)  # metres
    assert shapely.area(back) == pytest.approx(shapely.area(outlines), rel=1e-3)


def test_small_gaps_and_overlaps_between_neighbours_are_closed() -> None:
    slipped = np.array(
        [shapely.box(0, 0, 50_000, SIDE), shapely.box(49_990, -30, SIDE, SIDE)], dtype=object
    )
    done = simplified(slipped)
    assert done.fit == "closed"
    assert all(shapely.coverage_is_valid(outlines) for outlines in done.by_tolerance.values())


def test_slivers_between_neighbours_are_closed() -> None:
    middle = [(50_000, 0), (50_040, 50_000), (50_000, SIDE)]
    west = shapely.Polygon([(0, 0), *middle, (0, SIDE)])
    east = shapely.Polygon(
        [(SIDE, 0), (50_000, 0), (50_000 + 120, 50_000), (50_000, SIDE), (SIDE, SIDE)]
    )
    done = simplified(np.array([west, east], object))
    assert done.fit == "closed"
    for outlines in done.by_tolerance.values():
        assert shapely.area(outlines).sum() == pytest.approx(SIDE**2)


def test_areas_that_overlap_widely_are_simplified_each_by_itself() -> None:
    over = np.array([shapely.box(0, 0, 60_000, SIDE), shapely.box(40_000, 0, SIDE, SIDE)], object)
    done = simplified(over)
    assert done.fit == "no"
    for outlines in done.by_tolerance.values():
        assert shapely.area(outlines) == pytest.approx(shapely.area(over))


def test_a_bow_tie_is_repaired_into_its_two_halves() -> None:
    tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    mended = repaired(np.array([tie], object))[0]
    assert mended.is_valid
    assert mended.area == pytest.approx(2)


def test_islands_smaller_than_a_dot_are_left_out_and_the_largest_stays() -> None:
    land = shapely.box(0, 0, SIDE, SIDE)
    speck = shapely.box(SIDE + 500, 0, SIDE + 520, 20)
    areas = np.array([shapely.multipolygons([land, speck]), shapely.box(-50, 0, -20, 30)], object)
    coarsest = next(iter(simplified(areas).by_tolerance.values()))
    assert [shapely.get_num_geometries(outline) for outline in coarsest] == [1, 1]
    assert coarsest[1].area > 0


def test_a_hole_with_an_area_in_it_stays() -> None:
    town = shapely.box(40_000, 40_000, 41_000, 41_000)
    around = shapely.box(0, 0, SIDE, SIDE).difference(town)
    for outlines in simplified(np.array([around, town], object)).by_tolerance.values():
        assert shapely.coverage_is_valid(outlines)
        assert shapely.get_num_interior_rings(shapely.get_parts(outlines[0])).tolist() == [1]


@pytest.mark.parametrize("across", [[179.0, -179.0], [-179.0, 179.0], [179.0, 181.0]])
def test_a_plane_lies_around_the_180th_meridian(across: list[float]) -> None:
    degrees = np.array([[across[0], -18.0], [across[1], -16.0]])
    plane = Plane.around(degrees)
    metres = plane.metres(degrees)
    assert abs(plane.lon) == pytest.approx(180)
    assert np.abs(metres[:, 0]).max() < 107_000  # a degree either way
    back = plane.degrees(metres)
    assert np.mod(back[:, 0], 360) == pytest.approx(np.mod(degrees[:, 0], 360))
    assert np.ptp(back[:, 0]) == pytest.approx(2)
