"""Questions about an issue, answered a page of rows at a time: what such routes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast
from urllib.parse import urlencode

import numpy as np
import pandas as pd
from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from numpy.typing import NDArray
from pydantic_core import from_json, to_json

from forewatch.areas import AreaTree
from forewatch.errors import BadQuestion
from planning.answers import POOLED_BETWEEN, Question, ask
from planning.issues import Issue
from serving.api import costs, media, rendering
from serving.api.processes import Stopped
from serving.api.schemas import QuestionRequest, SpanRequest
from serving.api.service import Access, Service
from serving.api.shelf import Body, Opened
from serving.api.spans import span
from serving.reach import Reach
from serving.standing import Standing

_RENDERING = 3  # raise it when the bytes of an answer change, so that no client keeps old ones
MAX_QUESTION_ROWS = 250_000  # 60 beats × 12 call types × 2 weeks of hours
_CLIENT_GONE = 499  # never sent, only counted. Source: nginx, ngx_http_request.h
_HOUR = pd.Timedelta(hours=1)
_ELSEWHERE = (
    "not observed for longer than is allowed"  # where the reason names an area out of reach
)

ORIGINS = ("issue", "origin", "data_until", "published_at", "model_version", "zone", "unit")


class LookedUp(Protocol):
    """A question whose names were found in the issue."""

    @property
    def rows(self) -> int:
        """The number of rows its answer has."""


Asked = TypeVar("Asked", bound=SpanRequest)
Looked = TypeVar("Looked", bound=LookedUp)


@dataclass(frozen=True)
class Route(Generic[Asked, Looked]):
    """What a route answers with.

    Args:
        path: its address.
        asks: model of its questions.
        question: looks a request up in an issue, within somebody's reach.
        columns: gives the columns of some rows.
        says: what the envelope says, within somebody's reach, of an issue's columns beside what it
            says on every route.
        cost: what its pages cost.
        block: rows computed at once: what they take of memory does not grow with the page, and
            between blocks the work can be stopped.
        constants: names of the envelope's texts that each row of a CSV repeats.
    """

    path: str
    asks: type[Asked]
    question: Callable[[Issue, Asked, Reach], Looked]
    columns: Callable[[Issue, Looked, pd.Timestamp, slice], dict[str, NDArray[Any]]]
    says: Callable[[Issue, Reach], dict[str, Any]]
    cost: costs.Weights
    block: int = 1000
    constants: tuple[str, ...] = ORIGINS


@dataclass(frozen=True)
class Job:
    """A page that is to be rendered: everything that its bytes depend on.

    Args:
        path: of the route.
        asked: the question.
        reach: which areas the asker may see.
        issue: number of the issue asked.
        kind: media type of the answer.
        now: the instant at which the issue's age is judged, UTC.
        standing: how the issue stands.
    """

    path: str
    asked: SpanRequest
    reach: Reach
    issue: int
    kind: str
    now: pd.Timestamp
    standing: Standing

    def written(self) -> bytes:
        """Return the job as JSON, for another process."""
        asked = self.asked.model_dump(mode="json", by_alias=True, exclude_none=True)
        said = {name: getattr(self, name) for name in ("path", "issue", "kind", "standing")}
        return to_json(
            said | {"asked": asked, "reach": self.reach.areas, "now": self.now.isoformat()}
        )

    @classmethod
    def read(cls, content: bytes, asks: Mapping[str, type[SpanRequest]]) -> Job:
        """Return the job that was written.

        Args:
            content: from `written`.
            asks: model of the questions of each route, by its path.
        """
        said: dict[str, Any] = from_json(content)
        return cls(
            path=said["path"],
            asked=asks[said["path"]].model_validate(said["asked"]),
            reach=Reach(None if said["reach"] is None else tuple(said["reach"])),
            issue=said["issue"],
            kind=said["kind"],
            now=pd.Timestamp(said["now"]),
            standing=Standing(*said["standing"]),
        )


async def answered(
    route: Route[Asked, Looked],
    request: Request,
    asked: Asked,
    serving: Service,
    access: Access,
) -> Response:
    """Return a page of rows within the asker's reach, or 304 where the client has it.

    Nothing is computed here, in the process of the connections: what is not at hand is a job for
    the workers, after its cost was estimated and charged to the key.
    """
    kind = media.negotiated(request, (media.JSON, media.CSV))
    opened = await _opened(asked.issue, request, serving)
    issue, now = opened.issue, serving.clock()
    # Everything that the bytes depend on: what was published, what of it has grown stale since, how
    # it stands now, the question as it was normalised, whose areas it is about, and the code that
    # writes it.
    address = _address(route, asked, issue.number, asked.offset)
    standing = serving.shelf.standing(issue.number)
    key = f"{address} {kind} {issue.freshness.phase(now)} {tuple(standing)} {access.reach.text}"
    tag = media.entity_tag(opened.sha256, key, _RENDERING)
    headers = {
        "Forewatch-Issue": str(issue.number),
        "Forewatch-Issue-Age-Hours": f"{(now - issue.published_at) / _HOUR:.2f}",
        "Forewatch-Data-Age-Hours": f"{(now - issue.forecast.data_until) / _HOUR:.2f}",
    }
    if media.is_known(request, tag):
        return media.unchanged(tag, headers)
    body = serving.shelf.bodies.get(tag)
    if body is None:
        job = Job(route.path, asked, access.reach, issue.number, kind, now, standing)
        try:
            body = await _worked(route, issue, job, request, serving)
        except Stopped:
            return Response(status_code=_CLIENT_GONE)
        serving.shelf.bodies.keep(tag, body)
    request.state.rows = body.rows
    if body.next_page:
        headers["Link"] = f'<{body.next_page}>; rel="next"'
    return media.fresh(body.content, kind, tag, headers)


def page(
    route: Route[Asked, Looked], opened: Opened, job: Job, stop_if_told: Callable[[], None]
) -> Body:
    """Return a page of rows as it is sent; what workers do.

    Args:
        route: the route asked.
        opened: the issue asked.
        job: of this route and issue.
        stop_if_told: called between blocks of rows; what it raises ends the work.
    """
    return _body(route, opened, cast("Asked", job.asked), job, stop_if_told)


async def _opened(number: int | None, request: Request, serving: Service) -> Opened:
    if (opened := serving.shelf.at_hand(number)) is not None:
        return opened
    if number is not None:
        serving.limits.charge(request.state.key.id, costs.OPENING)
    return await run_in_threadpool(serving.shelf.issue, number)


async def _worked(
    route: Route[Asked, Looked], issue: Issue, job: Job, request: Request, serving: Service
) -> Body:
    """Return the page from a worker, within the limits of the key."""
    key = request.state.key.id

    async def disconnected() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    asked = job.asked
    if not job.reach.is_whole:
        asked = asked.model_copy(update={"area": [*job.reach.asked(issue.tree, asked.area)]})
    cost = route.cost.of(costs.size(issue, asked))
    fitting = partial(costs.fitting, issue, asked, route.cost)
    with serving.limits.question(key, cost, fitting):
        return Body.read(await serving.workers.answer(job.written(), key, cost, disconnected))


def question(
    issue: Issue, asked: QuestionRequest, reach: Reach, quantiles: tuple[float, ...] = ()
) -> Question:
    """Return a question about calls with every name looked up within somebody's reach."""
    when = span(issue, asked.week, asked.from_, asked.to)
    return ask(
        issue,
        start=when.start,
        end=when.end,
        by=asked.by,
        areas=reach.asked(issue.tree, asked.area),
        call_types=asked.call_type,
        grades=asked.grade,
        quantiles=quantiles,
    )


