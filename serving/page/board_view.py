"""A board: a view of the force's own (`[[views]]`), as a page with the panels that it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from forewatch.errors import ForewatchError
from planning.issues import Issue
from planning.questions import ALL, EACH
from serving import answers
from serving.answers import OFFERS
from serving.page.page_answers import PageAnswers
from serving.page.page_job import PageJob
from serving.page.page_question import PageQuestion
from serving.page.page_words import sentence
from serving.page.surroundings import page_frame
from serving.page.view_renderer import PageContent, Pictures, ViewSources
from serving.page.week_headline import week_words
from serving.page.week_panels import week_panels
from serving.queries import ViewQuery
from serving.reach import Reach
from serving.standing import Standing
from serving.views import View
from serving.writers.terminal import columns_for_people, remarks, texts

BOARD = "/views/{view_id}"
_MOST_ROWS = 500


@dataclass(frozen=True)
class TablePanel:
    """An answer as a table.

    Args:
        caption: what it shows.
        columns: name of each, and whether it holds texts.
        rows: texts of the cells.
        remarks: on some rows, and on what is left out.
        why: why there is none; "" where there is.
    """

    caption: str = ""
    columns: tuple[tuple[str, bool], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    remarks: tuple[str, ...] = ()
    why: str = ""


def board_view(job: PageJob, issue: Issue, sources: ViewSources, pictures: Pictures) -> PageContent:
    """Return the page of a view; what its address says of area, type and grade comes first."""
    view = View.model_validate(job.boards[0])
    path = BOARD.format(view_id=view.id)
    own = board_state(view, issue, job.reach)
    asked = PageQuestion.of(path, own | dict(job.question), issue, job.reach, job.now)
    shown = week_panels(PageAnswers(asked, job.standing), sources, pictures, view.panels)
    values: dict[str, object] = {**shown.values}
    if "table" in view.panels:
        values["table"] = board_table(view, asked, job.standing)
    values |= {"title": view.title, "when": week_words(asked), "panels": view.panels}
    values |= {"board": True, "files": ()}
    frame = page_frame(asked, job)
    return PageContent("week.html", frame, values, shown.is_passing)


def board_state(view: View, issue: Issue, reach: Reach) -> dict[str, str]:
    """Return what the panels are about where the address says nothing: what the question names."""
    named: dict[str, Any] = {name: view.question.get(name) for name in ("call_type", "grade")}
    own = {
        name: value[0]
        for name, value in named.items()
        if isinstance(value, list) and len(value) == 1 and value[0] not in (ALL, EACH)
    }
    if week := view.question.get("week"):
        own["week"] = str(week)
    try:
        areas = reach.area_ids(issue.tree, view.question.get("area") or [])
    except ForewatchError:  # the table says so
        return own
    return own | {"area": areas[0]}


def board_table(view: View, asked: PageQuestion, standing: Standing) -> TablePanel:
    """Return the view's own answer in the week that is shown."""
    offer, issue = OFFERS[view.answer], asked.issue
    try:
        query = view.query(ViewQuery(week=asked.week))
        question = answers.question(offer, issue, query, asked.reach)
        table = view.shown(
            answers.answer_table(
                *(offer, issue, standing, question, asked.now),
                reach=asked.reach,
                rows=slice(0, _MOST_ROWS),
            )
        )
    except ForewatchError as error:
        return TablePanel(why=sentence(str(error)))
    columns = columns_for_people(table)
    told = texts(table, columns)
    left = question.rows - len(table)
    more = [f"{left} more rows: /v1/views/{view.id} has them all."] if left > 0 else []
    return TablePanel(
        "; ".join(offer.kind.title(issue, question)),
        tuple(
            (each.name.replace("_", " "), each.type not in ("number", "whole")) for each in columns
        ),
        tuple(zip(*told.values(), strict=True)),
        (*remarks(table), *more),
    )
