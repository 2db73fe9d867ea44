"""One readable report on what was imported: what it holds, and what has to be mended first."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from forewatch.errors import ForewatchError
from forewatch.history import History
from forewatch.profile import Profile
from sources import coverage, feed_ends, findings, gap_windows, series_ends
from sources.daily import Daily, daily
from sources.gap_windows import Gap
from sources.history import history
from sources.lake import Lake
from sources.sections import Section
from sources.table_imports import TABLE_IMPORTS

_WIDTH = 100


@dataclass(frozen=True)
class Report:
    """What `check` found.

    Args:
        text: the whole report in plain lines of at most 100 characters.
        must_be_mended: what makes a forecast from this history wrong.
        warnings: what a person should look at.
        gaps: stretches without any call that chance does not explain, ascending.
    """

    text: str
    must_be_mended: tuple[str, ...]
    warnings: tuple[str, ...]
    gaps: tuple[Gap, ...] = ()


def check(
    lake: Lake, profile: Profile, *, everything: bool = False, others: Sequence[Section] = ()
) -> Report:
    """Return the report on everything that was imported into a lake.

    Args:
        lake: the lake.
        profile: the force's.
        everything: whether lists are printed in full.
        others: sections on what is beside the lake.
    """
    if not {"calls", "counts"} & set(lake.names()):
        return _report([], ["nothing to forecast from: import calls or counts first"], [])
    try:
        found = history(lake, profile)
    except ForewatchError as error:
        # The checks need a history; that there is none is the finding, in the error's own words.
        return _report([], [str(error)], [])
    beside = (findings.imports_so_far(lake), *others)
    return check_history(found, beside, everything=everything)


def check_history(
    found: History, others: Sequence[Section] = (), *, everything: bool = False
) -> Report:
    """Return the report on a history.

    Args:
        found: the history.
        others: sections on what is beside it: the imports, if it comes from a lake.
        everything: whether lists are printed in full.
    """
    per_day = daily(found)
    sections = [coverage.span(found, per_day)]
    gaps: list[Gap] = []
    if len(per_day.days):
        gaps, looked_at = _looked_at(found, per_day)
        sections += looked_at
    sections += others
    lines = [line for section in sections for line in ("", *section.text(everything=everything))]
    mend = [finding for section in sections for finding in section.must_be_mended]
    warnings = [finding for section in sections for finding in section.warnings]
    return _report(lines, mend, warnings, gaps)


def _looked_at(found: History, per_day: Daily) -> tuple[list[Gap], list[Section]]:
    """Return the gaps, and the sections in which a history with a whole day is looked at."""
    grid = gap_windows.grid(found, per_day)
    whole = gap_windows.everywhere(grid)
    told = series_ends.long_silences(found, gap_windows.without_gaps(per_day, whole))
    absences = series_ends.absences(per_day, told)
    gaps = gap_windows.everywhere_and_in_areas(grid, whole, absences)
    known = gap_windows.without_gaps(per_day, gaps)  # a gap is told once
    far = findings.days_far_from_usual(found, known)
    return gaps, [
        coverage.unobserved_windows(found, per_day),
        gap_windows.gap_section(found, gaps),
        findings.volumes(found, per_day),
        findings.late(found),
        series_ends.series_section(found, per_day, told),
        feed_ends.feed_section(found),
        findings.far_days(found, known, far),
        findings.level_shifts(found, known, far, told),
        findings.break_findings(found),
        findings.clock_changes(found, per_day),
        findings.unknown_areas(found),
        *(one for each in TABLE_IMPORTS if each.findings for one in each.findings(found)),
    ]


def _report(
    lines: list[str], mend: list[str], warnings: list[str], gaps: Sequence[Gap] = ()
) -> Report:
    wrapped = textwrap.TextWrapper(_WIDTH, initial_indent="  - ", subsequent_indent="    ")
    verdict = [
        f"{heading} {len(findings)}" + "".join(f"\n{wrapped.fill(each)}" for each in findings)
        for heading, findings in (("Must be mended:", mend), ("Warnings:", warnings))
    ]
    text = "\n".join([*lines, "", *verdict]).lstrip("\n")
    return Report(text, tuple(mend), tuple(warnings), tuple(gaps))
