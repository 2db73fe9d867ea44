"""What a worker does with a job: it reads the issue that is asked, and renders the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serving.api import explanations, forecasts, missing
from serving.api.answering import Job, Route, page
from serving.api.processes import Compute
from serving.api.shelf import Shelf

_ROUTES: dict[str, Route[Any, Any]] = {
    route.path: route for route in (forecasts.ROUTE, explanations.ROUTE, missing.ROUTE)
}


_ASKS = {path: route.asks for path, route in _ROUTES.items()}


def answerer(shelf: Shelf) -> Compute:
    """Return what answers jobs about the issues of a shelf."""

    def answer(content: bytes, stop_if_told: Callable[[], None]) -> bytes:
        job = Job.read(content, _ASKS)
        return page(_ROUTES[job.path], shelf.issue(job.issue), job, stop_if_told).written()

    return answer
