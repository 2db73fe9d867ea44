"""The whole application: the API's routes, and the page's beside them behind the same guards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pandas as pd
from fastapi import FastAPI

from serving.accounts.accounts import Accounts
from serving.accounts.sessions import Sessions
from serving.api.app import create_app, present
from serving.api.service import ServedWorkspace
from serving.audit import AuditFile
from serving.page import signing_in
from serving.page.door import Door, SignInNeeded
from serving.page.problem_pages import add_problem_pages
from serving.settings import ServingSettings

_DEFAULTS = ServingSettings()


def create_site(
    workspace: ServedWorkspace,
    *,
    clock: Callable[[], pd.Timestamp] = present,
    settings: ServingSettings = _DEFAULTS,
    audit: AuditFile | None = None,
) -> FastAPI:
    """Return the application that serves the API and the page of a workspace.

    Args:
        workspace: where issues, keys and accounts are.
        clock: gives the present instant, UTC.
        settings: as for `serving.api.app.create_app`, and how long sessions last.
        audit: where it is written who asked what; None: nowhere.
    """
    app = create_app(workspace, clock=clock, settings=settings, audit=audit)

    def instant() -> datetime:
        return clock().to_pydatetime()

    life = timedelta(hours=settings.session_hours)
    app.state.door = Door.of(
        Accounts(workspace.root, instant), Sessions(workspace.root, life, instant)
    )
    app.include_router(signing_in.router)
    app.add_exception_handler(SignInNeeded, signing_in.ask_to_sign_in)
    add_problem_pages(app)
    return app
