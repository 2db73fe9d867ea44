"""The view of the boards that the viewer may open."""

from __future__ import annotations

from planning.issues import Issue
from serving.page.addresses import BOARDS
from serving.page.board_view import BOARD
from serving.page.page_frame import Link
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion
from serving.page.surroundings import page_frame
from serving.page.view_renderer import PageContent, Pictures, ViewSources
from serving.views import View


def boards_view(
    job: PageJob, issue: Issue, sources: ViewSources, pictures: Pictures
) -> PageContent:
    """Return the list of boards; each opens in the week that is shown, for its own area."""
    del sources, pictures  # it has neither numbers nor drawings
    asked = PageQuestion.of(BOARDS, job.question, issue, job.reach, job.now)
    views = [View.model_validate(each) for each in job.boards]
    only_week = dict.fromkeys(("area", "call_type", "grade"))
    links = tuple(
        Link(view.title, asked.address(BOARD.format(view_id=view.id), **only_week))
        for view in views
    )
    return PageContent("boards.html", page_frame(asked, job, ()), {"links": links})
