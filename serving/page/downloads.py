"""The tables of the page as files, for who is signed in: the API's answers, and its own tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Request, Response, Security

from forewatch.errors import BadQuestion, UnknownName
from planning.questions import EACH
from serving.accounts.viewers import Viewer
from serving.answers import OFFERS, read_query
from serving.api import media
from serving.api.answers import respond
from serving.api.rota import respond_requirements
from serving.api.service import Service, service
from serving.page.addresses import STATE
from serving.page.door import page_viewer
from serving.page.file_links import ANSWERS, DOWNLOAD, FileTable, PageTable
from serving.page.view_routes import PageFile, ViewAddress, respond_view
from serving.queries import MAX_PAGE_ROWS, Form, StaffingQuery

_LISTS = ("area", "call_type", "grade")
_TEXTS = {name: name for name in ("week", "by", "quantiles", "role", "to", "lead", "period")}
_TEXTS |= {"from": "from_"}
_OF_PAGE = ("by", "lead", "period", "role")  # what tables of the page are asked beside its state
_KNOWN = (*_LISTS, *_TEXTS)
_LONGEST_VALUE = 200  # letters of a parameter's value that are looked at
_MOST_VALUES = 300

router = APIRouter(include_in_schema=False)


@router.get(DOWNLOAD, response_class=Response)
async def download(
    request: Request,
    table: FileTable,
    form: Form,
    serving: Annotated[Service, Depends(service)],
    viewer: Annotated[Viewer, Security(page_viewer)],
) -> Response:
    """Return a table of the page as a file, within the viewer's reach.

    Raises:
        BadQuestion: for a parameter that none of the tables has: another file would come.
    """
    strange = [name for name in request.query_params if name not in _KNOWN]
    if strange:
        raise BadQuestion(str(UnknownName("parameter", strange[0][:_LONGEST_VALUE], _KNOWN)))
    asked = _asked(request) | {"format": form}
    if table in get_args(PageTable):
        file = PageFile(f"{file_name(table, asked)}.{form}", media.FORMS[form])
        path = {"table": table, "form": form}
        address = ViewAddress("table", (*STATE, *_OF_PAGE), path, file=file)
        return await respond_view(request, serving, viewer, address)
    if table == "officers":
        query = read_query(StaffingQuery, asked)
        response = await respond_requirements(request, query, serving, viewer, media.FORMS[form])
    else:
        offer = OFFERS[ANSWERS[table]]
        more = {"limit": MAX_PAGE_ROWS}
        response = await respond(
            offer, request, read_query(offer.query, asked | more), serving, viewer
        )
    if response.status_code == 200:  # noqa: PLR2004 - there is a file
        name = f"{file_name(table, asked)}.{form}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _asked(request: Request) -> dict[str, Any]:
    given = request.query_params
    lists = {name: given.getlist(name)[:_MOST_VALUES] for name in _LISTS}
    texts = {
        field: given[name][:_LONGEST_VALUE] for name, field in _TEXTS.items() if given.get(name)
    }
    return texts | {
        name: tuple(value[:_LONGEST_VALUE] for value in values)
        for name, values in lists.items()
        if values
    }


def file_name(table: str, asked: Mapping[str, Any]) -> str:
    """Return what a file is called, so that tables of a page don't overwrite each other.

    >>> file_name("forecasts", {"area": ("bath",), "by": "day", "call_type": ("each",)})
    'forewatch-forecasts-bath-by-day-each-call-type'
    """
    areas = asked.get("area", ())
    told = [areas[0] if len(areas) == 1 else f"{len(areas)} areas" if areas else ""]
    told += [asked.get(name, "") for name in ("week", "from_", "period", "role")]
    told += [
        f"{asked['lead']} days ahead" if "lead" in asked else "",
        f"by {asked['by']}" if "by" in asked else "",
    ]
    told += [f"each {kind}" for kind in ("call_type", "grade") if asked.get(kind) == (EACH,)]
    words = " ".join(["forewatch", table, *told])
    return re.sub(r"[^A-Za-z0-9]+", "-", words)[:100].strip("-")