def _body(
    route: Route[Asked, Looked],
    opened: Opened,
    asked: Asked,
    job: Job,
    stop_if_told: Callable[[], None],
) -> Body:
    issue, kind, reach = opened.issue, job.kind, job.reach
    looked = route.question(issue, asked, reach)
    if looked.rows > MAX_QUESTION_ROWS:
        raise BadQuestion(
            f"the question has {looked.rows} rows, at most {MAX_QUESTION_ROWS} are answered; "
            "ask for fewer areas, call types, grades or periods"
        )
    following = asked.offset + asked.limit
    columns: rendering.Columns = {}
    for first in range(
        asked.offset, max(min(following, looked.rows), asked.offset + 1), route.block
    ):
        stop_if_told()
        rows = slice(first, min(first + route.block, following))
        said = route.columns(issue, looked, job.now, rows)
        said |= _within(reach, issue.tree, said)
        block = rendering.listed(said)
        columns = {name: columns.get(name, []) + values for name, values in block.items()}
    is_last = following >= looked.rows
    next_page = None if is_last else _address(route, asked, issue.number, following)
    standing = reach.standing(issue.tree, job.standing)
    envelope = _envelope(issue, reach) | route.says(issue, reach) | standing.about()
    row_count = len(columns["area"])
    if kind == media.CSV:
        constants = _constants(envelope, route.constants) | standing.texts()
        return Body(rendering.as_csv(constants, columns), next_page, row_count)
    envelope |= {
        "by": asked.by,
        "total_rows": looked.rows,
        "limit": asked.limit,
        "offset": asked.offset,
        "next": next_page,
    }
    return Body(rendering.as_json(envelope, columns), next_page, row_count)


def _address(route: Route[Asked, Looked], asked: Asked, number: int, offset: int) -> str:
    """Return the address of a page, the same for the same question, tied to the issue."""
    named = asked.model_dump(by_alias=True, exclude_none=True)
    pairs = {**named, "issue": number, "offset": offset}
    lists = {name: dict.fromkeys(value) for name, value in pairs.items() if isinstance(value, list)}
    return f"{route.path}?{urlencode(sorted((pairs | lists).items()), doseq=True)}"


def _within(reach: Reach, tree: AreaTree, said: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the columns that may name other areas, as they are told within somebody's reach."""
    if reach.is_whole:
        return {}
    ways: dict[str, Callable[[str], str]] = {
        "pooled": lambda text: reach.listed(tree, text.split(POOLED_BETWEEN)),
        "reason": lambda text: text if reach.notes(tree, [text]) else _ELSEWHERE,
    }
    found = {}
    for name, told in ways.items():
        texts, row = np.unique(said[name].astype(str), return_inverse=True)
        found[name] = np.array([told(text) if text else "" for text in texts], dtype=object)[row]
    return found


def _envelope(issue: Issue, reach: Reach) -> dict[str, Any]:
    forecast = issue.forecast
    edges = forecast.rates.edges
    return {
        "issue": issue.number,
        "origin": _text(forecast.origin),
        "data_until": _text(forecast.data_until),
        "published_at": _text(issue.published_at),
        "horizon": {"start": _text(edges[0]), "end": _text(edges[-1])},
        "model_version": issue.model_version,
        "models": dict(issue.models),
        "data_version": issue.data_version,
        "zone": issue.profile.force.zone,
        "unit": "calls",
        "notes": reach.notes(issue.tree, issue.notes),
    }


def _constants(envelope: dict[str, Any], names: tuple[str, ...]) -> dict[str, str | int]:
    """Return what a row of a CSV says of its issue."""
    models = " ".join(f"{name}:{of}" for name, of in envelope["models"].items())
    return {name: envelope[name] for name in names} | {"models": models}


def _text(instant: pd.Timestamp) -> str:
    return instant.tz_convert("UTC").tz_localize(None).isoformat() + "Z"
