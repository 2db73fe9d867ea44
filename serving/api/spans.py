"""The span of time that a request means, and whether it is one that is answered at once."""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from forewatch.clock import Clock
from forewatch.errors import BadQuestion
from planning.issues import Issue
from serving import spans
from serving.problems import WithNear

# A stranger's text is read in one way only: `pd.Timestamp` alone would take "now" or "3/4/26" too.
_DATE_OR_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)
# Beyond these a date is a slip of the pen, and arithmetic with days would leave the calendar.
_FIRST_YEAR, _LAST_YEAR = 1990, 2199
_BEYOND_DAYS = 31  # a span may be longer than the horizon by so much: whole months around it


class Span(NamedTuple):
    """Half-open, UTC."""

    start: pd.Timestamp
    end: pd.Timestamp


def span(issue: Issue, week: str | None, start: str | None, end: str | None) -> Span:
    """Return the span of a week's label, or from one date or instant to another, not included.

    Raises:
        BadQuestion, WithNear: if they mean no span, or one much longer than the issue; for an
            unknown week with the near ones of the issue.
    """
    clock = Clock.of(issue.profile)
    for text in (start, end):
        if text is not None and not _is_plain(text):
            raise BadQuestion(
                f"no date or instant {text!r}; write 2026-12-01 (a force-day), 2026-12-01T18:00 "
                f"(local) or 2026-12-01T18:00Z, from {_FIRST_YEAR} to {_LAST_YEAR} (in an address, "
                "+ is written %2B)"
            )
    try:
        found = _read(clock, week, start, end)
    except BadQuestion as error:
        if week is None or start is not None or end is not None:
            raise
        raise WithNear(error, _near(clock, issue, week)) from error
    edges = issue.forecast.rates.edges
    longest = edges[-1] - edges[0] + pd.Timedelta(days=_BEYOND_DAYS)
    if found.end - found.start > longest:
        raise BadQuestion(
            f"the span has {(found.end - found.start).days} days, at most {longest.days} are "
            "answered at once; ask in parts"
        )
    return found


# The same weeks are asked for again and again, and calendars are slow. What can't be read raises,
# and is not kept.
@lru_cache(maxsize=512)
def _read(clock: Clock, week: str | None, start: str | None, end: str | None) -> Span:
    return Span(*spans.span(clock, week=week, start=start, end=end))


def _is_plain(text: str) -> bool:
    is_shaped = _DATE_OR_INSTANT.fullmatch(text) is not None
    return is_shaped and _FIRST_YEAR <= int(text[:4]) <= _LAST_YEAR


def _near(clock: Clock, issue: Issue, text: str) -> list[str]:
    """Return the weeks of the issue that look most like the text."""
    days = issue.forecast.rates.force_days
    known = list(dict.fromkeys(clock.week_label(day) for day in days))
    return difflib.get_close_matches(text.upper(), known, n=3, cutoff=0.4) or known[:3]
