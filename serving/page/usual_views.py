"""The usual views, made before anybody asks: of a new issue, on a new day, with a new plan.

First their charts are ordered, then they are made whole and kept as if somebody had asked for them.
Somebody has to look every few seconds whether something is new: the server does, between requests.
What is made ahead is what most people open: this week and the next, of the force and of the areas
right below it, and the force's own boards. Who sees less than the whole force has other pages with
the same charts.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product

from forewatch.clock import Clock
from forewatch.errors import ForewatchError
from planning.issues import Issue
from serving.api.service import Service
from serving.api.shelf import Body, OpenIssue
from serving.api.workers import WorkerFailed
from serving.page.page_job import PageJob
from serving.page.page_question import weeks_reached
from serving.page.view_routes import ViewRecords, view_job, view_tag
from serving.spans import week_meant
from serving.views import View

_BESIDE = ("accuracy", "missing")  # the week, once: they tell the same of every week
_KEY = "views made ahead"  # whose questions they are: they wait behind each other
_ROUNDS = 3  # in which a view is tried that had to do without a drawing that was late
_COST = 1000.0  # units: behind everybody's questions
_LOG = logging.getLogger("uvicorn.error")


@dataclass(frozen=True)
class UsualQuestion:
    """A view that is made ahead.

    Args:
        view: its name in `serving.page.view_renderer.VIEWS`.
        state: parameters of its address.
        boards: the views of the force's own that it is about.
    """

    view: str
    state: dict[str, str]
    boards: tuple[View, ...] = ()


class UsualViews:
    """Has the usual views made and kept, again when they have changed; for one event loop."""

    def __init__(self, serving: Service, records: ViewRecords) -> None:
        """Begin with nothing made.

        Args:
            serving: the service whose workers make them, and which keeps them.
            records: what they depend on beside issues and the plan of duty.
        """
        self._serving = serving
        self._records = records
        self._made = ""  # tag of the first of them
        self._task: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """Begin with the views where they have changed; returns at once."""
        opened = self._serving.shelf.at_hand(None)
        if opened is None:  # it has to be read, which takes a moment
            with suppress(ForewatchError, OSError):
                opened = await asyncio.to_thread(self._serving.shelf.latest)
        if opened is None or not (self._task is None or self._task.done()):
            return
        first = next(iter(usual_questions(opened.issue, self._serving)[0]), None)
        if first is not None and (tag := self._job(first, opened)[1]) != self._made:
            self._made = tag
            self._task = asyncio.create_task(self._make(opened.issue))

    async def done(self) -> None:
        """Wait for what was begun."""
        if self._task is not None:
            await self._task

    async def _make(self, issue: Issue) -> None:
        for questions in usual_questions(issue, self._serving):
            for is_ahead, question in product((True, *[False] * _ROUNDS), questions):
                opened = self._serving.shelf.at_hand(issue.number)
                if opened is None:
                    return
                job, tag = self._job(question, opened)
                if self._serving.shelf.bodies.get(tag) is None:
                    await self._ask(replace(job, is_ahead=is_ahead), tag)

    async def _ask(self, job: PageJob, tag: str) -> None:
        """Have a view's charts ordered, or the view made and kept."""

        async def make() -> Body:
            written = await self._serving.workers.answer(job.written(), _KEY, _COST, _never)
            return Body.read(written)

        try:
            body = await (make() if job.is_ahead else self._records.under_way.body(tag, make))
        except (ForewatchError, WorkerFailed) as error:
            number = job.issue
            _LOG.warning("a view of issue %s wasn't made ahead: %s", number, error)
            return
        if not (job.is_ahead or body.is_passing):
            self._serving.shelf.bodies.keep(tag, body)

    def _job(self, question: UsualQuestion, opened: OpenIssue) -> tuple[PageJob, str]:
        """Return the job of a view, and its tag."""
        job = view_job(question.view, question.state, opened, self._serving)
        boards = tuple(each.model_dump(mode="json") for each in question.boards)
        job = replace(job, boards=boards)
        return job, view_tag(job, opened, self._serving, self._records)


def usual_questions(
    issue: Issue, serving: Service
) -> tuple[list[UsualQuestion], list[UsualQuestion]]:
    """Return the views that are made ahead: those that people open first, and the others."""
    clock, reached, tree = Clock.of(issue.profile), weeks_reached(issue), issue.tree
    after, now = (week_meant(clock, word, serving.clock()) for word in ("next", "this"))
    areas = [each.id for each in tree.areas if each.parent in (None, tree.root)]

    def of_week(week: str, *views: str) -> list[UsualQuestion]:
        if week not in reached:
            return []
        states = [{"week": week, "area": area} for area in areas]
        return [UsualQuestion(view, state) for state in states for view in views]

    boards = [UsualQuestion("board", {}, (board,)) for board in serving.views()]
    first = [*of_week(after, "week"), *boards]
    return first, [*of_week(now, "week"), *of_week(after, *_BESIDE)]


async def _never() -> None:
    """Wait for ever: nobody hangs up."""
    await asyncio.Event().wait()
