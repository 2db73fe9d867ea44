"""The routes of boards: the force's own views as pages, and the list of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.concurrency import run_in_threadpool

from serving.accounts.viewers import Viewer
from serving.api.answers import open_question
from serving.api.service import Service, service
from serving.page.addresses import BOARDS
from serving.page.board_view import BOARD
from serving.page.door import page_viewer
from serving.page.view_routes import ViewAddress, respond_view
from serving.view_answers import views_within
from serving.views import View, find_view

router = APIRouter(include_in_schema=False)


_Serving = Annotated[Service, Depends(service)]
_Viewer = Annotated[Viewer, Security(page_viewer)]


@router.get(BOARDS, response_class=Response)
async def boards(request: Request, serving: _Serving, viewer: _Viewer) -> Response:
    """Return the page with the views that the viewer may open."""
    seen = await boards_seen(request, serving, viewer)
    open_to = tuple(each for each in seen if each.role is None or viewer.has_role(each.role))
    return await respond_view(request, serving, viewer, ViewAddress("boards", boards=open_to))


@router.get(BOARD, response_class=Response)
async def board(request: Request, view_id: str, serving: _Serving, viewer: _Viewer) -> Response:
    """Return the page of a view; one that asks for what is out of reach isn't there."""
    found = find_view(await boards_seen(request, serving, viewer), view_id[:63])
    if found.role is not None:
        viewer.refuse_below(found.role)
    return await respond_view(request, serving, viewer, ViewAddress("board", boards=(found,)))


async def boards_seen(request: Request, serving: Service, viewer: Viewer) -> tuple[View, ...]:
    """Return the views that ask for nothing out of the viewer's reach, whatever their role."""
    views = await run_in_threadpool(serving.views)
    opened = await open_question(None, request, serving)
    return views_within(views, opened.issue.tree, viewer.reach)
