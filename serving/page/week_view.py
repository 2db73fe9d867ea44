"""The view of the week."""

from __future__ import annotations

from planning.issues import Issue
from serving.page.addresses import BRIEF, BRIEF_PDF
from serving.page.file_links import week_files
from serving.page.page_answers import PageAnswers
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion
from serving.page.surroundings import page_frame
from serving.page.view_renderer import PageContent, Pictures, ViewSources
from serving.page.week_headline import week_words
from serving.page.week_panels import PANELS, week_panels


def week_view(job: PageJob, issue: Issue, sources: ViewSources, pictures: Pictures) -> PageContent:
    """Return the view of a week."""
    asked = PageQuestion.of("/week", job.question, issue, job.reach, job.now)
    shown = week_panels(PageAnswers(asked, job.standing), sources, pictures)
    frame = page_frame(asked, job)
    about = {"title": "Week", "when": week_words(asked), "panels": PANELS, "board": False}
    sheet = {"call_type": None, "grade": None}  # it is of all calls
    about |= {"brief": asked.address(BRIEF, **sheet), "pdf": asked.address(BRIEF_PDF, **sheet)}
    parts = {name: shown.values[name] for name in ("reasons", "missing", "staffing")}
    lacking = [name for name, part in parts.items() if getattr(part, "why", "")]
    about["files"] = week_files(asked, lacking)
    return PageContent("week.html", frame, shown.values | about, shown.is_passing)
