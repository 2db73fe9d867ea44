"""Tables on the screen: drawn on a terminal, aligned plain text elsewhere."""

from __future__ import annotations

import math
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence

import click

Columns = Mapping[str, Sequence[object]]
_MOST_DECIMALS = 3


def columns_of(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Columns:
    """Return rows as columns by name; of no rows, columns without cells."""
    cells = list(zip(*rows, strict=True)) or [()] * len(names)
    return dict(zip(names, cells, strict=True))


def echo_table(columns: Columns) -> None:
    """Print columns of texts or numbers; None and NaN, which are unknown, as a dash."""
    echo_texts(_texts_of(columns), _numbers_of(columns))


def table_lines(columns: Columns) -> str:
    """Return columns of texts or numbers as lines, numbers to the right.

    >>> print(table_lines({"area": ["north", "s"], "calls": [2.5, float("nan")]}))
    area   calls
    north    2.5
    s          -
    """
    return align_columns(_texts_of(columns), _numbers_of(columns))


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
        table.add_row(*map(printable, row))
    Console().print(table)


def printable(text: str) -> str:
    r"""Return a text in one line, without what would steer a terminal.

    >>> printable("Bristol"), printable("a\x1b[31mred")
    ('Bristol', 'a?[31mred')
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else "?" for each in text)


def align_columns(texts: Mapping[str, Sequence[str]], right: Collection[str]) -> str:
    """Return columns of texts as lines, those named in *right* to the right."""
    columns = [
        [text.rjust(width) if name in right else text.ljust(width) for text in (name, *shown)]
        for name, cells in texts.items()
        for shown in [[*map(printable, cells)]]
        for width in [max(map(len, (name, *shown)))]
    ]
    return "\n".join("  ".join(row).rstrip() for row in zip(*columns, strict=True))


def _numbers_of(columns: Columns) -> set[str]:
    return {
        name
        for name, cells in columns.items()
        if (known := _known(cells)) and all(isinstance(each, int | float) for each in known)
    }


def _texts_of(columns: Columns) -> dict[str, list[str]]:
    """Return columns as texts, fractions with the same decimals, as few as they need."""
    return {name: _texts(cells) for name, cells in columns.items()}


def _texts(cells: Sequence[object]) -> list[str]:
    fractions = [each for each in _known(cells) if isinstance(each, float)]
    decimals = next(
        (
            n
            for n in range(_MOST_DECIMALS)
            if all(round(each, n) == round(each, _MOST_DECIMALS) for each in fractions)
        ),
        _MOST_DECIMALS,
    )
    return ["-" if _is_unknown(each) else _text(each, decimals) for each in cells]


def _known(cells: Sequence[object]) -> list[object]:
    return [each for each in cells if not _is_unknown(each)]


def _is_unknown(cell: object) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _text(cell: object, decimals: int) -> str:
    if isinstance(cell, float):
        return f"{cell:,.{decimals}f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
