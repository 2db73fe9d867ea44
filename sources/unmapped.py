"""Codes that nobody mapped: they stop an import, and are told so that a person can map them.

A code is short and comes again. What isn't may be anything, a person's name among it, in a column
that was mapped by mistake: it is told by its line and a digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forewatch.errors import UnmappedCodes
from sources.lines import LineAccount
from sources.tabular import file_line

_LONGEST_CODE = 40  # characters
LEAST_ROWS = 2
# A column of so many unknown codes, each so seldom, is no column of codes.
_MANY_CODES, _SELDOM_ROWS = 100, 50
_SHOWN_LINES = 10
_DIGEST_BYTES = 6


@dataclass(frozen=True)
class UnmappedCode:
    """A code that nothing maps.

    Args:
        code: as it is written, without the blanks around it.
        rows: how often it came.
        first_row: number of the first row that has it, from 1.
        received: first and last time of its rows, microseconds since 1970; None where unknown.
    """

    code: str
    rows: int
    first_row: int
    received: tuple[int, int] | None = None

    def joined(self, later: UnmappedCode) -> UnmappedCode:
        """Return what both say of the same code; *later* stands further down in the file."""
        times = [t for each in (self, later) if each.received for t in each.received]
        span = (min(times), max(times)) if times else None
        return UnmappedCode(self.code, self.rows + later.rows, self.first_row, span)


def unmapped_codes(codes: pd.Series, ids: pd.Series) -> list[UnmappedCode]:
    """Return the codes that have no id.

    Args:
        codes: categories of text, one per row.
        ids: what each row's code means, NaN where nothing.
    """
    lost = np.flatnonzero((ids.isna() & codes.notna()).to_numpy())
    names, numbers = codes.cat.categories, codes.cat.codes.to_numpy()[lost]
    found, first, rows = np.unique(numbers, return_index=True, return_counts=True)
    return [
        UnmappedCode(str(names[code]), int(n), int(lost[at]) + 1)
        for code, at, n in zip(found, first, rows, strict=True)
    ]


def stop_if_unmapped(
    file: str,
    found: Mapping[str, Sequence[UnmappedCode]],
    account: LineAccount | None,
    key: bytes,
    where: str,
    least_rows: int = LEAST_ROWS,
) -> None:
    """Stop where a column used codes that nothing maps.

    Args:
        file: name of the file.
        found: for each column, its unmapped codes.
        account: of the file's lines.
        key: of the digests.
        where: the tables of the mapping that codes are added to.
        least_rows: from which a short text is shown.

    Raises:
        UnmappedCodes: naming every code with its rows, the most frequent first.
    """
    n = sum(map(len, found.values()))
    if n:
        lines = [
            line
            for name, codes in found.items()
            for line in _code_sentence(name, codes, account, key, least_rows)
        ]
        raise UnmappedCodes(
            f"{file} uses {n} codes without a mapping; nothing was imported:\n"
            + "\n".join(f"  {line}" for line in lines)
            + f'\nadd them to the mapping ({where}), also to leave them out (to "exclude")'
        )


def _code_sentence(
    name: str,
    codes: Sequence[UnmappedCode],
    account: LineAccount | None,
    key: bytes,
    least_rows: int,
) -> list[str]:
    rows = sum(code.rows for code in codes)
    is_a_code_column = len(codes) <= _MANY_CODES or rows >= _SELDOM_ROWS * len(codes)
    ordered = sorted(codes, key=lambda code: (-code.rows, code.first_row))
    shown = [code for code in ordered if is_a_code_column and _is_a_code(code, least_rows)]
    rest = [code for code in ordered if code not in shown]
    lines = [f"{name} {code.code!r}: {code.rows:,} rows{_when(code)}" for code in shown]
    for code in rest[:_SHOWN_LINES]:
        line = int(file_line(account, np.array([code.first_row]))[0])
        digest = hashlib.blake2b(code.code.encode(), key=key, digest_size=_DIGEST_BYTES)
        lines.append(
            f"{name} at line {line:,} (not shown: long, or in few rows; digest "
            f"{digest.hexdigest()}): {code.rows:,} rows{_when(code)}"
        )
    if len(rest) > _SHOWN_LINES:
        lines.append(f"{name}: {len(rest) - _SHOWN_LINES:,} more that are not shown")
    return lines


def _is_a_code(code: UnmappedCode, least_rows: int) -> bool:
    is_short = len(code.code) <= _LONGEST_CODE and code.code.isprintable()
    return is_short and code.rows >= least_rows


def _when(code: UnmappedCode) -> str:
    if code.received is None:
        return ""
    return ", " + " to ".join(str(pd.Timestamp(t, unit="us").date()) for t in code.received)
