"""Officers that were computed, kept for the views of one service: they take longest."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from serving.api.shelf import Shelf

if TYPE_CHECKING:  # the solver takes long to import, and most workers are never asked for officers
    from serving.staffing_answers import Kept


_KEPT: WeakKeyDictionary[Shelf, Kept] = WeakKeyDictionary()


def kept_staffing(shelf: Shelf) -> Kept:
    """Return the store for the issues of a shelf, whose numbers mean others on another one."""
    from serving.staffing_answers import Kept  # noqa: PLC0415 - see above

    return _KEPT.setdefault(shelf, Kept())
