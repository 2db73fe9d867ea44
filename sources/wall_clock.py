"""From times as they are written to UTC instants, with what the clock changes do to them.

In spring an hour of the wall clock never is: such times are impossible. In autumn an hour comes
twice: which of the two is meant shows only in the order in which calls arrived.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from forewatch.clock import utc_instants
from sources.mapping import OFFSET

Micros = NDArray[np.int64]  # microseconds since 1970; NONE where there is no time
Flags = NDArray[np.bool_]
NONE = np.iinfo(np.int64).min
ISO = "iso"
_HOUR = 3_600_000_000
# Times outside are placeholders ("9999-12-31") or slips, and no calendar knows their offsets.
_FIRST, _AFTER_LAST = (int(pd.Timestamp(f"{year}-01-01").value) // 1000 for year in (1900, 2200))
_SHORTEST_ISO = len("2026-11-23T07:00")
_WITH_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"
_WITH_OFFSET = r"(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$"
# A wall clock that falls back by more than this was set back; less is the jitter of a log.
_SET_BACK = 20 * 60_000_000
_ODD_SHARE = 0.05  # of a night's rows that may be out of order, else there is no order at all
_LESSER_SHARE = 1 / 3  # of the calls of both rounds in the quieter one, at the least (assumed)
_DOUBT_SHARE = 0.1  # that may lie between moments which are equally good, odd rows included
_UNLIKELY = 0.05  # of what is less probable another explanation is sought


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
    wall = np.where((wall >= _FIRST) & (wall < _AFTER_LAST), wall, NONE)
    if zone == OFFSET:
        wall = np.where(aware, wall, NONE)
        aware = np.ones(len(texts), bool)
    return _in_zone(wall, aware, zone)


def by_arrival(wall: Micros, *, newest_first: bool) -> tuple[Flags, Flags, bool]:
    """Return which rows of one repeated hour are of its second round, by the order of arrival.

    1. Where the clock was set back, the rows before ascend, and so do those after. A row that falls
       behind an earlier one of its round by more than the jitter of a log is odd. The moment that
       leaves the fewest rows odd is the one.
    2. That the clock was never set back in this file is believed instead if few rows are odd then,
       and two rounds would hardly ever ascend one after the other, or differ in number, like that.
    3. Where several moments are equally good, the rows between them are in doubt: odd.

    Args:
        wall: wall clock of the rows of one autumn night, in the file's order.
        newest_first: the file runs from the newest call to the oldest.

    Returns:
        True for the rows after the one moment at which the clock was set back; True for the odd
        rows, whose round can't be told (at most one row in ten, or one); and whether the moment is
        known. Where it is not, all rows count as the first round.
    """
    ordered = wall[::-1] if newest_first else wall
    second, odd, is_known = _rounds(ordered)
    return (second[::-1], odd[::-1], is_known) if newest_first else (second, odd, is_known)


def _rounds(wall: Micros) -> tuple[Flags, Flags, bool]:
    """Return what `by_arrival` does, of rows in the order of their arrival."""
    n, nothing = wall.size, np.zeros(wall.size, bool)
    most_odd, most_doubt = max(1, int(_ODD_SHARE * n)), max(1, int(_DOUBT_SHARE * n))
    if int(np.sum(np.diff(wall) < -_SET_BACK)) > most_odd + 1:
        return nothing, nothing, False  # each fall needs an odd row, but for the change itself
    until, whole = _in_order(wall)
    in_order = until + _in_order(-wall[::-1])[0][::-1]  # if it was set back before each row
    more = int(in_order.max() - whole.sum())  # odd rows if it was never set back
    moments = np.flatnonzero(in_order == in_order.max())
    never = ~whole if n - whole.sum() <= most_odd else nothing
    if not more or n - in_order.max() > most_odd:
        return nothing, never, False
    if n - whole.sum() <= most_odd:
        chances = [_chance(wall, whole, int(at), more) for at in moments]
        moments = moments[np.array(chances) >= _UNLIKELY]
    if not moments.size:
        return nothing, never, False
    first, last = int(moments[0]), int(moments[-1])
    odd = ~np.append(_in_order(wall[:first])[1], _in_order(wall[first:])[1])
    odd[first:last] = True
    if odd.sum() > most_doubt:
        return nothing, nothing, False
    return np.arange(n) >= first, odd, True


def _in_order(wall: Micros) -> tuple[NDArray[np.int64], Flags]:
    """Return how many of the first rows can be in order, shape (rows + 1,), and which of all are.

    Rows are in order if none falls behind an earlier one by more than the jitter. For each row that
    may be the latest so far, the longest such choice of rows is carried along.
    """
    values, number = np.unique(wall, return_inverse=True)
    reach = np.searchsorted(values, values + _SET_BACK, side="right")
    longest = np.full(len(values) + 1, -wall.size - 1)  # by the number of the latest time, from 1
    longest[0] = 0  # no row yet
    count, before = np.zeros(wall.size + 1, np.int64), np.zeros(wall.size, np.int64)
    for row, value in enumerate(number.tolist()):
        before[row] = longest[: value + 2].argmax()
        longest[value + 2 : reach[value] + 1] += 1
        longest[value + 1] = longest[before[row]] + 1
        count[row + 1] = longest.max()
    chosen = np.zeros(wall.size, bool)
    latest = int(longest.argmax())
    for row in range(wall.size - 1, -1, -1):
        value = int(number[row])
        chosen[row] = value + 1 <= latest <= reach[value]
        if value + 1 == latest:
            latest = int(before[row])
    return count, chosen


def _chance(wall: Micros, whole: Flags, at: int, more: int) -> float:
    """Return how probable it is that rows of two rounds look as much like rows of one.

    The lesser of two: that the rounds ascend one after the other as far, and that they differ in
    number of calls as much if one of them is only half as busy as the other.

    Args:
        wall: the rows in the order of arrival.
        whole: which of them are in order if the clock was never set back.
        at: the first row of the second round otherwise.
        more: how many more rows are odd without it: the end of the first round and the beginning of
            the second, so that they can be chosen in one more way than they are.

    Source:
        Mann, Whitney (1947), On a test of whether one of two random variables is stochastically
        larger than the other.
    """
    n, share = wall.size, _LESSER_SHARE
    lengths = _below(min(at, n - at), n * share, math.sqrt(n * share * (1 - share)))
    one, other = np.sort(wall[:at][whole[:at]]), wall[at:][whole[at:]]
    pairs = one.size * other.size
    if not pairs:
        return lengths
    falling = pairs - int(np.searchsorted(one, other, side="right").sum())
    sd = math.sqrt(pairs * (one.size + other.size + 1) / 12)
    return min((more + 1) * _below(falling, pairs / 2, sd), lengths)


def _below(number: int, mean: float, sd: float) -> float:
    """Return the normal approximation to the probability of at most a whole number."""
    return math.erfc((mean - number - 0.5) / sd / math.sqrt(2)) / 2


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
        offset, is_plain = _offsets(wall[local] // _HOUR, zone)
        utc[local] -= offset
        doubtful = local[~is_plain]
        if doubtful.size:
            clock = pd.DatetimeIndex(wall[doubtful].view("datetime64[us]"))
            sure = clock.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
            first = clock.tz_localize(
                zone, ambiguous=np.ones(doubtful.size, bool), nonexistent="NaT"
            )
            utc[doubtful] = _index_micros(first)
            impossible[doubtful] = np.asarray(first.isna())
            ambiguous[doubtful] = np.asarray(sure.isna()) & np.asarray(first.notna())
    return Instants(utc, wall, impossible, ambiguous)


def _offsets(hours: NDArray[np.int64], zone: str) -> tuple[Micros, Flags]:
    """Return each hour's offset from UTC, and whether it is the same all through the hour.

    The zone is asked for the first and last microsecond of each distinct hour, not for each row:
    a log has a hundred times as many calls as hours. Where it changes within the hour, or the hour
    is skipped or comes twice, the offset is 0.
    """
    runs = np.append(True, hours[1:] != hours[:-1])
    each, back = np.unique(hours[runs], return_inverse=True)
    bounds = np.concatenate([each * _HOUR, (each + 1) * _HOUR - 1])
    index = pd.DatetimeIndex(bounds.view("datetime64[us]"))
    utc = _index_micros(index.tz_localize(zone, ambiguous="NaT", nonexistent="NaT"))
    first, last = (bounds - utc).reshape(2, -1)
    is_plain = (utc.reshape(2, -1) != NONE).all(0) & (first == last)
    row = back[np.cumsum(runs) - 1]
    return np.where(is_plain, first, 0)[row], is_plain[row]


def _index_micros(index: pd.DatetimeIndex) -> Micros:
    return index.tz_convert("UTC").as_unit("us").asi8


def second_round(utc: Micros, zone: str) -> Micros:
    """Return the second instant at which the wall clock of *zone* showed what it shows at *utc*."""
    index = utc_instants(utc).tz_convert(zone)
    naive = index.tz_localize(None)
    later = naive.tz_localize(zone, ambiguous=np.zeros(len(naive), bool))
    return _index_micros(later)


def after_the_gap(wall: Micros, zone: str) -> Micros:
    """Return the instants at which the clock of *zone* jumped over these impossible times."""
    naive = pd.DatetimeIndex(wall.view("datetime64[us]"))
    return _index_micros(naive.tz_localize(zone, nonexistent="shift_forward"))
