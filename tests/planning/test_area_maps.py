from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forewatch.areas import Area, AreaTree
from forewatch.errors import UnknownArea
from forewatch.tables import SHAPES, check, empty
from planning.area_maps import BOX, area_map, point_inside
from planning.map_shapes import Ring

Degrees = Sequence[tuple[float, float]]


def tree_of(*names: str) -> AreaTree:
    below = [Area(name, name.upper(), "top") for name in names]
    return AreaTree((Area("top", "Top"), *below), ("force", "district"))


def outline(
    area: str, *rings: Degrees, tolerance_m: float = 1.0, made_of: str = ""
) -> pd.DataFrame:
    """Return the rows of an area of one part: an outer ring, and holes in it."""
    return pd.concat(
        pd.DataFrame(ring, columns=["lon", "lat"]).assign(
            area=area, made_of=made_of, tolerance_m=tolerance_m, part=0, ring=number
        )
        for number, ring in enumerate(rings)
    )


def table(*outlines: pd.DataFrame) -> pd.DataFrame:
    return check(SHAPES.name, pd.concat(outlines))


def box(west: float, south: float, east: float, north: float) -> Degrees:
    return [(west, south), (east, south), (east, north), (west, north)]


def doubled_area(ring: Ring) -> int:
    x, y = np.array(ring).T
    return int((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())


def test_a_map_has_the_aspect_of_the_land() -> None:
    at_60 = table(outline("a", box(10, 59, 12, 61)))  # a degree of longitude is half as long there
    found = area_map(at_60, tree_of("a"), ("a",))
    assert found.width == pytest.approx(BOX / 2, abs=6)
    assert found.height == BOX
    assert found.rings["a"] == (
        ((4, 996), (500, 996), (500, 4), (4, 4)),
    )  # north is above, and the outer ring runs the other way on a plane whose y grows downwards
    assert found.middles["a"] == (252, 500)
    assert found.kind == "outlines"


def test_a_hole_turns_the_other_way() -> None:
    hole = [(0.2, 50.2), (0.2, 50.8), (0.8, 50.8), (0.8, 50.2)]
    found = area_map(table(outline("a", box(0, 50, 1, 51), hole)), tree_of("a"), ("a",))
    outer, inner = found.rings["a"]
    assert np.sign(doubled_area(outer)) == -np.sign(doubled_area(inner))
    x, _ = found.middles["a"]
    assert not min(p[0] for p in inner) <= x <= max(p[0] for p in inner)  # a label is on land


def test_areas_without_an_outline_are_told() -> None:
    tree = tree_of("a", "b", "c")
    found = area_map(table(outline("b", box(0, 50, 1, 51))), tree, ("a", "b", "c"))
    assert list(found.rings) == ["b"]
    assert found.without_shape == ("a", "c")


def test_without_any_outline_a_map_is_of_tiles() -> None:
    tree = tree_of("a", "b")
    assert area_map(empty(SHAPES.name), tree, ("a", "b")).kind == "grid"
    other = table(outline("a", box(0, 50, 1, 51)))
    assert area_map(other, tree, ("b",)).kind == "grid"


def test_an_area_that_the_tree_lacks_is_refused() -> None:
    with pytest.raises(UnknownArea, match="no area 'z'"):
        area_map(empty(SHAPES.name), tree_of("a"), ("z",))


def test_an_outline_of_other_parts_than_now_is_not_drawn() -> None:
    made = table(outline("top", box(0, 50, 1, 51), made_of="a b"))
    assert area_map(made, tree_of("a", "b"), ("top",)).kind == "outlines"
    assert area_map(made, tree_of("a", "b", "c"), ("top",)).kind == "grid"


def test_a_part_of_the_force_is_drawn_finer() -> None:
    # a staircase of 200 m, told at three tolerances; the coarse ones leave its steps out
    steps = [(i * 0.002, 50 + 0.002 * ((i + 1) // 2)) for i in range(50)]
    fine, coarse = [*steps, (0.1, 49.9)], [steps[0], (0.1, 49.9), steps[-1]]
    rows = [
        outline("a", coarse[::-1], tolerance_m=400.0),
        outline("a", fine[::-1], tolerance_m=5.0),
        outline("b", box(3, 49.9, 4, 51), tolerance_m=400.0),
        outline("b", box(3, 49.9, 4, 51), tolerance_m=5.0),
    ]
    tree = tree_of("a", "b")
    both, one = (area_map(table(*rows), tree, areas) for areas in (("a", "b"), ("a",)))
    assert len(both.rings["a"][0]) == 3
    assert len(one.rings["a"][0]) > 30


def test_an_area_smaller_than_a_dot_is_still_drawn() -> None:
    tiny = outline("b", box(0.5, 50.5, 0.500001, 50.500001))
    found = area_map(table(outline("a", box(0, 50, 1, 51)), tiny), tree_of("a", "b"), ("a", "b"))
    assert len(found.rings["b"]) == 1
    assert abs(doubled_area(found.rings["b"][0])) == 8


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.floats(0.01, 0.99), st.floats(0.01, 0.99)), min_size=1, max_size=20),
    st.floats(-80, 80),
)
def test_no_gap_opens_between_neighbours(border: list[tuple[float, float]], south: float) -> None:
    """Two areas share a border of any points: on the map they and no gap make up the square."""
    line = sorted(set(border), key=lambda point: point[1])
    west = [(0.0, south), *[(x, south + y) for x, y in line], (0.0, south + 1)]
    east = [(1.0, south + 1), *[(x, south + y) for x, y in line[::-1]], (1.0, south)]
    # the square's top and bottom belong to the west up to the border's first and last point
    west = [(0.0, south), (0.5, south), *west[1:-1], (0.5, south + 1), (0.0, south + 1)]
    east = [(1.0, south + 1), (0.5, south + 1), *east[1:-1], (0.5, south), (1.0, south)]
    found = area_map(table(outline("a", west), outline("b", east)), tree_of("a", "b"), ("a", "b"))
    areas = [sum(doubled_area(ring) for ring in found.rings[area]) for area in ("a", "b")]
    assert -sum(areas) == 2 * (found.width - 8) * (found.height - 8)


@given(
    st.lists(
        st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=3, max_size=15, unique=True
    )
)
def test_a_label_stands_within_the_box_of_its_area(points: list[tuple[int, int]]) -> None:
    x, y = point_inside([tuple(points)])
    xs, ys = zip(*points, strict=True)
    assert min(xs) <= x <= max(xs)
    assert min(ys) <= y <= max(ys)
