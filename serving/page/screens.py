"""The routes of the big screen: for who is signed in, and for a screen whose address has a key."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, Security

from serving.accounts.viewers import Viewer
from serving.api.service import Service, service
from serving.page.addresses import SCREEN_PAGE
from serving.page.boards import boards_seen
from serving.page.door import page_viewer, screen_viewer
from serving.page.rendering import SCREEN_HEADERS
from serving.page.view_routes import ViewAddress, respond_view
from serving.views import View, find_view

SCREEN_BY_KEY = f"{SCREEN_PAGE}/{{token}}"
_NAMES = ("area",)

router = APIRouter(include_in_schema=False)
_Serving = Annotated[Service, Depends(service)]


@router.get(SCREEN_PAGE, response_class=Response)
async def screen(
    request: Request, serving: _Serving, viewer: Annotated[Viewer, Security(page_viewer)]
) -> Response:
    """Return the big screen, of a board where the address names one (`board`)."""
    name = request.query_params.get("board") or viewer.board
    board = None if name is None else await _board(name, request, serving, viewer)
    if board is not None and board.role is not None:
        viewer.refuse_below(board.role)
    return await _respond(request, serving, viewer, board)


@router.get(SCREEN_BY_KEY, response_class=Response)
async def screen_by_key(
    request: Request, serving: _Serving, viewer: Annotated[Viewer, Depends(screen_viewer)]
) -> Response:
    """Return the big screen of a key, of its board alone where it has one.

    Who made the key chose its board, so that the board's role isn't asked for here.
    """
    board = None
    if viewer.board is not None:
        board = await _board(viewer.board, request, serving, viewer)
    return await _respond(request, serving, viewer, board)


async def _board(name: str, request: Request, serving: Service, viewer: Viewer) -> View:
    return find_view(await boards_seen(request, serving, viewer), name[:63])


async def _respond(
    request: Request, serving: Service, viewer: Viewer, board: View | None
) -> Response:
    address = ViewAddress("screen", _NAMES, boards=() if board is None else (board,))
    response = await respond_view(request, serving, viewer, address)
    response.headers.update(SCREEN_HEADERS)
    return response
