"""Up to when a force's counts were observed, for the whole and by area and call type."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Behind:
    """Counts that end before those of others.

    Args:
        area: id of an area; everything in it is meant.
        call_type: id of a call type; "" all of them.
        until: the end of what was observed, UTC; None: nothing ever was.
        why: what shows it, in words.
    """

    area: str
    call_type: str
    until: pd.Timestamp | None
    why: str


@dataclass(frozen=True)
class ObservationEnd:
    """The end of what was observed.

    Args:
        until: of everything that is not behind, UTC.
        behind: what ended before; where several hold an area and call type, the earliest counts.
    """

    until: pd.Timestamp
    behind: tuple[Behind, ...] = ()
