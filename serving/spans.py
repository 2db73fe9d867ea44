"""From what a person writes (a week, a date, a time) to instants in UTC."""

from __future__ import annotations

import difflib
import re
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from forewatch.clock import ONE_DAY, WEEK_DAYS, Clock
from forewatch.errors import BadQuestion, UnknownWeek
from planning.issues import Issue
from serving.time_texts import WEEK_WORDS, WHEN

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_OR_INSTANT = re.compile(WHEN, re.ASCII)
_LOST_PLUS = re.compile(r".*\d \d\d:\d\d", re.ASCII)
# Beyond these a date is a slip of the pen, and arithmetic with days would leave the calendar.
_FIRST_YEAR, _LAST_YEAR = 1990, 2199
_BEYOND_DAYS = 31  # a span may be longer than the horizon by so much: whole months around it


class Span(NamedTuple):
    """Half-open, UTC."""

    start: pd.Timestamp
    end: pd.Timestamp


def instant(clock: Clock, text: str) -> pd.Timestamp:
    """Return the instant that a text means, UTC.

    A date means the beginning of that force-day; a time without zone is the force's wall clock.

    Raises:
        BadQuestion: if the text is neither a date nor an ISO time, is out of reach, or is a wall
            clock's reading that the clock skips or shows twice.

    >>> from datetime import time
    >>> clock = Clock("Europe/London", time(7))
    >>> texts = ("2026-07-01", "2026-07-01T09:00", "2026-07-01T09:00Z")
    >>> [f"{instant(clock, text):%d %H:%M}" for text in texts]
    ['01 06:00', '01 08:00', '01 09:00']
    """
    text = text.strip()
    # A stranger's text is read in one way only: Python alone would take "20260304" too.
    is_plain = _DATE_OR_INSTANT.fullmatch(text) is not None
    try:
        found = pd.Timestamp(datetime.fromisoformat(text if is_plain else ""))
    except ValueError:
        lost = " (in an address, + is written %2B)" if _LOST_PLUS.fullmatch(text) else ""
        raise BadQuestion(
            f"no date or time {text!r}; write 2026-12-01 (a force-day), 2026-12-01T18:00 (local) "
            f"or 2026-12-01T18:00Z{lost}"
        ) from None
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise _out_of_reach(text)
    if _DATE.fullmatch(text):
        return clock.day_start(found)
    if found.tzinfo is not None:
        return found.tz_convert("UTC").as_unit("us")
    try:
        return found.tz_localize(clock.zone).tz_convert("UTC").as_unit("us")
    except ValueError:
        raise BadQuestion(
            f"the clock in {clock.zone} skips {text!r} or shows it twice; add the offset, as in "
            "2026-10-25T01:30+01:00"
        ) from None


def is_date(text: str) -> bool:
    """Return whether a text is a date alone, which `instant` takes for a force-day's beginning."""
    return _DATE.fullmatch(text.strip()) is not None


# The same weeks are asked for again and again, and calendars are slow. What can't be read raises,
# and is not kept.
@lru_cache(maxsize=512)
def span(
    clock: Clock, *, week: str | None = None, start: str | None = None, end: str | None = None
) -> Span:
    """Return the half-open span of an ISO week, or of two texts that `instant` reads.

    Raises:
        BadQuestion: unless there is a week, or a start with an end.
    """
    if week is not None and (start is not None or end is not None):
        raise BadQuestion("a week and from/to were both given; ask for one of them")
    if week is not None:
        monday = clock.week(week)
        if not _FIRST_YEAR <= monday.year <= _LAST_YEAR:
            raise _out_of_reach(week)
        return Span(clock.day_start(monday), clock.day_start(monday + WEEK_DAYS * ONE_DAY))
    if start is None or end is None:
        raise BadQuestion("say which time: a week like 2026-W49, or from and to")
    return Span(instant(clock, start), instant(clock, end))


def span_within(issue: Issue, week: str | None, start: str | None, end: str | None) -> Span:
    """Return the span of a week's label, or from one date or instant to another, not included.

    Raises:
        UnknownWeek: for no week, with the near ones of the issue.
        BadQuestion: if they mean no span, or one much longer than the issue.
    """
    clock = Clock.of(issue.profile)
    try:
        found = span(clock, week=week, start=start, end=end)
    except BadQuestion as error:
        if week is None or start is not None or end is not None:
            raise
        raise UnknownWeek(str(error), _near(clock, issue, week)) from error
    edges = issue.forecast.rates.edges
    longest = edges[-1] - edges[0] + pd.Timedelta(days=_BEYOND_DAYS)
    if found.end - found.start > longest:
        raise BadQuestion(
            f"the span has {(found.end - found.start).days} days, at most {longest.days} are "
            "answered at once; ask in parts"
        )
    return found


def week_meant(clock: Clock, week: str, now: pd.Timestamp) -> str:
    """Return the label of the week that a text means, by the force's clock; else the text.

    >>> from datetime import time
    >>> clock, now = Clock("Europe/London", time(7)), pd.Timestamp("2026-11-26T12:00Z")
    >>> [week_meant(clock, text, now) for text in ("this", "next", "2026-W01")]
    ['2026-W48', '2026-W49', '2026-W01']
    """
    if week not in WEEK_WORDS:
        return week
    today = clock.force_day(pd.DatetimeIndex([now]))[0]
    return clock.week_label(today + pd.Timedelta(days=WEEK_WORDS[week]))


def _out_of_reach(text: str) -> BadQuestion:
    return BadQuestion(
        f"{text!r} is out of reach; years from {_FIRST_YEAR} to {_LAST_YEAR} are known"
    )


def _near(clock: Clock, issue: Issue, text: str) -> list[str]:
    """Return the weeks of the issue that look most like the text."""
    days = issue.forecast.rates.force_days
    known = list(dict.fromkeys(clock.week_label(day) for day in days))
    return difflib.get_close_matches(text.upper(), known, n=3, cutoff=0.4) or known[:3]
