"""What the routes share, and how a route gets it: the service of the app, and a checked key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol, cast

import pandas as pd
from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from forewatch.errors import AccessError, MissingScope
from forewatch.profile import Profile
from serving.api.metrics import Metrics
from serving.api.schemas import Model
from serving.api.shelf import Shelf
from serving.issue_store import IssueStore
from serving.keys import KeyRing, Scope

_BEARER = HTTPBearer(
    auto_error=False, description="`Authorization: Bearer fw_…`, a key of `forewatch keys create`"
)
_HEADER = APIKeyHeader(
    name="X-API-Key", auto_error=False, description="the same key, where Bearer can't be set"
)


class Workspace(Protocol):
    """The part of a workspace that is served (`serving.workspace.Workspace` is one)."""

    @property
    def models_json(self) -> Path:
        """The snapshot of the register of the model of all calls."""

    @property
    def missing_models_json(self) -> Path:
        """The same of the missing-person model."""

    def profile_now(self) -> Profile:
        """Return the force's profile as the settings have it at this moment."""

    def issues(self) -> IssueStore:
        """Return what was published."""

    def keys(self) -> KeyRing:
        """Return the API keys."""


@dataclass(frozen=True)
class Service:
    """Everything that answering needs; nothing of it knows MLflow."""

    shelf: Shelf
    keys: KeyRing
    registers: Mapping[Model, Path]
    metrics: Metrics
    clock: Callable[[], pd.Timestamp]
    profile: Callable[[], Profile]


async def service(request: Request) -> Service:
    """Return the service of the app that the request came to."""
    return cast("Service", request.app.state.service)


async def _token(
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
    header: Annotated[str | None, Security(_HEADER)],
) -> str | None:
    return bearer.credentials if bearer else header


def needs(scope: Scope) -> Callable[..., Awaitable[None]]:
    """Return a dependency that refuses a request without a key for the scope."""

    async def check(
        serving: Annotated[Service, Depends(service)],
        token: Annotated[str | None, Depends(_token)],
    ) -> None:
        rejected = serving.metrics.rejected_keys
        if not token:
            rejected.labels("missing").inc()
            raise AccessError(
                "no API key; send 'Authorization: Bearer fw_…' (or X-API-Key), made by "
                "'forewatch keys create'"
            )
        try:
            serving.keys.check(token, scope)
        except MissingScope:
            rejected.labels("scope").inc()
            raise
        except AccessError:
            rejected.labels("unknown").inc()
            raise

    return check
