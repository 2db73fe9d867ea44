"""The receipt of an import: what became of every row of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


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

    def __post_init__(self) -> None:
        """Refuse a receipt that loses or invents rows."""
        kept = self.taken + self.unchanged + self.superseded
        found = kept + sum(self.filtered.values()) + sum(self.quarantined.values())
        if found != self.rows:
            raise ValueError(f"{self.table}: {self.rows} rows came in, {found} are accounted for")

    def as_dict(self) -> dict[str, Any]:
        """Return the receipt as JSON-able values."""
        return asdict(self)

    @property
    def text(self) -> str:
        """The receipt as aligned lines for a person."""
        lines = [
            f"{self.table}: {self.rows:,} rows",
            f"  taken        {self.taken:>12,}",
            f"  unchanged    {self.unchanged:>12,}",
            f"  superseded   {self.superseded:>12,}",
        ]
        for what in ("filtered", "quarantined", "clock"):
            for reason, n in getattr(self, what).items():
                lines.append(f"  {what:<12} {n:>12,}  {reason}")
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])
