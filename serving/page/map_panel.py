"""The map: areas beside what is normal for them, as shapes with links and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

import numpy as np

from planning.map_shapes import shape_paths
from serving.charts.words import count_text, level_text
from serving.map_records import MapRecords
from serving.page.answer_rows import AnswerRow
from serving.page.page_answers import PageAnswers
from serving.page.page_frame import Link
from serving.page.week_headline import own_doubts

_STEPS = (0.03, 0.08, 0.15)  # from how far off normal a colour is another
_MOST_LABELS = 20  # areas whose sign fits on the map
_TILE_LETTERS, _TILE_LINES = 11, 2
_KINDS = {
    "outlines": "",
    "tiles": "No outlines of these areas were imported, so that they are drawn as tiles: "
    "neighbours are near each other, sizes mean nothing. 'forewatch import shapes' takes outlines.",
    "grid": "Neither outlines nor middles of these areas are known: they stand by their names.",
}


@dataclass(frozen=True)
class MapArea:
    """An area.

    Args:
        link: its name, leading to it.
        path: the SVG path of its shape; "" where it has none.
        look: class of its colour.
        sign: what says the same without colour.
        names: lines of its name on the map; none where outlines tell what it is.
        at: where that stands, x and y.
        expected: calls.
        span: in which they lie in 8 of 10 cases.
        level: how they are to the last 8 weeks.
        off: by which share of these; NaN where nobody knows.
        doubts: what has to be known of the number.
    """

    link: Link
    path: str
    look: str
    sign: str
    at: tuple[int, int]
    names: tuple[str, ...]
    expected: str
    span: str
    level: str
    off: float
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class AreaMap:
    """A map.

    Args:
        title: what it shows.
        view_box: of the SVG.
        areas: in the tree's order.
        legend: class, sign and meaning of each colour.
        has_signs: whether signs fit on the map.
        doubts: of the areas, each once; the table has the sign with which each begins.
        remark: on how it is drawn.
        without_shape: names of areas that are in the table alone.
        why: why there is none; "" where there is.
    """

    title: str = ""
    view_box: str = ""
    areas: tuple[MapArea, ...] = ()
    legend: tuple[tuple[str, str, str], ...] = ()
    has_signs: bool = False
    doubts: tuple[str, ...] = ()
    remark: str = ""
    without_shape: tuple[str, ...] = ()
    why: str = ""


LEGEND = (
    ("below-3", "▼▼▼", "more than 15 % below"),
    ("below-2", "▼▼", "8 to 15 % below"),
    ("below-1", "▼", "3 to 8 % below"),
    ("level", "=", "within 3 %"),
    ("above-1", "▲", "3 to 8 % above"),
    ("above-2", "▲▲", "8 to 15 % above"),
    ("above-3", "▲▲▲", "more than 15 % above"),
    ("unknown", "?", "not known"),
)
_SIGNS = {look: sign for look, sign, _ in LEGEND}


def week_map(answers: PageAnswers, maps: MapRecords) -> AreaMap:
    """Return the map of the areas below the one that is shown."""
    asked = answers.asked
    if not asked.parts:
        return AreaMap(why=f"{asked.area_name} has no areas below it, so there is no map.")
    rows = answers.call_rows_of(asked.parts, "week", quantiles="0.1,0.9")
    shapes = maps.area_map(asked.issue.tree, asked.parts)
    paths = shape_paths(shapes)
    has_signs = len(rows) <= _MOST_LABELS
    has_names = has_signs and shapes.kind != "outlines"
    areas = tuple(
        _area(
            *(answers, row, paths.get(str(row["area"]), "")),
            shapes.middles.get(str(row["area"])),
            has_name=has_names,
        )
        for row in rows
    )
    looks = {area.look for area in areas}
    return AreaMap(
        title=f"Calls expected beside the last 8 weeks, areas of {asked.area_name}",
        view_box=shapes.view_box,
        areas=areas,
        legend=tuple(each for each in LEGEND if each[0] in looks),
        has_signs=has_signs,
        doubts=tuple(dict.fromkeys(doubt for area in areas for doubt in area.doubts)),
        remark=_KINDS[shapes.kind],
        without_shape=tuple(asked.issue.tree.area(area).name for area in shapes.without_shape),
    )


def _area(
    answers: PageAnswers,
    row: AnswerRow,
    path: str,
    middle: tuple[int, int] | None,
    *,
    has_name: bool,
) -> MapArea:
    mean, usual = float(row["mean"]), float(row["baseline"])
    is_known = bool(np.isfinite(mean) and np.isfinite(usual))
    off = mean / usual - 1 if is_known and usual > 0 else float("nan")
    look = colour_class(off) if np.isfinite(off) else "unknown"
    return MapArea(
        link=Link(str(row["area_name"]), answers.asked.address(area=str(row["area"]))),
        path=path,
        look=look,
        sign=_SIGNS[look],
        at=middle or (0, 0),
        names=_name_lines(str(row["area_name"])) if has_name else (),
        expected=count_text(mean),
        span=f"{count_text(row['q10'])} to {count_text(row['q90'])}",
        level=level_text(mean, usual) if is_known else "unknown",
        off=off,
        doubts=tuple(own_doubts(answers.asked, row)),
    )


def _name_lines(name: str) -> tuple[str, ...]:
    """Return a name in lines that fit on a tile."""
    lines = wrap(name, _TILE_LETTERS, max_lines=_TILE_LINES, placeholder="…")
    return tuple(lines)


def colour_class(off: float) -> str:
    """Return the class of a colour of the style sheet for a share off normal.

    >>> [colour_class(off) for off in (-0.2, 0.01, 0.05)]
    ['below-3', 'level', 'above-1']
    """
    # As it is told in words: whole per cents.
    steps = sum(round(abs(off), 2) >= step for step in _STEPS)
    return "level" if not steps else f"{'above' if off > 0 else 'below'}-{steps}"
