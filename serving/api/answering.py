"""Questions about an issue, answered a page of rows at a time: what such routes share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlencode

import pandas as pd
from fastapi import Request, Response
from numpy.typing import NDArray

from forewatch.errors import BadQuestion
from planning.answers import Question, ask
from planning.issues import Issue
from serving.api import media, rendering
from serving.api.schemas import QuestionRequest, SpanRequest
from serving.api.service import Service
from serving.api.shelf import Body, Opened
from serving.api.spans import span
from serving.standing import Standing

_RENDERING = 3  # raise it when the bytes of an answer change, so that no client keeps old ones
MAX_QUESTION_ROWS = 250_000  # 60 beats × 12 call types × 2 weeks of hours
_HOUR = pd.Timedelta(hours=1)

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
        question: looks a request up in an issue.
        columns: gives the columns of some rows.
        says: what the envelope says of an issue's columns beside what it says on every route.
        constants: names of the envelope's texts that each row of a CSV repeats.
    """

    path: str
    question: Callable[[Issue, Asked], Looked]
    columns: Callable[[Issue, Looked, pd.Timestamp, slice], dict[str, NDArray[Any]]]
    says: Callable[[Issue], dict[str, Any]]
    constants: tuple[str, ...] = ORIGINS


def answered(
    route: Route[Asked, Looked], request: Request, asked: Asked, serving: Service
) -> Response:
    """Return a page of rows, or 304 where the client has it."""
    kind = media.negotiated(request, (media.JSON, media.CSV))
    opened = serving.shelf.issue(asked.issue)
    issue, now = opened.issue, serving.clock()
    # Everything that the bytes depend on: what was published, what of it has grown stale since, how
    # it stands now, the question as it was normalised, and the code that writes it.
    address = _address(route, asked, issue.number, asked.offset)
    standing = serving.shelf.standing(issue.number)
    key = f"{address} {kind} {issue.freshness.phase(now)} {tuple(standing)}"
    tag = media.entity_tag(opened.sha256, key, _RENDERING)
    headers = {
        "Forewatch-Issue": str(issue.number),
        "Forewatch-Issue-Age-Hours": f"{(now - issue.published_at) / _HOUR:.2f}",
        "Forewatch-Data-Age-Hours": f"{(now - issue.forecast.data_until) / _HOUR:.2f}",
    }
    if media.is_known(request, tag):
        return media.unchanged(tag, headers)
    body = opened.bodies.get(key)
    if body is None:
        body = _body(route, opened, asked, kind, now, standing)
        opened.bodies.keep(key, body)
    if body.next_page:
        headers["Link"] = f'<{body.next_page}>; rel="next"'
    return media.fresh(body.content, kind, tag, headers)


def question(issue: Issue, asked: QuestionRequest, quantiles: tuple[float, ...] = ()) -> Question:
    """Return a question about calls with every name looked up."""
    when = span(issue, asked.week, asked.from_, asked.to)
    return ask(
        issue,
        start=when.start,
        end=when.end,
        by=asked.by,
        areas=asked.area,
        call_types=asked.call_type,
        grades=asked.grade,
        quantiles=quantiles,
    )


def _body(
    route: Route[Asked, Looked],
    opened: Opened,
    asked: Asked,
    kind: str,
    now: pd.Timestamp,
    standing: Standing,
) -> Body:
    issue = opened.issue
    looked = route.question(issue, asked)
    if looked.rows > MAX_QUESTION_ROWS:
        raise BadQuestion(
            f"the question has {looked.rows} rows, at most {MAX_QUESTION_ROWS} are answered; "
            "ask for fewer areas, call types, grades or periods"
        )
    following = asked.offset + asked.limit
    columns = rendering.listed(route.columns(issue, looked, now, slice(asked.offset, following)))
    is_last = following >= looked.rows
    next_page = None if is_last else _address(route, asked, issue.number, following)
    envelope = _envelope(issue) | route.says(issue) | standing.about()
    if kind == media.CSV:
        constants = _constants(envelope, route.constants) | standing.texts()
        return Body(rendering.as_csv(constants, columns), next_page)
    envelope |= {
        "by": asked.by,
        "total_rows": looked.rows,
        "limit": asked.limit,
        "offset": asked.offset,
        "next": next_page,
    }
    return Body(rendering.as_json(envelope, columns), next_page)


def _address(route: Route[Asked, Looked], asked: Asked, number: int, offset: int) -> str:
    """Return the address of a page, the same for the same question, tied to the issue."""
    named = asked.model_dump(by_alias=True, exclude_none=True)
    pairs = {**named, "issue": number, "offset": offset}
    lists = {name: dict.fromkeys(value) for name, value in pairs.items() if isinstance(value, list)}
    return f"{route.path}?{urlencode(sorted((pairs | lists).items()), doseq=True)}"


def _envelope(issue: Issue) -> dict[str, Any]:
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
        "notes": list(issue.notes),
    }


def _constants(envelope: dict[str, Any], names: tuple[str, ...]) -> dict[str, str | int]:
    """Return what a row of a CSV says of its issue."""
    models = " ".join(f"{name}:{of}" for name, of in envelope["models"].items())
    return {name: envelope[name] for name in names} | {"models": models}


def _text(instant: pd.Timestamp) -> str:
    return instant.tz_convert("UTC").tz_localize(None).isoformat() + "Z"
