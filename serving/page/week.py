"""The route of the week."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.responses import RedirectResponse

from serving.accounts.viewers import Viewer
from serving.api.service import Service, service
from serving.page.addresses import HOME
from serving.page.door import page_viewer
from serving.page.rendering import HEADERS
from serving.page.view_routes import ViewAddress, respond_view

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=Response)
async def home() -> Response:
    """Return the way to the week."""
    return RedirectResponse(HOME, 307, HEADERS)


@router.get(HOME, response_class=Response)
async def week(
    request: Request,
    serving: Annotated[Service, Depends(service)],
    viewer: Annotated[Viewer, Security(page_viewer)],
) -> Response:
    """Return the page of a week."""
    return await respond_view(request, serving, viewer, ViewAddress("week"))
