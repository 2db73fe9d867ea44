import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forewatch.areas import Area, AreaTree
from planning.map_shapes import MapShapes
from planning.tiles import tile_map


def tree_of(middles: dict[str, tuple[float, float] | None]) -> AreaTree:
    areas = [Area("all-of-it", "All of it")]
    for area, middle in middles.items():
        lon, lat = middle or (None, None)
        areas.append(Area(area, area.upper(), "all-of-it", lat=lat, lon=lon))
    return AreaTree(tuple(areas), ("force", "district"))


def cells(found: MapShapes) -> dict[str, tuple[int, int]]:
    return {area: (x // 100, y // 100) for area, (x, y) in found.middles.items()}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.none() | st.tuples(st.floats(-180, 180), st.floats(-85, 85)), min_size=1, max_size=40
    )
)
def test_every_area_has_a_tile_of_its_own(middles: list[tuple[float, float] | None]) -> None:
    tree = tree_of({f"a{i}": middle for i, middle in enumerate(middles)})
    areas = tree.at_level("district")
    found = tile_map(tree, areas)
    assert list(found.rings) == list(areas)
    assert len(set(cells(found).values())) == len(areas)
    assert found.without_shape == ()
    assert found.kind == ("tiles" if any(middles) else "grid")
    for area, rings in found.rings.items():
        x, y = np.array(rings[0]).T
        assert 0 <= x.min() < found.middles[area][0] < x.max() <= found.width
        assert 0 <= y.min() < found.middles[area][1] < y.max() <= found.height


def test_a_regular_country_keeps_its_places() -> None:
    middles = {f"r{y}c{x}": (2 + x * 0.3, 51 - y * 0.2) for y in range(4) for x in range(5)}
    tree = tree_of(dict(middles))
    found = cells(tile_map(tree, tree.at_level("district")))
    for area, (x, y) in found.items():
        for other, (other_x, other_y) in found.items():
            if area[1] == other[1]:
                assert (other_x - x) * (int(other[3]) - int(area[3])) >= 0
            if area[3] == other[3]:
                assert (other_y - y) * (int(other[1]) - int(area[1])) >= 0


def test_the_order_of_the_question_changes_no_place() -> None:
    rng = np.random.default_rng(3)
    tree = tree_of({f"a{i}": (float(x), float(y)) for i, (x, y) in enumerate(rng.random((23, 2)))})
    areas = tree.at_level("district")
    assert cells(tile_map(tree, areas[::-1])) == cells(tile_map(tree, areas))


def test_areas_on_both_sides_of_the_180th_meridian_are_neighbours() -> None:
    tree = tree_of({"west": (179.5, -17), "east": (-179.5, -17), "far": (170.0, -17)})
    found = cells(tile_map(tree, ("east", "far", "west")))
    assert found["far"][0] < found["west"][0] < found["east"][0]


def test_without_middles_tiles_stand_by_the_alphabet() -> None:
    tree = tree_of(dict.fromkeys(("c", "a", "d", "b")))
    found = tile_map(tree, ("c", "a", "d", "b"))
    assert found.kind == "grid"
    assert sorted(cells(found), key=lambda area: cells(found)[area][::-1]) == ["a", "b", "c", "d"]


def test_an_area_without_a_middle_stands_below_the_others() -> None:
    tree = tree_of({"a": None, "b": (0, 51), "c": (1, 51)})
    found = cells(tile_map(tree, ("a", "b", "c")))
    assert found["a"][1] > max(found["b"][1], found["c"][1])


@pytest.mark.parametrize("n", [0, 1])
def test_a_map_of_nearly_nothing(n: int) -> None:
    found = tile_map(tree_of({"a": (0.0, 51.0)}), ("a",)[:n])
    assert len(found.rings) == n
    assert (found.width, found.height) == (100, 100) if n else found.rings == {}
