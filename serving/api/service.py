"""What the routes share, and how a route gets it: the service of the app, and a checked key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Protocol, cast

import pandas as pd
from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from forewatch.errors import AccessError, MissingScope, OutOfReach, RefusedOften
from forewatch.profile import Profile
from serving.accounts.viewers import Viewer
from serving.api.limits import Limits
from serving.api.metrics import Metrics
from serving.api.refusals import Refusals
from serving.api.shelf import Shelf
from serving.api.workers import Workers
from serving.duty_records import DutyRecords
from serving.issue_store import IssueStore
from serving.keys import Key, KeyRing, Scope
from serving.views import View

_BEARER = HTTPBearer(
    auto_error=False, description="`Authorization: Bearer fw_…`, a key of `forewatch keys create`"
)
_HEADER = APIKeyHeader(
    name="X-API-Key", auto_error=False, description="the same key, where Bearer can't be set"
)


class ServedWorkspace(Protocol):
    """The part of a workspace that is served (`serving.workspace.Workspace` is one)."""

    @property
    def root(self) -> Path:
        """The folder, into which a plan is imported."""

    def snapshot(self, subject: str) -> Path:
        """Return the file of what the register of a subject holds."""

    def profile_now(self) -> Profile:
        """Return the force's profile as the settings have it at this moment."""

    def views_now(self) -> tuple[View, ...]:
        """Return the views as the settings have them at this moment."""

    def issues(self) -> IssueStore:
        """Return what was published."""

    def keys(self) -> KeyRing:
        """Return the API keys."""

    def duty_records(self) -> DutyRecords:
        """Return what bears on duty beside the forecast."""


@dataclass(frozen=True)
class Service:
    """Everything that answering needs; nothing of it knows MLflow."""

    shelf: Shelf
    keys: KeyRing
    snapshot: Callable[[str], Path]
    metrics: Metrics
    clock: Callable[[], pd.Timestamp]
    limits: Limits
    workers: Workers
    profile: Callable[[], Profile]
    views: Callable[[], tuple[View, ...]]
    records: DutyRecords
    root: Path
    refusals: Refusals = field(default_factory=Refusals)


# What a route does about areas. "within": it takes or shows areas, of the asker's reach only;
# "none": its answer holds nothing of any area; "whole": it is for those who see the whole force.
Areas = Literal["within", "none", "whole"]


class Need(NamedTuple):
    """What a route asks of a key."""

    scope: Scope
    areas: Areas


NEEDS: dict[Callable[..., Awaitable[Viewer]], Need] = {}  # by dependency, see `needs`


async def service(request: Request) -> Service:
    """Return the service of the app that the request came to."""
    return cast("Service", request.app.state.service)


async def token_of(
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
    header: Annotated[str | None, Security(_HEADER)],
) -> str | None:
    """Return the key in the headers of a request."""
    return bearer.credentials if bearer else header


def needs(scope: Scope, areas: Areas) -> Callable[..., Awaitable[Viewer]]:
    """Return a dependency that gives who asks with a good key, and refuses all others.

    Every route but those for everybody has one; a test walks all routes, and treats each as the
    need says that stands in `NEEDS`.
    """
    need = Need(scope, areas)

    async def access(
        request: Request,
        serving: Annotated[Service, Depends(service)],
        token: Annotated[str | None, Depends(token_of)],
    ) -> Viewer:
        return await viewer_by_key(serving, request, token, need)

    NEEDS[access] = need
    return access


async def viewer_by_key(
    serving: Service, request: Request, token: str | None, need: Need
) -> Viewer:
    """Return who asks with a key, which is charged and noted as used; refuse all others.

    The key of a calendar or a screen stands in the address, any other in the headers.
    """
    key = _check_key(serving, request, token, need.scope)
    serving.limits.charge(key.id, 1)
    if serving.keys.is_use_due(key):
        await run_in_threadpool(serving.keys.note_use, key)  # a file is written
    if need.areas == "whole" and not key.reach.is_whole:
        serving.metrics.rejected_keys.labels("areas").inc()
        raise OutOfReach(
            f"the API key {key.name!r} is for the areas {key.reach.text}, and this tells of "
            "the whole force; ask with a key for all of it"
        )
    return admitted(request, Viewer.of_key(key))


def admitted(request: Request, viewer: Viewer) -> Viewer:
    """Return who asks, after noting it for limits and the audit file."""
    request.state.viewer = viewer
    return viewer


def _check_key(serving: Service, request: Request, token: str | None, scope: Scope) -> Key:
    """Return the key that a request came with; count and slow those that are refused."""
    rejected = serving.metrics.rejected_keys
    if not token:
        rejected.labels("missing").inc()
        raise AccessError(
            "no API key; send 'Authorization: Bearer fw_…' (or X-API-Key), made by "
            "'forewatch keys create'"
        )
    try:
        key = serving.keys.known(token)
    except AccessError:
        address = request.client.host if request.client else ""
        if wait_seconds := serving.refusals.wait_seconds(address):
            rejected.labels("slowed").inc()
            raise RefusedOften(wait_seconds) from None
        rejected.labels("unknown").inc()
        request.state.is_refused = True
        raise
    request.state.key = key
    try:
        key.refuse_beyond(scope)
    except MissingScope:
        rejected.labels("scope").inc()
        raise
    return key
