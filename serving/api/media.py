"""Which media type a client gets, and whether it has the answer already.

Source:
    RFC 9110, HTTP Semantics, sections 8.8.3 (entity tags), 12.4.2 (quality), 12.5.1 (Accept),
    13.1.2 (If-None-Match).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import HTTPException
from fastapi.responses import Response
from pydantic_core import to_json

from serving.queries import Form

JSON = "application/json"
CSV = "text/csv"
ICS = "text/calendar"
ZIP = "application/zip"
PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMS: dict[Form, str] = {"json": JSON, "csv": CSV, "xlsx": XLSX}
TABLES = tuple(FORMS.values())  # how every table is offered
# A shared cache keeps nothing; a client's own asks each time, which costs a 304.
CACHE = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization, X-API-Key"}


def negotiate_type(request: Request, offered: tuple[str, ...], form: Form | None = None) -> str:
    """Return the offered media type that the client likes best, the first of equal ones.

    Args:
        request: whose Accept header says what is liked.
        offered: there are.
        form: asked for in the address, which counts for more than a header: tools that load
            tables send one that nobody chose.

    Raises:
        HTTPException: 406 if it takes none of them.
    """
    if form is not None:
        return FORMS[form]
    accept = ",".join(request.headers.getlist("accept")) or "*/*"
    ranges = qualities([accept])
    liking = {media: _liking(media, ranges) for media in offered}
    best = max(offered, key=lambda media: liking[media])
    if liking[best] <= 0:
        raise HTTPException(
            HTTPStatus.NOT_ACCEPTABLE,
            f"the answer comes as {' or '.join(offered)}; the request accepts {accept[:200]!r}",
        )
    return best


def entity_tag(*parts: object) -> str:
    """Return a strong entity tag: equal for equal parts, whose order counts."""
    text = "\n".join(str(part) for part in parts)
    return f'"{sha256(text.encode()).hexdigest()[:32]}"'


def is_known(request: Request, tag: str) -> bool:
    """Return whether the client has just this answer.

    `*` is not taken as a match: it would say "not modified" to a question never answered.
    """
    given = ",".join(request.headers.getlist("if-none-match"))
    return tag in {each.strip().removeprefix("W/") for each in given.split(",")}


def not_modified(tag: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the 304 for an answer that the client has."""
    return Response(
        status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag, **CACHE, **(headers or {})}
    )


def fresh(
    content: bytes, media: str, tag: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer with its tag."""
    return Response(content, media_type=media, headers={"ETag": tag, **CACHE, **(headers or {})})


def document(request: Request, content: Mapping[str, Any]) -> Response:
    """Return a small JSON document, or 304 where the client has it."""
    negotiate_type(request, (JSON,))
    return small(request, to_json(content), JSON)


def small(request: Request, body: bytes, media: str) -> Response:
    """Return an answer that is made again each time, or 304 where the client has it."""
    tag = entity_tag(sha256(body).hexdigest())
    return not_modified(tag) if is_known(request, tag) else fresh(body, media, tag)


def qualities(lines: Sequence[str]) -> dict[str, float]:
    """Return what the lines of an Accept header name, with how well the client likes each.

    What has no quality that can be read is left out; of several the best counts.

    >>> qualities(["gzip;q=0.5, br", "identity; q=0, deflate;q=x"])
    {'gzip': 0.5, 'br': 1.0, 'identity': 0.0}
    """
    found: dict[str, float] = {}
    for part in ",".join(lines).split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            value = float(quality)
        except ValueError:
            continue
        if name and 0 <= value <= 1:
            found[name] = max(value, found.get(name, 0.0))
    return found


def _liking(media: str, ranges: Mapping[str, float]) -> float:
    """Return the quality of the most specific range that holds the media type, 0 if none does."""
    kind = media.partition("/")[0]
    for wanted in (media, f"{kind}/*", "*/*"):
        if wanted in ranges:
            return ranges[wanted]
    return 0.0
