"""A board on the big screen: its panels without links, as many as can be read from afar."""

from __future__ import annotations

from collections.abc import Sequence

from planning.issues import Issue
from serving.page.addresses import SCREEN_PAGE
from serving.page.board_view import board_state, board_table
from serving.page.page_answers import PageAnswers
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion
from serving.page.view_renderer import Pictures, ViewSources
from serving.page.week_headline import week_words
from serving.page.week_panels import week_panels
from serving.views import View

MOST_ROWS = 7  # of a table that can be read from afar
_PLACES = 4  # for panels, two beside and two below each other
_BROAD = ("heat_map",)  # these take two


def board_question(job: PageJob, issue: Issue) -> PageQuestion:
    """Return what the board of a job is asked."""
    view = _view(job)
    state = board_state(view, issue, job.reach) | dict(job.question)
    return PageQuestion.of(SCREEN_PAGE, state, issue, job.reach, job.now)


def board_content(
    job: PageJob, asked: PageQuestion, sources: ViewSources, pictures: Pictures
) -> tuple[dict[str, object], bool]:
    """Return what the board of a job shows, and whether something couldn't be read."""
    view = _view(job)
    panels, left = fitting_panels(view.panels)
    # Drawings are for reading at a desk: their letters are too small from afar.
    shown = week_panels(PageAnswers(asked, job.standing), sources, pictures, panels)
    values: dict[str, object] = {**shown.values}
    if "table" in panels:
        values["table"] = board_table(view, asked, job.standing)
    about = {"title": view.title, "when": week_words(asked), "panels": panels, "left": left}
    return values | about | {"most_rows": MOST_ROWS}, shown.is_passing


def fitting_panels(panels: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the panels that a screen has room for, in their order, and the others.

    >>> fitting_panels(["headline", "heat_map", "map", "table", "missing"])
    (('headline', 'heat_map', 'map', 'table'), ('missing',))
    """
    room, shown = _PLACES, []
    for name in panels:
        room -= 0 if name == "headline" else 2 if name in _BROAD else 1
        if room < 0:
            break
        shown.append(name)
    return tuple(shown), tuple(panels[len(shown) :])


def _view(job: PageJob) -> View:
    return View.model_validate(job.boards[0])
