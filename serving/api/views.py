"""Routes of the force's views: which there are, and their answers, a page of rows at a time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response, Security
from fastapi.concurrency import run_in_threadpool

from serving.accounts.viewers import Viewer
from serving.answers import OFFERS
from serving.api import documents, media
from serving.api.answers import VIEWS, respond
from serving.api.schemas import Views
from serving.api.service import Service, needs, service
from serving.queries import ViewQuery
from serving.reach import Reach
from serving.view_answers import views_within
from serving.views import View, find_view

ONE = f"{VIEWS}/{{view_id}}"
REFUSAL = "; a view is asked as it stands: only time, issue, page and format are for you to say"

router = APIRouter(tags=["views"])
_Seen = Annotated[Viewer, Security(needs("forecasts:read", "within"))]


@router.get(
    VIEWS,
    response_class=Response,
    responses={**documents.READ, 200: {"model": Views}},
    summary="The force's views: questions with a name",
)
def view_summaries(
    request: Request, serving: Annotated[Service, Depends(service)], access: _Seen
) -> Response:
    """Return the views that ask for nothing out of reach, in the order of the settings."""
    seen = _told(serving, access.reach)
    request.state.rows = len(seen)
    return media.document(
        request, {"views": [view.model_dump(exclude={"panels", "role"}) for view in seen]}
    )


@router.get(
    ONE,
    response_class=Response,
    responses=documents.VIEW.responses,
    summary=documents.VIEW.summary,
    description=documents.VIEW.description,
)
async def view_page(
    request: Request,
    view_id: Annotated[str, Path(max_length=63, examples=["control-room"])],
    query: Annotated[ViewQuery, Query()],
    serving: Annotated[Service, Depends(service)],
    access: _Seen,
) -> Response:
    """Return a page of rows, or 304 where the client has it."""
    told = await run_in_threadpool(_told, serving, access.reach)
    found = find_view(told, view_id)
    return await respond(OFFERS[found.answer], request, found.query(query), serving, access, found)


def _told(serving: Service, reach: Reach) -> tuple[View, ...]:
    """Return the views that somebody is told of; others are answered like those there aren't."""
    views = serving.views()
    if reach.is_whole:
        return views
    return views_within(views, serving.shelf.latest().issue.tree, reach)
