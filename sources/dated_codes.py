"""What the codes of a table's column mean, by entries that may have dates."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from forewatch.errors import SettingsError
from sources.codes import MISSING, UNMAPPED, Codes
from sources.crosswalk import EXCLUDE, Crosswalk, Entry
from sources.unmapped import UnmappedCode


def all_entries(given: Crosswalk | tuple[Entry, ...], own: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return what a mapping says of codes, and what the profile says of those it doesn't name."""
    said: tuple[Entry, ...] = ()
    if isinstance(given, tuple):
        said = given
    elif isinstance(given, dict):
        said = tuple(Entry(to=to, codes=(code,)) for code, to in given.items())
    named = {code.strip() for entry in said for code in entry.codes}
    return (*said, *(entry for entry in own if not named.intersection(entry.codes)))


def without_ids(
    given: Crosswalk | tuple[Entry, ...], hidden: Collection[str]
) -> Crosswalk | tuple[Entry, ...]:
    """Return what a mapping says of codes but for those that lead to hidden ids."""
    if isinstance(given, tuple):
        return tuple(entry for entry in given if entry.to not in hidden)
    if isinstance(given, dict):
        return {code: to for code, to in given.items() if to not in hidden}
    return given


def dated_ids(
    codes: pd.Series,
    on: pd.Series | None,
    names: Mapping[str, str],
    entries: tuple[Entry, ...],
    *,
    falls_back: bool,
) -> tuple[pd.Series, list[UnmappedCode]]:
    """Return the id of each code, NaN where it has none, and the codes that lack one.

    Args:
        codes: categories of text, one per row.
        on: local date of each row; None: the table has none, and no entry may have any.
        names: id to name of everything a code can mean.
        entries: what codes mean, and when.
        falls_back: codes that no entry names are ids or names themselves.

    Raises:
        SettingsError: if an entry has dates and the table has none, or leads nowhere.
    """
    what = str(codes.name)
    if strange := sorted({entry.to for entry in entries} - {EXCLUDE, *names}):
        raise SettingsError(
            f"the mapping leads {what} to unknown {', '.join(strange)}; there are "
            f"{', '.join(names)}"
        )
    if on is None and any(entry.start or entry.until for entry in entries):
        raise SettingsError(
            f"the entries of [[crosswalk.{what}]] have dates, and here a code has one meaning; "
            "leave from and until out"
        )
    walk = Codes(what, names, entries, falls_back=falls_back, zone="UTC")
    days = pd.Series(pd.Timestamp(0), index=codes.index) if on is None else on
    at = days.fillna(pd.Timestamp(0)).to_numpy("M8[us]").astype(np.int64)
    texts, rows = [*codes.cat.categories], np.asarray(codes.cat.codes, dtype=np.int32)
    found = walk.positions(texts, rows, at)
    # what a code means on an unreadable date is unknown, and its row can't be taken anyway
    lost = np.flatnonzero((found == UNMAPPED) & days.notna().to_numpy())
    walk.note_unmapped(texts, rows[lost], at[lost], lost + 1)
    labels = np.array([*names, EXCLUDE], dtype=object)
    ids = pd.Series(labels[np.where(found < MISSING, len(names), found)], index=codes.index)
    return ids.mask((found == UNMAPPED) | (found == MISSING)), [*walk.unmapped.values()]
