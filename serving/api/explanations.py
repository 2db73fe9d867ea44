"""`GET /v1/explanations`: what the expected calls of an issue are made of."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response, Security

from planning.explaining import columns
from serving.api import costs, documents
from serving.api.answering import Route, answered, question
from serving.api.schemas import PARTS, QuestionRequest
from serving.api.service import Access, Service, needs, service

router = APIRouter(tags=["forecasts"])

PATH = "/v1/explanations"
ROUTE = Route(
    PATH, QuestionRequest, question, columns, lambda *_: {"parts": PARTS}, costs.EXPLANATIONS
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
