"""What a worker does with a job: it reads the issue that is asked, and renders the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from serving.api.answers import ROTA, Job, page
from serving.api.export_jobs import ExportJob, export_parts
from serving.api.processes import Compute
from serving.api.shelf import Shelf
from serving.duty_records import DutyRecords

Answerer = Callable[[Shelf, DutyRecords], Compute]


def answerer(shelf: Shelf, records: DutyRecords) -> Compute:
    """Return what answers jobs about the issues of a shelf.

    Args:
        shelf: of issues.
        records: of the plan of duty.
    """
    rota: Callable[[Job], bytes] | None = None

    def answer(content: bytes, stop_if_told: Callable[[], None]) -> bytes | Iterator[bytes]:
        nonlocal rota
        if (export := ExportJob.read(content)) is not None:
            return export_parts(export, shelf, records, stop_if_told)
        job = Job.read(content)
        if job.kind != ROTA:
            return page(shelf.issue(job.issue), job, stop_if_told).written()
        if rota is None:
            # The solver takes long to import, and most workers are never asked for officers.
            from serving.api.rota_pages import RotaPages  # noqa: PLC0415

            pages = RotaPages(shelf, records)
            rota = lambda asked: pages.page(asked).written()  # noqa: E731
        return rota(job)

    return answer
