"""Use case: how long the force's own missing-person cases take, from a file of closed ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from forewatch.profile import HoursShape
from planning.casework import CaseLength
from sources.case_hours import case_hours


def case_lengths(file: Path, column: str, shape: HoursShape, refuse: Sequence[str]) -> str:
    """Return the settings that the hours of a file's cases give; nothing is stored.

    Args:
        file: CSV, CSV.gz or Parquet, one row a closed case.
        column: the column of officer-hours.
        shape: the kind of distribution.
        refuse: columns about persons that are there and are never read.
    """
    hours = case_hours(file, column, refuse)
    found = CaseLength.from_durations(hours, shape)
    return (
        f"# {len(hours)} closed cases; cases that are still open are left out, so take a time "
        "that is long over\n"
        f"[missing]\nmean_hours = {found.mean_hours:.1f}\nhours_cv = {found.cv:.2f}\n"
        f'hours_shape = "{shape}"'
    )
