"""`GET /v1/explanations`: what the expected calls of an issue are made of."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response, Security

from forewatch.explanations import MEANINGS
from planning.explaining import columns
from planning.issues import Issue
from serving.api import costs, documents
from serving.api.answering import Route, answered, question
from serving.api.schemas import QuestionRequest
from serving.api.service import Access, Service, needs, service

router = APIRouter(tags=["forecasts"])

PATH = "/v1/explanations"


def legend(issue: Issue) -> dict[str, str]:
    """Return what each part of an issue's explanations is."""
    *parts, other = MEANINGS.items()
    return dict([*parts, *issue.profile.own_parts.items(), other])


ROUTE = Route(
    *(PATH, QuestionRequest, question, columns),
    lambda issue, *_: {"parts": legend(issue)},
    costs.EXPLANATIONS,
)


@router.get(
    PATH,
    response_class=Response,
    responses=documents.EXPLANATIONS,
    summary="What the expected calls are made of",
    description=documents.ABOUT_EXPLANATIONS,
)
async def explanations(
    request: Request,
    asked: Annotated[QuestionRequest, Query()],
    serving: Annotated[Service, Depends(service)],
    access: Annotated[Access, Security(needs("forecasts:read", "within"))],
) -> Response:
    """Return a page of rows, or 304 where the client has it."""
    return await answered(ROUTE, request, asked, serving, access)
