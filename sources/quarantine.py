"""Quarantine: the rows of a table file that can't be taken, each with its number and reason."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd


def reasons(checks: Mapping[str, pd.Series]) -> pd.Series:
    """Return each row's first failed check by name, "" where it passed all.

    Args:
        checks: for each reason, in order, True at the rows that fail it.
    """
    found = pd.Series("", index=next(iter(checks.values())).index, dtype="str")
    for reason, failed in checks.items():
        found = found.mask(failed & (found == ""), reason)
    return found


def totals(reason: pd.Series) -> dict[str, int]:
    """Return the rows per reason, those that passed left out."""
    counted = reason[reason != ""].value_counts()
    return {str(name): int(n) for name, n in counted.items()}


def put_aside(folder: Path, name: str, file: Path, rows: pd.DataFrame, reason: pd.Series) -> None:
    """Write the rows that have a reason to `<folder>/<name>.csv`; none writes nothing.

    Args:
        folder: the quarantine folder, made if it is not there.
        name: name of the import, without suffix.
        file: where the rows came from; its name stands in each row.
        rows: the mapped columns only, so that nothing about persons gets here.
        reason: one per row, "" where the row was taken.
    """
    bad = (reason != "").to_numpy()
    if not bad.any():
        return
    out = rows[bad].copy()
    out.insert(0, "reason", reason[bad].to_numpy())
    out.insert(1, "file", file.name)
    out.insert(2, "row", np.flatnonzero(bad) + 1)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{name}.csv.{os.getpid()}"
    out.to_csv(unfinished, index=False)
    unfinished.replace(folder / f"{name}.csv")
