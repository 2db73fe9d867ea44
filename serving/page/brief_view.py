"""The brief as a page."""

from __future__ import annotations

from planning.issues import Issue
from serving.page.addresses import BRIEF, BRIEF_PDF
from serving.page.brief import SheetPictures, week_brief
from serving.page.page_answers import PageAnswers
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion
from serving.page.surroundings import page_frame
from serving.page.view_renderer import PageContent, Pictures, ViewSources

CHOICES = ("week", "area")  # what a brief can be asked; it is of all calls


def brief_view(job: PageJob, issue: Issue, sources: ViewSources, _: Pictures) -> PageContent:
    """Return the brief of a week as a page, whose print is one sheet of A4."""
    asked = PageQuestion.of(BRIEF, job.question, issue, job.reach, job.now)
    pictures = SheetPictures(sources.drawings, is_ahead=job.is_ahead)
    brief, is_passing = week_brief(PageAnswers(asked, job.standing), sources, pictures)
    frame = page_frame(asked, job, CHOICES)
    values = {"brief": brief, "pdf": asked.address(BRIEF_PDF)}
    return PageContent("brief.html", frame, values, is_passing)
