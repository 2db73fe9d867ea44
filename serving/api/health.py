"""For whoever watches the process: it lives, forecasts may be taken from it, its figures."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Response, Security

from forewatch.errors import DamagedIssue, NoIssue
from serving import problems
from serving.api import documents, media
from serving.api.metrics import CONTENT_TYPE
from serving.api.schemas import Live, Ready
from serving.api.service import Service, needs, service
from serving.fitness import settings_notes

router = APIRouter(tags=["health"])


@router.get(
    "/health/live",
    summary="The process answers",
    responses={**documents.EVERY, 200: {"model": Live}},
)
async def live() -> Live:
    """Return 200 whenever the process can."""
    return Live(status="live")


@router.get(
    "/health/ready",
    response_class=Response,
    responses={**documents.READY, 200: {"model": Ready}},
    summary="Forecasts may be taken from here",
)
def ready(serving: Annotated[Service, Depends(service)]) -> Response:
    """Return 200 if the latest issue can be read and is not stale, else 503 with the reasons."""
    if reasons := serving.shelf.unready(serving.clock()):
        status = HTTPStatus.SERVICE_UNAVAILABLE
        said = problems.problem_document(status, "not-ready", "Not ready", "; ".join(reasons))
        return problems.response(said | {"reasons": list(reasons), "notes": list(_notes(serving))})
    issue = serving.shelf.latest().issue
    notes = _notes(serving)
    body = Ready(status="ready", issue=issue.number, notes=list(notes))
    return Response(body.model_dump_json(), media_type=media.JSON)


def _notes(serving: Service) -> tuple[str, ...]:
    """Return what the issue in service does not reflect; nothing where none can be read."""
    try:
        return settings_notes(serving.shelf.latest().issue, serving.profile)
    except (NoIssue, DamagedIssue):
        return ()


@router.get(
    "/metrics",
    dependencies=[Security(needs("metrics:read", "whole"))],
    response_class=Response,
    responses={
        **documents.KEYED,
        200: {
            "description": "Prometheus' text format",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
    },
    summary="Figures for a monitor",
)
def metrics_text(serving: Annotated[Service, Depends(service)]) -> Response:
    """Return durations, ages, requests in flight, refused keys."""
    return Response(serving.metrics.text(), headers={"Content-Type": CONTENT_TYPE})
