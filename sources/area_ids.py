"""Ids of areas where a file gives names: made from them, and parents found by them."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

from forewatch.errors import DataError
from sources.crosswalk import slug
from sources.personal import quote_text

_MOST_SHOWN = 10  # areas that a message names


def with_ids(frame: pd.DataFrame, file: str) -> pd.DataFrame:
    """Return the areas with an id and a name each, and with ids for parents ("" for none).

    Args:
        frame: id, name and parent as the file has them, NaN where it has none.
        file: its name, for messages.

    Raises:
        DataError: if an area has neither id nor name, a name gives no id, two areas have one id,
            or a parent is the name of several areas.
    """
    found = frame.copy()
    _stop_at_nameless(found, file)
    found["id"] = found["id"].fillna(found["name"].map(slug, na_action="ignore"))
    _stop_at_empty_ids(found, file)
    _stop_at_doubled_ids(frame, found["id"], file)
    found["name"] = found["name"].fillna(found["id"])
    found["parent"] = _parents(found, file)
    return found


def _stop_at_nameless(frame: pd.DataFrame, file: str) -> None:
    if nameless := _rows(frame["id"].isna() & frame["name"].isna()):
        raise DataError(f"{file}: neither id nor name in {nameless}; give each area one of them")


def _stop_at_empty_ids(found: pd.DataFrame, file: str) -> None:
    empty = found["id"] == ""
    if empty.any():
        names = ", ".join(map(quote_text, found.loc[empty, "name"].head(_MOST_SHOWN)))
        raise DataError(
            f"{file}: no id can be made from the name {names} ({_rows(empty)}), which has no "
            "letters or digits; give the file a column id"
        )


def _stop_at_doubled_ids(frame: pd.DataFrame, ids: pd.Series, file: str) -> None:
    doubled = ids[ids.duplicated(keep=False)]
    lines = []
    for name, rows in list(doubled.groupby(doubled).groups.items())[:_MOST_SHOWN]:
        stand = " and ".join(
            f"row {i + 1} ({'id' if pd.notna(frame['id'][i]) else 'name'} "
            f"{quote_text(frame['id'][i] if pd.notna(frame['id'][i]) else frame['name'][i])})"
            for i in list(rows)[:_MOST_SHOWN]
        )
        lines.append(f"{quote_text(str(name))} in {stand}")
    if lines:
        raise DataError(
            f"{file}: several areas have one id: {'; '.join(lines)}; keep one of them, or give the "
            "file a column id with another id for each area"
        )


def _parents(found: pd.DataFrame, file: str) -> pd.Series:
    ids = set(found["id"])
    by_name: dict[str, list[str]] = defaultdict(list)
    for area, name in zip(found["id"], found["name"], strict=True):
        by_name[name.strip().casefold()].append(area)
    parents: list[str] = []
    for row, parent in enumerate(found["parent"].fillna(""), 1):
        near = [parent] if parent in ids else by_name[parent.strip().casefold()]
        if parent and len(near) > 1:
            raise DataError(
                f"{file}: parent {quote_text(parent)} in row {row} is the name of {len(near)} "
                f"areas ({', '.join(near[:_MOST_SHOWN])}); give the parent by its id"
            )
        if parent and not near:
            raise DataError(
                f"{file}: parent {quote_text(parent)} in row {row} is neither the id nor the "
                "name of an area of the file; add that area, or leave the parent empty right "
                "below the force"
            )
        parents.append(near[0] if parent else "")
    return pd.Series(parents, index=found.index, dtype="str")


def _rows(where: pd.Series) -> str:
    numbers = [str(i + 1) for i, here in enumerate(where) if here]
    if not numbers:
        return ""
    more = f" and {len(numbers) - _MOST_SHOWN} more" if len(numbers) > _MOST_SHOWN else ""
    return f"row{'s' if len(numbers) > 1 else ''} {', '.join(numbers[:_MOST_SHOWN])}{more}"
