"""`GET /v1/missing-persons`: how many reports to expect, and the hours they bring, area by window.

About areas and times only: no parameter takes anything about a person (`serving.api.guards`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response, Security

from forewatch.errors import BadQuestion
from planning import missing, uses
from planning.issues import Issue
from planning.missing import MissingQuestion
from serving.api import costs, documents
from serving.api.answering import ORIGINS, Route, answered
from serving.api.missing_schemas import COLUMNS, MissingRequest
from serving.api.service import Access, Service, needs, service
from serving.api.spans import span
from serving.reach import Reach
from serving.reserving import reserved_hours

router = APIRouter(tags=["missing persons"])

PATH = "/v1/missing-persons"


def _question(issue: Issue, asked: MissingRequest, reach: Reach) -> MissingQuestion:
    when = span(issue, asked.week, asked.from_, asked.to)
    # An issue without missing-person demand says why by one of its notes.
    notes = tuple(reach.notes(issue.tree, issue.notes))
    return missing.ask(
        issue if reach.is_whole else replace(issue, notes=notes),
        start=when.start,
        end=when.end,
        by=asked.by,
        areas=reach.asked(issue.tree, asked.area),
        at_least=_numbers(asked.at_least),
        reserved=reserved_hours(reach.seen(issue.tree), asked.reserved_hours),
    )


def _numbers(text: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",")) if text else ()
    except ValueError:
        raise BadQuestion(f"no numbers of reports {text!r}; write them like 1,2,3") from None


def _says(issue: Issue, reach: Reach) -> dict[str, Any]:
    said, levels = missing.about(issue), reach.levels(issue.tree)
    trusted = [each for each in said["calibration"] if each["level"] in levels]
    return said | {"calibration": trusted, "columns": COLUMNS}


ROUTE = Route(
    PATH, MissingRequest, _question, missing.columns, _says, costs.MISSING, 400, (*ORIGINS, "uses")
)


@router.get(
    PATH,
    response_class=Response,
    responses=documents.MISSING,
    summary="Missing-person demand: reports and hours by area and window",
    description=f"{documents.ABOUT_MISSING}\n\n**Allowed.** {uses.ALLOWED}\n\n"
    f"**Forbidden.** {uses.FORBIDDEN}",
)
async def missing_persons(
    request: Request,
    asked: Annotated[MissingRequest, Query()],
    serving: Annotated[Service, Depends(service)],
    access: Annotated[Access, Security(needs("forecasts:read", "within"))],
) -> Response:
    """Return a page of rows, or 304 where the client has it."""
    return await answered(ROUTE, request, asked, serving, access)
