"""The route of boards: the force's own views as pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.concurrency import run_in_threadpool

from serving.accounts.viewers import Viewer
from serving.api.answers import open_question
from serving.api.service import Service, service
from serving.page.board_view import BOARD
from serving.page.door import page_viewer
from serving.page.view_routes import ViewAddress, respond_view
from serving.view_answers import views_within
from serving.views import find_view

router = APIRouter(include_in_schema=False)


@router.get(BOARD, response_class=Response)
async def board(
    request: Request,
    view_id: str,
    serving: Annotated[Service, Depends(service)],
    viewer: Annotated[Viewer, Security(page_viewer)],
) -> Response:
    """Return the page of a view; one that asks for what is out of reach isn't there."""
    views = await run_in_threadpool(serving.views)
    opened = await open_question(None, request, serving)
    seen = views_within(views, opened.issue.tree, viewer.reach)
    found = find_view(seen, view_id[:63])
    if found.role is not None:
        viewer.refuse_below(found.role)
    return await respond_view(request, serving, viewer, ViewAddress("board", board=found))
