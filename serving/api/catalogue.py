"""What there is to ask about: issues, areas, call types, models."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response, Security
from pydantic_core import to_json

from forewatch.errors import BadQuestion, DamagedIssue, RegistryError, UnknownName
from planning.tables import Table
from serving import catalogue_tables
from serving.accounts.viewers import Viewer
from serving.api import documents, media
from serving.api.schemas import (
    Areas,
    CallTypes,
    Issues,
    IssueSummary,
    Models,
    ModelsRequest,
    PageRequest,
)
from serving.api.service import Service, needs, service
from serving.queries import MAX_NUMBER, FormQuery
from serving.reach import Reach
from serving.subjects import NAMES, subject_named
from serving.writers.csv_file import csv_file
from serving.writers.workbook import workbook

router = APIRouter(tags=["catalogue"])

_Seen = Annotated[Viewer, Security(needs("forecasts:read", "within"))]
_NOTHING_TRAINED: dict[str, Any] = {"model": None, "models": [], "decisions": []}


@router.get(
    "/v1/issues",
    response_class=Response,
    responses=documents.table_responses(Issues),
    summary="Issues, the newest first",
)
def issue_summaries(
    request: Request,
    asked: Annotated[PageRequest, Query()],
    serving: Annotated[Service, Depends(service)],
    access: _Seen,
) -> Response:
    """Return a page of summaries; an empty list while nothing is published."""
    numbers = serving.shelf.numbers()[::-1]
    following = asked.offset + asked.limit
    found, unreadable = [], []
    for number in numbers[asked.offset : following]:
        try:
            found.append(_about(serving, number, access.reach))
        except DamagedIssue:
            unreadable.append(number)
    next_page = None
    if following < len(numbers):
        form = f"format={asked.format}&" if asked.format else ""
        next_page = f"/v1/issues?{form}limit={asked.limit}&offset={following}"
    request.state.rows = len(found)
    content = {
        "total": len(numbers),
        "limit": asked.limit,
        "offset": asked.offset,
        "next": next_page,
        "issues": found,
        "unreadable": unreadable,
    }
    answer = _table(request, asked, content, lambda: catalogue_tables.issue_table(found))
    if next_page:
        answer.headers["Link"] = f'<{next_page}>; rel="next"'
    return answer


@router.get(
    "/v1/issues/{number}",
    response_class=Response,
    responses={**documents.FOUND, 200: {"model": IssueSummary}},
    summary="One issue",
)
def issue_summary(
    request: Request,
    number: Annotated[int, Path(ge=1, le=MAX_NUMBER)],
    serving: Annotated[Service, Depends(service)],
    access: _Seen,
) -> Response:
    """Return what an issue says of itself."""
    request.state.rows = 1
    return media.document(request, _about(serving, number, access.reach))


def _table(
    request: Request, asked: FormQuery, content: dict[str, Any], table: Callable[[], Table]
) -> Response:
    """Return a list in the form that is asked for: a document, or the table of its entries."""
    kind = media.negotiate_type(request, media.TABLES, asked.format)
    if kind == media.JSON:
        return media.small(request, to_json(content), kind)
    return media.small(request, (csv_file if kind == media.CSV else workbook)(table()), kind)


def _about(serving: Service, number: int, reach: Reach) -> dict[str, Any]:
    """Return what an issue says of itself within somebody's reach, and how it stands."""
    about, standing = serving.shelf.about(number), serving.shelf.standing(number)
    if reach.is_whole:
        return about | standing.about()
    tree = serving.shelf.tree(number)
    said = about | reach.standing(tree, standing).about()
    seen, observed = reach.seen(tree), said["observed"]
    behind = [each for each in observed["behind"] if each["area"] in seen]
    return said | {
        "notes": reach.notes(tree, said["notes"]),
        "observed": observed | {"behind": behind},
    }


@router.get(
    "/v1/areas",
    response_class=Response,
    responses=documents.table_responses(Areas),
    summary="The area tree of the latest issue",
)
def areas(
    request: Request,
    asked: Annotated[FormQuery, Query()],
    serving: Annotated[Service, Depends(service)],
    access: _Seen,
) -> Response:
    """Return every area within reach with its parent and level."""
    latest = serving.shelf.latest().issue
    tree, seen = latest.tree, access.reach.seen(latest.tree)
    request.state.rows = len(seen)
    content = {
        "issue": latest.number,
        "superseded_by": serving.shelf.standing(latest.number).superseded_by,
        "levels": access.reach.levels(tree),
        "modelled": latest.profile.levels.modelled,
        "kinds": [each.model_dump() for each in latest.profile.area_kinds],
        "areas": [
            {
                **asdict(tree.area(area)),
                "parent": parent if (parent := tree.area(area).parent) in seen else None,
                "level": tree.level(area),
            }
            for area in seen
        ],
    }
    table = lambda: catalogue_tables.area_table(latest, access.reach)  # noqa: E731
    return _table(request, asked, content, table)


@router.get(
    "/v1/call-types",
    dependencies=[Security(needs("forecasts:read", "none"))],
    response_class=Response,
    responses=documents.table_responses(CallTypes),
    summary="Call types and grades of the latest issue",
)
def call_types(
    request: Request,
    asked: Annotated[FormQuery, Query()],
    serving: Annotated[Service, Depends(service)],
) -> Response:
    """Return the names that call_type and grade may take."""
    latest = serving.shelf.latest().issue
    request.state.rows = len(latest.profile.call_types)
    content = {
        "issue": latest.number,
        "superseded_by": serving.shelf.standing(latest.number).superseded_by,
        "call_types": [each.model_dump() for each in latest.profile.call_types],
        "grades": [each.model_dump() for each in latest.profile.grades],
    }
    return _table(request, asked, content, lambda: catalogue_tables.call_type_table(latest))


@router.get(
    "/v1/models",
    dependencies=[Security(needs("models:read", "whole"))],
    response_class=Response,
    responses={**documents.READ, 422: documents.FOUND[422], 200: {"model": Models}},
    summary="The register of models, live and retired",
)
def model_register(
    request: Request,
    asked: Annotated[ModelsRequest, Query()],
    serving: Annotated[Service, Depends(service)],
) -> Response:
    """Return the snapshot that the registry wrote after its last change."""
    if asked.subject not in NAMES:
        try:
            subject_named(asked.subject, serving.profile().extensions.packages)
        except UnknownName as error:
            raise BadQuestion(f"subject: {error}") from error
    path = serving.snapshot(asked.subject)
    try:
        held = json.loads(path.read_bytes())
    except FileNotFoundError:
        held = _NOTHING_TRAINED
    except ValueError as error:
        raise RegistryError(
            f"{path.name} can't be read; any 'forewatch models' command that changes the registry "
            "writes it anew"
        ) from error
    request.state.rows = len(held["models"])
    return media.document(request, held)
