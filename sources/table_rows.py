"""Rows of the tables beside the calls from a file, each checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forewatch.tables import Table
from sources.quarantine import reasons

_IDS = ("area", "call_type", "grade")


@dataclass(frozen=True)
class Rows:
    """The rows of a file for a table.

    Args:
        rows: columns of the table, and `row`, the position in the file of the row that each comes
            from; a file's row may give several, or none.
        reason: per row of the file why it can't be taken, "" where it can.
        filtered: per row of the file why the mapping leaves it out, "" where it doesn't.
        readings: per row of the file the times, numbers and ids that were read; nothing as written.
    """

    rows: pd.DataFrame
    reason: pd.Series
    filtered: pd.Series
    readings: pd.DataFrame

    def without(self, excluded: pd.Series) -> Rows:
        """Return the same without the rows of the file that the crosswalk leaves out."""
        left = ~self.rows["row"].isin(np.flatnonzero(excluded))
        return Rows(
            self.rows[left],
            self.reason.mask(excluded, ""),
            self.filtered.mask(excluded, "excluded by the crosswalk"),
            self.readings,
        )


def passing_rows(table: Table, rows: pd.DataFrame, checks: dict[str, pd.Series]) -> Rows:
    """Return the rows that pass the checks, and those of one key that say different things."""
    key = list(table.key)
    bare = reasons(checks)
    passed = rows[bare == ""]
    twice = passed.duplicated(keep="first").reindex(rows.index, fill_value=False)
    once = passed.drop_duplicates()
    differs = once.duplicated(key, keep=False)
    keys = pd.MultiIndex.from_frame(once.loc[differs, key])
    clash = (bare == "") & pd.MultiIndex.from_frame(rows[key]).isin(keys)
    reason = reasons(
        {
            "_": bare != "",
            "the same row twice, with different values": clash,
            "the row stands twice": twice,
        }
    ).where(bare == "", bare)
    kept = rows[reason == ""].assign(row=[i for i, r in enumerate(reason) if r == ""])
    # texts that are no ids of ours: a person wrote them
    words = [name for name, kind in table.columns.items() if kind == "str" and name not in _IDS]
    readings = rows.drop(columns=words)
    return Rows(kept.astype(table.columns), reason, no_text(reason), readings)


def no_text(like: pd.Series) -> pd.Series:
    """Return "" for each row of another column."""
    return pd.Series("", index=like.index, dtype="str")
