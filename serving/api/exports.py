"""The route that gives a whole issue as a zip file of tables, sent while it is made."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Annotated, Any, Literal

import pandas as pd
from fastapi import APIRouter, Depends, Path, Query, Request, Response, Security
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from forewatch.clock import Clock
from forewatch.errors import ForewatchError
from serving.accounts.viewers import Viewer
from serving.api import costs, documents, media
from serving.api.answers import age_headers, open_question
from serving.api.export_jobs import ExportJob
from serving.api.schemas import ExportRequest
from serving.api.service import Service, needs, service
from serving.api.shelf import OpenIssue
from serving.api.workers import WorkerFailed
from serving.duty_records import DutyRecord
from serving.keys import Scope as KeyScope
from serving.queries import MAX_NUMBER

EXPORT = "/v1/issues/{number}/export"
_RENDERING = 1  # raise it when the bytes of an export change, so that no client keeps old ones
_OFFICERS: KeyScope = "rota:read"

_LOG = logging.getLogger("uvicorn.error")

router = APIRouter(tags=["catalogue"])


class PartsResponse(StreamingResponse):
    """A streamed answer whose source is closed with it, however it ends."""

    def __init__(self, parts: AsyncIterator[bytes], headers: dict[str, str]) -> None:
        """Remember what is sent."""
        super().__init__(parts, media_type=media.ZIP, headers=headers)
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; where a part can't be had the connection ends before the answer does."""
        try:
            await super().__call__(scope, receive, send)
        except (ForewatchError, WorkerFailed) as error:
            _LOG.error("an export ended early: %s", error)
        finally:
            await self._parts.aclose()  # type: ignore[attr-defined] # of a generator


@router.get(
    EXPORT,
    response_class=Response,
    responses=documents.EXPORT,
    summary="A whole issue as tables in a zip file",
    description=documents.ABOUT_EXPORT,
)
async def issue_export(
    request: Request,
    number: Annotated[
        Literal["latest"] | Annotated[int, Path(ge=1, le=MAX_NUMBER)],
        Path(description='number of the issue, or "latest"'),
    ],
    asked: Annotated[ExportRequest, Query()],
    serving: Annotated[Service, Depends(service)],
    access: Annotated[Viewer, Security(needs("forecasts:read", "within"))],
) -> Response:
    """Return the archive, or 304 where the client has it."""
    media.negotiate_type(request, (media.ZIP,))
    opened = await open_question(number if isinstance(number, int) else None, request, serving)
    issue, now = opened.issue, serving.clock()
    has_officers = _OFFICERS in request.state.key.scopes
    standing = serving.shelf.standing(issue.number)
    job = ExportJob(issue.number, asked.format, access.reach, has_officers, now, standing)
    tag = _tag(job, opened, serving)
    headers = age_headers(issue, now)
    if media.is_known(request, tag):
        return media.not_modified(tag, headers)
    headers |= media.CACHE
    headers["Content-Disposition"] = (
        f'attachment; filename="forewatch-issue-{issue.number}-{asked.format}.zip"'
    )
    with ExitStack() as stack:
        cost = costs.export_cost(job.export(serving.shelf, DutyRecord() if has_officers else None))
        if request.state.is_head:  # what stands above the file, without making it
            return PartsResponse(_nothing(), headers | {"ETag": tag})
        stack.enter_context(serving.limits.export(access.id, cost))
        parts = serving.workers.parts(job.written())
        head = json.loads(await anext(parts))
        if head["is_passing"]:  # something couldn't be read: the next time it may be
            tag = media.entity_tag(tag, "passing", now)
        held = stack.pop_all()
    return PartsResponse(_sent(parts, held, request), headers | {"ETag": tag})


async def _nothing() -> AsyncIterator[bytes]:
    """Yield no part."""
    return
    yield


async def _sent(
    parts: AsyncIterator[bytes], held: ExitStack, request: Request
) -> AsyncIterator[bytes]:
    """Yield the parts of the file; the last that comes from the worker isn't one of them."""
    with held:
        try:
            before: bytes | None = None
            async for part in parts:
                if before is not None:
                    yield before
                before = part
            request.state.rows = json.loads(before or b"{}").get("rows", 0)
        finally:
            await parts.aclose()  # type: ignore[attr-defined] # of a generator


def _tag(job: ExportJob, opened: OpenIssue, serving: Service) -> str:
    """Return the tag of everything that the bytes depend on.

    With officers that is the plan as imported and the day of notice too.
    """
    issue = opened.issue
    duty: tuple[Any, ...] = ()
    if job.has_officers:
        today = Clock.of(issue.profile).force_day(pd.DatetimeIndex([job.now]))[0]
        duty = (serving.records.changed_at(), today)
    return media.entity_tag(
        opened.sha256,
        job.form,
        issue.freshness.phase(job.now),
        tuple(job.standing),
        job.reach.text,
        *duty,
        _RENDERING,
    )
