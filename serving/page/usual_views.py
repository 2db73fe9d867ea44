"""The usual views of a new issue, whose charts are drawn before anybody asks.

Somebody has to look every few seconds whether there is a new issue: the server does, between
requests. What is made ahead is what most people open: this week and the next, of the force and of
the areas right below it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress

from forewatch.clock import Clock
from forewatch.errors import ForewatchError
from planning.issues import Issue
from serving.api.service import Service
from serving.api.workers import WorkerFailed
from serving.page.page_question import weeks_reached
from serving.page.view_routes import view_job
from serving.spans import week_meant

_USUAL = ("week", "accuracy", "missing")  # what doesn't differ by week is made once
_KEY = "views made ahead"  # whose questions they are: they wait behind each other
_COST = 1000.0  # units: behind everybody's questions
_LOG = logging.getLogger("uvicorn.error")


class UsualViews:
    """Has the drawings of usual views made, once for each issue; for one event loop."""

    def __init__(self, serving: Service) -> None:
        """Begin with nothing made.

        Args:
            serving: the service whose workers make them.
        """
        self._serving = serving
        self._made = 0  # number of the issue
        self._task: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """Begin with the views of a new issue, where there is one; returns at once."""
        opened = self._serving.shelf.at_hand(None)
        if opened is None:  # it has to be read, which takes a moment
            with suppress(ForewatchError, OSError):
                opened = await asyncio.to_thread(self._serving.shelf.latest)
        is_idle = self._task is None or self._task.done()
        if opened is not None and opened.issue.number != self._made and is_idle:
            self._made = opened.issue.number
            self._task = asyncio.create_task(self._make(opened.issue))

    async def done(self) -> None:
        """Wait for what was begun."""
        if self._task is not None:
            await self._task

    async def _make(self, issue: Issue) -> None:
        for view, question in usual_questions(issue, self._serving):
            opened = self._serving.shelf.at_hand(issue.number)
            if opened is None:
                return
            job = view_job(view, question, opened, self._serving, is_ahead=True)
            try:
                await self._serving.workers.answer(job.written(), _KEY, _COST, _never)
            except (ForewatchError, WorkerFailed) as error:
                _LOG.warning("a view of issue %s wasn't made ahead: %s", issue.number, error)


def usual_questions(issue: Issue, serving: Service) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the views that are made ahead, with their questions, the likeliest first."""
    clock, reached, tree = Clock.of(issue.profile), weeks_reached(issue), issue.tree
    weeks = [week_meant(clock, word, serving.clock()) for word in ("next", "this")]
    areas = [each.id for each in tree.areas if each.parent in (None, tree.root)]
    for week in weeks:
        for area in areas:
            for view in _USUAL if week == weeks[0] else _USUAL[:1]:
                if week in reached:
                    yield view, {"week": week, "area": area}


async def _never() -> None:
    """Wait for ever: nobody hangs up."""
    await asyncio.Event().wait()
