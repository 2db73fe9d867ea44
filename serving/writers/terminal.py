"""A table for a person: local times, few decimals, and columns only for what rows differ in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from planning.names import says_more
from planning.tables import Column, Table
from serving.printing import align_columns, echo_texts

_LINES_BELOW = 5  # of one column
_ROWS_NAMED = 5  # in a line below
_MOST_DECIMALS = 4

Texts = dict[str, list[str]]


def echo(table: Table) -> None:
    """Print a table with what stands above and below it, drawn where the output is a screen."""
    columns = columns_for_people(table)
    click.echo("\n".join(table.heading))
    echo_texts(texts(table, columns), _right(columns))
    if lines := below(table, columns):
        click.echo("\n" + "\n".join(lines))


def table_text(table: Table) -> str:
    """Return the same as plain text."""
    columns = columns_for_people(table)
    lines = below(table, columns)
    parts = [*table.heading, align_columns(texts(table, columns), _right(columns))]
    return "\n".join([*parts, *([""] if lines else []), *lines])


def below(table: Table, columns: Sequence[Column]) -> list[str]:
    """Return the lines under a table: what its columns are, and what is to be said of some rows."""
    told, words = legend(columns), remarks(table)
    return [*told, *([""] if told and words else []), *words]


def columns_for_people(table: Table) -> tuple[Column, ...]:
    """Return the columns that tell a person something."""
    return tuple(each for each in table.columns if _is_told(each, table))


def texts(table: Table, columns: Sequence[Column]) -> Texts:
    """Return the cells of columns as a person reads them."""
    places = _places(table)
    return {each.name: _texts(each, table, places) for each in columns}


def legend(columns: Sequence[Column]) -> list[str]:
    """Return a line for what each column of numbers is, one for those that are alike.

    A unit that the meaning names already isn't told twice.
    """
    alike: dict[tuple[str, str], list[str]] = {}
    for each in columns:
        if _is_number(each):
            alike.setdefault((each.meaning, each.unit), []).append(each.name)
    names = [_name_cells(held) for held in alike.values()]
    width = max(map(len, names), default=0)
    return [
        f"{name.ljust(width)}  {meaning}{f', in {unit}' if unit and unit not in meaning else ''}"
        for name, (meaning, unit) in zip(names, alike, strict=True)
    ]


def remarks(table: Table) -> list[str]:
    """Return the lines for what some rows say in words, each once with the rows that say it."""
    lines = []
    for column in (*table.columns, *table.unseen):
        if column.below:
            found = list(_remarks(column, table))
            rest = len(found) - _LINES_BELOW
            more = [f"and {rest} more in the column {column.name}; see --format csv"] * (rest > 0)
            lines += [*found[:_LINES_BELOW], *more]
    return lines


def _is_number(column: Column) -> bool:
    return column.type in ("number", "whole")


def _right(columns: Sequence[Column]) -> list[str]:
    return [each.name for each in columns if _is_number(each)]


def _is_told(column: Column, table: Table) -> bool:
    values = table.values[column.name]
    if column.names:
        ids = table.values[column.names]
        pairs = dict(zip(ids.tolist(), values.tolist(), strict=True))
        return len(pairs) > 1 and any(says_more(name, of=i) for i, name in pairs.items())
    if column.shown == "differing":
        return bool(len(values)) and bool((values != values[0]).any())
    if column.shown == "told":
        if _is_number(column):
            return bool(np.isfinite(values).any())
        return bool(set(values.tolist()) - {*column.usual})
    return column.shown == "always"


def _places(table: Table) -> int:
    """Return how many decimals keep the smallest mean from looking like zero, 1 to 4."""
    mean = next(
        (each for each in table.columns if _is_number(each) and each.decimals is None), None
    )
    values = np.zeros(0) if mean is None else table.values[mean.name]
    positive = values[values > 0]
    if not positive.size:
        return 1
    return int(np.clip(1 - np.floor(np.log10(positive.min())), 1, _MOST_DECIMALS))


def _texts(column: Column, table: Table, places: int) -> list[str]:
    values = table.values[column.name]
    if _is_number(column):
        return _numbers(values, places if column.decimals is None else column.decimals)
    if column.unit == "local time":
        weekday = "%a %H:%M" if column.name.startswith("end") else "%a %d %b %H:%M"
        return [f"{datetime.fromisoformat(table_text):{weekday}}" for table_text in values.tolist()]
    found = [str(value) for value in values.tolist()]
    if column.sign:
        signs = table.values[column.sign].tolist()
        found = [f"{sign} {text}".strip() for sign, text in zip(signs, found, strict=True)]
    return found


def _numbers(values: NDArray[Any], places: int) -> list[str]:
    """Return numbers with the same decimals, as few as they need; "-" for unknown ones."""
    rounded = values.round(places) + 0.0  # no -0
    known = rounded[np.isfinite(rounded)]
    needed = next((d for d in range(places) if (known.round(d) == known).all()), places)
    return [f"{value:,.{needed}f}" if np.isfinite(value) else "-" for value in rounded.tolist()]


def _name_cells(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) < 3 else f"{names[0]} … {names[-1]}"  # noqa: PLR2004


def _remarks(column: Column, table: Table) -> Iterator[str]:
    values = table.values
    columns = (*table.columns, *table.unseen)
    keys = [values[c.name].tolist() for c in columns if c.name in ("area", "call_type")]
    rows: dict[tuple[str, str], dict[str, None]] = {}
    cells = zip(values[column.name].tolist(), values["state"].tolist(), *keys, strict=True)
    for text, state, *key in cells:
        if text:
            named = (text, state if "{state}" in column.below else "")
            rows.setdefault(named, {})[" ".join(key)] = None
    for (text, state), found in rows.items():
        first, rest = list(found)[:_ROWS_NAMED], len(found) - _ROWS_NAMED
        where = ", ".join(first) + (f" and {rest} more" if rest > 0 else "")
        yield column.below.format(text=text, state=state, rows=where)
