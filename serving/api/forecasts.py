"""`GET /v1/forecasts`: what an issue says about areas, call types, grades and periods."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response, Security

from forewatch.errors import BadQuestion
from planning.answers import Question, columns
from planning.issues import Issue
from serving.api import costs, documents
from serving.api.answering import Route, answered, question
from serving.api.schemas import ForecastRequest
from serving.api.service import Access, Service, needs, service
from serving.reach import Reach

router = APIRouter(tags=["forecasts"])

PATH = "/v1/forecasts"
_SAYS = {
    "baseline": "mean of the same weekday (and hour) over the last 8 weeks known at the origin",
    "noise_floor": "mean absolute error ÷ mean, in percent, of a Poisson count whose mean is "
    "known exactly; no forecast can be expected to miss by less",
}


def _question(issue: Issue, asked: ForecastRequest, reach: Reach) -> Question:
    return question(issue, asked, reach, _quantiles(asked.quantiles))


ROUTE = Route(PATH, ForecastRequest, _question, columns, lambda *_: _SAYS, costs.FORECASTS)


@router.get(
    PATH,
    response_class=Response,
    responses=documents.FORECASTS,
    summary="Expected calls, quantiles and baseline",
    description=documents.ABOUT_FORECASTS,
)
async def forecasts(
    request: Request,
    asked: Annotated[ForecastRequest, Query()],
    serving: Annotated[Service, Depends(service)],
    access: Annotated[Access, Security(needs("forecasts:read", "within"))],
) -> Response:
    """Return a page of rows, or 304 where the client has it."""
    return await answered(ROUTE, request, asked, serving, access)


def _quantiles(text: str | None) -> tuple[float, ...]:
    try:
        return tuple({float(part): None for part in text.split(",")}) if text else ()
    except ValueError:
        raise BadQuestion(f"no quantiles {text!r}; write levels like 0.05,0.5,0.95") from None
