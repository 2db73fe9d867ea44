"""Officers that were computed, kept for all views of a worker: they take longest."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the solver takes long to import, and most workers are never asked for officers
    from serving.staffing_answers import Kept


@cache
def kept_staffing() -> Kept:
    """Return the store of this process."""
    from serving.staffing_answers import Kept  # noqa: PLC0415 - see above

    return Kept()
