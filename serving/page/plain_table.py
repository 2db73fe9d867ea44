"""Tables of a view as plain texts, which templates lay out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A cell.

    Args:
        text: of it.
        address: where it leads to; "" for nowhere.
        is_text: whether it is no number, and stands on the left.
        mark: what its looks add: "most", "short" or "".
    """

    text: str
    address: str = ""
    is_text: bool = False
    mark: str = ""


@dataclass(frozen=True)
class PlainTable:
    """A table; the first cell of each row is its heading.

    Args:
        caption: what it holds.
        head: headings of the columns.
        rows: of cells, as many as there are headings.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def columns(self) -> tuple[tuple[str, bool], ...]:
        """The headings, each with whether its column is of texts."""
        first = self.rows[0] if self.rows else ()
        return tuple(
            (name, i < len(first) and first[i].is_text) for i, name in enumerate(self.head)
        )


def plain_table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str | Cell]]
) -> PlainTable:
    """Return a table; texts among the cells are cells of numbers, the first of each row apart."""
    return PlainTable(
        caption,
        tuple(head),
        tuple(
            tuple(
                each if isinstance(each, Cell) else Cell(each, is_text=i == 0)
                for i, each in enumerate(row)
            )
            for row in rows
        ),
    )
