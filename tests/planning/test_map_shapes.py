import re

from hypothesis import given
from hypothesis import strategies as st

from planning.map_shapes import MapShapes, Point, Ring, shape_paths

POINTS = st.tuples(st.integers(0, 1200), st.integers(0, 1200))
RINGS = st.lists(POINTS, min_size=3, max_size=12, unique=True).map(tuple)
STEP = re.compile(r"([Mlhvz])|(-?\d+)")


def followed(path: str) -> list[Ring]:
    """Return the rings that a path draws, read as SVG reads it."""
    rings: list[list[Point]] = []
    command = ""
    held: list[int] = []
    for letter, number in STEP.findall(path):
        if letter:
            assert held == []
            command = letter
            continue
        held.append(int(number))
        x, y = rings[-1][-1] if rings and command != "M" else (0, 0)
        if command in "hv":
            rings[-1].append((x + held[0], y) if command == "h" else (x, y + held[0]))
        elif len(held) == 1:
            continue
        elif command == "M":
            rings.append([(held[0], held[1])])
        else:
            rings[-1].append((x + held[0], y + held[1]))
        held = []
    return [tuple(ring) for ring in rings]


@given(st.lists(RINGS, min_size=1, max_size=4))
def test_a_path_draws_the_rings(rings: list[Ring]) -> None:
    shapes = MapShapes("outlines", 1200, 1200, {"a": tuple(rings)}, {"a": (0, 0)})
    path = shape_paths(shapes)["a"]
    assert followed(path) == rings
    assert path.count("z") == len(rings)


def test_a_path_is_short_and_safe_in_an_attribute() -> None:
    ring = ((10, 10), (15, 4), (15, 9), (12, 12), (9, 9))
    shapes = MapShapes("outlines", 20, 30, {"a": (ring,)}, {"a": (12, 8)})
    assert shape_paths(shapes) == {"a": "M10 10l5-6v5l-3 3-3-3z"}
    assert shapes.view_box == "0 0 20 30"
