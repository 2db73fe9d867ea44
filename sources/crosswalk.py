"""From a source's codes to the profile's ids; a code that nobody knows stops the import."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Literal, Self

import numpy as np
import pandas as pd
from anyascii import anyascii
from pydantic import Field, model_validator

from forewatch.frozen import Frozen

Reason = Literal["duplicate", "test", "void", "officer_initiated", "other"]
REASONS: tuple[Reason, ...] = ("duplicate", "test", "void", "officer_initiated", "other")
EXCLUDE = "exclude"
Crosswalk = Literal["identity", "slug"] | dict[str, str]


class Entry(Frozen):
    """What codes mean, from one local date until before another; without dates always.

    Args:
        to: id of the call type, grade, area, role or shift, or "exclude".
        codes: the force's codes, compared as written without the blanks around them.
        reason: why rows with an excluded code are no public demand.
    """

    to: str
    codes: tuple[str, ...] = Field(min_length=1)
    start: date | None = Field(default=None, alias="from")
    until: date | None = None
    reason: Reason | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.start and self.until and self.until <= self.start:
            raise ValueError(f"until = {self.until} is not after from = {self.start}")
        if self.reason and self.to != EXCLUDE:
            raise ValueError('a reason belongs to to = "exclude" only')
        return self


def slug(text: str) -> str:
    """Return an id made from a name: lower case, everything but letters and digits is "-".

    Letters of other alphabets are written in Latin ones; "" where there is nothing to write.

    >>> [slug(text) for text in ("STAB/GUNSHOT - Trauma", "Île-de-France", "北区")]
    ['stab-gunshot-trauma', 'ile-de-france', 'beiqu']
    """
    return re.sub(r"[^a-z0-9]+", "-", anyascii(text).casefold()).strip("-")


def translate_codes(
    codes: pd.Series, crosswalk: Crosswalk, names: Mapping[str, str], *, falls_back: bool = False
) -> pd.Series:
    """Return the id of each code as categories; NaN where the code is missing or unknown.

    Args:
        codes: categories of text, one per row.
        crosswalk: "identity" takes an id or a name as it stands, whatever its case; "slug" makes
            the id from the code; a table names the id of each code, or "exclude", and may name
            that of blanks.
        names: id to name of everything the profile or tree has.
        falls_back: codes that a table doesn't name are ids or names themselves.
    """
    found = {code: _id(code, crosswalk, names) for code in codes.cat.categories}
    if falls_back and isinstance(crosswalk, dict):
        found |= {c: _id(c, "identity", names) for c in found if c not in crosswalk}
    ids = pd.Index([*names, EXCLUDE], dtype="str")
    by_category = ids.get_indexer(pd.Index([found[code] or "" for code in codes.cat.categories]))
    positions = codes.cat.codes.to_numpy()
    blank = crosswalk.get("") if isinstance(crosswalk, dict) else None
    of_blank = ids.get_indexer(pd.Index([blank or ""], dtype="str"))
    taken = np.append(by_category, of_blank)[positions]
    return pd.Series(pd.Categorical.from_codes(taken, categories=ids), index=codes.index)


def _id(code: str, crosswalk: Crosswalk, names: Mapping[str, str]) -> str | None:
    if isinstance(crosswalk, dict):
        found = crosswalk.get(code)
        return found if found in names or found == EXCLUDE else None
    if crosswalk == "slug":
        return slug(code) if slug(code) in names else None
    folded = {name.casefold(): i for i, name in names.items()} | {i.casefold(): i for i in names}
    return folded.get(code.casefold())
