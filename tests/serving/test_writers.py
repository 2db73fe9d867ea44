"""The same table in every form: what is read back is what was in it."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from planning.tables import Column, Table
from serving.writers.cells import cells
from serving.writers.csv_file import csv_file
from serving.writers.json_document import json_document
from serving.writers.parquet_file import parquet_file

COLUMNS = (
    Column('na"me%', "a name that is hard to write", type="text"),
    Column("start", "an instant", "UTC", "instant"),
    Column("day", "a date", type="date"),
    Column("mean", "a mean", "calls"),
    Column("q05", "a quantile", "calls", "whole"),
    Column("state", "a constant", type="text"),
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8)
NUMBERS = st.floats(-1e9, 1e9) | st.just(np.nan)


def instants(days: list[int | None], unit: Any) -> Any:
    origin = np.datetime64("2026-10-25T00:30", unit)
    return np.array(
        [np.datetime64("NaT") if n is None else origin + np.timedelta64(n, "D") for n in days],
        dtype=f"M8[{unit}]",
    )


@st.composite
def tables(draw: st.DrawFn) -> Table:
    n = draw(st.integers(0, 24))  # few rows and many are written in two ways

    def some(of: st.SearchStrategy[Any]) -> list[Any]:
        few = draw(st.lists(of, min_size=n, max_size=n))
        return few[:1] * n if draw(st.booleans()) else few  # the same in all rows

    days = st.integers(0, 400)
    texts = st.sampled_from(['a","b', "\\", '\\"', "%s", "%", "ü", "", '"']) | TEXTS
    values = {
        'na"me%': np.array(some(texts), dtype=object),
        "start": instants(some(days | st.none()), "s"),
        "day": instants(some(days), "us"),
        "mean": np.array(some(NUMBERS), dtype=float),
        "q05": np.array(some(st.integers(0, 99).map(float) | st.just(np.nan)), dtype=float),
        "state": np.array(["=x%s"] * n, dtype=object),
    }
    return Table(COLUMNS, values, {"issue": 3, "uses": "planning", "notes": ["=a note"]})


def rows(table: Table) -> list[dict[str, Any]]:
    held = cells(table)
    return [dict(zip(held, row, strict=True)) for row in zip(*held.values(), strict=True)]


@given(tables())
def test_a_json_document_holds_the_provenance_and_every_cell(table: Table) -> None:
    said = json.loads(json_document(table, {"limit": 9}))
    assert said == {**table.provenance, "limit": 9, "rows": rows(table)}


@given(tables())
def test_a_csv_holds_every_cell_and_no_formula(table: Table) -> None:
    found = list(csv.DictReader(io.StringIO(csv_file(table).decode(), newline="")))
    for line, row in zip(found, rows(table), strict=True):
        for name, value in row.items():
            text = "" if value is None else str(value)
            is_text = name in ('na"me%', "state")
            is_formula = is_text and text.startswith(("=", "+", "-", "@", "\t"))
            assert line[name] == ("'" * is_formula + text)
        assert (line["issue"], line["uses"]) == ("3", "planning")


@given(tables())
def test_a_parquet_file_holds_every_cell_and_says_what_it_is(table: Table) -> None:
    file = io.BytesIO(parquet_file(table))
    schema = parquet.read_schema(file)
    assert json.loads(schema.metadata[b"forewatch"]) == table.provenance
    assert schema.field("mean").metadata == {b"unit": b"calls", b"meaning": b"a mean"}
    frame = pd.read_parquet(file)
    assert set(frame.pop("uses")) <= {"planning"}
    expected = table.frame
    assert frame['na"me%'].tolist() == expected['na"me%'].tolist()
    assert frame["start"].equals(expected["start"].astype(frame["start"].dtype))
    np.testing.assert_array_equal(frame["mean"], expected["mean"])
    np.testing.assert_array_equal(frame["q05"], expected["q05"])
