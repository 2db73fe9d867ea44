"""From a source's codes to the profile's ids; a code that nobody knows stops the import."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import pandas as pd

from forewatch.errors import UnmappedCodes

EXCLUDE = "exclude"
Crosswalk = Literal["identity", "slug"] | dict[str, str]


def slug(text: str) -> str:
    """Return an id made from a name: lower case, everything but letters and digits is "-".

    >>> slug("STAB/GUNSHOT - Trauma")
    'stab-gunshot-trauma'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")


def translated(codes: pd.Series, crosswalk: Crosswalk, names: Mapping[str, str]) -> pd.Series:
    """Return the id of each code as categories; NaN where the code is missing or unknown.

    Args:
        codes: categories of text, one per row.
        crosswalk: "identity" takes an id or a name as it stands, whatever its case; "slug" makes
            the id from the code; a table names the id of each code, or "exclude".
        names: id to name of everything the profile or tree has.
    """
    found = {code: _id(code, crosswalk, names) for code in codes.cat.categories}
    ids = pd.Index([*names, EXCLUDE], dtype="str")
    by_category = ids.get_indexer(pd.Index([found[code] or "" for code in codes.cat.categories]))
    positions = codes.cat.codes.to_numpy()
    taken = by_category[positions] if len(by_category) else positions
    taken = pd.Series(taken).where(positions >= 0, -1).to_numpy()
    return pd.Series(pd.Categorical.from_codes(taken, categories=ids), index=codes.index)


def unmapped(codes: pd.Series, ids: pd.Series) -> dict[str, int]:
    """Return the codes that have no id, with their numbers of rows, the most frequent first."""
    lost = codes[ids.isna() & codes.notna()].value_counts()
    return {str(code): int(n) for code, n in lost.items() if n}


def stop_if_unmapped(found: Mapping[str, Mapping[str, int]]) -> None:
    """Stop where a column used codes that nothing maps.

    Args:
        found: for each column, its unmapped codes and their numbers of rows.

    Raises:
        UnmappedCodes: naming every code with its rows.
    """
    lines = [
        f"{column}: " + ", ".join(f"{code!r} ({n} rows)" for code, n in codes.items())
        for column, codes in found.items()
        if codes
    ]
    if lines:
        raise UnmappedCodes(
            f"codes without a mapping, nothing was imported; {'; '.join(lines)}; add them to the "
            "mapping's crosswalk or to forewatch.toml"
        )


def _id(code: str, crosswalk: Crosswalk, names: Mapping[str, str]) -> str | None:
    if isinstance(crosswalk, dict):
        found = crosswalk.get(code)
        return found if found in names or found == EXCLUDE else None
    if crosswalk == "slug":
        return slug(code) if slug(code) in names else None
    folded = {name.casefold(): i for i, name in names.items()} | {i.casefold(): i for i in names}
    return folded.get(code.casefold())
