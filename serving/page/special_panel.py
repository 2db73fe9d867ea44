"""What is special in a span: events, holidays and changes in recording, within the reach."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forewatch.clock import ONE_DAY
from serving.charts.time_axis import SpecialTime
from serving.charts.words import count_text
from serving.page.answer_rows import AnswerRow, answer_rows
from serving.page.page_question import PageQuestion
from serving.page.page_words import day_words
from serving.special_records import SpecialRecord


@dataclass(frozen=True)
class SpecialLine:
    """Something special.

    Args:
        start, end: of it, instants.
        days: local dates (force-days) that it touches.
        kind: event, holiday or change in recording, in words.
        text: what it is.
        where: name of its area; "everywhere" where it is the whole force's.
        when: in words.
        remark: what has to be known: such as that it was told after the forecast was made.
        area: id of its area; "" where it is the whole force's.
        attendance: least and most visitors; NaN where nobody told.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    days: frozenset[pd.Timestamp]
    kind: str
    text: str
    where: str
    when: str
    remark: str = ""
    area: str = ""
    attendance: tuple[float, float] = (math.nan, math.nan)


@dataclass(frozen=True)
class SpecialPanel:
    """What is special.

    Args:
        lines: in order of time.
        why: why nothing is told; "" where something is.
    """

    lines: tuple[SpecialLine, ...]
    why: str = ""

    @property
    def days(self) -> frozenset[pd.Timestamp]:
        """Local dates on which something is special."""
        return frozenset(day for line in self.lines for day in line.days)

    @property
    def marks(self) -> tuple[SpecialTime, ...]:
        """The same for a chart's axis."""
        return tuple(SpecialTime(each.start, each.end, each.text) for each in self.lines)


def special_panel(asked: PageQuestion, record: SpecialRecord) -> SpecialPanel:
    """Return what is special in the week that is shown, for the area that is shown."""
    start = asked.clock.day_start(asked.monday)
    end = asked.clock.day_start(asked.monday + 7 * ONE_DAY)
    lines = special_lines(asked, record, start, end)
    if not record.is_known:
        return SpecialPanel((), "Events and holidays can't be read at this moment.")
    if not lines:
        return SpecialPanel((), "No event, holiday or change in recording is known of this week.")
    return SpecialPanel(lines)


def special_lines(
    asked: PageQuestion, record: SpecialRecord, start: pd.Timestamp, end: pd.Timestamp
) -> tuple[SpecialLine, ...]:
    """Return what touches a span of time, in or around the area that is shown.

    What is elsewhere isn't told: neither that it is, nor its name.
    """
    lines = [
        *_events(asked, record.events, start, end),
        *_holidays(asked, record.holidays, start, end),
        *_breaks(asked, record.breaks, start, end),
    ]
    return tuple(sorted(lines, key=lambda line: (line.start, line.kind, line.text)))


def _events(
    asked: PageQuestion, rows: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp
) -> Iterator[SpecialLine]:
    for row in answer_rows(_touching(rows, start, end)):
        if _is_shown(asked, row["area"]):
            low, high = row["attendance_low"], row["attendance_high"]
            people = f", {_people(low, high)} expected" if np.isfinite([low, high]).any() else ""
            line = _line(asked, row, "event", f"{row['name']}{people}")
            yield replace(line, attendance=(low, high))


def _people(low: float, high: float) -> str:
    least, most = (
        value if np.isfinite(value) else other for value, other in ((low, high), (high, low))
    )
    if least == most:
        return f"{count_text(most)} visitors"
    return f"{count_text(least)} to {count_text(most)} visitors"


