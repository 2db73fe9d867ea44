"""A table as CSV, each row of which says where it comes from, even when it is passed on.

Source:
    RFC 4180; OWASP, CSV Injection (what a spreadsheet would run as a formula).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from planning.tables import Table
from serving.writers.cells import cells

# Of the provenance, what each row repeats.
_REPEATED = (
    "issue",
    "origin",
    "data_until",
    "published_at",
    "model_version",
    "zone",
    "unit",
    "uses",
    "models",
    "superseded_by",
    "withdrawn",
    "draft",
    "week",
    "from_force_day",
    "to_force_day",
    "plan_known_at",
    "percentile",
    "currency",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_file(table: Table, *, has_header: bool = True) -> bytes:
    """Return the rows, and where they come from at the end of each.

    Args:
        table: its rows.
        has_header: whether a line of names stands above them; not where rows go on from others.
    """
    constants = provenance_cells(table.provenance)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    if has_header:
        writer.writerow((*(each.name for each in table.columns), *constants))
    tail = [guard_cell(value) for value in constants.values()]
    columns = cells(table)
    for each in table.columns:
        if each.type == "text":
            columns[each.name] = [guard_cell(value) for value in columns[each.name]]
    writer.writerows((*row, *tail) for row in zip(*columns.values(), strict=True))
    return text.getvalue().encode()


def provenance_cells(provenance: Mapping[str, Any]) -> dict[str, str | int]:
    """Return what each row of a file says of where it comes from, "" for nothing."""
    return {name: _cell(provenance[name]) for name in _REPEATED if name in provenance}


def guard_cell(value: str | float) -> str | float:
    """Return a cell that no spreadsheet takes for a formula.

    >>> guard_cell("=1+1"), guard_cell("district-1"), guard_cell(-2.5)
    ("'=1+1", 'district-1', -2.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _cell(value: Any) -> str | int:  # noqa: ANN401 - a JSON value
    if isinstance(value, Mapping):
        return " ".join(f"{name}:{of}" for name, of in value.items())
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value
