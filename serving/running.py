"""Use cases: the REST API of a workspace, and its keys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import cast

from forewatch.areas import AreaTree
from forewatch.errors import SettingsError
from serving.changes import note_change
from serving.keys import Key, Scope, last_day
from serving.printing import Columns, columns_of
from serving.subjects import all_subjects
from serving.views import find_view
from serving.workspace import Workspace

_DAYS = re.compile(r"([1-9]\d{0,3})d", re.ASCII)


def serve_workspace(workspace: Workspace, host: str | None, port: int | None) -> None:
    """Serve a workspace until stopped; the settings say where, if nothing else does."""
    from serving.api import server  # noqa: PLC0415 - handing out a key needs no web server
    from serving.drawing import Drawings  # noqa: PLC0415
    from serving.page.usual_views import UsualViews  # noqa: PLC0415
    from serving.site import create_site  # noqa: PLC0415

    said = workspace.settings().serving
    settings = said.model_copy(update={"host": host or said.host, "port": port or said.port})
    if workspace.keeps_models:  # what a kill cut short is ended, and the snapshots are made anew
        for subject in all_subjects(workspace.profile.extensions.packages):
            workspace.register(subject)
    drawings = Drawings()
    app = create_site(workspace, settings=settings, audit=workspace.audit_file(), drawings=drawings)
    ahead = UsualViews(app.state.service, app.state.view_records)
    server.run_server(app, settings.host, settings.port, settings.workers, drawings, ahead.look)


def create_key(
    workspace: Workspace,
    name: str,
    scopes: Sequence[str],
    areas: Sequence[str] = (),
    expires: str | None = None,
    board: str | None = None,
) -> str:
    """Return a new key in plain text.

    Args:
        workspace: whose key it is.
        name: who uses it.
        scopes: what it opens.
        areas: ids of the areas that it sees with what lies below them; none: all.
        expires: its last day, or after how many days it ends (`90d`); None: it doesn't end.
        board: id of the view that a screen shows; None: the usual one.

    Raises:
        SettingsError: for an unknown scope, or an end that can't be read or is over.
        UnknownArea: for an unknown area.
        UnknownView: for an unknown board.
    """
    refuse_unknown_areas(workspace, areas)
    if board is not None:
        find_view(workspace.settings().views, board)
    made = workspace.keys().create(
        name,
        cast("tuple[Scope, ...]", tuple(scopes)),
        areas=tuple(areas) or None,
        expires_at=_end(expires),
        board=board,
    )
    note_change(workspace, "key created", name)
    return made


def rotate_key(
    workspace: Workspace, key_id: str, overlap_days: float, expires: str | None
) -> tuple[str, datetime]:
    """Return a key with a new secret, in plain text, and until when (UTC) the one before is good.

    Raises:
        AccessError: if there is no such key, or it was revoked.
        SettingsError: if the key has ended and no new end is given, or that one is over.
    """
    made = workspace.keys().rotate(key_id, timedelta(days=overlap_days), _end(expires))
    note_change(workspace, "key rotated", key_id)
    return made


def revoke_key(workspace: Workspace, key_id: str) -> Key:
    """Return a key, which opens nothing from now on.

    Raises:
        AccessError: if there is no such key.
    """
    key = workspace.keys().revoke(key_id)
    note_change(workspace, "key revoked", key_id)
    return key


def refuse_unknown_areas(workspace: Workspace, areas: Sequence[str]) -> None:
    """Raise UnknownArea for an id that the areas of today don't have."""
    if areas:
        tree = _tree(workspace)
        for area in areas:
            tree.area(area)


def listed_keys(workspace: Workspace) -> Columns:
    """Return columns of a row a key, in the order of making; days and times in UTC."""
    ring = workspace.keys()
    used = ring.last_used()
    return columns_of(
        ("id", "name", "scopes", "areas", "created", "last_used", "last_day", "state"),
        (
            (
                key.id,
                key.name,
                " ".join(key.scopes),
                " ".join(key.areas) if key.areas else "all",
                f"{key.created_at:%Y-%m-%d %H:%M}",
                str(used.get(key.id, "never")),
                str(last_day(key.expires_at)) if key.expires_at else "",
                _state(key, datetime.now(UTC)),
            )
            for key in ring.list()
        ),
    )


def _state(key: Key, now: datetime) -> str:
    """Return what a key is good for now, in a few words."""
    if key.revoked_at:
        return f"revoked {key.revoked_at:%Y-%m-%d %H:%M}"
    if key.has_expired(now):
        return "ended"
    if until := max((each.until for each in key.former if now < each.until), default=None):
        return f"good; a secret before until {until:%Y-%m-%d %H:%M}"
    return "good"


def _tree(workspace: Workspace) -> AreaTree:
    """Return the areas of the latest issue, or before there is one those of the history."""
    issues = workspace.issue_folder()
    latest = next(issues.in_service(), None)
    return workspace.tree() if latest is None else issues.tree(latest)


def _end(text: str | None) -> datetime | None:
    """Return the instant at which the last day (UTC) that a text means is over."""
    if text is None:
        return None
    if found := _DAYS.fullmatch(text.strip()):
        return datetime.now(UTC) + timedelta(days=int(found[1]))
    try:
        day = date.fromisoformat(text.strip())
        return datetime.combine(day + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        raise SettingsError(
            f"no day {text!r} to --expires; write the last day, 2027-06-30, or a number of days, "
            "90d"
        ) from None
