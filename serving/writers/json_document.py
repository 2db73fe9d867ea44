"""A table as a JSON document: where it comes from, and one object for each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from planning.tables import Table
from serving.writers.cells import cells


def json_document(table: Table, more: Mapping[str, Any] | None = None) -> bytes:
    """Return the document; *more* stands beside the provenance.

    Nothing stands where nothing is known: null, never a number.
    """
    columns = cells(table)
    names = tuple(columns)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return to_json({**table.provenance, **(more or {}), "rows": rows}, inf_nan_mode="null")
