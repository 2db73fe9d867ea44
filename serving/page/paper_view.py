"""The brief as a PDF."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from planning.issues import Issue
from serving.page.addresses import BRIEF
from serving.page.brief import Brief, SheetPictures, week_brief
from serving.page.brief_view import CHOICES
from serving.page.page_answers import PageAnswers
from serving.page.page_frame import Complaint, PageFrame
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion
from serving.page.surroundings import page_frame
from serving.page.typeset import Typesetter
from serving.page.view_renderer import PageContent, Pictures, ViewSources
from serving.problems import ForwardedProblem, problem_document

_DRAWING_SECONDS = 5.0  # that the chart is waited for: nobody loads a sheet of paper again


@dataclass(frozen=True)
class Paper(PageContent):
    """The brief before it is set.

    Args:
        brief: what is on it.
        published_at: when its issue was, UTC: the time that the PDF bears.
        typesetter: sets it.
    """

    brief: Brief | None = None
    published_at: pd.Timestamp | None = None
    typesetter: Typesetter | None = None

    def content(self) -> bytes:
        """Return the PDF."""
        if self.brief is None or self.published_at is None or self.typesetter is None:
            raise TypeError("a paper needs a brief, when its issue was published, and a typesetter")
        return self.typesetter.pdf(self.brief, self.frame, self.published_at)


def paper_view(job: PageJob, issue: Issue, sources: ViewSources, _: Pictures) -> PageContent:
    """Return the brief of a week as a PDF.

    Raises:
        ForwardedProblem: if the address names what isn't there: a sheet of something else could be
            taken for what was asked.
    """
    asked = PageQuestion.of(BRIEF, job.question, issue, job.reach, job.now)
    if asked.complaints:
        raise _refusal(asked.complaints[0])
    typesetter = Typesetter()
    try:
        pictures = SheetPictures(sources.drawings, is_ahead=job.is_ahead, seconds=_DRAWING_SECONDS)
        brief, is_passing = week_brief(PageAnswers(asked, job.standing), sources, pictures)
        frame: PageFrame = page_frame(asked, job, CHOICES)
    except BaseException:
        typesetter.end()
        raise
    return Paper("brief.typ", frame, {}, is_passing, brief, issue.published_at, typesetter)


def _refusal(complaint: Complaint) -> ForwardedProblem:
    near = [link.text for link in complaint.near]
    told = f". Near: {', '.join(near)}" if near else ""  # a problem's text has no full stop
    detail = f"{complaint.text.removesuffix('.')}{told}"
    said = problem_document(complaint.status, "no-such-brief", "No such brief", detail)
    return ForwardedProblem(said | ({"near": near} if near else {}))
