"""Quarantine: the rows of a table file that can't be taken, each with its number and reason."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

_ABOUT = ("reason", "file", "row")


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


def put_aside(folder: Path, table: str, file: Path, rows: pd.DataFrame, reason: pd.Series) -> None:
    """Write the rows that have a reason to a CSV in the folder; none writes nothing.

    The CSV is named by the table and by what is in it: the same file again changes nothing.

    Args:
        folder: the quarantine folder, made if it is not there.
        table: name of the table.
        file: where the rows came from; its name stands in each row.
        rows: the mapped columns only, so that nothing about persons gets here.
        reason: one per row, "" where the row was taken.
    """
    bad = (reason != "").to_numpy()
    if not bad.any():
        return
    # the register of breaks has a reason of its own
    out = rows[bad].rename(columns={name: f"its_{name}" for name in _ABOUT})
    out.insert(0, "reason", reason[bad].to_numpy())
    out.insert(1, "file", file.name)
    out.insert(2, "row", np.flatnonzero(bad) + 1)
    text = out.to_csv(index=False)
    name = f"{table}-{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}.csv"
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{name}.part"
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(folder / name)
