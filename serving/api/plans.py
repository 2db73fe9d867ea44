"""The plan of duty, as a rota system sends it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import HTTPException
from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from forewatch.errors import RefusedUpload
from forewatch.frozen import Frozen
from serving.accounts.viewers import Viewer
from serving.api import documents, media
from serving.api.service import Service, needs, service

PLAN = "/v1/rota/plan"
MOST_BYTES = 4 * 1024 * 1024
_MOST_ROWS = 20_000
_MOST_COLUMNS = 30
_COST = 500  # units: half a second of reading, checking and writing
_Cell = str | int | float | None
_ROWS = TypeAdapter(
    list[Annotated[dict[Annotated[str, Field(max_length=200)], _Cell],
                   Field(max_length=_MOST_COLUMNS)]]
)  # fmt: skip
_CELL = {"type": ["string", "number", "null"]}
_BODY = {
    "type": "object",
    "required": ["rows"],
    "additionalProperties": False,
    "properties": {
        "rows": {
            "type": "array",
            "minItems": 1,
            "maxItems": _MOST_ROWS,
            "items": {
                "type": "object",
                "maxProperties": _MOST_COLUMNS,
                "propertyNames": {"maxLength": 200},
                "additionalProperties": _CELL,
            },
        }
    },
}
_EXAMPLE = {
    "rows": [
        {"area": "bristol", "shift": "L10", "date": "2026-12-18", "planned": 8, "rostered": 11},
        {"area": "bristol", "shift": "N10", "date": "2026-12-18", "planned": 9},
    ]
}
_CONTENT = {media.JSON: {"schema": _BODY, "example": _EXAMPLE}}

ABOUT = """Officers by area, role, shift and day: planned, on the roster, and afterwards worked.

`rows` are those of `forewatch import plan`: `area`, `role` (may be left out where there is one),
`shift` (id, name, or the rota system's own code), `date` (on which the shift begins) or
`force_day`, and whole numbers of officers in `planned`, `rostered`, `worked`; `known_at` where it
was told earlier. Versions are kept: a plan told again stands beside the earlier one, and what a
plan no longer holds keeps its number until 0 is sent. Rows that can't be taken go to quarantine,
counted by reason; a code that nothing maps, or more than a fifth in quarantine, refuses all.
Columns about persons are refused by their names.

`Idempotency-Key` names the plan (letters, digits and other visible characters, 255 at most). Sent
again under it, within 30 days, the same plan changes nothing and has the same receipt; another plan
is refused. A key for some areas writes those alone, by ids or names."""

router = APIRouter(tags=["rota"])


class PlanReceipt(Frozen):
    """What became of the rows; the parts add up to them."""

    rows: int
    taken: int
    unchanged: int
    superseded: int
    quarantined: dict[str, int]
    filtered: int
    notes: list[str]


_RESPONSES: dict[int | str, dict[str, Any]] = {
    **documents.KEYED,
    200: {
        "model": PlanReceipt,
        "headers": {
            "Idempotent-Replayed": {
                "description": "true where the receipt is that of an earlier sending",
                "schema": {"type": "string"},
            }
        },
    },
    404: documents.FOUND[404],
    413: documents.problem_response(
        f"the plan has more than {MOST_BYTES} bytes; send it in parts", "content-too-large",
        "Content Too Large", 413,
    ),
    415: documents.problem_response(
        "the plan comes as 'text/plain'; send application/json", "unsupported-media-type",
        "Unsupported Media Type", 415,
    ),
    422: documents.problem_response(
        "shift: nothing is said of E11; map it, or mend the plan", "refused-upload",
        "Nothing was taken", 422,
    ),
}  # fmt: skip


@router.post(
    PLAN,
    response_class=Response,
    responses=_RESPONSES,
    summary="The plan of duty",
    description=ABOUT,
    openapi_extra={"requestBody": {"required": True, "content": _CONTENT}},
)
async def send_plan(
    request: Request,
    serving: Annotated[Service, Depends(service)],
    access: Annotated[Viewer, Security(needs("plan:write", "within"))],
    idempotency_key: Annotated[
        str, Header(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")
    ],
) -> Response:
    """Return the receipt of a plan."""
    from serving.plan_uploads import PlanUpload, take_plan  # noqa: PLC0415 - reads the lake

    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != media.JSON:
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"the plan comes as {kind[:80]!r}; send {media.JSON}",
        )
    rows = _rows(await _content(request))
    serving.limits.charge(access.id, _COST)
    upload = PlanUpload(access.id, idempotency_key, rows, access.reach)
    receipt, is_again = await run_in_threadpool(take_plan, serving.root, upload)
    request.state.rows = receipt["rows"]
    headers = {"Idempotent-Replayed": "true"} if is_again else {}
    return Response(to_json(receipt), media_type=media.JSON, headers=headers)


async def _content(request: Request) -> bytes:
    """Return what was sent, and stop reading where it is too much."""
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > MOST_BYTES:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"the plan has more than {MOST_BYTES} bytes; send it in parts",
            )
    return bytes(found)


def _rows(content: bytes) -> list[dict[str, _Cell]]:
    try:
        said = json.loads(content, object_pairs_hook=_each_once)
    except ValueError as error:
        raise RefusedUpload(f"the plan is no JSON: {error}") from error
    except RecursionError as error:
        raise RefusedUpload("the plan is no table: lists lie within lists without end") from error
    if not isinstance(said, dict) or set(said) != {"rows"}:
        raise RefusedUpload('the plan is no table; send {"rows": [{"area": …, "shift": …}]}')
    try:
        rows = _ROWS.validate_python(said["rows"], strict=True)
    except ValidationError as error:
        where = error.errors()[0]
        place = ".".join(str(part) for part in where["loc"][:2])
        raise RefusedUpload(f"rows.{place}: {where['msg']}; cells are texts and numbers") from error
    if not rows or len(rows) > _MOST_ROWS:
        raise RefusedUpload(f"the plan has {len(rows):,} rows; send 1 to {_MOST_ROWS:,} at a time")
    return rows


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; of a name that stands in it twice nobody knows which value is meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise RefusedUpload(
            f"{', '.join(twice)[:200]} stands twice in one object; write each name once"
        )
    return found
