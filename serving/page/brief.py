"""The brief: a week on one sheet of A4, as texts, tables and a chart in the order of reading.

The page and the PDF lay out the same values. What doesn't fit is left out and said: how many
more there are, and which view has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from forewatch.clock import ONE_DAY, WEEK_DAYS
from serving.charts.chart import Chart, plain_text
from serving.charts.look import Look
from serving.page.accuracy import NO_PAST
from serving.page.accuracy_panel import AccuracyPanel, area_accuracy
from serving.page.heat_map import HeatCell, HeatMap
from serving.page.map_panel import AreaMap, MapArea
from serving.page.missing_panel import MissingPanel
from serving.page.page_answers import PageAnswers
from serving.page.page_words import sentence, week_text
from serving.page.plain_table import Cell, PlainTable, plain_table
from serving.page.special_panel import SpecialLine, SpecialPanel
from serving.page.staffing_panel import StaffingPanel
from serving.page.view_renderer import PHONE, Picture, Pictures, ViewSources
from serving.page.week_headline import Headline
from serving.page.week_panels import DayRow, week_panels

_PANELS = ("headline", "heat_map", "bands", "staffing", "special", "missing", "map")
_DRAWN = "bands"  # of the panels' charts the one that is on the sheet; the others are tables there
MOST_AREAS, MOST_EVENTS, MOST_NOTES, MOST_DOUBTS, MOST_PLANNED = 10, 6, 4, 3, 12
_LONGEST_NAME, _LONGEST_TEXT = 44, 150
_LONGEST_DOUBT = 220
_LONGEST_EVENT = 80  # letters; what is longer ends with "…"
# Turns what follows to the end of the line: a name among other words must not.
_TURNS = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e"))
_NO_DRAWING = Pictures(None, is_ahead=True)


@dataclass(frozen=True)
class BriefPart:
    """A part of the sheet.

    Args:
        name: of it in addresses and styles.
        title: what it answers.
        texts: sentences.
        table: its numbers; None where there are none.
        picture: its chart; None where it has none.
        remarks: what has to be known of them, small.
    """

    name: str
    title: str
    texts: tuple[str, ...] = ()
    table: PlainTable | None = None
    picture: Picture | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Brief:
    """A week on one sheet.

    Args:
        title: the area and the week.
        force: name of the force.
        headline: how busy, in sentences; the first is the one to read.
        columns: parts side by side: the left column's, and the right one's.
        trust: whether such forecasts came true so far, in a line.
    """

    title: str
    force: str
    headline: tuple[str, ...]
    columns: tuple[tuple[BriefPart, ...], tuple[BriefPart, ...]]
    trust: str


class SheetPictures(Pictures):
    """Draws what is on the sheet, and nothing else that a panel has."""

    def order(self, *charts: Chart | None, looks: tuple[Look, ...] = (PHONE,)) -> None:
        """Have the charts of the sheet drawn while the page goes on."""
        del looks
        super().order(*(each for each in charts if _is_drawn(each)), looks=(PHONE,))

    def picture(self, chart: Chart, *, is_wide: bool = True) -> Picture:
        """Return a chart with the drawing for a column."""
        del is_wide
        return super().picture(chart, is_wide=False) if _is_drawn(chart) else Picture(chart, "")


def _is_drawn(chart: Chart | None) -> bool:
    return chart is not None and chart.kind == _DRAWN


def week_brief(
    answers: PageAnswers, sources: ViewSources, pictures: SheetPictures
) -> tuple[Brief, bool]:
    """Return the brief of a week, and whether something couldn't be read at this moment.

    Args:
        answers: to what is asked.
        sources: what there is beside the issue.
        pictures: draws the chart.
    """
    shown = week_panels(answers, sources, pictures, _PANELS)
    asked, values = answers.asked, shown.values
    special, staffing, missing = (_of(values, name) for name in ("special", "staffing", "missing"))
    left = (_when(values["heat_map"], special), _how_sure(values["bands"], values["days"]))
    right = (_enough(staffing), _special(special), _missing(missing), _where(_of(values, "map")))
    sunday = asked.monday + (WEEK_DAYS - 1) * ONE_DAY
    brief = Brief(
        title=f"{_name(asked.area_name)}: {week_text(asked.monday)} {sunday.year}",
        force=asked.issue.profile.force.name,
        headline=_headline(_of(values, "headline")),
        columns=(left, right),
        trust=_trust(area_accuracy(asked, sources, _NO_DRAWING)),
    )
    return brief, shown.is_passing or pictures.is_any_missing


def _of(values: dict[str, object], name: str) -> Any:  # noqa: ANN401 - what a panel is, by its name
    return values[name]


def _name(text: str) -> str:
    return plain_text(text, _LONGEST_NAME)


def _headline(said: Headline) -> tuple[str, ...]:
    first = f"{said.total} expected; in 8 of 10 such weeks {said.span}."
    more = [f"Busiest: {said.busiest}."] if said.busiest else []
    if said.shift is not None:
        more.append(f"Busiest shift: {_name(said.shift.text)}, {said.shift_calls}.")
    level = [sentence(said.level)] if said.level else []
    return tuple(each.translate(_TURNS) for each in (first, *more, *level, *said.doubts))


def _when(heat_map: Any, special: SpecialPanel) -> BriefPart:  # noqa: ANN401 - see `_of`
    heat: HeatMap = heat_map
    head = [heat.corner, *(f"{name}\n{date}".strip() for name, date in heat.columns)]
    rows = [[Cell(row.name, is_text=True), *map(_heat_cell, row.cells)] for row in heat.rows]
    star = "; ★ something special" if special.lines else ""
    about = "The stronger the shade, the more; the most is framed"
    return BriefPart(
        "when", "When", table=plain_table(f"Calls expected. {about}{star}", head, rows)
    )


def _heat_cell(cell: HeatCell) -> Cell:
    shade = "" if cell.shade is None else f"h{cell.shade}"
    return Cell(cell.text or "–", mark=f"{shade}{' most' if cell.is_most else ''}".strip())


def _how_sure(bands: Any, days: Any) -> BriefPart:  # noqa: ANN401 - see `_of`
    picture: Picture = bands
    told: tuple[DayRow, ...] = days
    rows: list[list[str | Cell]] = [
        [row.name, row.expected, row.spans[1], row.usual, _text(row.level)] for row in told
    ]
    head = ("Day", "Expected", "8 of 10 cases", "Last 8 weeks", "Beside these")
    table = plain_table("Calls by day", head, rows)
    notes = "; ".join(_so_many(picture.chart.notes, MOST_NOTES, "/events"))
    return BriefPart("sure", "How sure", (), table, picture, (notes,) if notes else ())


def _text(text: str, mark: str = "") -> Cell:
    return Cell(text, is_text=True, mark=mark)


def _so_many(
    texts: Iterable[str], most: int, view: str, longest: int = _LONGEST_TEXT
) -> tuple[str, ...]:
    """Return the first texts, none too long, and how many more a view has."""
    told = [plain_text(each, longest) for each in texts]
    left = len(told) - most
    return (*told[:most], *([f"And {left} more on {view}."] if left > 0 else []))


def _enough(staffing: StaffingPanel) -> BriefPart:
    part = BriefPart("enough", "Is it enough?")
    if staffing.why:
        return replace(part, texts=(staffing.why,))
    if staffing.areas:
        names = [_name(link.text) for link in staffing.areas]
        left = len(names) - MOST_PLANNED
        more = f", and {left} more on /week" if left > 0 else ""
        return replace(
            part, texts=(f"Officers are planned by area: {', '.join(names[:MOST_PLANNED])}{more}.",)
        )
    assumed = f"Assumed, because nobody told them: {staffing.assumed}."
    remarks = (assumed,) if staffing.assumed else ()
    if staffing.below is not None:
        return replace(part, **_below(staffing.below), remarks=remarks)
    rows = [
        [_text(day), *(Cell(f"{cell.text} {cell.gap}".strip() or "–", mark="short" * cell.is_short)
                for cell in cells)]
        for day, cells in staffing.rows
    ]  # fmt: skip
    caption = "Officers needed / planned; ▼ lacking, + to spare, – no plan"
    table = plain_table(caption, ("Day", *map(_name, staffing.shifts)), rows)
    return replace(part, texts=(staffing.summary,), table=table, remarks=remarks)


def _below(areas: PlainTable) -> dict[str, Any]:
    """Return texts and table of the areas with plans, as many as there is room for."""
    shown = areas.rows[:MOST_AREAS]
    left = len(areas.rows) - len(shown)
    rows = tuple((_text(_name(first.text)), *others) for first, *others in shown)
    texts = (f"{left} more areas are on /week.",) if left else ()
    return {"texts": texts, "table": replace(areas, rows=rows)}


def _special(special: SpecialPanel) -> BriefPart:
    texts = (special.why,) if special.why else ()
    lines = _so_many(map(_special_line, special.lines), MOST_EVENTS, "/events")
    return BriefPart("special", "What is special", (*texts, *lines))


def _special_line(line: SpecialLine) -> str:
    remark = f"; {line.remark}" if line.remark else ""
    where = "" if line.where == "everywhere" else f", {_name(line.where)}"
    return f"{line.when}{where}: {plain_text(line.text, _LONGEST_EVENT)}{remark}"


def _missing(missing: MissingPanel) -> BriefPart:
    part = BriefPart("missing", "Missing persons")
    if missing.why:
        return replace(part, texts=(missing.why,))
    bands = ("Hours kept free",) if missing.has_bands else ()
    head = ("Window", "Reports", "8 of 10 cases", "Hours enough in 9 of 10", *bands)
    rows: list[list[str | Cell]] = [
        [row.name, row.expected, row.span, row.enough, *([_text(row.band)] if bands else [])]
        for row in missing.rows
    ]
    doubts = (*missing.doubts, *missing.calibration)
    table = plain_table("Reports, and officer-hours that land", head, rows)
    return replace(part, table=table, remarks=(*doubts[:MOST_DOUBTS], missing.uses))


def _where(areas: AreaMap) -> BriefPart:
    part = BriefPart("where", "Where")
    if areas.why:
        return replace(part, texts=(areas.why,))
    told, left = _furthest(areas.areas)
    rows: list[list[str | Cell]] = [
        [
            _name(area.link.text),
            area.expected,
            area.span,
            _text(" ".join([area.sign, area.level, *(doubt[:1] for doubt in area.doubts)])),
        ]
        for area in told
    ]
    head = ("Area", "Expected", "8 of 10 weeks", "Beside the last 8 weeks")
    first = f"The {len(told)} areas furthest from normal; {left} more are on /week." if left else ""
    table = plain_table("Calls in the week by area", head, rows)
    doubts = _so_many(areas.doubts, MOST_DOUBTS, "/week", _LONGEST_DOUBT)
    return replace(part, texts=(first,) if first else (), table=table, remarks=doubts)


def _furthest(areas: tuple[MapArea, ...]) -> tuple[tuple[MapArea, ...], int]:
    """Return the areas that have room, in the tree's order, and how many have none."""
    far = sorted(areas, key=lambda area: -abs(area.off) if math.isfinite(area.off) else 0.0)
    shown = far[:MOST_AREAS]
    return tuple(area for area in areas if area in shown), len(areas) - len(shown)


def _trust(accuracy: AccuracyPanel) -> str:
    """Return the first line that there is: of issues, else of tests, else why there is none."""
    past, tests = accuracy.hindsight, accuracy.tests
    if past.table is not None:
        return f"{past.sentences[0]} Said {accuracy.ahead} before."
    first = " ".join(tests.sentences) or tests.why
    is_new = past.sentences[0] == NO_PAST  # an issue from before such things were kept
    return (
        first if is_new else f"No week is over yet of which an issue spoke so long ahead. {first}"
    )
