"""What was announced of the days ahead by an origin: special days, events, breaks in recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from forewatch.clock import ONE_DAY
from forewatch.tables import BREAKS, EVENTS

if TYPE_CHECKING:
    from features.asof import AsOf

EVENT, BREAK = "event", "break"


@dataclass(frozen=True)
class Occasion:
    """Something announced that makes days differ.

    Args:
        kind: EVENT, BREAK, or the kind of holiday that the table of holidays has.
        name: of it; of a break the reason.
        area: id; "" for the whole force.
        start: UTC.
        end: UTC, not part of it; None: for good.
        known_at: when it was announced, UTC; None: for longer than any horizon.
        low: least attendance of an event; None where nobody told it.
        high: most attendance, likewise.
        change: of a break, its kind (`forewatch.tables.BREAK_KINDS`).
        call_type: of a break, the id of its call type; "" for all.
        ratio: of a break, calls after ÷ before as stated; None where nobody told it.
    """

    kind: str
    name: str
    area: str
    start: pd.Timestamp
    end: pd.Timestamp | None
    known_at: pd.Timestamp | None = None
    low: float | None = None
    high: float | None = None
    change: str = ""
    call_type: str = ""
    ratio: float | None = None


def announced_occasions(view: AsOf, until: pd.Timestamp) -> tuple[Occasion, ...]:
    """Return what was announced by an origin of the time from then on, ascending by beginning.

    Args:
        view: what was known at the origin.
        until: instant (UTC) before which it begins.
    """
    found = [*_holidays(view, until), *_events(view, until), *_breaks(view, until)]
    return tuple(sorted(found, key=lambda each: (each.start, each.kind, each.name, each.area)))


def _events(view: AsOf, until: pd.Timestamp) -> Iterator[Occasion]:
    table = view.published(EVENTS)
    # An event without duration is one of the moment in which it begins.
    ahead = table[(table["start"] < until) & (table[["start", "end"]].max(axis=1) >= view.origin)]
    for row in _rows(ahead):
        low, high = (_known(row[f"attendance_{end}"]) for end in ("low", "high"))
        yield Occasion(EVENT, *_about(row, "name"), low, high)


def _breaks(view: AsOf, until: pd.Timestamp) -> Iterator[Occasion]:
    """Yield the breaks that begin or end ahead."""
    table = view.published(BREAKS)
    begins = (table["start"] >= view.origin) & (table["start"] < until)
    ends = (table["end"] > view.origin) & (table["end"] < until)
    for row in _rows(table[begins | ends]):
        ratio = _known(row["expected_ratio"])
        yield Occasion(
            *(BREAK, *_about(row, "reason")),
            change=row["kind"],
            call_type=row["call_type"],
            ratio=ratio,
        )


def _holidays(view: AsOf, until: pd.Timestamp) -> Iterator[Occasion]:
    """Yield the holidays ahead, those of consecutive days in one."""
    clock = view.clock
    days = clock.force_day(pd.DatetimeIndex([view.origin, until - pd.Timedelta(microseconds=1)]))
    table = view.holidays()
    table = table[(table["date"] >= days[0]) & (table["date"] <= days[1])]
    for _, alike in table.groupby(["kind", "name", "area"], sort=False):
        dates = alike["date"].sort_values()
        for _, part in alike.loc[dates.index].groupby((dates.diff() != ONE_DAY).cumsum()):
            row, last = _rows(part)[0], part["date"].iloc[-1]
            yield Occasion(
                *(row["kind"], row["name"], row["area"]),
                clock.day_start(row["date"]),
                clock.day_start(last + ONE_DAY),
                _instant(row["known_at"]),
            )


def _about(
    row: dict[str, Any], name: str
) -> tuple[str, str, pd.Timestamp, pd.Timestamp | None, pd.Timestamp | None]:
    end = _instant(row["end"])
    return row[name], row["area"], row["start"], end, _instant(row["known_at"])


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", table.to_dict("records"))


def _instant(value: pd.Timestamp) -> pd.Timestamp | None:
    return None if pd.isna(value) else value


def _known(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
