"""What calls took, by type and grade, as a table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from planning.columns import TYPE_KEYS
from planning.service_times import ServiceTimes
from planning.tables import Column, Values

_CALLS = "calls"
SERVICE_TIME_COLUMNS = (
    *TYPE_KEYS,
    Column("calls", "on the force-days that count", _CALLS, "whole", 34130, shown="always"),
    Column("sent", "of them, those to which somebody was sent", _CALLS, "whole", 33132,
           shown="always"),
    Column("officers", "sent to a call that was attended, on average; unknown where no log says",
           "officers", example=2.1, decimals=2, shown="always"),
    Column("minutes", "from assignment to clear, on average of each officer", "minutes",
           example=95.2, decimals=1, shown="always"),
    Column("cv", "standard deviation of these minutes divided by their mean", example=0.81,
           decimals=2, shown="always"),
    Column("attended", "share of the calls to which somebody was sent; few calls lean on others",
           "share", high=1, example=0.971, decimals=3, shown="always"),
)  # fmt: skip
_NUMBERS = tuple(each.name for each in SERVICE_TIME_COLUMNS if each.type != "text")


def service_time_values(learned: ServiceTimes, name_of: Callable[[str], str]) -> Values:
    """Return the columns SERVICE_TIME_COLUMNS.

    Args:
        learned: what was learned.
        name_of: gives the name of a call type.
    """
    found = learned.services
    return {
        "call_type": np.array([each.call_type for each in found], dtype=object),
        "call_type_name": np.array([name_of(each.call_type) for each in found], dtype=object),
        "grade": np.array([each.grade for each in found], dtype=object),
        # None, where no log says, becomes NaN
        **{
            name: np.array([getattr(each, name) for each in found], dtype=np.float64)
            for name in _NUMBERS
        },
    }
