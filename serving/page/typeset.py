"""Sets the brief as a PDF/UA-1 with typst: one tagged sheet of A4, the same bytes everywhere.

1. Texts and numbers go in as data (JSON), never as markup: `templates/brief.typ` lays them out.
2. One family of fonts is used, which comes with matplotlib, and none of the machine's. A letter
   that it lacks is written as □ and the sheet says so, because a PDF/UA has no unknown glyphs.
3. The time in the file is the issue's publication, so equal briefs are equal bytes.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import typst
from pydantic_core import to_json

from forewatch.errors import SettingsError
from serving.page.brief import Brief, BriefPart
from serving.page.page_frame import PageFrame
from serving.page.plain_table import PlainTable

_FAMILY = "DejaVu Sans"
_FILES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
_UNKNOWN = "□"
_LONGEST_HEADING = 14  # letters of a heading in one line
_INVISIBLE = {"Cf", "Zs"}  # such as marks of direction: they need no glyph
_LACKING = f"{_UNKNOWN} stands for letters that this sheet's font doesn't have."
_FONT_OF_SVG = re.compile(r'font-family="[^"]*"')
_NO_DRAWING = "The drawing wasn't made in time; the table says the same."


def typeset_brief(brief: Brief, frame: PageFrame, published_at: pd.Timestamp) -> bytes:
    """Return a brief as a PDF.

    Args:
        brief: what is on the sheet.
        frame: warnings, and where the numbers come from.
        published_at: the time that the file bears, UTC.

    Raises:
        SettingsError: if the fonts aren't there.
    """
    told = {
        "title": brief.title,
        "force": brief.force,
        "warnings": frame.warnings,
        "headline": brief.headline,
        "columns": [[_part(part) for part in column] for column in brief.columns],
        "trust": brief.trust,
        "source": [*frame.source],
    }
    shown = _shown(told)
    if _UNKNOWN in str(shown) and _UNKNOWN not in str(told):
        shown["source"].append(_LACKING)
    made = typst.compile(
        files("serving.page").joinpath("templates", "brief.typ").read_bytes(),
        font_paths=_fonts(),
        sys_inputs={"brief": to_json(shown).decode()},
        format="pdf",
        pdf_standards=["ua-1"],
        timestamp=int(published_at.timestamp()),
    )
    return bytes(made)


def _part(part: BriefPart) -> dict[str, Any]:
    table = None if part.table is None else asdict(part.table) | {"columns": _columns(part.table)}
    told: dict[str, Any] = {
        "title": part.title,
        "texts": [*part.texts],
        "table": table,
        "remarks": part.remarks,
    }
    if part.picture is None:
        return told | {"svg": "", "alt": "", "summary": ""}
    chart, svg = part.picture.chart, part.picture.phone
    told["texts"] += [] if svg else [_NO_DRAWING]
    alt = f"{chart.name}. {chart.summary}"
    return told | {"svg": _FONT_OF_SVG.sub(f'font-family="{_FAMILY}"', svg), "alt": alt,
                   "summary": chart.summary}  # fmt: skip


def _columns(table: PlainTable) -> list[tuple[str, bool]]:
    """Return the columns with long headings in two lines: the first column needs the room."""
    return [(_two_lines(heading), is_text) for heading, is_text in table.columns]


def _two_lines(heading: str) -> str:
    spaces = [at for at, letter in enumerate(heading) if letter == " "]
    if len(heading) <= _LONGEST_HEADING or not spaces:
        return heading
    middle = min(spaces, key=lambda at: abs(2 * at - len(heading)))
    return f"{heading[:middle]}\n{heading[middle + 1 :]}"


def _shown(value: Any) -> Any:  # noqa: ANN401 - JSON values
    """Return the same values with texts of letters that the fonts have."""
    if isinstance(value, str):
        return "".join(each if each in _letters() or _is_invisible(each) else _UNKNOWN
                       for each in value)  # fmt: skip
    if isinstance(value, dict):
        return {name: _shown(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(each) for each in value]
    return value


def _is_invisible(letter: str) -> bool:
    return letter == "\n" or unicodedata.category(letter) in _INVISIBLE


def _folder() -> Path:
    """Return the folder of the fonts, without importing what brings them, which takes long."""
    from importlib.util import find_spec  # noqa: PLC0415 - as little as can be

    found = find_spec("matplotlib")
    places = (found.submodule_search_locations or []) if found else []
    folder = Path(*places[:1]) / "mpl-data" / "fonts" / "ttf"
    if not all((folder / name).is_file() for name in _FILES):
        raise SettingsError(
            f"the fonts of the brief ({', '.join(_FILES)}) aren't in {folder}; install matplotlib "
            "again, which brings them"
        )
    return folder


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[_folder()]
    )


@cache
def _letters() -> frozenset[str]:
    """Return the letters that both weights have."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - 30 ms, once

    maps = []
    for name in _FILES:
        with TTFont(_folder() / name, lazy=True) as font:
            maps.append(frozenset(map(chr, font.getBestCmap())))
    return maps[0] & maps[1]
