"""`GET /v1/forecasts`: what an issue says about areas, call types, grades and periods."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import pandas as pd
from fastapi import APIRouter, Depends, Query, Request, Response, Security

from forewatch.errors import BadQuestion
from planning.answers import Question, ask
from planning.issues import Issue
from serving.api import documents, media, rendering
from serving.api.schemas import ForecastRequest
from serving.api.service import Service, needs, service
from serving.api.shelf import Body, Opened
from serving.api.spans import span

router = APIRouter(tags=["forecasts"])

PATH = "/v1/forecasts"
_RENDERING = 1  # raise it when the bytes of an answer change, so that no client keeps old ones
MAX_QUESTION_ROWS = 250_000  # 60 beats × 12 call types × 2 weeks of hours
_BASELINE = "mean of the same weekday (and hour) over the last 8 weeks known at the origin"
_NOISE_FLOOR = (
    "mean absolute error ÷ mean, in percent, of a Poisson count whose mean is known exactly; "
    "no forecast can be expected to miss by less"
)
_HOUR = pd.Timedelta(hours=1)


@router.get(
    PATH,
    dependencies=[Security(needs("forecasts:read"))],
    response_class=Response,
    responses=documents.FORECASTS,
    summary="Expected calls, quantiles and baseline",
    description=documents.ABOUT_FORECASTS,
)
def forecasts(
    request: Request,
    asked: Annotated[ForecastRequest, Query()],
    serving: Annotated[Service, Depends(service)],
) -> Response:
    """Return a page of rows, or 304 where the client has it."""
    kind = media.negotiated(request, (media.JSON, media.CSV))
    opened = serving.shelf.issue(asked.issue)
    issue, now = opened.issue, serving.clock()
    # Everything that the bytes depend on: what was published, whether it has grown stale since,
    # the question as it was normalised, and the code that writes it.
    key = f"{_address(asked, issue.number, asked.offset)} {kind} {issue.is_stale(now)}"
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
        body = _body(opened, asked, kind, now)
        opened.bodies.keep(key, body)
    if body.next_page:
        headers["Link"] = f'<{body.next_page}>; rel="next"'
    return media.fresh(body.content, kind, tag, headers)


def _body(opened: Opened, asked: ForecastRequest, kind: str, now: pd.Timestamp) -> Body:
    issue = opened.issue
    question = _question(issue, asked)
    columns = rendering.page(issue, question, now, asked.offset, asked.limit)
    following = asked.offset + asked.limit
    is_last = following >= question.rows
    next_page = None if is_last else _address(asked, issue.number, following)
    if kind == media.CSV:
        return Body(rendering.as_csv(_constants(issue), columns), next_page)
    envelope = _envelope(issue) | {
        "by": asked.by,
        "total_rows": question.rows,
        "limit": asked.limit,
        "offset": asked.offset,
        "next": next_page,
    }
    return Body(rendering.as_json(envelope, columns), next_page)


def _question(issue: Issue, asked: ForecastRequest) -> Question:
    when = span(issue, asked.week, asked.from_, asked.to)
    question = ask(
        issue,
        start=when.start,
        end=when.end,
        by=asked.by,
        areas=asked.area,
        call_types=asked.call_type,
        grades=asked.grade,
        quantiles=_quantiles(asked.quantiles),
    )
    if question.rows > MAX_QUESTION_ROWS:
        raise BadQuestion(
            f"the question has {question.rows} rows, at most {MAX_QUESTION_ROWS} are answered; "
            "ask for fewer areas, call types, grades or periods"
        )
    return question


def _quantiles(text: str | None) -> tuple[float, ...]:
    try:
        return tuple({float(part): None for part in text.split(",")}) if text else ()
    except ValueError:
        raise BadQuestion(f"no quantiles {text!r}; write levels like 0.05,0.5,0.95") from None


def _address(asked: ForecastRequest, number: int, offset: int) -> str:
    """Return the address of a page, the same for the same question, tied to the issue."""
    named = asked.model_dump(by_alias=True, exclude_none=True)
    pairs = {**named, "issue": number, "offset": offset}
    lists = {name: dict.fromkeys(value) for name, value in pairs.items() if isinstance(value, list)}
    return f"{PATH}?{urlencode(sorted((pairs | lists).items()), doseq=True)}"


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
        "baseline": _BASELINE,
        "noise_floor": _NOISE_FLOOR,
        "notes": list(issue.notes),
    }


def _constants(issue: Issue) -> dict[str, str | int]:
    """Return what a row of a CSV says of its issue."""
    said = _envelope(issue)
    names = ("issue", "origin", "data_until", "published_at", "model_version", "zone", "unit")
    models = " ".join(f"{name}:{of}" for name, of in issue.models.items())
    return {name: said[name] for name in names} | {"models": models}


def _text(instant: pd.Timestamp) -> str:
    return instant.tz_convert("UTC").tz_localize(None).isoformat() + "Z"
