"""Shifts that are short as an iCalendar feed: for one's own calendar, to be looked at and not read.

1. Times are in UTC: no VTIMEZONE block is needed, and a night of a changed clock has its length.
2. A shift keeps its UID for good. SEQUENCE only grows: it counts minutes up to the last change.
3. A shift that is no longer short is left out: programs show one that is cancelled struck through.
4. Unknown is not enough: where nobody told a plan, or the issue doesn't reach, an entry says so.

Source:
    RFC 5545 (iCalendar), sections 3.8.4.7 (UID), 3.8.7.3 (LAST-MODIFIED), 3.8.7.4 (SEQUENCE);
    RFC 7986, sections 5.1 (NAME) and 5.7 (REFRESH-INTERVAL).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd
from icalendar import Calendar, Event, vDuration, vText

_HOUR = timedelta(hours=1)
_EPOCH = pd.Timestamp("2020-01-01", tz="UTC")
_MINUTE = pd.Timedelta(minutes=1)
_PRODUCT = "-//Forewatch//Shifts that are short//EN"
_DOMAIN = "forewatch"

Row = dict[str, Any]


class FeedHead(NamedTuple):
    """What a feed says of itself.

    Args:
        name: of the calendar.
        changed_at: the last instant at which anything that it tells changed, UTC.
        about: which issue it is from, and how that stands.
        is_stale: whether the data are older than the force allows.
    """

    name: str
    changed_at: pd.Timestamp
    about: str
    is_stale: bool


def calendar_feed(head: FeedHead, shifts: list[Row]) -> bytes:
    """Return the feed.

    Args:
        head: what it says of itself.
        shifts: rows of `serving.rota_document.shift_rows`, or what it reads of them.
    """
    feed = Calendar()
    feed.add("prodid", _PRODUCT)
    feed.add("version", "2.0")
    feed.add("method", "PUBLISH")
    # The library takes these for names that it doesn't know, and would write commas and new lines
    # as they are; both are TEXT.
    for title in ("name", "x-wr-calname"):
        feed.add(title, vText(head.name))
    feed.add("description", head.about)
    # The library leaves VALUE=DURATION out unless it is told.
    refresh = vDuration(_HOUR)
    refresh.params["VALUE"] = "DURATION"
    feed.add("refresh-interval", refresh)
    feed.add("x-published-ttl", vDuration(_HOUR))
    for row in shifts:
        if (row["gap"] or 0) > 0:
            feed.add_component(_short_shift(head, row))
    for event in _unknown_days(head, shifts):
        feed.add_component(event)
    return bytes(feed.to_ical())


def sequence(changed_at: pd.Timestamp) -> int:
    """Return a number that grows with the instant, UTC.

    >>> sequence(pd.Timestamp("2026-11-26T12:00Z")) - sequence(pd.Timestamp("2026-11-26T11:00Z"))
    60
    """
    return int((changed_at - _EPOCH) // _MINUTE)


def _short_shift(head: FeedHead, row: Row) -> Event:
    """Return the entry of a shift that lacks officers."""
    stale = "stale: " if head.is_stale or row["state"] == "stale" else ""
    event = _event(head, row["shift_id"])
    event.add("dtstart", _instant(row["start"]))
    event.add("dtend", _instant(row["end"]))
    event.add("summary", f"{stale}{row['area_name']} {row['shift']}: {row['gap']} short "
                         f"({row['planned']} of {row['on_duty']})")  # fmt: skip
    event.add("location", row["area_name"])
    tightest = row["short"]["p_short_at_tightest"]
    lines = [
        f"Planned {row['planned']}, needed on duty {row['on_duty']} (role {row['role']}).",
        *([] if tightest is None else [f"Short at the tightest half-hour: {tightest:.0%}."]),
        *_notice_lines(row["notice"]),
        head.about,
    ]
    event.add("description", "\n".join(lines))
    event.add("transp", "TRANSPARENT")
    return event


def _unknown_days(head: FeedHead, shifts: list[Row]) -> Iterator[Event]:
    """Yield an entry for each area and force-day of which some shifts can't be judged."""
    unknown: dict[tuple[str, str], list[Row]] = {}
    for row in shifts:
        if row["gap"] is None:
            unknown.setdefault((row["area"], row["force_day"]), []).append(row)
    for (_, day), rows in unknown.items():
        first = rows[0]
        event = _event(head, f"{first['area']}/{first['role']}/{day}")  # the id of no shift
        event.add("dtstart", date.fromisoformat(day))
        event.add("dtend", date.fromisoformat(day) + timedelta(days=1))
        names = ", ".join(row["shift"] for row in rows)
        event.add("summary", f"{first['area_name']}: not known whether short ({names})")
        reasons = sorted({_why_unknown(row) for row in rows})
        event.add("description", f"{'; '.join(reasons)}.\n{head.about}")
        event.add("transp", "TRANSPARENT")
        yield event


def _why_unknown(row: Row) -> str:
    if row["state"] == "no_forecast":
        return "The forecast doesn't reach it"
    return "The plan can't be read" if row["plan_state"] == "unknown" else "Nobody told the plan"


def _event(head: FeedHead, own: str) -> Event:
    event = Event()
    event.add("uid", f"{own}@{_DOMAIN}")
    event.add("dtstamp", head.changed_at.to_pydatetime())
    event.add("last-modified", head.changed_at.to_pydatetime())
    event.add("sequence", sequence(head.changed_at))
    return event


def _notice_lines(notice: Row) -> list[str]:
    if notice["last_cheap_day"] is None:
        return []
    return [f"Last day on which a change costs nothing more: {notice['last_cheap_day']}."]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
