"""Use cases: the REST API of a workspace, and its keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast, get_args

import pandas as pd

from models.register import ModelName
from serving.keys import Scope
from serving.workspace import Workspace


def serve(workspace: Workspace, host: str | None, port: int | None) -> None:
    """Serve a workspace until stopped; the settings say where, if nothing else does."""
    from serving.api import server  # noqa: PLC0415 - handing out a key needs no web server
    from serving.api.app import create_app  # noqa: PLC0415

    settings = workspace.settings().serving
    if workspace.keeps_models:  # what a kill cut short is ended, and the snapshots are made anew
        for model in get_args(ModelName):
            workspace.register(model)
    server.serve(create_app(workspace), host or settings.host, port or settings.port)


def create_key(workspace: Workspace, name: str, scopes: Sequence[str]) -> str:
    """Return a new key in plain text; SettingsError for an unknown scope."""
    return workspace.keys().create(name, cast("tuple[Scope, ...]", tuple(scopes)))


def listed_keys(workspace: Workspace) -> pd.DataFrame:
    """Return one row a key, in the order of making."""
    rows = [
        {
            "id": key.id,
            "name": key.name,
            "scopes": " ".join(key.scopes),
            "created": f"{key.created_at:%Y-%m-%d %H:%M}",
            "revoked": f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "",
        }
        for key in workspace.keys().list()
    ]
    return pd.DataFrame(rows, columns=["id", "name", "scopes", "created", "revoked"])
