"""Drawings as text: what pages may hold, what a screen reader finds, what sticks out."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from serving.charts.chart import Chart
from serving.charts.look import LOOKS, Look
from serving.charts.svg import tidy_svg
from serving.drawing import Drawings
from tests.serving.charts.conftest import example_charts

NAMES = tuple(example_charts())
SVG = "{http://www.w3.org/2000/svg}"
# What a page's policy blocks, what a style sheet of the page could move, and what leads elsewhere.
NEVER = re.compile(
    r"style|class=|<script|<image|<use|href|url\(|\son\w+=|@font-face", re.IGNORECASE
)
MOST_PACKED_BYTES = 5_500
# Widths of letters of DejaVu Sans, about, in sizes of the text: the widest font that is likely.
WIDTHS = dict.fromkeys("ijl.,:;'|I ()", 0.32) | dict.fromkeys("ftr-", 0.4)
WIDTHS |= dict.fromkeys("mwMW%", 0.95) | dict.fromkeys("\u2068\u2069\u202e", 0) | {'"': 0.46}
MOVE = re.compile(r"(translate|rotate)\(([-\d.]+)(?:,([-\d.]+))?\)")

Drawn = Callable[[str, Look], ET.Element]


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - we made it


@pytest.fixture(scope="module")
def drawn(drawings: Drawings, charts: dict[str, Chart]) -> Drawn:
    return lambda name, look: parsed(drawings.drawing(charts[name], look, 120).svg)


def labels(root: ET.Element) -> list[str]:
    return [each.get("aria-label", "") for each in root.iter() if "role" in each.attrib][1:]


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_holds_nothing_that_a_strict_page_blocks(
    drawings: Drawings, charts: dict[str, Chart], name: str
) -> None:
    found = drawings.drawing(charts[name], Look(), 120)
    assert NEVER.findall(found.svg.replace("<style", "style")) == []
    assert len(found.packed) < MOST_PACKED_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_says_what_it_is_and_its_marks_say_their_values(
    drawn: Drawn, charts: dict[str, Chart], name: str
) -> None:
    root, chart = drawn(name, Look()), charts[name]
    assert root.get("role") == "graphics-document"
    assert root.get("aria-label") == chart.name
    assert root[0].tag == f"{SVG}desc"
    assert root[0].text == chart.summary
    wanted = {row["label"] for row in chart.rows if "label" in row}
    lacking = wanted - set(labels(root))
    assert all("not forecast" in each or "nothing was said" in each for each in lacking), lacking


def test_names_with_markup_are_text_in_a_drawing(drawn: Drawn) -> None:
    root = drawn("breakdown", Look())
    texts = ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]
    assert any('<b>St "Paul\'s" & ' in each for each in texts)
    assert [each for each in root.iter() if each.tag == f"{SVG}b"] == []


@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_no_text_is_cut_off_and_none_is_small(drawn: Drawn, name: str, look: Look) -> None:
    root = drawn(name, look)
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    assert width == look.width
    for text, size, (left, right, y) in texts_at(root, (0, 0), ""):
        assert size >= 11
        assert left >= -1, (text, left)
        assert right <= width + 1, (text, right)
        assert 0 <= y <= height, (text, y)


def texts_at(
    element: ET.Element, at: tuple[float, float], size: str, *, is_turned: bool = False
) -> list[tuple[str, float, tuple[float, float, float]]]:
    x, y = at
    for move, first, second in MOVE.findall(element.get("transform", "")):
        is_turned = is_turned or move == "rotate"
        if move == "translate" and not is_turned:
            x, y = x + float(first), y + float(second or 0)
    size = element.get("font-size", size)
    anchor = element.get("text-anchor", "")
    found = []
    if element.tag == f"{SVG}text" and not is_turned:
        text = "".join(element.itertext())
        length = sum(WIDTHS.get(each, 0.61) for each in text) * float(size)
        left = x - {"end": length, "middle": length / 2}.get(anchor, 0)
        found.append((text, float(size), (left, left + length, y)))
    for child in element:
        if "text-anchor" not in child.attrib and anchor:
            child.set("text-anchor", anchor)
        found.extend(texts_at(child, (x, y), size, is_turned=is_turned))
    return found


def test_a_drawing_is_the_same_text_whenever_it_is_drawn(
    drawings: Drawings, charts: dict[str, Chart]
) -> None:
    first = drawings.drawing(charts["curve"], Look(), 120).svg
    other = Drawings(seconds=60)
    try:
        assert other.drawing(charts["curve"], Look(), 120).svg == first
    finally:
        other.close()


RAW = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'width="10" height="10"><defs><clipPath id="clip0"><rect width="5.12345" height="5" '
    'fill="red"/></clipPath></defs><g style="color:red" class="mark" clip-path="url(#clip0)" '
    'onclick="x()"><path d="M1,2L3.04,4L5,5.56Z" fill="red" opacity="1"/></g></svg>'
)


def test_tidying_takes_styles_and_handlers_and_makes_ids_its_own() -> None:
    chart = Chart("curve", "name", "sum & <b>", ())
    found = tidy_svg(RAW, chart)
    assert NEVER.findall(found.replace("url(#", "")) == []
    (own,) = set(re.findall(r'id="(\w{8})-clip0"', found))
    assert f'clip-path="url(#{own}-clip0)"' in found
    assert 'd="M1,2l2,2,2,1.6z"' in found
    assert "<desc>sum &amp; &lt;b&gt;</desc>" in found
    assert own not in tidy_svg(RAW.replace("M1,2", "M0,2"), chart)


@pytest.mark.parametrize("strange", ["script", "image", "style", "foreignObject", "use"])
def test_what_no_drawing_holds_is_refused(strange: str) -> None:
    raw = RAW.replace("<defs>", f"<{strange}/><defs>")
    said = f"a drawing holds {strange}; only shapes and text may be in one"
    with pytest.raises(ValueError, match=said):
        tidy_svg(raw, Chart("curve", "", "", ()))
