"""Results of an import that can hardly be meant: it stops, unless a person accepts them by name.

Each look at a file returns a doubt or nothing. What is looked for happened in real extracts: a
mapping of the wrong column, call numbers that start anew each day, day and month swapped by a
spreadsheet, a unit of counts that isn't calls. A receipt of any of them adds up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import comb
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from forewatch.clock import utc_instants
from forewatch.doubts import Acceptable
from forewatch.errors import ImplausibleImport

_SHOWN = 3  # reasons named in a message
# Corrections that move a call by half a day or more mend slips of a date, which are rare in any
# log. Up to these numbers they are believed, so that a small file of corrections comes in.
_MOST_MOVED_SHARE, _MOST_MOVED = 0.02, 2
# Logs without a time of writing hold several versions of few calls: 3 % in the demo force's.
_MOST_REPEATED_SHARE = 0.25
# Days of the month that can be no month. A third of them lacking is what the issue of swapped
# dates looks like; that chance or a hole did it is asked of the days that can be months.
_LAST_MONTH = 12
_LACKING_SHARE, _LACKING_RATIO, _CHANCE = 1 / 3, 0.6, 1e-4
_LEAST_DAYS = 45  # beyond the twelfth, in the span: three months
_LEAST_DATES, _SHRINKS_TO = 6, 1 / 3
_JUMP_DAYS, _LEAST_JUMPS, _JUMPS_LEFT = 7, 10, 1 / 5

Days = NDArray[np.int64]


@dataclass(frozen=True)
class Doubt:
    """Something that can hardly be meant.

    Args:
        name: by which a person may accept it.
        message: what was found, and what is probably wrong.
        where: more of it stands, on this machine; "" for nowhere.
    """

    name: Acceptable
    message: str
    where: str = ""


def stop_at_doubts(
    file: str, doubts: Iterable[Doubt | None], accepted: frozenset[Acceptable]
) -> None:
    """Stop at what nobody accepted.

    Raises:
        ImplausibleImport: naming each doubt, and how to accept it.
    """
    left = [doubt for doubt in doubts if doubt is not None and doubt.name not in accepted]
    if left:
        how = " ".join(f"--accept {name}" for name in dict.fromkeys(each.name for each in left))
        said = "; ".join(doubt.message + doubt.where for doubt in left)
        raise ImplausibleImport(
            f"{file}: {said}; nothing was imported. Mend the "
            f"mapping or the file, or, if this is meant, import again with {how}",
            "; ".join(doubt.message for doubt in left),
        )


def too_many_refused(
    rows: int, refused: Mapping[str, int], most: float, aside: Path | None
) -> Doubt | None:
    """Return a doubt where more than a share of the rows can't be taken.

    Args:
        rows: of the file.
        refused: rows that can't be taken, by reason.
        most: the share that may be refused.
        aside: the quarantine file, if one was written.
    """
    n = sum(refused.values())
    if n <= most * rows:
        return None
    by_rows = sorted(refused.items(), key=lambda each: -each[1])
    why = ", ".join(f"{reason} ({k:,})" for reason, k in by_rows[:_SHOWN])
    where = f"; their lines stand in quarantine/{aside.name}" if aside else ""
    return Doubt(
        "quarantine",
        f"{n:,} of {rows:,} rows can't be taken, more than most_quarantined = {most:.0%}: {why}",
        where,
    )


def moved_corrections(moved: int, rows: int) -> Doubt | None:
    """Return a doubt where many rows "correct" a call by moving it by half a day or more.

    Args:
        moved: rows whose call was received that much earlier or later by an earlier row.
        rows: rows that were read.
    """
    if moved <= max(_MOST_MOVED, _MOST_MOVED_SHARE * rows):
        return None
    return Doubt(
        "corrections",
        f"{moved:,} of {rows:,} rows would correct an earlier call by moving it by 12 hours or "
        "more: the references seem to start anew, so that different calls share one; map a column "
        'that is unique for good, or write reference_restarts = "day" (or "month", "year")',
    )


def shared_references(repeated: int, rows: int) -> Doubt | None:
    """Return a doubt where many rows of one file say something else of a call than others of it.

    Args:
        repeated: rows that contradict an earlier row of the same reference and file.
        rows: rows that were read.
    """
    if repeated <= max(_MOST_MOVED, _MOST_REPEATED_SHARE * rows):
        return None
    return Doubt(
        "corrections",
        f"{repeated:,} of {rows:,} rows share their reference with an earlier row of the file and "
        "say something else: the column seems to name something other than calls (a unit, an "
        "address, a number that begins anew); map a column that is unique for each call, or name "
        "the time of writing as updated_at if these are versions",
    )


def swapped_dates(days: Days) -> Doubt | None:
    """Return a doubt where day and month look swapped, in all dates or in those that allow it.

    1. Of the dates beyond the twelfth a third or more lack, far more than of the others: an
       export that wrote month before day, and lost what is no month.
    2. Read the other way round, the dates span a third of the time or less: one month became
       the same day of twelve.
    3. Read the other way round, the file is in order, and it isn't as it stands.

    Args:
        days: local dates of the rows in the file's order, days since 1970.
    """
    if not days.size:
        return None
    runs = days[np.append(True, days[1:] != days[:-1])]
    dates = np.unique(runs)
    found = _lacking(dates) or _shrinking(dates) or _disorder(runs)
    if found is None:
        return None
    return Doubt(
        "dates", f"day and month look swapped: {found}; look at the file's dates and [time] format"
    )


def spaced_dates(days: Days) -> Doubt | None:
    """Return a doubt where dates lie the same two or more days apart throughout.

    Figures by week or by fortnight, read as days, make zeros of the days between.

    Args:
        days: local dates of the rows, days since 1970.
    """
    dates = np.unique(days)
    if dates.size < _LEAST_DATES:
        return None
    apart = int(np.gcd.reduce(np.diff(dates)))
    if apart == 1:
        return None
    return Doubt(
        "dates",
        f"all dates of the file lie {apart} days or a multiple apart: figures of several days each "
        "can't be taken for days; give them by day",
    )


def _lacking(dates: Days) -> str | None:
    span = np.arange(dates[0], dates[-1] + 1)
    beyond = _day_of_month(span) > _LAST_MONTH
    lacks = ~np.isin(span, dates)
    n, lost = int(beyond.sum()), int((lacks & beyond).sum())
    if n < _LEAST_DAYS or lost < _LACKING_SHARE * n:
        return None
    others = lacks[~beyond].mean()
    by_chance = _tail(lost, span.size, int(lacks.sum()), n)
    if others > _LACKING_RATIO * lost / n or by_chance > _CHANCE:
        return None
    return (
        f"{lost:,} of the {n:,} days of a month beyond the 12th have no row, of the others "
        f"{others:.0%}"
    )


def _tail(least: int, whole: int, marked: int, drawn: int) -> float:
    """Return the probability that of *drawn* out of *whole* at least so many are marked.

    Source: the hypergeometric distribution; Fisher (1935), The logic of inductive inference.
    """
    ways = sum(
        comb(marked, k) * comb(whole - marked, drawn - k)
        for k in range(least, min(marked, drawn) + 1)
    )
    return ways / comb(whole, drawn)


def _shrinking(dates: Days) -> str | None:
    other = _swap_day_and_month(dates)
    span, swapped = (int(each.max() - each.min()) + 1 for each in (dates, other))
    if dates.size < _LEAST_DATES or swapped > _SHRINKS_TO * span:
        return None
    return f"the dates span {span:,} days, and {swapped:,} the other way round"


def _disorder(runs: Days) -> str | None:
    jumps, left = (
        int((np.abs(np.diff(each)) > _JUMP_DAYS).sum())
        for each in (runs, _swap_day_and_month(runs))
    )
    if jumps < _LEAST_JUMPS or left > _JUMPS_LEFT * jumps:
        return None
    return (
        f"from row to row the date jumps by more than a week {jumps:,} times, and {left:,} times "
        "the other way round"
    )


def _day_of_month(days: Days) -> Days:
    dates = days.astype("datetime64[D]")
    since: Days = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    return since + 1


def _swap_day_and_month(days: Days) -> Days:
    """Return the dates with day and month changed over where both can be a month."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month = months.astype(np.int64) % _LAST_MONTH + 1
    day = _day_of_month(days)
    january = months - (month - 1)
    other = (january + (day - 1)).astype("datetime64[D]") + (month - 1)
    return np.where(day <= _LAST_MONTH, other, dates).astype(np.int64)


def local_days(utc: NDArray[np.int64], zone: str) -> Days:
    """Return local dates, days since 1970, one for each run of instants of one quarter-hour.

    Args:
        utc: microseconds since 1970, in the file's order.
        zone: IANA name.
    """
    quarters = utc // 900_000_000
    new = np.append(True, quarters[1:] != quarters[:-1]) if utc.size else np.empty(0, bool)
    first = quarters[new] * 900_000_000
    each, back = np.unique(first, return_inverse=True)
    index = utc_instants(each).tz_convert(zone)
    days = index.tz_localize(None).to_numpy("datetime64[D]").astype(np.int64)
    return np.take(days, back)
