"""Use case: a report on what was imported, and its gaps as a file that can be imported."""

from __future__ import annotations

from pathlib import Path

from forewatch.durable import write_file
from forewatch.errors import SettingsError
from serving.workspace import Workspace
from sources.check import Report
from sources.check import check as look
from sources.gap_windows import as_csv


def check(
    workspace: Workspace, *, everything: bool = False, gaps_file: Path | None = None
) -> Report:
    """Return the report on a workspace's history.

    Args:
        workspace: the force's.
        everything: whether lists are printed in full.
        gaps_file: where to write the gaps, for `forewatch import unobserved`; None: nowhere.

    Raises:
        SettingsError: if there is such a file already, or it can't be written.
    """
    if gaps_file is not None and gaps_file.exists():
        raise SettingsError(
            f"{gaps_file} is there already, and may hold windows that somebody looked through; "
            "give another name, or remove it first"
        )
    report = look(workspace.lake(), workspace.profile, everything=everything)
    if gaps_file is not None:
        try:
            write_file(gaps_file, as_csv(report.gaps).encode())
        except OSError as error:
            raise SettingsError(
                f"{gaps_file} can't be written: {error.strerror}; give another place"
            ) from error
    return report
