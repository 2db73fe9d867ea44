"""Use cases: files of records into the workspace's history."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from forewatch.clock import Clock
from forewatch.errors import SettingsError
from forewatch.progress import Progress
from serving.pooling import pooling_remark
from serving.spans import instant
from serving.unused import unused_remarks
from serving.workspace import Workspace
from sources import tables
from sources.calls import import_calls
from sources.import_options import AS_USUAL, ImportOptions
from sources.mapping import call_mapping
from sources.receipts import Receipt


def import_call_log(
    workspace: Workspace,
    file: Path,
    mapping: Path,
    extracted_at: str | None,
    progress: Progress,
    *,
    options: ImportOptions = AS_USUAL,
) -> Receipt:
    """Import a call log and return what became of its rows.

    Args:
        workspace: the force's.
        file: CSV, CSV.gz or Parquet.
        mapping: how to read it.
        extracted_at: when it was drawn from its source, as a person writes it; None: now.
        options: what a person accepted, and whether anything is written.
        progress: is told how far it is.
    """
    profile, tree = workspace.profile, workspace.tree()
    clock = Clock.of(profile)
    now = pd.Timestamp.now("UTC").as_unit("us")
    drawn = instant(clock, extracted_at) if extracted_at else now
    if drawn > now:
        raise SettingsError(
            f"--extracted-at {extracted_at} is still to come, and corrections would be known from "
            "then on only; give the time at which the file was drawn"
        )
    lake = workspace.lake()
    receipt = import_calls(
        lake,
        profile,
        tree,
        file,
        call_mapping(mapping, profile, tree),
        workspace.quarantine,
        extracted_at=drawn,
        options=options,
        progress=progress,
    )
    pools = () if options.is_dry_run else pooling_remark(workspace)
    return replace(receipt, notes=(*lake.notes, *receipt.notes, *pools))


def import_shape_file(
    workspace: Workspace,
    file: Path,
    mapping: Path | None,
    id_column: str | None,
    options: ImportOptions = AS_USUAL,
) -> Receipt:
    """Import outlines of areas, see `sources.shapes`.

    Args:
        workspace: the force's.
        file: GeoJSON.
        mapping: what its codes mean; None where they are ids or names of areas.
        id_column: the property that holds the codes; None: the mapping's, or a standard one.
        options: what a person accepted, and whether anything is written.
    """
    from sources.shapes import import_shapes  # noqa: PLC0415 - shapely takes a second to import

    lake = workspace.lake()
    receipt = import_shapes(
        lake,
        workspace.tree(),
        file,
        mapping,
        id_column=id_column,
        imported_at=pd.Timestamp.now("UTC").as_unit("us"),
        quarantine=workspace.quarantine,
        options=options,
    )
    return replace(receipt, notes=(*lake.notes, *receipt.notes))


def import_table_file(
    workspace: Workspace,
    name: str,
    file: Path,
    mapping: Path | None,
    options: ImportOptions = AS_USUAL,
    *,
    areas: tuple[str, ...] | None = None,
) -> Receipt:
    """Import a table beside the calls, see `sources.tables`.

    Notes of the receipt name the rows that a forecast from the present history can't use.

    Args:
        workspace: the force's.
        name: of the table.
        file: to import.
        mapping: how to read it; None: by the standard names.
        options: what a person accepted, and whether anything is written.
        areas: ids of those that the sender may write, and is told of; None: every area.
    """
    lake = workspace.lake()
    receipt = tables.import_table(
        lake,
        workspace.profile,
        workspace.tree() if name != "areas" else None,
        name,
        file,
        mapping,
        imported_at=pd.Timestamp.now("UTC").as_unit("us"),
        quarantine=workspace.quarantine,
        options=options,
        areas=areas,
    )
    if options.is_dry_run or areas is not None:  # notes also tell of what the file doesn't name
        return receipt
    said = (*pooling_remark(workspace), *unused_remarks(workspace, name))
    return replace(receipt, notes=(*lake.notes, *receipt.notes, *said))