def _holidays(
    asked: PageQuestion, rows: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp
) -> Iterator[SpecialLine]:
    """Return the holidays; days one after the other of one name are one line."""
    first, last = asked.clock.force_day(pd.DatetimeIndex([start, end - pd.Timedelta(1, "us")]))
    dates = pd.DatetimeIndex(rows["date"]) if len(rows) else pd.DatetimeIndex([])
    inside = rows[(dates >= first) & (dates <= last)] if len(rows) else rows
    if not len(inside):
        return
    ordered = inside.sort_values("date", kind="stable")
    kinds = ["kind", "name", "area"]
    # Days that don't follow each other are holidays of their own, of one name though they be.
    begins_run = ordered.groupby(kinds)["date"].diff() != ONE_DAY
    run = begins_run.groupby([ordered[each] for each in kinds]).cumsum()
    for (kind, name, area, _), days in ordered.groupby([*kinds, run.rename("run")], sort=False):
        if not _is_shown(asked, str(area)):
            continue
        begins, ends = days["date"].min(), days["date"].max()
        words = str(kind).replace("_", " ")
        text = str(name) if name and str(name) != str(kind) else words
        yield SpecialLine(
            asked.clock.day_start(begins),
            asked.clock.day_start(ends + ONE_DAY),
            frozenset(pd.DatetimeIndex(days["date"])),
            words,
            text,
            _where(asked, str(area)),
            day_words(begins) if begins == ends else f"{day_words(begins)} to {day_words(ends)}",
            area=_area(asked, str(area)),
        )


def _breaks(
    asked: PageQuestion, rows: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp
) -> Iterator[SpecialLine]:
    """Return changes in recording that begin or end in the span."""
    for row in answer_rows(rows):
        ends: pd.Timestamp = row["end"] if not pd.isna(row["end"]) else row["start"]
        is_here = any(start <= at < end for at in (row["start"], ends))
        is_told = asked.reach.notes(asked.issue.tree, [row["reason"]])
        if is_here and is_told and _is_shown(asked, row["area"]):
            of = f" ({row['call_type'].replace('_', ' ')})" if row["call_type"] else ""
            yield _line(asked, row | {"end": ends}, "change in recording", f"{row['reason']}{of}")


def _line(asked: PageQuestion, row: AnswerRow, kind: str, text: str) -> SpecialLine:
    start, end = (row[name].tz_convert(asked.zone) for name in ("start", "end"))
    last = max(row["start"], row["end"] - pd.Timedelta(1, "us"))
    first_day, last_day = asked.clock.force_day(pd.DatetimeIndex([row["start"], last]))
    is_news = row["known_at"] > asked.issue.forecast.origin
    remark = "told after this forecast was made, so it isn't in its numbers" if is_news else ""
    return SpecialLine(
        row["start"],
        row["end"],
        frozenset(pd.date_range(first_day, last_day, freq="D")),
        kind,
        text,
        _where(asked, str(row["area"])),
        _when(start, end),
        remark,
        _area(asked, str(row["area"])),
    )


def _when(start: pd.Timestamp, end: pd.Timestamp) -> str:
    if start == end:
        return f"{day_words(start)}, {start:%H:%M}"
    till = f"{end:%H:%M}" if start.date() == end.date() else f"{day_words(end)}, {end:%H:%M}"
    return f"{day_words(start)}, {start:%H:%M} to {till}"


def _touching(rows: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    if not len(rows):
        return rows
    return rows[(rows["start"] < end) & (rows["end"].fillna(rows["start"]) > start)]


def _is_shown(asked: PageQuestion, area: str) -> bool:
    """Return whether something of an area bears on the one that is shown, within the reach."""
    tree = asked.issue.tree
    if area in ("", tree.root):
        return True
    if area not in tree.ids:
        return False
    return area in asked.reach.seen(tree) and (
        area in tree.below(asked.area) or area in tree.upwards(asked.area)
    )


def _area(asked: PageQuestion, area: str) -> str:
    """Return the id of an area; "" for all of the force, whose name isn't everybody's."""
    return "" if area == asked.issue.tree.root else area


def _where(asked: PageQuestion, area: str) -> str:
    told = _area(asked, area)
    return asked.issue.tree.area(told).name if told else "everywhere"
