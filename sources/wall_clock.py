"""From times as they are written to UTC instants, with what the clock changes do to them.

In spring an hour of the wall clock never is: such times are impossible. In autumn an hour comes
twice: which of the two is meant shows only in the order in which calls arrived.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sources.mapping import OFFSET

Micros = NDArray[np.int64]  # microseconds since 1970; NONE where there is no time
Flags = NDArray[np.bool_]
NONE = np.iinfo(np.int64).min
ISO = "iso"
_HOUR = 3_600_000_000
_SHORTEST_ISO = len("2026-11-23T07:00")
_WITH_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"
_WITH_OFFSET = r"(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$"
# A wall clock that falls back by more than this was set back; less is the jitter of a log.
_SET_BACK = 20 * 60_000_000


@dataclass(frozen=True)
class Instants:
    """UTC instants of a block of rows; each shape (rows,).

    Args:
        utc: NONE where missing, unreadable or impossible; the first of the two where ambiguous.
        wall: the wall clock as written, as if it were UTC.
        impossible: the wall clock never showed this.
        ambiguous: the wall clock showed this twice.
    """

    utc: Micros
    wall: Micros
    impossible: Flags
    ambiguous: Flags


def instants(texts: pa.Array, form: str, zone: str) -> Instants:
    """Return the UTC instants of written times.

    Args:
        texts: trimmed texts, null where empty.
        form: "iso" or a strptime format; a time without an hour is unreadable.
        zone: IANA name, or "offset": then only times with their own offset are readable. An
            offset that is written is believed in any zone.
    """
    aware: Flags = np.zeros(len(texts), bool)
    if form != ISO:
        wall, aware = _by_format(texts, form)
    elif (quick := _quick(texts, None)) is not None:
        wall = quick
    elif (quick := _quick(texts, "UTC")) is not None:
        wall, aware = quick, np.ones(len(texts), bool)
    else:
        wall, aware = _one_by_one(texts)
    if zone == OFFSET:
        wall = np.where(aware, wall, NONE)
        aware = np.ones(len(texts), bool)
    return _in_zone(wall, aware, zone)


def by_arrival(wall: Micros, *, newest_first: bool) -> tuple[Flags, bool]:
    """Return which rows of one repeated hour are of its second round, and whether that is known.

    Args:
        wall: wall clock of the rows of one autumn night, in the file's order.
        newest_first: the file runs from the newest call to the oldest.

    Returns:
        True for the rows after the one moment at which the clock fell back; where it never fell,
        or more than once, the file is in no order that tells and all rows count as the first round.
    """
    ordered = wall[::-1] if newest_first else wall
    falls = np.flatnonzero(np.diff(ordered) < -_SET_BACK)
    second = np.zeros(wall.size, bool)
    if falls.size == 1:
        second[falls[0] + 1 :] = True
    return (second[::-1] if newest_first else second), falls.size == 1


def _quick(texts: pa.Array, zone: str | None) -> Micros | None:
    """Return the times if every one is ISO and alike in having an offset or not."""
    shortest = pc.min(pc.utf8_length(texts)).as_py()
    if shortest is not None and shortest < _SHORTEST_ISO:
        return None
    try:
        return _micros(pc.cast(texts, pa.timestamp("us", zone)))
    except pa.ArrowInvalid:
        return None


def _micros(times: pa.Array) -> Micros:
    found: Micros = pc.fill_null(pc.cast(times, pa.int64()), int(NONE)).to_numpy(
        zero_copy_only=False
    )
    return found


def _one_by_one(texts: pa.Array) -> tuple[Micros, Flags]:
    written = pd.Series(texts.to_pandas(), dtype="str")
    with_time = written.str.contains(_WITH_TIME).fillna(value=False)
    aware = written.str.contains(_WITH_OFFSET).fillna(value=False) & with_time
    naive = pd.to_datetime(
        written.where(with_time & ~aware), format="ISO8601", errors="coerce"
    ).to_numpy("datetime64[us]")
    utc = pd.to_datetime(written.where(aware), format="ISO8601", errors="coerce", utc=True)
    found = np.where(aware, utc.dt.tz_localize(None).to_numpy("datetime64[us]"), naive)
    return found.view(np.int64), aware.to_numpy(bool)


def _by_format(texts: pa.Array, form: str) -> tuple[Micros, Flags]:
    written = pd.Series(texts.to_pandas(), dtype="str")
    with_offset = "%z" in form
    found = pd.to_datetime(written, format=form, errors="coerce", utc=with_offset)
    if with_offset:
        found = found.dt.tz_localize(None)
    return found.to_numpy("datetime64[us]").view(np.int64), np.full(len(written), with_offset)


def _in_zone(wall: Micros, aware: Flags, zone: str) -> Instants:
    utc = wall.copy()
    impossible, ambiguous = np.zeros(wall.size, bool), np.zeros(wall.size, bool)
    local = np.flatnonzero(~aware & (wall != NONE))
    if local.size and zone not in ("UTC", OFFSET):
        clock = pd.DatetimeIndex(wall[local].view("datetime64[us]"))
        sure = clock.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
        utc[local] = _index_micros(sure)
        doubtful = np.flatnonzero(sure.isna())
        if doubtful.size:
            again = clock[doubtful]
            first = again.tz_localize(
                zone, ambiguous=np.ones(doubtful.size, bool), nonexistent="NaT"
            )
            utc[local[doubtful]] = _index_micros(first)
            impossible[local[doubtful]] = np.asarray(first.isna())
            ambiguous[local[doubtful]] = np.asarray(first.notna())
    return Instants(utc, wall, impossible, ambiguous)


def _index_micros(index: pd.DatetimeIndex) -> Micros:
    return index.tz_convert("UTC").as_unit("us").asi8


def second_round(utc: Micros, zone: str) -> Micros:
    """Return the second instant at which the wall clock of *zone* showed what it shows at *utc*."""
    index = pd.DatetimeIndex(utc.view("datetime64[us]"), tz="UTC").tz_convert(zone)
    naive = index.tz_localize(None)
    later = naive.tz_localize(zone, ambiguous=np.zeros(len(naive), bool))
    return _index_micros(later)


def after_the_gap(wall: Micros, zone: str) -> Micros:
    """Return the instants at which the clock of *zone* jumped over these impossible times."""
    naive = pd.DatetimeIndex(wall.view("datetime64[us]"))
    return _index_micros(naive.tz_localize(zone, nonexistent="shift_forward"))
