"""From what a person writes (a week, a date, a time) to instants in UTC."""

from __future__ import annotations

import re
from datetime import datetime

import pandas as pd

from forewatch.clock import Clock
from forewatch.errors import BadQuestion

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# Beyond these a date is a slip of the pen, and arithmetic with days would leave the calendar.
_FIRST_YEAR, _LAST_YEAR = 1990, 2200
_ONE_WEEK = pd.Timedelta(days=7)


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
    try:
        found = pd.Timestamp(datetime.fromisoformat(text))
    except ValueError:
        raise BadQuestion(
            f"no date or time {text!r}; write 2026-12-01 (a force-day), 2026-12-01T18:00 (local) "
            "or 2026-12-01T18:00Z"
        ) from None
    if not _FIRST_YEAR <= found.year < _LAST_YEAR:
        raise BadQuestion(f"{text!r} is out of reach; years from 1990 to 2199 are known")
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


def span(
    clock: Clock, *, week: str | None = None, start: str | None = None, end: str | None = None
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the half-open span of an ISO week, or of two texts that `instant` reads.

    Raises:
        BadQuestion: unless there is a week, or a start with an end.
    """
    if week is not None and (start is not None or end is not None):
        raise BadQuestion("a week and from/to were both given; ask for one of them")
    if week is not None:
        monday = clock.week(week)
        if not _FIRST_YEAR <= monday.year < _LAST_YEAR:
            raise BadQuestion(f"{week!r} is out of reach; years from 1990 to 2199 are known")
        return clock.day_start(monday), clock.day_start(monday + _ONE_WEEK)
    if start is None or end is None:
        raise BadQuestion("say which time: a week like 2026-W49, or from and to")
    return instant(clock, start), instant(clock, end)
