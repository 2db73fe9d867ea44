"""How fresh a row of an answer is: the age of what was observed of its own area and call type.

A row sums series, one for each leaf area and call type. Where some of them ended before others, the
row is observed until the instant by which a tenth of what it expects has ended: a force whose
smallest beat fell silent is still fresh, the beat is not. What is older than the force allows is
stale, and so is everything as of a time before the data or the publication: then no age can be
told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.areas import AreaTree
from forewatch.clock import ONE_DAY
from forewatch.freshness import Behind, ObservationEnd
from forewatch.rates import Rates

TOLD_SHARE = 0.1  # of what a row expects; assumed, see docs/guides/freshness.md
_SHOWN = 10
_EARLIEST = pd.Timestamp.min.tz_localize("UTC")
BEFORE_THE_DATA = "the clock stands before the end of the data, so their age can't be told; set it"
BEFORE_PUBLICATION = "asked as of a time before the issue was published"
OUTSIDE = "the period does not lie within the issue's horizon"


class End(NamedTuple):
    """The end of what was observed of a row, UTC (None: never), and why it is no later."""

    until: pd.Timestamp | None
    why: str


@dataclass(frozen=True)
class Freshness:
    """The freshness of an issue.

    Args:
        observed: up to when its counts were observed.
        tree: of its areas.
        rates: what it expects.
        stale_after_days: age of the data at which answers are stale.
        published_at: the instant of publication, UTC.
    """

    observed: ObservationEnd
    tree: AreaTree
    rates: Rates
    stale_after_days: int
    published_at: pd.Timestamp
    _found: dict[tuple[str, tuple[str, ...]], End] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def whole(self) -> pd.Timestamp:
        """The end of what was observed of the whole force, UTC."""
        parts = [part for part in self._parts(self.tree.root, ()) if part[0].until is not None]
        return _end(parts).until or self.observed.until

    def end(self, area: str, call_types: Sequence[str] = ()) -> End:
        """Return the end of what was observed of an area and call types; () means all."""
        if not self.observed.behind:
            return End(self.observed.until, "")
        asked = (area, tuple(call_types))
        if asked not in self._found:
            self._found[asked] = _end(self._parts(*asked))
        return self._found[asked]

    def why_stale(self, end: End, now: datetime) -> str:
        """Return why what ends there is stale at *now*, "" if it is fresh."""
        if now < self.observed.until:
            return BEFORE_THE_DATA
        if now < self.published_at:
            return BEFORE_PUBLICATION
        if end.until is None:
            return f"never observed: {end.why}"
        if now - end.until <= pd.Timedelta(days=self.stale_after_days):
            return ""
        if end.why:
            return f"not observed for more than {self.stale_after_days} days: {end.why}"
        return f"the data are older than {self.stale_after_days} days"

    def phase(self, now: pd.Timestamp) -> str:
        """Return a text that stays the same as long as the state of every row does."""
        ends = {each.until for each in self.observed.behind} | {self.observed.until}
        limit = now - pd.Timedelta(days=self.stale_after_days)
        stale = sum(until is not None and until < limit for until in ends)
        before = [now < self.observed.until, now < self.published_at]
        return f"{stale}{'-' * sum(before)}"

    def columns(
        self,
        asked: Sequence[tuple[str, tuple[str, ...], int]],
        mean: NDArray[np.float64],
        now: pd.Timestamp,
        outside: str = OUTSIDE,
    ) -> dict[str, NDArray[Any]]:
        """Return the columns state, reason and observed_until (UTC without zone) of rows.

        Args:
            asked: area, call types (() all) and number of rows of each group, in their order.
            mean: of each row, NaN where the issue doesn't reach.
            now: the instant at which ages are judged, UTC.
            outside: the reason of rows that the issue doesn't reach.
        """
        ends = [self.end(area, kinds) for area, kinds, _ in asked]
        why = [self.why_stale(end, now) for end in ends]
        until = np.array([_plain(end.until) for end in ends], dtype="M8[us]")
        rows = np.repeat(np.arange(len(asked)), [n for _, _, n in asked])
        missed = np.isnan(mean)
        stale = np.array([bool(text) for text in why], dtype=bool)[rows]
        texts = np.array([*why, outside], dtype=object)
        return {
            "state": np.where(missed, "no_forecast", np.where(stale, "stale", "forecast")),
            "reason": texts[np.where(missed, len(why), rows)],
            "observed_until": until[rows],
        }

    def _parts(self, area: str, call_types: tuple[str, ...]) -> list[tuple[End, float]]:
        """Return the different ends in an area and call types, and what is expected there."""
        position = {leaf: i for i, leaf in enumerate(self.rates.leaves)}
        leaves = [position[leaf] for leaf in self.tree.leaves_of(area)]
        kinds = [self.rates.call_types.index(kind) for kind in call_types or self.rates.call_types]
        here = np.ix_(leaves, kinds)
        number, expected = self._numbers[here], self._expected[here]
        return [
            (self._ends[i], float(expected[number == i].sum())) for i in np.unique(number).tolist()
        ]

    @cached_property
    def _ends(self) -> list[End]:
        """The different ends; the last one is that of everything that is not behind."""
        return [
            *(End(each.until, f"{each.why} ({_where(each)})") for each in self.observed.behind),
            End(self.observed.until, ""),
        ]

    @cached_property
    def _numbers(self) -> NDArray[np.int64]:
        """Which end each leaf and call type has, shape (leaves, call types)."""
        position = {leaf: i for i, leaf in enumerate(self.rates.leaves)}
        shape = (len(self.rates.leaves), len(self.rates.call_types))
        number = np.full(shape, len(self.observed.behind))
        behind = self.observed.behind
        # The earliest last: it counts where several hold a series.
        order = sorted(range(len(behind)), key=lambda i: behind[i].until or _EARLIEST, reverse=True)
        for i, each in ((i, behind[i]) for i in order):
            leaves = [position[leaf] for leaf in self.tree.leaves_of(each.area)]
            kinds = [
                j for j, kind in enumerate(self.rates.call_types) if each.call_type in ("", kind)
            ]
            number[np.ix_(leaves, kinds)] = i
        return number

    @cached_property
    def _expected(self) -> NDArray[np.float64]:
        """Calls expected over the horizon, shape (leaves, call types)."""
        rates = self.rates
        return np.asarray(rates.base.sum(-1)[rates.leaf_place] * rates.leaf_shares)


def notes(observed: ObservationEnd, zone: str) -> tuple[str, ...]:
    """Return what readers of an issue should know: each area and call type that is behind a day."""
    late = [
        each
        for each in observed.behind
        if each.until is None or observed.until - each.until >= ONE_DAY
    ]
    said = [
        f"{_where(each)}: "
        + (
            "never observed"
            if each.until is None
            else f"observed until {each.until.tz_convert(zone):%Y-%m-%d %H:%M} only"
        )
        + f" ({each.why})"
        for each in late[:_SHOWN]
    ]
    rest = len(late) - _SHOWN
    more = [f"{rest} more areas and call types are behind; the issue lists them"] * (rest > 0)
    return (*said, *more)


def _where(each: Behind) -> str:
    # The whole force by its id too: who may not see it is told no note that names it.
    return f"{each.call_type or 'all calls'} in {each.area}"


def _end(parts: list[tuple[End, float]]) -> End:
    """Return the instant by which a tenth of what is expected has ended."""
    if not parts:
        return End(None, "")
    parts = sorted(parts, key=lambda part: part[0].until or _EARLIEST)
    expected = np.array([weight for _, weight in parts])
    if expected.sum() <= 0:
        return parts[0][0]
    share = np.cumsum(expected) / expected.sum()
    return parts[int(np.argmax(share > TOLD_SHARE))][0]


def _plain(instant: pd.Timestamp | None) -> np.datetime64:
    if instant is None:
        return np.datetime64("NaT")
    return instant.tz_convert("UTC").tz_localize(None).to_datetime64()
