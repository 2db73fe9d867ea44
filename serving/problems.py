"""Errors as the web says them: `application/problem+json`, by one table from class to status.

Source:
    RFC 9457, Problem Details for HTTP APIs.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.responses import Response
from pydantic_core import to_json

from forewatch.errors import (
    AccessError,
    BadQuestion,
    DamagedIssue,
    DatabaseUnusable,
    DataError,
    DrawingUnavailable,
    ForeignForm,
    ForewatchError,
    LakeBusy,
    LimitReached,
    MissingRole,
    MissingScope,
    NoIssue,
    NotExplained,
    OutOfReach,
    Overloaded,
    RefusedOften,
    RefusedUpload,
    RegistryError,
    SettingsError,
    TooCostly,
    TypesettingFailed,
    UnknownArea,
    UnknownCallType,
    UnknownGrade,
    UnknownIssue,
    UnknownName,
    UnknownRole,
    UnknownView,
)

MEDIA_TYPE = "application/problem+json"
_CHALLENGE = 'Bearer realm="forewatch"'

# The first class that an error is an instance of decides: the narrow ones stand first.
_TABLE: tuple[tuple[type[ForewatchError], HTTPStatus, str, str], ...] = (
    (UnknownArea, HTTPStatus.NOT_FOUND, "unknown-area", "No such area"),
    (UnknownCallType, HTTPStatus.NOT_FOUND, "unknown-call-type", "No such call type"),
    (UnknownGrade, HTTPStatus.NOT_FOUND, "unknown-grade", "No such grade"),
    (UnknownRole, HTTPStatus.NOT_FOUND, "unknown-role", "No such role"),
    (UnknownView, HTTPStatus.NOT_FOUND, "unknown-view", "No such view"),
    (UnknownIssue, HTTPStatus.NOT_FOUND, "unknown-issue", "No such issue"),
    (NotExplained, HTTPStatus.NOT_FOUND, "not-explained", "The issue has no explanations"),
    (UnknownName, HTTPStatus.NOT_FOUND, "unknown-name", "No such name"),
    (TooCostly, HTTPStatus.UNPROCESSABLE_ENTITY, "too-costly", "The question asks for too much"),
    (LimitReached, HTTPStatus.TOO_MANY_REQUESTS, "limit-reached", "The key has reached a limit"),
    (Overloaded, HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", "Too much to do"),
    (
        DrawingUnavailable,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "drawing-unavailable",
        "The chart can't be drawn now",
    ),
    (
        TypesettingFailed,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "typesetting-failed",
        "The sheet can't be set now",
    ),
    (RefusedUpload, HTTPStatus.UNPROCESSABLE_ENTITY, "refused-upload", "Nothing was taken"),
    (LakeBusy, HTTPStatus.SERVICE_UNAVAILABLE, "busy", "The history is being changed"),
    (
        BadQuestion,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "bad-question",
        "The question can't be answered",
    ),
    (MissingScope, HTTPStatus.FORBIDDEN, "missing-scope", "The API key lacks the scope"),
    (OutOfReach, HTTPStatus.FORBIDDEN, "out-of-reach", "The API key is for some areas only"),
    (RefusedOften, HTTPStatus.TOO_MANY_REQUESTS, "refused-often", "Too many keys were refused"),
    (MissingRole, HTTPStatus.FORBIDDEN, "missing-role", "The account lacks the role"),
    (ForeignForm, HTTPStatus.FORBIDDEN, "foreign-form", "The form was not taken"),
    (AccessError, HTTPStatus.UNAUTHORIZED, "access", "A good API key is needed"),
    (NoIssue, HTTPStatus.SERVICE_UNAVAILABLE, "no-issue", "No issue in service"),
    (DamagedIssue, HTTPStatus.SERVICE_UNAVAILABLE, "damaged-issue", "The issue can't be read"),
    (
        DatabaseUnusable,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "database",
        "The database can't be used",
    ),
    (DataError, HTTPStatus.SERVICE_UNAVAILABLE, "data", "The data can't be read"),
    (SettingsError, HTTPStatus.SERVICE_UNAVAILABLE, "settings", "The settings can't be used"),
    (RegistryError, HTTPStatus.SERVICE_UNAVAILABLE, "registry", "The registry can't be read"),
    (ForewatchError, HTTPStatus.INTERNAL_SERVER_ERROR, "refused", "Refused"),
)


class ForwardedProblem(ForewatchError):
    """An error of another process, of which there is the problem alone."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        """Keep the problem."""
        self.said = dict(said)
        super().__init__(str(said["detail"]))


def problem_of(error: ForewatchError) -> dict[str, Any]:
    """Return type, title, status and detail of an error, and the near names where it has some."""
    if isinstance(error, ForwardedProblem):
        return error.said
    _, status, slug, title = next(row for row in _TABLE if isinstance(error, row[0]))
    said = problem_document(status, slug, title, str(error))
    near = getattr(error, "near", ())
    return said | {"near": list(near)} if near else said


def headers(error: ForewatchError) -> dict[str, str]:
    """Return the headers that an error brings: when to ask again, where it knows."""
    seconds = getattr(error, "retry_after_seconds", None)
    return {} if seconds is None else {"Retry-After": str(seconds)}


def problem_document(
    status: HTTPStatus | int, slug: str, title: str, detail: str
) -> dict[str, Any]:
    """Return a problem document from its parts; the type is a name, not an address to fetch."""
    return {
        "type": f"urn:forewatch:problem:{slug}",
        "title": title,
        "status": int(status),
        "detail": detail,
    }


def response(said: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Return the problem as a response; a refused key is told how to present one."""
    status = int(said["status"])
    challenge = {
        HTTPStatus.UNAUTHORIZED: _CHALLENGE,
        HTTPStatus.FORBIDDEN: f'{_CHALLENGE}, error="insufficient_scope"',
    }
    extra = {"WWW-Authenticate": challenge[HTTPStatus(status)]} if status in challenge else {}
    return Response(
        to_json(said),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **extra, **(headers or {})},
    )
