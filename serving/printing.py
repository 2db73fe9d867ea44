"""Frames on the screen: a drawn table on a terminal, aligned plain text elsewhere."""

from __future__ import annotations

import sys

import click
import pandas as pd
from pandas.api.types import is_float_dtype, is_numeric_dtype
from rich.console import Console
from rich.table import Table

_MOST_DECIMALS = 3


def echo_table(frame: pd.DataFrame) -> None:
    """Print a frame whose cells are texts or numbers; nothing is shown for unknown ones."""
    if sys.stdout.isatty():
        Console().print(_drawn(frame))
    else:
        click.echo(plain(frame))


def plain(frame: pd.DataFrame) -> str:
    """Return the frame as lines of aligned columns, numbers to the right.

    >>> print(plain(pd.DataFrame({"area": ["north", "s"], "calls": [2.5, float("nan")]})))
    area   calls
    north    2.5
    s          -
    """
    columns = [[str(name), *_texts(frame[name])] for name in frame]
    right = [is_numeric_dtype(frame[name]) for name in frame]
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for row in zip(*columns, strict=True):
        cells = zip(row, widths, right, strict=True)
        aligned = (text.rjust(width) if r else text.ljust(width) for text, width, r in cells)
        lines.append("  ".join(aligned).rstrip())
    return "\n".join(lines)


def _drawn(frame: pd.DataFrame) -> Table:
    table = Table(header_style="bold")
    for name in frame:
        table.add_column(str(name), justify="right" if is_numeric_dtype(frame[name]) else "left")
    for row in zip(*(_texts(frame[name]) for name in frame), strict=True):
        table.add_row(*row)
    return table


def _texts(column: pd.Series) -> list[str]:
    """Return a column's cells, its numbers with the same decimals, as few as they need."""
    if not is_float_dtype(column):
        return ["-" if pd.isna(value) else _text(value) for value in column]
    rounded = column.dropna().round(_MOST_DECIMALS)
    decimals = next(
        (d for d in range(_MOST_DECIMALS) if (rounded.round(d) == rounded).all()), _MOST_DECIMALS
    )
    return ["-" if pd.isna(value) else f"{value:,.{decimals}f}" for value in column]


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
