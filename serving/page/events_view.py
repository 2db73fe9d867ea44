"""The view of special days, events and breaks of all the weeks that an issue reaches."""

from __future__ import annotations

from collections.abc import Sequence

from planning.issues import Issue
from serving.charts.words import list_text
from serving.page.file_links import event_files
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion, weeks_reached
from serving.page.page_words import day_words, week_text
from serving.page.plain_table import Cell, PlainTable, plain_table
from serving.page.special_panel import SpecialLine, special_lines
from serving.page.surroundings import page_frame
from serving.page.view_renderer import PageContent, Pictures, ViewSources
from serving.special_records import SpecialRecord

EVENTS = "/events"
_UNREADABLE = "Events and holidays can't be read at this moment."
_NOTHING = "No event, holiday or change in recording is known of these weeks."


def events_view(
    job: PageJob, issue: Issue, sources: ViewSources, pictures: Pictures
) -> PageContent:
    """Return the view of special days, events and breaks."""
    del pictures  # it has none
    asked = PageQuestion.of(EVENTS, job.question, issue, job.reach, job.now)
    record = sources.special.at(job.now)
    lines = reached_lines(asked, record)
    days = issue.forecast.rates.force_days
    values = {
        "weeks": event_tables(asked, lines),
        "span": f"{day_words(days[0])} to {day_words(days[-1])} {days[-1].year}",
        "why": "" if lines else _NOTHING if record.is_known else _UNREADABLE,
        "files": event_files(asked) if lines else (),
    }
    frame = page_frame(asked, job, ("area",))
    return PageContent("events.html", frame, values, is_passing=not record.is_sure)


def reached_lines(asked: PageQuestion, record: SpecialRecord) -> tuple[SpecialLine, ...]:
    """Return what is special in all the time that the issue reaches, in order of time."""
    edges = asked.issue.forecast.rates.edges
    return special_lines(asked, record, edges[0], edges[-1]) if record.is_known else ()


def week_of(asked: PageQuestion, line: SpecialLine) -> str:
    """Return the ISO week in which something begins; the issue's first for what began before."""
    first = asked.issue.forecast.rates.force_days[0]
    return asked.clock.week_label(max(first, min(line.days, default=first)))


def event_tables(
    asked: PageQuestion, lines: Sequence[SpecialLine]
) -> tuple[tuple[str, str, PlainTable], ...]:
    """Return a table a week in which something begins: its heading, its address, the table."""
    reached = weeks_reached(asked.issue)
    by_week: dict[str, list[SpecialLine]] = {}
    for line in lines:
        by_week.setdefault(week_of(asked, line), []).append(line)
    found = []
    for week, own in by_week.items():
        heading = week_text(asked.clock.week(week))
        address = asked.address("/week", week=week) if week in reached else ""
        found.append((heading, address, _week_table(heading, own)))
    return tuple(found)


def _week_table(heading: str, lines: Sequence[SpecialLine]) -> PlainTable:
    """Return the lines of a week; what is the same in several areas is one."""
    places: dict[tuple[str, ...], list[str]] = {}
    for line in lines:
        alike = (line.text, line.kind, line.when, f"⚠ {line.remark}" if line.remark else "–")
        places.setdefault(alike, []).append(line.where)
    rows = [
        [Cell(each, is_text=True) for each in (text, kind, when, list_text(where), remark)]
        for (text, kind, when, remark), where in places.items()
    ]
    has_remark = any(remark != "–" for *_, remark in places)
    columns = ("What", "Kind", "When", "Where", *(("To know",) if has_remark else ()))
    shown = [row[: len(columns)] for row in rows]
    return plain_table(f"What begins in the week {heading}", columns, shown)
