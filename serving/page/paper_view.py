"""The brief as a PDF."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from planning.issues import Issue
from serving.page.addresses import BRIEF
from serving.page.brief import Brief, SheetPictures, week_brief
from serving.page.brief_view import CHOICES
from serving.page.page_answers import PageAnswers
from serving.page.page_frame import PageFrame
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion, refuse_complaints
from serving.page.surroundings import page_frame
from serving.page.typeset import Typesetter
from serving.page.view_renderer import Pictures, ViewSources

_DRAWING_SECONDS = 5.0  # that the chart is waited for: nobody loads a sheet of paper again


@dataclass(frozen=True)
class Paper:
    """The brief before it is set.

    Args:
        brief: what is on it.
        frame: what stands around it.
        published_at: when its issue was, UTC: the time that the PDF bears.
        typesetter: sets it.
        is_passing: whether something couldn't be read, so that it mustn't be kept.
    """

    brief: Brief
    frame: PageFrame
    published_at: pd.Timestamp
    typesetter: Typesetter
    is_passing: bool
    status: int = 200
    rows: int = 0

    def content(self) -> bytes:
        """Return the PDF."""
        return self.typesetter.pdf(self.brief, self.frame, self.published_at)


def paper_view(job: PageJob, issue: Issue, sources: ViewSources, _: Pictures) -> Paper:
    """Return the brief of a week as a PDF.

    Raises:
        ForwardedProblem: if the address names what isn't there: a sheet of something else could be
            taken for what was asked.
    """
    asked = PageQuestion.of(BRIEF, job.question, issue, job.reach, job.now)
    refuse_complaints(asked, "brief")
    typesetter = Typesetter()
    try:
        pictures = SheetPictures(sources.drawings, is_ahead=job.is_ahead, seconds=_DRAWING_SECONDS)
        brief, is_passing = week_brief(PageAnswers(asked, job.standing), sources, pictures)
        frame: PageFrame = page_frame(asked, job, CHOICES)
    except BaseException:
        typesetter.end()
        raise
    return Paper(brief, frame, issue.published_at, typesetter, is_passing)
