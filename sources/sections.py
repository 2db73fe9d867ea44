"""A section of the check's report: its lines, what must be mended, what a person should look at."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import pandas as pd

from forewatch.history import History

SHOWN = 10  # lines of a list; the rest is counted, unless all are asked for


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Args:
        title: its heading.
        lines: its text.
        listed: a list below the text, of which the report shows the first `SHOWN`.
        extra: lines that say nothing unusual, printed only where all are asked for.
        must_be_mended: findings that make forecasts wrong.
        warnings: findings that a person should look at.
    """

    title: str
    lines: tuple[str, ...] = ()
    _: KW_ONLY
    listed: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    must_be_mended: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def text(self, *, everything: bool) -> list[str]:
        """Return heading and lines, with the lists in full if everything is asked for."""
        if everything:
            body = [*self.lines, *self.listed, *self.extra]
        else:
            rest = len(self.listed) - SHOWN
            more = [f"… and {rest:,} more (--all lists them)"] * (rest > 0)
            usual = [f"and {len(self.extra):,} leaf areas without a finding (--all lists them)"]
            body = [*self.lines, *self.listed[:SHOWN], *more, *usual * bool(self.extra)]
        return [self.title, *(f"  {line}" for line in body)]


def local(found: History, instant: pd.Timestamp) -> str:
    """Return an instant by the force's wall clock."""
    return f"{instant.tz_convert(found.profile.force.zone):%Y-%m-%d %H:%M}"
