"""Answers as tables: columns that describe themselves, their values, and where these come from.

Whoever writes a table (`serving.writers`) needs to know nothing else of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.errors import UnknownColumn

# Of an instant, UTC without zone in arrays; of a date, local; `whole` numbers are never rounded.
Type = Literal["text", "instant", "date", "number", "whole"]
# When a person's table has the column: where its rows differ in it, always, where it tells more
# than `usual` or unknown, never.
Shown = Literal["differing", "always", "told", "never"]
Values = dict[str, NDArray[Any]]
# Of a force: parts of explanations that are its own, each with what it is.
OwnParts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Column:
    """What a column of an answer is, in every form.

    Args:
        name: the same in every form.
        meaning: what a cell says.
        unit: "calls", "officer-hours", …; "" for what has none.
        type: of its values; numbers are NaN where unknown.
        example: a value as JSON has it.
        low, high: bounds of its numbers; None where there is none.
        options: the texts that there are; () for any.
        optional: whether an instant may be unknown; numbers always may.
        decimals: shown to a person; None: as many as keep the smallest from looking like zero.
        shown: when a person's table has it.
        usual: texts that tell nothing.
        names: the column of ids whose names these are; shown beside them where they say more.
        sign: the column whose sign stands before the text on a person's table.
        below: the line for each text under a person's table, with {text}, {state} and {rows}.
    """

    name: str
    meaning: str
    unit: str = ""
    type: Type = "number"
    example: Any = ""
    low: float | None = 0
    high: float | None = None
    options: tuple[str, ...] = ()
    optional: bool = False
    decimals: int | None = None
    shown: Shown = "never"
    usual: tuple[str, ...] = ("",)
    names: str = ""
    sign: str = ""
    below: str = ""


@dataclass(frozen=True)
class Table:
    """An answer.

    Args:
        columns: in their order.
        values: of each column, by its name, of one length.
        provenance: where it comes from: issue, origin, data cut-off, versions, standing, notes, as
            JSON values.
        heading: lines that say the same to a person, and what the table is the answer to.
        unseen: columns that are left out, of which a person is still told what some rows say.
    """

    columns: tuple[Column, ...]
    values: Values
    provenance: Mapping[str, Any]
    heading: tuple[str, ...] = ()
    unseen: tuple[Column, ...] = ()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values[self.columns[0].name])

    def with_columns(self, names: Sequence[str]) -> Table:
        """Return the table with some of its columns, in their order, shown to a person too.

        Raises:
            UnknownColumn: for a name that it doesn't have, with near ones.
        """
        known = {each.name: each for each in self.columns}
        for name in names:
            if name not in known:
                raise UnknownColumn(name, known)
        chosen = tuple(replace(known[name], shown="always", names="") for name in names)
        return replace(
            self,
            columns=chosen,
            provenance={**self.provenance, "columns": column_descriptions(chosen)},
            unseen=tuple(each for each in self.columns if each.name not in names),
        )

    def with_rows(self, rows: NDArray[np.bool_]) -> Table:
        """Return the table with some of its rows, in their order."""
        return replace(self, values={name: each[rows] for name, each in self.values.items()})

    def with_values(self, values: Values) -> Table:
        """Return the table with some of its columns having other values."""
        return replace(self, values={**self.values, **values})

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows as a frame; instants in UTC."""
        values = {each.name: self.values[each.name] for each in self.columns}
        instants = {
            each.name: pd.DatetimeIndex(self.values[each.name]).tz_localize("UTC")
            for each in self.columns
            if each.type == "instant"
        }
        texts = {
            each.name: pd.array(self.values[each.name], dtype="str")
            for each in self.columns
            if each.type == "text"
        }
        return pd.DataFrame(values | instants | texts)


def column_descriptions(columns: Iterable[Column]) -> dict[str, dict[str, str]]:
    """Return unit and meaning of columns by their names, as JSON values."""
    return {each.name: {"unit": each.unit, "meaning": each.meaning} for each in columns}


def concatenate_values(parts: Iterable[Values]) -> Values:
    """Return blocks of rows, one at least, as one."""
    first, *rest = parts
    if not rest:
        return first
    return {
        name: np.concatenate([values, *(part[name] for part in rest)])
        for name, values in first.items()
    }
