"""Use case: a report on what was imported."""

from __future__ import annotations

from serving.workspace import Workspace
from sources.check import Report
from sources.check import check as look


def check(workspace: Workspace) -> Report:
    """Return the report on a workspace's history."""
    return look(workspace.lake(), workspace.profile)
