"""The process that sets one sheet: reads it as JSON, writes a PDF/UA-1, the same bytes everywhere.

1. Texts and numbers go in as data (JSON), never as markup: `templates/brief.typ` lays them out.
2. One family of fonts is used, which comes with matplotlib, and none of the machine's. A letter
   that it lacks is written as □ and the sheet says so, because a PDF/UA has no unknown glyphs.
3. The time in the file is the issue's publication, so equal briefs are equal bytes.

Nothing of ours is imported but this module, so that it starts at once.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

FAMILY = "DejaVu Sans"
NO_FONTS = 3  # the status with which it ends where the fonts aren't there
_FILES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
_UNKNOWN = "□"
_INVISIBLE = {"Cf", "Zs"}  # such as marks of direction: they need no glyph
_LACKING = f"{_UNKNOWN} stands for letters that this sheet's font doesn't have."


class Sheets:
    """What is needed to set sheets: fonts, and the letters that they have."""

    def __init__(self, folder: Path) -> None:
        """Read them.

        Args:
            folder: of the fonts.
        """
        import typst  # noqa: PLC0415 - who only asks for names of ours needs none

        self._compile = typst.compile
        self._letters = letters_of(folder)
        self._fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder]
        )
        self._template = files("serving.page").joinpath("templates", "brief.typ").read_bytes()

    def sheet(self, told: dict[str, Any], seconds: int) -> bytes:
        """Return a brief as a PDF.

        Args:
            told: what `templates/brief.typ` lays out.
            seconds: since 1970, the time that the file bears.
        """
        shown = shown_letters(told, self._letters)
        if _UNKNOWN in str(shown) and _UNKNOWN not in str(told):
            shown["source"].append(_LACKING)
        made = self._compile(
            self._template,
            font_paths=self._fonts,
            sys_inputs={"brief": json.dumps(shown, ensure_ascii=False)},
            format="pdf",
            pdf_standards=["ua-1"],
            timestamp=seconds,
        )
        return bytes(made)


def shown_letters(value: Any, letters: frozenset[str]) -> Any:  # noqa: ANN401 - JSON values
    """Return the same values with texts of letters that the fonts have."""
    if isinstance(value, str):
        return "".join(
            each if each in letters or _is_invisible(each) else _UNKNOWN for each in value
        )
    if isinstance(value, dict):
        return {name: shown_letters(each, letters) for name, each in value.items()}
    if isinstance(value, list):
        return [shown_letters(each, letters) for each in value]
    return value


def _is_invisible(letter: str) -> bool:
    return letter == "\n" or unicodedata.category(letter) in _INVISIBLE


def letters_of(folder: Path) -> frozenset[str]:
    """Return the letters that both weights have."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - see `sheet`

    maps = []
    for name in _FILES:
        with TTFont(folder / name, lazy=True) as font:
            maps.append(frozenset(map(chr, font.getBestCmap())))
    return maps[0] & maps[1]


def font_folder() -> Path:
    """Return the folder of the fonts, without importing what brings them, which takes long."""
    found = find_spec("matplotlib")
    places = (found.submodule_search_locations or []) if found else []
    return Path(*places[:1]) / "mpl-data" / "fonts" / "ttf"


def set_sheet() -> None:
    """Set the sheet that comes in."""
    folder = font_folder()
    if not all((folder / name).is_file() for name in _FILES):
        sys.stderr.write(
            f"the fonts of the brief ({', '.join(_FILES)}) aren't in {folder}; install matplotlib "
            "again, which brings them"
        )
        sys.exit(NO_FONTS)
    sheets = Sheets(folder)
    if told := sys.stdin.buffer.read():  # else nobody wants it any more
        job = json.loads(told)
        sys.stdout.buffer.write(sheets.sheet(job["brief"], job["seconds"]))


if __name__ == "__main__":
    set_sheet()
