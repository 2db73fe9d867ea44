"""The view of what was said and what came."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from planning.issues import Issue
from serving.page.accuracy import LEADS_DAYS, days_ahead_words
from serving.page.accuracy_panel import USUAL_LEAD_DAYS, area_accuracy
from serving.page.file_links import accuracy_files
from serving.page.page_frame import Choice, Complaint, Link, Option
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion
from serving.page.surroundings import page_frame
from serving.page.view_renderer import PageContent, Pictures, ViewSources

ACCURACY = "/accuracy"
_MOST_LEAD_DAYS = 366
_NUMBER = re.compile(r"[1-9]\d{0,2}", re.ASCII)


def accuracy_view(
    job: PageJob, issue: Issue, sources: ViewSources, pictures: Pictures
) -> PageContent:
    """Return the view of what was said and what came."""
    asked, lead_days = accuracy_question(job, issue)
    found = area_accuracy(asked, sources, pictures, lead_days)
    frame = page_frame(asked, job, ("area",))
    choices = (*frame.choices, _lead_choice(lead_days))
    files = accuracy_files(
        asked,
        lead_days,
        has_weeks=found.hindsight.table is not None,
        has_tests=found.tests.table is not None,
    )
    values = {"accuracy": found, "files": files}
    return PageContent("accuracy.html", replace(frame, choices=choices), values)


def accuracy_question(job: PageJob, issue: Issue) -> tuple[PageQuestion, int]:
    """Return what is asked, and how many days ahead of a week it was to be said."""
    asked = PageQuestion.of(ACCURACY, job.question, issue, job.reach, job.now)
    lead_days, complaints = _lead(asked, job.question)
    return replace(asked, complaints=(*asked.complaints, *complaints)), lead_days


def _lead(asked: PageQuestion, question: Mapping[str, str]) -> tuple[int, tuple[Complaint, ...]]:
    """Return the days ahead that are asked for, and what is wrong with what was written."""
    text = question.get("lead", "").strip()
    if not text:
        return USUAL_LEAD_DAYS, ()
    if _NUMBER.fullmatch(text) and int(text) <= _MOST_LEAD_DAYS:
        return int(text), ()
    near = (Link(str(days), asked.address(lead=str(days))) for days in LEADS_DAYS)
    said = f"No number of days ahead: {text!r}; write one from 1 to {_MOST_LEAD_DAYS}."
    return USUAL_LEAD_DAYS, (Complaint(said, tuple(near), 422),)


def _lead_choice(lead_days: int) -> Choice:
    leads = sorted({*LEADS_DAYS, lead_days})
    options = [Option(str(each), days_ahead_words(each), each == lead_days) for each in leads]
    return Choice("lead", "Said before the week", tuple(options))
