"""What a worker does with a job: it reads the issue that is asked, and renders the page."""

from __future__ import annotations

from collections.abc import Callable

from serving.api.answers import Job, page
from serving.api.processes import Compute
from serving.api.shelf import Shelf


def answerer(shelf: Shelf) -> Compute:
    """Return what answers jobs about the issues of a shelf."""

    def answer(content: bytes, stop_if_told: Callable[[], None]) -> bytes:
        job = Job.read(content)
        return page(shelf.issue(job.issue), job, stop_if_told).written()

    return answer
