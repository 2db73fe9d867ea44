"""The rota contract: what shifts require, for rota systems."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

import pandas as pd
from fastapi import APIRouter, Depends, Query, Request, Response, Security

from forewatch.clock import Clock
from serving.accounts.viewers import Viewer
from serving.api import costs, media
from serving.api.answers import ROTA, Job, age_headers, open_question, work_out
from serving.api.processes import AskerGone
from serving.api.rota_schemas import ABOUT, RESPONSES, SUMMARY
from serving.api.service import Need, Service, needs, service, viewer_by_key
from serving.api.shelf import OpenIssue
from serving.keys import CALENDAR
from serving.queries import StaffingQuery

REQUIREMENTS = "/v1/rota/requirements"
FEED = "/v1/rota/calendar/{token}.ics"
FEED_DAYS = 28
_RENDERING = 2  # raise it when the bytes of an answer change, so that no client keeps old ones
_CLIENT_GONE = 499

router = APIRouter(tags=["rota"])


@router.get(
    REQUIREMENTS,
    response_class=Response,
    responses=RESPONSES,
    summary=SUMMARY,
    description=ABOUT,
)
async def rota_requirements(
    request: Request,
    query: Annotated[StaffingQuery, Query()],
    serving: Annotated[Service, Depends(service)],
    access: Annotated[Viewer, Security(needs("rota:read", "within"))],
) -> Response:
    """Return a page, or 304 where the client has it."""
    kind = media.negotiate_type(request, media.TABLES, query.format)
    return await respond_requirements(request, query, serving, access, kind)


# Not in the OpenAPI document: its address is a secret, and no machine asks by it.
@router.get(FEED, response_class=Response, include_in_schema=False)
async def rota_calendar(
    request: Request,
    token: str,
    serving: Annotated[Service, Depends(service)],
) -> Response:
    """Return the shifts of the next weeks that are short, of the one area of the address."""
    access = await viewer_by_key(serving, request, token, Need(CALENDAR, "within"))
    issue = (await open_question(None, request, serving)).issue
    clock = Clock.of(issue.profile)
    today = clock.force_day(pd.DatetimeIndex([serving.clock()]))[0]
    until = today + pd.Timedelta(days=FEED_DAYS)
    span = {"from": f"{today:%Y-%m-%d}", "to": f"{until:%Y-%m-%d}", "limit": FEED_DAYS}
    query = StaffingQuery.model_validate(span)
    return await respond_requirements(request, query, serving, access, media.ICS)


async def respond_requirements(
    request: Request, query: StaffingQuery, serving: Service, access: Viewer, kind: str
) -> Response:
    """Return a page of what shifts require in a form, or 304 where the client has it."""
    opened = await open_question(query.issue, request, serving)
    issue, now = opened.issue, serving.clock()
    query = query.dated(issue, now)
    earlier = None
    if query.changed_since is not None:
        earlier = await open_question(query.changed_since, request, serving)
    tag = _tag(query, kind, (opened, earlier), access, serving)
    headers = age_headers(issue, now)
    if media.is_known(request, tag):
        return media.not_modified(tag, headers)
    body = serving.shelf.bodies.get(tag)
    if body is None:
        standing = serving.shelf.standing(issue.number)
        job = Job(ROTA, query, access.reach, issue.number, kind, now, standing)
        sized = query.model_copy(update={"area": [*access.reach.area_ids(issue.tree, query.area)]})
        cost = costs.STAFFING.of(issue, sized)
        fitting = partial(costs.STAFFING.rows_that_fit, issue, sized)
        try:
            body = await work_out(job, (cost, fitting), request, serving)
        except AskerGone:
            return Response(status_code=_CLIENT_GONE)
        if body.is_passing:  # something couldn't be read: the next time it may be
            tag = media.entity_tag(tag, "passing", now)
        else:
            serving.shelf.bodies.keep(tag, body)
    request.state.rows = body.rows
    if body.next_page:
        headers["Link"] = f'<{body.next_page}>; rel="next"'
    return media.fresh(body.content, kind, tag, headers)


def address(query: StaffingQuery, number: int, offset: int) -> str:
    """Return the address of a page, the same for the same question, tied to the issue."""
    named: dict[str, Any] = query.model_dump(by_alias=True, exclude_none=True)
    pairs = {**named, "issue": number, "offset": offset, "area": [*dict.fromkeys(query.area)]}
    return f"{REQUIREMENTS}?{urlencode(sorted(pairs.items()), doseq=True)}"


def _tag(
    query: StaffingQuery,
    kind: str,
    issues: tuple[OpenIssue, OpenIssue | None],
    access: Viewer,
    serving: Service,
) -> str:
    """Return the tag of everything that the bytes depend on.

    That is what was published, what of it has grown stale since, how it stands, the question as it
    was normalised, whose areas it is about, the plan as imported, and the day of notice.
    """
    opened, earlier = issues
    issue, now = opened.issue, serving.clock()
    today = Clock.of(issue.profile).force_day(pd.DatetimeIndex([now]))[0]
    return media.entity_tag(
        opened.sha256,
        earlier.sha256 if earlier else "",
        address(query, issue.number, query.offset),
        kind,
        issue.freshness.phase(now),
        tuple(serving.shelf.standing(issue.number)),
        access.reach.text,
        serving.records.changed_at(),
        serving.shelf.changed_at() if kind == media.ICS else "",
        today,
        _RENDERING,
    )
