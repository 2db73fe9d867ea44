"""Tables on the screen: drawn on a terminal, aligned plain text elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd

_MOST_DECIMALS = 3


def echo_table(frame: pd.DataFrame) -> None:
    """Print a frame whose cells are texts or numbers; nothing is shown for unknown ones."""
    echo_texts(_texts_of(frame), _numbers_of(frame))


def frame_lines(frame: pd.DataFrame) -> str:
    """Return the frame as lines of aligned columns, numbers to the right.

    >>> import pandas as pd
    >>> print(frame_lines(pd.DataFrame({"area": ["north", "s"], "calls": [2.5, float("nan")]})))
    area   calls
    north    2.5
    s          -
    """
    return align_columns(_texts_of(frame), _numbers_of(frame))


def echo_texts(texts: Mapping[str, Sequence[str]], right: Collection[str]) -> None:
    """Print columns of texts, those named in *right* to the right."""
    if not sys.stdout.isatty():
        click.echo(align_columns(texts, right))
        return
    from rich.console import Console  # noqa: PLC0415 - needed on a screen only
    from rich.table import Table  # noqa: PLC0415

    table = Table(header_style="bold")
    for name in texts:
        table.add_column(name, justify="right" if name in right else "left")
    for row in zip(*texts.values(), strict=True):
        table.add_row(*row)
    Console().print(table)


def align_columns(texts: Mapping[str, Sequence[str]], right: Collection[str]) -> str:
    """Return columns of texts as lines, those named in *right* to the right."""
    columns = [
        [text.rjust(width) if name in right else text.ljust(width) for text in (name, *cells)]
        for name, cells in texts.items()
        for width in [max(map(len, (name, *cells)))]
    ]
    return "\n".join("  ".join(row).rstrip() for row in zip(*columns, strict=True))


def _numbers_of(frame: pd.DataFrame) -> set[str]:
    from pandas.api.types import is_numeric_dtype  # noqa: PLC0415 - help is printed without it

    return {str(name) for name in frame if is_numeric_dtype(frame[name])}


def _texts_of(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Return a frame's columns, its numbers with the same decimals, as few as they need."""
    return {str(name): _texts(frame[name]) for name in frame}


def _texts(column: pd.Series) -> list[str]:
    missing = column.isna()
    if column.dtype.kind != "f":
        cells = zip(column, missing, strict=True)
        return ["-" if unknown else _text(value) for value, unknown in cells]
    rounded = column.dropna().round(_MOST_DECIMALS)
    decimals = next(
        (d for d in range(_MOST_DECIMALS) if (rounded.round(d) == rounded).all()), _MOST_DECIMALS
    )
    cells = zip(column, missing, strict=True)
    return ["-" if unknown else f"{value:,.{decimals}f}" for value, unknown in cells]


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
