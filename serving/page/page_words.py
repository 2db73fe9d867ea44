"""Days, weeks and times as the page writes them: British, short, local."""

from __future__ import annotations

import pandas as pd

from forewatch.clock import ONE_DAY, WEEK_DAYS


def sentence(text: str) -> str:
    """Return what an error or a line says as a sentence.

    >>> sentence("no such week")
    'No such week.'
    """
    return f"{text[:1].upper()}{text[1:]}."


def day_words(day: pd.Timestamp) -> str:
    """Return a local date.

    >>> day_words(pd.Timestamp("2026-11-30"))
    'Mon 30 Nov'
    """
    return f"{day:%a} {day.day} {day:%b}"


def week_text(monday: pd.Timestamp) -> str:
    """Return a week.

    >>> week_text(pd.Timestamp("2026-11-30"))
    'Mon 30 Nov to Sun 6 Dec'
    """
    return f"{day_words(monday)} to {day_words(monday + (WEEK_DAYS - 1) * ONE_DAY)}"


def day_and_time(instant: pd.Timestamp, zone: str) -> str:
    """Return an instant by a clock.

    >>> day_and_time(pd.Timestamp("2026-07-01T06:00Z"), "Europe/London")
    'Wed 1 Jul 2026, 07:00'
    """
    local = instant.tz_convert(zone)
    return f"{day_words(local)} {local.year}, {local:%H:%M}"
