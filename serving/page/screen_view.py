"""The big screen: the next hours and days, officers, what is special, readable from afar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from planning.issues import Issue
from serving.page.addresses import SCREEN_PAGE
from serving.page.missing_panel import day_missing
from serving.page.page_answers import PageAnswers
from serving.page.page_frame import PageFrame
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion
from serving.page.page_words import day_words
from serving.page.screen_board import board_content, board_question
from serving.page.screen_calls import calls_ahead, days_ahead
from serving.page.screen_staffing import shifts_ahead
from serving.page.special_panel import SpecialLine, special_lines
from serving.page.surroundings import page_frame
from serving.page.view_renderer import PageContent, Pictures, ViewSources
from serving.special_records import SpecialRecord

_MOST_SPECIAL = 2


@dataclass(frozen=True)
class ScreenSpecial:
    """What is special in the next days.

    Args:
        lines: the first of them.
        more: how many there are beside these.
        why: why nothing is told; "" where something is.
    """

    lines: tuple[SpecialLine, ...]
    more: int
    why: str


def screen_view(
    job: PageJob, issue: Issue, sources: ViewSources, pictures: Pictures
) -> PageContent:
    """Return the big screen; of a board where the job names one."""
    moment = job.moment or job.now
    if job.boards:
        asked = board_question(job, issue)
        values, is_passing = board_content(job, asked, sources, pictures)
        return _content("screen_board.html", job, asked, values, is_passing=is_passing)
    asked = PageQuestion.of(SCREEN_PAGE, job.question, issue, job.reach, job.now)
    answers = PageAnswers(asked, job.standing)
    record = sources.special.at(asked.now)
    first, last = days_ahead(asked, moment)
    starts = [asked.clock.day_start(day) for day in (first, last)]
    lines = special_lines(asked, record, starts[0], starts[1])
    staffing = shifts_ahead(asked, sources.duty, sources.shelf, moment)
    values = {
        "calls": calls_ahead(answers, moment, {day for line in lines for day in line.days}),
        "special": _special(lines, record),
        "staffing": staffing,
        "missing": day_missing(answers, first),
        "today": day_words(first),
    }
    is_passing = staffing.is_passing or not record.is_sure
    return _content("screen.html", job, asked, values, is_passing=is_passing)


def _content(
    template: str,
    job: PageJob,
    asked: PageQuestion,
    values: Mapping[str, object],
    *,
    is_passing: bool,
) -> PageContent:
    moment = (job.moment or job.now).tz_convert(asked.zone)
    told = {
        "as_of": f"{day_words(moment)}, {moment:%H:%M}",
        "zone": asked.zone,
    }
    return PageContent(template, _frame(asked, job), {**values, **told}, is_passing)


def _frame(asked: PageQuestion, job: PageJob) -> PageFrame:
    """Return what stands around the screen: nothing that leads elsewhere."""
    frame = page_frame(asked, job, ())
    complaints = tuple(replace(each, near=()) for each in frame.complaints)
    return replace(frame, navigation=(), complaints=complaints)


def _special(lines: tuple[SpecialLine, ...], record: SpecialRecord) -> ScreenSpecial:
    why = "" if record.is_known else "Events and holidays can't be read now."
    if not lines and not why:
        why = "No event, holiday or change in recording is known of these days."
    return ScreenSpecial(lines[:_MOST_SPECIAL], max(len(lines) - _MOST_SPECIAL, 0), why)
