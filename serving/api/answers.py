"""Routes that answer questions about an issue, a page of rows at a time: one for each offer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Protocol
from urllib.parse import urlencode

import pandas as pd
from fastapi import APIRouter, Depends, Query, Request, Response, Security
from fastapi.concurrency import run_in_threadpool
from pydantic_core import from_json, to_json

from forewatch.errors import BadQuestion
from planning.issues import Issue
from serving import answers
from serving.accounts.viewers import Viewer
from serving.answers import OFFERS, Offer
from serving.api import costs, documents, media
from serving.api.processes import AskerGone
from serving.api.service import Service, needs, service
from serving.api.shelf import Body, OpenIssue
from serving.queries import PlaceQuery, SpanQuery, StaffingQuery, ViewQuery
from serving.reach import Reach
from serving.standing import Standing
from serving.views import View
from serving.writers.csv_file import csv_file
from serving.writers.json_document import json_document
from serving.writers.workbook import workbook

VIEWS = "/v1/views"
ROTA = "rota"  # kind of the jobs of the rota contract, which is no offer
_RENDERING = 4  # raise it when the bytes of an answer change, so that no client keeps old ones
MAX_QUESTION_ROWS = 250_000  # 60 beats × 12 call types × 2 weeks of hours
_CLIENT_GONE = 499  # never sent, only counted. Source: nginx, ngx_http_request.h
_HOUR = pd.Timedelta(hours=1)


@dataclass(frozen=True)
class Job:
    """A page that is to be rendered: everything that its bytes depend on.

    Args:
        kind: name of the kind of answer, or ROTA.
        view: the view whose question it is; None: it was asked by itself.
        query: the question, its week by its label and its areas by their ids.
        reach: which areas the asker may see.
        issue: number of the issue asked.
        media: media type of the answer.
        now: the instant at which the issue's age is judged, UTC.
        standing: how the issue stands.
    """

    kind: str
    query: PlaceQuery
    reach: Reach
    issue: int
    media: str
    now: pd.Timestamp
    standing: Standing
    view: View | None = None

    def written(self) -> bytes:
        """Return the job as JSON, for another process."""
        query = self.query.model_dump(mode="json", by_alias=True, exclude_none=True)
        plain = {name: getattr(self, name) for name in ("kind", "issue", "media", "standing")}
        view = None if self.view is None else self.view.model_dump(mode="json")
        more = {"query": query, "reach": self.reach.areas, "now": self.now.isoformat()}
        return to_json(plain | more | {"view": view})

    @classmethod
    def read(cls, content: bytes) -> Job:
        """Return the job that was written."""
        held: dict[str, Any] = from_json(content)
        return cls(
            kind=held["kind"],
            query=_model(held["kind"]).model_validate(held["query"]),
            reach=Reach(None if held["reach"] is None else tuple(held["reach"])),
            issue=held["issue"],
            media=held["media"],
            now=pd.Timestamp(held["now"]),
            standing=Standing(*held["standing"]),
            view=None if held["view"] is None else View.model_validate(held["view"]),
        )


def _model(kind: str) -> type[PlaceQuery]:
    return StaffingQuery if kind == ROTA else OFFERS[kind].query


async def respond(
    offer: Offer,
    request: Request,
    query: SpanQuery,
    serving: Service,
    access: Viewer,
    view: View | None = None,
) -> Response:
    """Return a page of rows within the asker's reach, or 304 where the client has it.

    Nothing is computed here, in the process of the connections: what is not at hand is a job for
    the workers, after its cost was estimated and charged to the key.
    """
    kind = media.negotiate_type(request, media.TABLES, query.format)
    opened = await open_question(query.issue, request, serving)
    issue, now = opened.issue, serving.clock()
    query = query.dated(issue, now)
    # Everything that the bytes depend on: what was published, what of it has grown stale since, how
    # it stands now, the question as it was normalised, whose areas it is about, the code that
    # writes it, and the view that it is told by.
    address = _address(offer, query, issue.number, query.offset)
    standing = serving.shelf.standing(issue.number)
    key = f"{address} {kind} {issue.freshness.phase(now)} {tuple(standing)} {access.reach.text}"
    if view is not None:
        key += f" {view.model_dump_json()}"
    tag = media.entity_tag(opened.sha256, key, _RENDERING)
    headers = age_headers(issue, now)
    if media.is_known(request, tag):
        return media.not_modified(tag, headers)
    body = serving.shelf.bodies.get(tag)
    if body is None:
        job = Job(offer.name, query, access.reach, issue.number, kind, now, standing, view)
        try:
            body = await _page_from_worker(issue, job, query, request, serving)
        except AskerGone:
            return Response(status_code=_CLIENT_GONE)
        serving.shelf.bodies.keep(tag, body)
    request.state.rows = body.rows
    if body.next_page:
        headers["Link"] = f'<{body.next_page}>; rel="next"'
    return media.fresh(body.content, kind, tag, headers)


def age_headers(issue: Issue, now: pd.Timestamp) -> dict[str, str]:
    """Return what changes all the time, and so stands in no body."""
    return {
        "Forewatch-Issue": str(issue.number),
        "Forewatch-Issue-Age-Hours": f"{(now - issue.published_at) / _HOUR:.2f}",
        "Forewatch-Data-Age-Hours": f"{(now - issue.forecast.data_until) / _HOUR:.2f}",
    }


async def open_question(number: int | None, request: Request, serving: Service) -> OpenIssue:
    """Return the issue of a number, or the latest for None; reading one is charged to the key."""
    if (opened := serving.shelf.at_hand(number)) is not None:
        return opened
    if number is not None:
        serving.limits.charge(request.state.viewer.id, costs.OPENING)
    return await run_in_threadpool(serving.shelf.issue, number)


async def _page_from_worker(
    issue: Issue, job: Job, query: SpanQuery, request: Request, serving: Service
) -> Body:
    """Return the page from a worker, after its cost was estimated."""
    areas = [*job.reach.area_ids(issue.tree, query.area)]
    sized = query.model_copy(update={"area": areas})
    weights = costs.weights(job.kind, job.media)
    cost = weights.of(costs.size(issue, sized))
    fitting = partial(costs.rows_that_fit, issue, sized, weights)
    return await work_out(job, (cost, fitting), request, serving)


class WrittenJob(Protocol):
    """What a worker can be sent."""

    def written(self) -> bytes:
        """Return the job as bytes, for another process."""


async def work_out(
    job: WrittenJob, cost: tuple[float, Callable[[float], int]], request: Request, serving: Service
) -> Body:
    """Return what a job comes to from a worker, within the limits of the key.

    Args:
        job: what is asked.
        cost: expected, in units, and what gives the rows of a page that costs at most so many.
        request: that asks; nobody works for one that is gone.
        serving: has the workers and the limits.
    """
    key = request.state.viewer.id

    async def disconnected() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    units, fitting = cost
    with serving.limits.question(key, units, fitting):
        return Body.read(await serving.workers.answer(job.written(), key, units, disconnected))


def page(opened: OpenIssue, job: Job, stop_if_told: Callable[[], None]) -> Body:
    """Return a page of rows as it is sent; what workers do.

    Args:
        opened: the issue asked.
        job: about this issue.
        stop_if_told: called between blocks of rows; what it raises ends the work.
    """
    offer, issue, query = OFFERS[job.kind], opened.issue, job.query
    if not isinstance(query, SpanQuery):
        raise TypeError(f"a page of rows is of a span by periods; the job asks {query!r}")
    asked = answers.question(offer, issue, query, job.reach)
    if asked.rows > MAX_QUESTION_ROWS:
        raise BadQuestion(
            f"the question has {asked.rows} rows, at most {MAX_QUESTION_ROWS} are answered; "
            "ask for fewer areas, call types, grades or periods"
        )
    following = query.offset + query.limit
    table = answers.answer_table(
        offer,
        issue,
        job.standing,
        asked,
        job.now,
        reach=job.reach,
        rows=slice(query.offset, following),
        stop_if_told=stop_if_told,
    )
    is_last = following >= asked.rows
    next_page = None if is_last else _address(offer, query, issue.number, following, job.view)
    if job.view is not None:
        table = job.view.shown(table)
    if job.media == media.CSV:
        return Body(csv_file(table), next_page, len(table))
    if job.media == media.XLSX:
        return Body(workbook(table), next_page, len(table))
    paging = {
        "total_rows": asked.rows,
        "limit": query.limit,
        "offset": query.offset,
        "next": next_page,
    }
    return Body(json_document(table, paging), next_page, len(table))


def _address(
    offer: Offer, query: SpanQuery, number: int, offset: int, view: View | None = None
) -> str:
    """Return the address of a page, the same for the same question, tied to the issue."""
    said = type(query) if view is None else ViewQuery
    named = query.model_dump(by_alias=True, exclude_none=True, include={*said.model_fields})
    path = offer.path if view is None else f"{VIEWS}/{view.id}"
    pairs = {**named, "issue": number, "offset": offset}
    lists = {name: dict.fromkeys(value) for name, value in pairs.items() if isinstance(value, list)}
    return f"{path}?{urlencode(sorted((pairs | lists).items()), doseq=True)}"


def _route(offer: Offer) -> Callable[..., Awaitable[Response]]:
    """Return the function of an offer's route."""
    allowed = needs("forecasts:read", "within")

    async def answer(
        request: Request,
        query: SpanQuery,
        serving: Annotated[Service, Depends(service)],
        access: Annotated[Viewer, Security(allowed)],
    ) -> Response:
        """Return a page of rows, or 304 where the client has it."""
        return await respond(offer, request, query, serving, access)

    # FastAPI reads the parameters from the model of the very kind.
    answer.__annotations__ |= {
        "query": Annotated[offer.query, Query()],
        "access": Annotated[Viewer, Security(allowed)],
    }
    return answer


router = APIRouter()
for _offer in OFFERS.values():
    _about = documents.ANSWERS[_offer.name]
    router.add_api_route(
        _offer.path,
        _route(_offer),
        response_class=Response,
        responses=_about.responses,
        summary=_about.summary,
        description=_about.description,
        tags=[_about.tag],
        name=_offer.name,
    )
