"""One readable report on what was imported: what it holds, and what has to be mended first."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from forewatch.errors import ForewatchError
from forewatch.history import History
from forewatch.profile import Profile
from sources.daily import daily
from sources.findings import SECTIONS, Section, imports_so_far, span
from sources.history import history
from sources.lake import Lake

_WIDTH = 100


@dataclass(frozen=True)
class Report:
    """What `check` found.

    Args:
        text: the whole report in plain lines of at most 100 characters.
        must_be_mended: what makes a forecast from this history wrong.
        warnings: what a person should look at.
    """

    text: str
    must_be_mended: tuple[str, ...]
    warnings: tuple[str, ...]


def check(lake: Lake, profile: Profile) -> Report:
    """Return the report on everything that was imported into a lake."""
    if not {"calls", "counts"} & set(lake.names()):
        return _report([], ["nothing to forecast from: import calls or counts first"], [])
    try:
        found = history(lake, profile)
    except ForewatchError as error:
        # The checks need a history; that there is none is the finding, in the error's own words.
        return _report([], [str(error)], [])
    return check_history(found, imports_so_far(lake))


def check_history(found: History, imports: Section | None = None) -> Report:
    """Return the report on a history.

    Args:
        found: the history.
        imports: what the imports say of themselves, if the history comes from a lake.
    """
    per_day = daily(found)
    sections = [span(found, per_day)]
    if len(per_day.days):
        sections += [section(found, per_day) for section in SECTIONS]
    if imports is not None:
        sections.append(imports)
    lines = [
        line
        for section in sections
        for line in ("", section.title, *(f"  {text}" for text in section.lines))
    ]
    mend = [finding for section in sections for finding in section.must_be_mended]
    warnings = [finding for section in sections for finding in section.warnings]
    return _report(lines, mend, warnings)


def _report(lines: list[str], mend: list[str], warnings: list[str]) -> Report:
    verdict = [
        f"{heading} {len(findings)}" + "".join(f"\n{_wrapped(finding)}" for finding in findings)
        for heading, findings in (("Must be mended:", mend), ("Warnings:", warnings))
    ]
    return Report("\n".join([*lines, "", *verdict]).lstrip("\n"), tuple(mend), tuple(warnings))


def _wrapped(finding: str) -> str:
    return textwrap.fill(finding, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
