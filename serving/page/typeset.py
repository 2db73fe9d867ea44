"""Sets the brief as a PDF/UA-1 with typst, in a process of its own: one tagged sheet of A4.

A process for each sheet, because typst keeps what it set for its next time and gives nothing back,
and because a sheet on which it hangs can be given up. Most sheets are kept, so few are set. The
process starts while the brief is computed, and has read its fonts when that is done.
"""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from dataclasses import asdict
from typing import Any

import pandas as pd
from pydantic_core import to_json

from forewatch.errors import SettingsError, TypesettingFailed
from serving.drawing_process import process_environment
from serving.page.brief import Brief, BriefPart
from serving.page.page_frame import PageFrame
from serving.page.plain_table import PlainTable
from serving.page.typesetting import FAMILY, NO_FONTS

_LONGEST_HEADING = 14  # letters of a heading in one line
_FONT_OF_SVG = re.compile(r'font-family="[^"]*"')
_NO_DRAWING = "The drawing wasn't made in time; the table says the same."
_MOST_SECONDS = 20.0  # of a sheet; on a machine at rest it takes half a second
_LOG = logging.getLogger("uvicorn.error")


class Typesetter:
    """A process that sets one sheet; it ends by itself with the one that started it."""

    def __init__(self) -> None:
        """Start it; it gets ready meanwhile."""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "serving.page.typesetting"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=process_environment(),
        )

    def pdf(self, brief: Brief, frame: PageFrame, published_at: pd.Timestamp) -> bytes:
        """Return a brief as a PDF; the process has ended then.

        Args:
            brief: what is on the sheet.
            frame: warnings, and where the numbers come from.
            published_at: the time that the file bears, UTC.

        Raises:
            SettingsError: if the fonts aren't there.
            TypesettingFailed: if it can't be set, or not in time.
        """
        job = to_json({"brief": _told(brief, frame), "seconds": int(published_at.timestamp())})
        try:
            made, said = self._process.communicate(job, _MOST_SECONDS)
        except subprocess.TimeoutExpired:
            raise TypesettingFailed(
                f"the sheet took more than {_MOST_SECONDS:g} s; /brief shows the same"
            ) from None
        finally:
            self.end()
        if self._process.returncode == NO_FONTS:
            raise SettingsError(said.decode(errors="replace").strip())
        if self._process.returncode:
            _LOG.error("a sheet couldn't be set: %s", said.decode(errors="replace")[-2000:])
            raise TypesettingFailed("the sheet can't be set, see the log; /brief shows the same")
        return made

    def end(self) -> None:
        """End the process at once, where it hasn't."""
        with self._process:  # which closes its pipes
            self._process.kill()


def _told(brief: Brief, frame: PageFrame) -> dict[str, Any]:
    """Return what `templates/brief.typ` lays out, as JSON values."""
    return {
        "title": brief.title,
        "force": brief.force,
        "warnings": frame.warnings,
        "headline": brief.headline,
        "columns": [[_part(part) for part in column] for column in brief.columns],
        "trust": brief.trust,
        "source": [*frame.source],
    }


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
    return told | {"svg": _FONT_OF_SVG.sub(f'font-family="{FAMILY}"', svg), "alt": alt,
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
