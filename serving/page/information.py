"""How to read the page, and the statement on accessibility: the same for every force."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from serving.page.addresses import ACCESSIBILITY, HELP, HOME
from serving.page.door import session_viewer
from serving.page.rendering import page_response

router = APIRouter(include_in_schema=False)


@router.get(HELP, response_class=Response)
async def help_page(request: Request) -> Response:
    """Return how to read the page; it tells nothing of a force, so everybody may."""
    return await _page(request, "help.html")


@router.get(ACCESSIBILITY, response_class=Response)
async def accessibility(request: Request) -> Response:
    """Return the statement on accessibility, which everybody may read."""
    return await _page(request, "accessibility.html")


async def _page(request: Request, template: str) -> Response:
    request.state.viewer = await session_viewer(request)
    return page_response(request, template, home=HOME)
