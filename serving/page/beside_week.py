"""The routes of the views beside the week's."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, Security

from serving.accounts.viewers import Viewer
from serving.api import media
from serving.api.service import Service, service
from serving.page.addresses import BRIEF, BRIEF_PDF, SHIFT_PAGE, STATE
from serving.page.brief_view import CHOICES
from serving.page.door import page_viewer
from serving.page.roles import ROLE
from serving.page.view_routes import PageFile, ViewAddress, respond_view

router = APIRouter(include_in_schema=False)
_Serving = Annotated[Service, Depends(service)]
_Viewer = Annotated[Viewer, Security(page_viewer)]


@router.get(SHIFT_PAGE + "/{period:path}", response_class=Response)
async def shift(request: Request, period: str, serving: _Serving, viewer: _Viewer) -> Response:
    """Return the page of a shift, an hour or a day."""
    return await respond_view(
        request, serving, viewer, ViewAddress("shift", (*STATE, ROLE), {"period": period})
    )


@router.get("/worries", response_class=Response)
async def worries(request: Request, serving: _Serving, viewer: _Viewer) -> Response:
    """Return the page of the shifts most likely to be short."""
    return await respond_view(request, serving, viewer, ViewAddress("worries", (*STATE, ROLE)))


@router.get("/accuracy", response_class=Response)
async def accuracy(request: Request, serving: _Serving, viewer: _Viewer) -> Response:
    """Return the page of what was said and what came."""
    return await respond_view(request, serving, viewer, ViewAddress("accuracy", (*STATE, "lead")))


@router.get("/missing", response_class=Response)
async def missing(request: Request, serving: _Serving, viewer: _Viewer) -> Response:
    """Return the page of missing-person demand."""
    return await respond_view(request, serving, viewer, ViewAddress("missing"))


@router.get("/events", response_class=Response)
async def events(request: Request, serving: _Serving, viewer: _Viewer) -> Response:
    """Return the page of special days, events and breaks."""
    return await respond_view(request, serving, viewer, ViewAddress("events"))


@router.get(BRIEF, response_class=Response)
async def brief(request: Request, serving: _Serving, viewer: _Viewer) -> Response:
    """Return the week on one sheet, as a page."""
    return await respond_view(request, serving, viewer, ViewAddress("brief", CHOICES))


@router.get(BRIEF_PDF, response_class=Response)
async def brief_pdf(request: Request, serving: _Serving, viewer: _Viewer) -> Response:
    """Return the week on one sheet, as a PDF."""
    asked = [request.query_params.get(name, "") for name in CHOICES]
    name = re.sub(r"[^A-Za-z0-9]+", "-", " ".join(["forewatch brief", *asked]))[:80].strip("-")
    address = ViewAddress(
        "paper", CHOICES, file=PageFile(f"{name}.pdf", media.PDF, is_attachment=False)
    )
    return await respond_view(request, serving, viewer, address)
