"""Use cases: files of records into the workspace's history."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from forewatch.clock import Clock
from forewatch.progress import Progress
from serving.spans import instant
from serving.workspace import Workspace
from sources import tables
from sources.calls import import_calls
from sources.mapping import call_mapping
from sources.receipts import Receipt


def calls(
    workspace: Workspace, file: Path, mapping: Path, extracted_at: str | None, progress: Progress
) -> Receipt:
    """Import a call log and return what became of its rows.

    Args:
        workspace: the force's.
        file: CSV, CSV.gz or Parquet.
        mapping: how to read it.
        extracted_at: when it was drawn from its source, as a person writes it; None: now.
        progress: is told how far it is.
    """
    profile, tree = workspace.profile, workspace.tree()
    clock = Clock.of(profile)
    drawn = instant(clock, extracted_at) if extracted_at else pd.Timestamp.now("UTC").as_unit("us")
    return import_calls(
        workspace.lake(),
        profile,
        tree,
        file,
        call_mapping(mapping, profile, tree),
        workspace.quarantine,
        extracted_at=drawn,
        progress=progress,
    )


def table(workspace: Workspace, name: str, file: Path, mapping: Path | None) -> Receipt:
    """Import counts, tourism, events, holidays, unobserved windows, breaks or areas."""
    return tables.import_table(
        workspace.lake(),
        workspace.profile,
        workspace.tree() if name != "areas" else None,
        name,
        file,
        mapping,
        imported_at=pd.Timestamp.now("UTC").as_unit("us"),
        quarantine=workspace.quarantine,
    )
