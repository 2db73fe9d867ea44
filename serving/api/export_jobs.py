"""Exports of whole issues as workers make them: a zip file, part by part.

Before the first part stands a line that says what can't be told by the bytes after it, and after
the last one how many rows there were.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd
from pydantic_core import to_json

from serving.api.shelf import Shelf
from serving.duty_records import DutyRecord, DutyRecords
from serving.export_tables import IssueExport
from serving.issue_exports import ExportForm, ExportWriter
from serving.reach import Reach
from serving.standing import Standing
from serving.writers.archive import Archive

_KIND = "export"
_LEAST_BYTES = 64 * 1024  # of a part: each is a message between processes, and one to the client


@dataclass(frozen=True)
class ExportJob:
    """An export that is to be made: everything that its bytes depend on.

    Args:
        issue: number of the issue.
        form: of its tables.
        reach: which areas the asker may see.
        has_officers: whether they may see officers and the plan.
        now: the instant at which the issue's age is judged, UTC.
        standing: how the issue stands.
    """

    issue: int
    form: ExportForm
    reach: Reach
    has_officers: bool
    now: pd.Timestamp
    standing: Standing

    def written(self) -> bytes:
        """Return the job as JSON, for another process."""
        names = ("issue", "form", "has_officers", "standing")
        plain = {name: getattr(self, name) for name in names}
        more = {"kind": _KIND, "reach": self.reach.areas, "now": self.now.isoformat()}
        return to_json(plain | more)

    @classmethod
    def read(cls, content: bytes) -> ExportJob | None:
        """Return the job that was written; None for one of another kind."""
        held: dict[str, Any] = json.loads(content)
        if held["kind"] != _KIND:
            return None
        return cls(
            issue=held["issue"],
            form=cast("ExportForm", held["form"]),
            reach=Reach(None if held["reach"] is None else tuple(held["reach"])),
            has_officers=held["has_officers"],
            now=pd.Timestamp(held["now"]),
            standing=Standing(*held["standing"]),
        )

    def export(self, shelf: Shelf, record: DutyRecord | None) -> IssueExport:
        """Return what is exported."""
        issue = shelf.issue(self.issue).issue
        return IssueExport(issue, self.standing, self.reach, self.now, record)


def export_parts(
    job: ExportJob, shelf: Shelf, records: DutyRecords, stop_if_told: Callable[[], None]
) -> Iterator[bytes]:
    """Yield the head, the parts of the zip file, and the tail.

    Args:
        job: what is asked.
        shelf: has the issue.
        records: of the plan of duty.
        stop_if_told: called between blocks of rows; what it raises ends the work.
    """
    record = records.at(job.now) if job.has_officers else None
    export = job.export(shelf, record)
    archive = Archive(export.issue.published_at.to_pydatetime())
    writer = ExportWriter(export, job.form, archive.open)
    is_passing = record is not None and not record.is_sure
    head: bytes | None = json.dumps({"is_passing": is_passing}).encode()
    held = bytearray()
    try:
        with closing(writer.write(stop_if_told)) as blocks:
            for _ in blocks:
                if head is not None:  # not before something is made: what can't be had is refused
                    yield head
                    head = None
                held += archive.take()
                if len(held) >= _LEAST_BYTES:
                    yield bytes(held)
                    held.clear()
    finally:
        held += archive.close()
    yield bytes(held)
    yield json.dumps({"rows": writer.rows}).encode()
