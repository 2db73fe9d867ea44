"""Who changed who may ask: a line of the audit file for each change of a key or an account."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime

from serving.workspace import Workspace


def note_change(workspace: Workspace, event: str, name: str) -> None:
    """Write a line of what was changed by the user of this process; never a secret.

    Args:
        workspace: whose.
        event: what was done, such as "account disabled".
        name: of the account, or name or id of the key.
    """
    file = workspace.audit_file()
    if file is not None:
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        file.write({"at": at, "event": event, "of": name, "by": system_user()})


def system_user() -> str:
    """Return the user of the system whose process this is."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a process without a user of the system, as in some containers
        return "unknown"
