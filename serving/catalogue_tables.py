"""What there is to ask about as tables: issues, areas, call types, and the remarks on an issue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planning.issues import Issue
from planning.tables import Column, Table
from serving.reach import Reach

_AREA_COLUMNS = (
    Column("area", "id of the area", type="text", example="bristol"),
    Column("area_name", "its name", type="text", example="Bristol"),
    Column("level", "name of its level", type="text", example="district"),
    Column("parent", "id of the area that it is part of; empty for the highest that is told",
           type="text", example="force"),
    Column("kind", "what kind of place it is", type="text", example="urban"),
    Column("population", "residents, as they were told", "residents", example=472_400.0),
    Column("lat", "of its middle", "degrees", example=51.45, low=-90, high=90),
    Column("lon", "of its middle", "degrees", example=-2.59, low=-180, high=180),
)  # fmt: skip
_TYPE_COLUMNS = (
    Column("call_type", "id of the call type", type="text", example="violence"),
    Column("call_type_name", "its name", type="text", example="Violence"),
)
_NOTE_COLUMNS = (Column("note", "a remark for readers of the issue", type="text", example=""),)
_ISSUE_COLUMNS = (
    Column("number", "of the issue", type="whole", low=1, example=12),
    *(
        Column(name, meaning, "UTC", "instant", "2026-11-23T07:00:00Z")
        for name, meaning in (
            ("published_at", "when it was published"),
            ("origin", "from when it forecasts"),
            ("data_until", "end of the data that it knows"),
            ("first", "first instant that it reaches"),
            ("until", "end of what it reaches"),
        )
    ),
    Column("step", "hour or day", type="text", example="hour"),
    Column("model_version", "version of the model of all calls", type="text", example="7"),
    Column("data_version", "identifies the history that it was made from", type="text",
           example="calls@31"),
    Column("superseded_by", "number of the issue that took its place", type="whole", low=1,
           example=13),
    Column("withdrawn", "when, by whom and why it was withdrawn; empty: it wasn't", type="text"),
    Column("draft", "whether it never was in service", type="text", example="false",
           options=("false", "true")),
    Column("notes", "remarks for its readers", type="text"),
)  # fmt: skip


def area_table(issue: Issue, reach: Reach) -> Table:
    """Return the areas of an issue within somebody's reach, in the tree's order."""
    tree = issue.tree
    seen = reach.seen(tree)
    there = set(seen)
    areas = [tree.area(area) for area in seen]
    rows = [
        {
            "area": each.id,
            "area_name": each.name,
            "level": tree.level(each.id),
            "parent": each.parent if each.parent in there else "",
            "kind": each.kind,
            "population": each.population,
            "lat": each.lat,
            "lon": each.lon,
        }
        for each in areas
    ]
    return _table(_AREA_COLUMNS, rows)


def call_type_table(issue: Issue) -> Table:
    """Return the call types of an issue."""
    types = issue.profile.call_types
    rows = [{"call_type": each.id, "call_type_name": each.name} for each in types]
    return _table(_TYPE_COLUMNS, rows)


def note_table(issue: Issue, reach: Reach) -> Table:
    """Return the remarks on an issue that name nothing out of somebody's reach."""
    return _table(_NOTE_COLUMNS, [{"note": each} for each in reach.notes(issue.tree, issue.notes)])


def issue_table(summaries: Sequence[Mapping[str, Any]]) -> Table:
    """Return what issues say of themselves, a row each; several notes stand in one cell."""
    rows = [
        {
            **each,
            "notes": "; ".join(each["notes"]),
            "draft": str(each["draft"]).lower(),
        }
        for each in summaries
    ]
    return _table(_ISSUE_COLUMNS, rows)


def _table(columns: tuple[Column, ...], rows: Sequence[Mapping[str, Any]]) -> Table:
    return Table(columns, {each.name: _values(each, rows) for each in columns}, {})


def _values(column: Column, rows: Sequence[Mapping[str, Any]]) -> NDArray[Any]:
    cells = [row[column.name] for row in rows]
    if column.type == "text":
        return np.array(cells, dtype=object)
    if column.type == "instant":
        return pd.DatetimeIndex(cells, tz="UTC").tz_localize(None).to_numpy("M8[us]")
    return np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)
