"""What every member of the engine is: it learns from a panel and forecasts daily means.

A member remembers its settings in the constructor, learns in `fit` (attributes ending in `_`), and
forecasts the days of a panel's horizon. The panel it forecasts from may be later than the one it
learned from: what was learned stays, recent counts come from the later panel.
"""

from __future__ import annotations

from typing import Any, Protocol, Self

import numpy as np

from features.panel import Panel
from forewatch.arrays import Array, Index
from forewatch.errors import DataError, NotFitted

State = dict[str, Any]
Series = tuple[tuple[str, str], ...]

# Of a series without a single call in a long time something is still expected: half a call over all
# the days seen. Source: Jeffreys' prior for a Poisson rate, as in Box & Tiao (1973), section 1.3.
HALF_A_CALL = 0.5


class Member(Protocol):
    """A forecaster of daily means for all series of a panel at once.

    Means have shape (days of the horizon, series), in calls per force-day, positive and finite.
    A member may leave a series out, as a column of NaN: the others stand in.
    """

    @property
    def name(self) -> str:
        """The member's name in recipes and reports."""
        ...

    def fit(self, panel: Panel) -> Self:
        """Learn from the panel's past and return the member itself."""
        ...

    def predict(self, panel: Panel) -> Array:
        """Return expected calls per force-day of the panel's horizon, shape (H, N).

        Raises:
            NotFitted: if nothing was learned yet.
            DataError: if the panel holds other series than those learned from.
        """
        ...

    def state(self) -> State:
        """Return everything learned: JSON values, numeric arrays, text under keys `…_booster`."""
        ...

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return the member whose `state` this was."""
        ...


def series_of(panel: Panel) -> Series:
    """Return (area, call type) of each series of the panel, in its order."""
    keys = panel.keys
    return tuple(zip(keys["area"].astype(str), keys["call_type"].astype(str), strict=True))


def series_from(stored: list[list[str]]) -> Series:
    """Return the series as `state` keeps them in JSON."""
    return tuple((area, call_type) for area, call_type in stored)


def check_series(name: str, learned: Series | None, panel: Panel) -> None:
    """Refuse a panel that does not hold the series a member learned from, in their order.

    Raises:
        NotFitted: if the member learned nothing yet.
        DataError: naming the first series that differs.
    """
    if learned is None:
        raise NotFitted(f"{name} is not fitted; call fit() first")
    found = series_of(panel)
    if found == learned:
        return
    odd = sorted(set(found) ^ set(learned))
    which = "/".join(odd[0]) if odd else "the order"
    raise DataError(
        f"{name} learned {len(learned)} series and was given {len(found)}; the first that differs: "
        f"{which}; train again on the present areas and call types"
    )


def known_days(counts: Array) -> Index:
    """Return the number of days known of each series, shape (N,)."""
    return np.asarray(np.isfinite(counts).sum(axis=0))
