"""Drawings as SVG that can stand inside a page: small, and without styles.

vl-convert writes SVG for programs. Of it `tidy_svg` makes what people's browsers load:

1. Nothing that a policy of `style-src 'self'` blocks: no style attribute or element, no script, no
   address of anything outside. Classes go too, so that a page's style sheet changes nothing.
2. Ids get the drawing's digest before them, so that two drawings on a page don't clash.
3. Marks keep their names (`aria-label`), groups around them lose roles that tell nothing. Axes and
   legends stay hidden from screen readers: numbers alone say nothing, and the table is beside.
4. Coordinates have one decimal, long paths are relative, empty parts and repeated attributes go.
5. The whole has a role, its name, and its summary as description.
"""

from __future__ import annotations

import hashlib
import re
from xml.etree import ElementTree as ET

from serving.charts.chart import Chart
from serving.charts.look import ROOM_FOR_TEXT

Element = ET.Element
_SVG = "http://www.w3.org/2000/svg"
_TAG = f"{{{_SVG}}}"
_DRAWN = {"svg", "g", "path", "text", "tspan", "line", "rect", "circle", "clipPath", "defs"}
_DROPPED = {
    "class",
    "style",
    "pointer-events",
    "font-family",  # the whole has it
    "aria-roledescription",
    "aria-hidden",
    "version",
}
# What children inherit, so that it can be said once above them.
_INHERITED = (
    "fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "font-size",
    "font-weight", "text-anchor",
)  # fmt: skip
_NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?|-?\d+e[-+]?\d+")
_NUMERIC = ("d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "viewBox")
_POLYLINE = re.compile(r"[-MLZ0-9.,\s]+")
_STEP = re.compile(r"([MLZ])([^MLZ]*)")
_DIGEST_LETTERS = 8


def tidy_svg(raw: str, chart: Chart) -> str:
    """Return a drawing of a chart, made by vl-convert, as it may stand in a page.

    Raises:
        ValueError: if it holds what no drawing has, such as a script or an image.
    """
    root = ET.fromstring(raw)  # noqa: S314 - our own process made it; no entities
    _stop_at_strangers(root)
    digest = hashlib.sha256(raw.encode()).hexdigest()[:_DIGEST_LETTERS]
    font = next((e.get("font-family", "") for e in root.iter() if e.get("font-family")), "")
    for each in root.iter():
        _strip(each, digest)
    _prune(root)
    _hoist(root)
    root.set("role", "graphics-document")
    root.set("aria-label", chart.name)
    if font:
        root.set("font-family", font)
    about = ET.Element(f"{_TAG}desc")
    about.text = chart.summary
    root.insert(0, about)
    ET.register_namespace("", _SVG)
    return ET.tostring(root, encoding="unicode")


def _stop_at_strangers(root: Element) -> None:
    names = {each.tag.removeprefix(_TAG) for each in root.iter()}
    if strange := sorted(names - _DRAWN):
        raise ValueError(f"a drawing holds {strange[0]}; only shapes and text may be in one")


def _strip(element: Element, digest: str) -> None:
    """Take from an element what isn't needed, and shorten the rest."""
    given, hidden = element.attrib, element.get("aria-hidden")
    for name in [name for name, value in given.items() if _is_needless(name, value)]:
        del given[name]
    if "aria-label" not in given:
        given.pop("role", None)
    if hidden and element.tag == f"{_TAG}g":
        given["aria-hidden"] = hidden
    for name, value in given.items():
        given[name] = _short_value(name, value).replace("url(#", f"url(#{digest}-")
    if "id" in given:
        given["id"] = f"{digest}-{given['id']}"


def _is_needless(name: str, value: str) -> bool:
    is_default = value == "1" and name in {"opacity", "fill-opacity", "stroke-opacity"}
    is_still = name == "transform" and value == "translate(0,0)"
    return name in _DROPPED or name.startswith(("{", "on")) or is_default or is_still


def _short_value(name: str, value: str) -> str:
    if name == "font-size":
        return _short(float(value.removesuffix("px")) / ROOM_FOR_TEXT)
    if name in _NUMERIC:
        value = _NUMBER.sub(lambda found: _short(float(found[0])), value)
    return _relative(value) if name == "d" else value


def _relative(path: str) -> str:
    """Return lines from point to point as steps, which are shorter; other paths as they are.

    >>> _relative("M0.5,10L1,12L2,8")
    'M0.5,10l0.5,2,1,-4'
    >>> _relative("M0,0A2,2,0,1,1,3,0")
    'M0,0A2,2,0,1,1,3,0'
    """
    if not _POLYLINE.fullmatch(path):
        return path
    found, at, last = [], (0.0, 0.0), ""
    for command, numbers in _STEP.findall(path):
        if command == "Z":
            found.append("z")
        else:
            x, y = map(float, numbers.split(","))
            step = (x, y) if command == "M" else (x - at[0], y - at[1])
            joint = "," if last == command == "L" else command if command == "M" else "l"
            found.append(f"{joint}{_short(step[0])},{_short(step[1])}")
            at = (x, y)
        last = command
    return "".join(found)


def _short(number: float) -> str:
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _prune(element: Element) -> None:
    """Remove what shows nothing, and groups that only hold others."""
    kept: list[Element] = []
    for child in element:
        _prune(child)
        name = child.tag.removeprefix(_TAG)
        if _shows_nothing(name, child):
            continue
        if name == "g" and not child.attrib:
            kept.extend(child)
        else:
            kept.append(child)
    element[:] = kept


def _shows_nothing(name: str, element: Element) -> bool:
    if name == "g":
        return len(element) == 0
    if name == "text":
        return not "".join(element.itertext()).strip()
    if element.get("display") == "none" or element.get("d") in {"", "M0,0h0v0h0Z"}:
        return True
    is_bare = element.get("fill") in {None, "none"} and element.get("stroke") is None
    return name in {"path", "rect"} and is_bare


def _hoist(element: Element) -> None:
    """Say once above several children what they all say alike."""
    for child in element:
        _hoist(child)
    if element.tag != f"{_TAG}g" or len(element) < 2:  # noqa: PLR2004 - several
        return
    for name in _INHERITED:
        said = {child.get(name) for child in element}
        if len(said) == 1 and (value := said.pop()) is not None and "id" not in element.attrib:
            element.set(name, value)
            for child in element:
                del child.attrib[name]
