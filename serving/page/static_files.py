"""The page's style sheet, script and icon, at addresses that change with their content.

A browser keeps each for a year and never asks again. They tell nothing of a force, so nobody needs
to be signed in.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import HTTPException

from serving.api.media import entity_tag, is_known, not_modified, qualities

STATIC = "/static/{name}"
_TYPES = {
    "style.css": "text/css; charset=utf-8",
    "screen.css": "text/css; charset=utf-8",
    "brief.css": "text/css; charset=utf-8",
    "script.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_DIGEST_LETTERS = 12
_FOR_GOOD = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class StaticFile:
    """A file as it is sent.

    Args:
        content: of it.
        packed: the same as gzip.
        media: its media type.
    """

    content: bytes
    packed: bytes
    media: str


def _read(name: str) -> tuple[str, StaticFile]:
    content = files("serving.page").joinpath("static", name).read_bytes()
    stem, _, ending = name.rpartition(".")
    digest = sha256(content).hexdigest()[:_DIGEST_LETTERS]
    found = StaticFile(content, gzip.compress(content, 9, mtime=0), _TYPES[name])
    return f"{stem}.{digest}.{ending}", found


NAMES = tuple(_TYPES)
_ADDRESSES: dict[str, str] = {}
_FILES: dict[str, StaticFile] = {}
for _name in _TYPES:
    _ADDRESSES[_name], _file = _read(_name)
    _FILES[_ADDRESSES[_name]] = _file


def static_address(name: str) -> str:
    """Return the address of a file by its name in `serving/page/static`."""
    return STATIC.format(name=_ADDRESSES[name])


@router.get(STATIC, response_class=Response)
async def static_file(name: str, request: Request) -> Response:
    """Return a file of the page."""
    if (found := _FILES.get(name)) is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "no such file of the page; load the page again")
    liked = qualities(request.headers.getlist("accept-encoding"))
    is_packed = liked.get("gzip", liked.get("*", 0)) > 0
    tag = entity_tag(name, is_packed)
    headers = {"Cache-Control": _FOR_GOOD, "Vary": "Accept-Encoding"}
    if is_known(request, tag):
        return not_modified(tag, headers)
    headers |= {"ETag": tag} | ({"Content-Encoding": "gzip"} if is_packed else {})
    return Response(found.packed if is_packed else found.content, 200, headers, found.media)
