"""The receipt of an import: what became of every row and every line of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from sources.lines import LineAccount


@dataclass(frozen=True)
class LineCount:
    """The physical lines of a text file; the parts add up to the whole, or it is not made.

    Args:
        physical: line ends, counted without knowing of quotes.
        header: lines of the header.
        blank: lines between rows that hold nothing.
        rows: the first line of each row.
        further: lines that continue a row, because a quoted cell holds a line break.
    """

    physical: int
    header: int
    blank: int
    rows: int
    further: int

    def __post_init__(self) -> None:
        """Refuse a count that loses or invents lines."""
        found = self.header + self.blank + self.rows + self.further
        if found != self.physical:
            raise ValueError(f"{self.physical} lines came in, {found} are accounted for")

    @property
    def text(self) -> str:
        """The count as a sum."""
        parts = {"header": self.header, "blank": self.blank, "rows": self.rows}
        parts |= {"further lines of rows": self.further}
        return " + ".join(f"{name} {n:,}" for name, n in parts.items() if n or name == "rows")


def line_count(account: LineAccount | None, rows: int) -> LineCount | None:
    """Return the lines of a file with so many rows, broken ones among them; None for Parquet."""
    if account is None:
        return None
    return LineCount(account.physical, account.header, account.blank, rows, account.further)


@dataclass(frozen=True)
class Receipt:
    """What became of a file's rows; the parts add up to the whole, or it is not made.

    Args:
        table: the table imported into.
        rows: rows of the file.
        taken: rows that are new.
        unchanged: rows that were known as they are.
        superseded: rows that correct something known; the earlier value stays visible as of then.
        filtered: rows left out by a rule of the mapping, by reason.
        quarantined: rows that can't be taken, by reason; they stand in the quarantine file.
        clock: rows with a local time at a clock change, by what was done with them.
        notes: sentences for the person who imports.
        lines: of the file; None where it has none (Parquet, GeoJSON).
        is_dry_run: nothing was written.
    """

    table: str
    rows: int
    taken: int = 0
    unchanged: int = 0
    superseded: int = 0
    filtered: Mapping[str, int] = field(default_factory=dict)
    quarantined: Mapping[str, int] = field(default_factory=dict)
    clock: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    lines: LineCount | None = None
    is_dry_run: bool = False

    def __post_init__(self) -> None:
        """Refuse a receipt that loses or invents rows."""
        kept = self.taken + self.unchanged + self.superseded
        found = kept + sum(self.filtered.values()) + sum(self.quarantined.values())
        if found != self.rows:
            raise ValueError(f"{self.table}: {self.rows} rows came in, {found} are accounted for")

    def about(self, file: Path, imported_at: pd.Timestamp) -> dict[str, Any]:
        """Return what the commit of an import says of it, as JSON-able values."""
        return {
            "file": file.name,
            "imported_at": imported_at.isoformat(),
            "receipt": asdict(self),
        }

    @property
    def text(self) -> str:
        """The receipt as aligned lines for a person."""
        trial = "  (dry run: nothing was written)" if self.is_dry_run else ""
        lines = [
            f"{self.table}: {self.rows:,} rows{trial}",
            f"  taken        {self.taken:>12,}",
            f"  unchanged    {self.unchanged:>12,}",
            f"  superseded   {self.superseded:>12,}",
        ]
        for what in ("filtered", "quarantined", "clock"):
            for reason, n in getattr(self, what).items():
                lines.append(f"  {what:<12} {n:>12,}  {reason}")
        if self.lines is not None:
            lines.append(f"  lines        {self.lines.physical:>12,}  {self.lines.text}")
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])
