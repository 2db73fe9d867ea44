"""The whole application: the API's routes, and the page's beside them behind the same guards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import pandas as pd
from fastapi import FastAPI

from serving.accounts.accounts import Accounts
from serving.accounts.sessions import Sessions
from serving.api.app import create_app, present
from serving.api.service import ServedWorkspace
from serving.audit import AuditFile
from serving.drawing import Drawings
from serving.map_records import MapRecords
from serving.model_records import ModelRecords
from serving.page import (
    beside_week,
    boards,
    downloads,
    information,
    screens,
    signing_in,
    static_files,
    week,
)
from serving.page.door import Door, SignInNeeded
from serving.page.problem_pages import add_problem_pages
from serving.page.view_renderer import view_answerer
from serving.page.view_routes import ViewRecords
from serving.settings import ServingSettings
from serving.special_records import SpecialRecords

_DEFAULTS = ServingSettings()


class ShownWorkspace(ServedWorkspace, Protocol):
    """The part of a workspace that the page shows beside what the API serves."""

    def map_records(self) -> MapRecords:
        """Return the outlines of the areas."""

    def special_records(self) -> SpecialRecords:
        """Return events, special days and breaks."""


def create_site(
    workspace: ShownWorkspace,
    *,
    clock: Callable[[], pd.Timestamp] = present,
    settings: ServingSettings = _DEFAULTS,
    audit: AuditFile | None = None,
    drawings: Drawings | None = None,
) -> FastAPI:
    """Return the application that serves the API and the page of a workspace.

    Args:
        workspace: where issues, keys and accounts are.
        clock: gives the present instant, UTC.
        settings: as for `serving.api.app.create_app`, and how long sessions last.
        audit: where it is written who asked what; None: nowhere.
        drawings: draws the charts; None: views have the words and tables of charts alone.
    """
    records = ViewRecords(
        workspace.map_records(), workspace.special_records(), ModelRecords(workspace.root)
    )
    app = create_app(
        workspace,
        clock=clock,
        settings=settings,
        audit=audit,
        answered_by=view_answerer(records.maps, records.special, records.models, drawings),
    )
    app.state.view_records = records

    def instant() -> datetime:
        return clock().to_pydatetime()

    life = timedelta(hours=settings.session_hours)
    app.state.door = Door.of(
        Accounts(workspace.root, instant), Sessions(workspace.root, life, instant)
    )
    pages = (week, beside_week, boards, downloads, screens)
    for part in (signing_in, *pages, information, static_files):
        app.include_router(part.router)
    app.add_exception_handler(SignInNeeded, signing_in.ask_to_sign_in)
    add_problem_pages(app)
    return app
