"""Where the counts of each area and call type end: that is not always where the extract ends.

1. Nothing is observed in windows that are declared unobserved, that no file of counts covers, or
   that a break leaves out ("exclude"). Whatever such a window holds at its end ends with it.
2. A series that has fallen silent has ended too, unless chance explains it: the probability of its
   days without a call (`sources.silences`), or of so many calls fewer (`sources.gaps`, for the
   force and its areas, as `check` looks for gaps), is below what one false alarm in a hundred looks
   leaves. A rare kind of call may be silent for months; a busy one has ended after days.
   Reports of a pool are spread over its areas, also over one whose feed has stopped. So an area by
   itself is judged by its other calls; where these stopped, so did those, and the pool's with them.
3. A silence that a break of the register explains is no end: there are no such calls any more. A
   break explains as much of it as the ratio that was expected of it does.
4. Of what is in no file of counts, and of call types and modelled areas without a single call,
   nothing was ever observed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.arrays import Index
from forewatch.clock import HOUR_US, instant_us, instants_us, utc_instant
from forewatch.freshness import Behind, ObservationEnd
from forewatch.history import History
from forewatch.pools import Pool
from forewatch.silences import LEAST_SILENT_DAYS, Silence, last_silence
from sources.daily import Daily, daily, unobserved_by_leaf
from sources.gaps import P_MAX, expected_counts, stretches
from sources.groups import FALSE_ALARMS, Group, cells, groups
from sources.sections import SHOWN, Section, local
from sources.series_ends import SeriesEnd, breaks_near

Spread = list[tuple[int, Index]]  # call type and leaves of each pool, see `_spread`
_DAY_US = 24 * HOUR_US
_NEVER = np.iinfo(np.int64).min
_UNOBSERVED = "declared unobserved, or in no file since"
_SILENT = "no call since"
_LONG = pd.Timedelta(days=LEAST_SILENT_DAYS)
_NO_FILE = "in no file of counts"
_NO_CALL = "not a single call was ever recorded"
_OF_A_POOL = "nothing is known of a part of its pool"
_NO_POOLS: Mapping[str, Sequence[Pool]] = {}
_LEAST_RATIO = 0.01  # a break that leaves fewer calls than that leaves none


@dataclass
class _Ends:
    """The end of what was observed of each leaf and call type, and what showed it.

    Args:
        found: the history.
        us: microseconds since 1970 (UTC), shape (leaves, call types).
        told: what was found so far; where several hold a series, the earliest counts.
    """

    found: History
    us: Index
    told: list[Behind] = field(default_factory=list)

    def tell(self, ended: NDArray[np.bool_], us: int, why: str) -> None:
        """Let series end at an instant, told by as few areas and call types as hold them.

        Args:
            ended: which, shape (leaves, call types); what ended by a day later is told with them
                where that takes fewer words.
            us: the instant.
            why: what shows it.
        """
        left, may_be = ended & (self.us > us), ended | (self.us <= us + _DAY_US)
        tree, types = self.found.tree, self.found.profile.call_type_ids
        until = None if us == _NEVER else utc_instant(us)
        every = [("", list(range(len(types))))] + [(kind, [i]) for i, kind in enumerate(types)]
        for area in (area for level in tree.levels for area in tree.at_level(level)):
            if not left.any():
                return
            leaves = tree.leaf_positions(area)
            for call_type, kinds in every:
                here = np.ix_(leaves, kinds)
                if left[here].any() and may_be[here].all():
                    self.told.append(Behind(area, call_type, until, why))
                    left[here] = False
                    self.us[here] = np.minimum(self.us[here], us)

    def counts(self, one: Behind, until: pd.Timestamp) -> bool:
        """Return whether something ends there, and not before, and others later."""
        if one.until is None:
            return True
        leaves = np.isin(self.found.tree.leaves, self.found.tree.leaves_of(one.area))
        kinds = self.found.profile.call_type_ids
        types = np.array([one.call_type in ("", kind) for kind in kinds])
        here = self.us[np.ix_(leaves, types)]
        return one.until < until and bool((here == instant_us(one.until)).any())


def feed_ends(found: History, pools: Mapping[str, Sequence[Pool]] = _NO_POOLS) -> ObservationEnd:
    """Return up to when the counts of a history were observed.

    Args:
        found: the history, as it was known.
        pools: those that its counts are spread over, by call type.
    """
    shape = (len(found.tree.leaves), len(found.profile.call_type_ids))
    ends = _Ends(found, np.full(shape, instant_us(found.observed_until)))
    _never(found, ends)
    _windows(found, ends)
    per_day = daily(found)
    if len(per_day.days):
        _silences(found, per_day, ends, _spread(found, pools))
    last = int(ends.us.max())
    until = found.observed_until if last == _NEVER else utc_instant(last)
    return ObservationEnd(until, tuple(one for one in ends.told if ends.counts(one, until)))


def feed_section(found: History) -> Section:
    """Tell what ends before the extract does, and warn of silence that nobody explained so far."""
    title, told = "What ends before the data do", feed_ends(found)
    if told.until < found.observed_until:
        lines = [f"everything: observed until {local(found, told.until)}"]
    else:
        lines = ["none: all was observed to the end"] * (not told.behind)
    warnings = []
    for each in told.behind:
        name = f"{each.call_type or 'all calls'} in {each.area}"
        when = "never observed" if each.until is None else f"until {local(found, each.until)}"
        lines.append(f"{name:<40.40} {when:<23} {each.why}")
        # Longer silences are told as series that end.
        is_new = each.until is not None and found.observed_until - each.until < _LONG
        if is_new and each.why.startswith(_SILENT):
            warnings.append(
                f"{name}: {when}, {each.why}; import the calls since, declare the time unobserved, "
                "or register a break; forecasts of it grow stale"
            )
    rest = len(warnings) - SHOWN
    more = [f"{rest:,} more end before the data; 'forewatch check --all' lists them"] * (rest > 0)
    return Section(title, listed=tuple(lines), warnings=(*warnings[:SHOWN], *more))


def _windows(found: History, ends: _Ends) -> None:
    """Heed what is declared, covered by no file, or left out by a break."""
    us, why = ends.us.copy(), np.full(ends.us.shape, "", object)
    position = {leaf: i for i, leaf in enumerate(found.tree.leaves)}
    types = {name: i for i, name in enumerate(found.profile.call_type_ids)}
    for (area, kind), until in (found.stated_until or {}).items():
        if area in position and kind in types and until < found.observed_until:
            leaf, number = position[area], types[kind]
            us[leaf, number] = instant_us(until)
            why[leaf, number] = "its counts end there"
    # Late ends first: what one window uncovers, an earlier one may hold.
    for end, start, leaves, kinds, text in sorted(_lost_windows(found), key=lambda lost: -lost[0]):
        here = np.ix_(leaves, kinds)
        held = (us[here] <= end) & (us[here] > start)
        us[here], why[here] = np.where(held, start, us[here]), np.where(held, text, why[here])
    us[us <= instant_us(found.observed_from)] = _NEVER
    moved = us < ends.us
    for instant, text in sorted(set(zip(us[moved].tolist(), why[moved].tolist(), strict=True))):
        ends.tell(moved & (us == instant) & (why == text), instant, text)


def _lost_windows(found: History) -> list[tuple[int, int, Index, Index, str]]:
    """Return end, start, leaves, call types and reason of each window that isn't observed."""
    types = found.profile.call_type_ids
    every = np.arange(len(types))
    lost = [(end, start, of, every, _UNOBSERVED) for of, start, end in unobserved_by_leaf(found)]
    for row in found.breaks[found.breaks["kind"] == "exclude"].to_dict("records"):
        if row["area"] in ("", *found.tree.ids) and row["call_type"] in ("", *types):
            leaves = np.array(found.tree.leaf_positions(row["area"]))
            kinds = np.flatnonzero([row["call_type"] in ("", kind) for kind in types])
            end = found.observed_until if pd.isna(row["end"]) else row["end"]
            why = f"left out by a break: {row['reason']}"
            lost.append((instant_us(end), instant_us(row["start"]), leaves, kinds, why))
    return lost


def _silences(found: History, per_day: Daily, ends: _Ends, spread: Spread) -> None:
    """Heed series that have fallen silent, outer ones first: what they explain is told once."""
    every = np.arange(ends.us.shape[1])
    after = _after(found, per_day)
    looked_at = [*groups(found), *cells(found)]
    alive = np.ones(ends.us.shape, bool)
    for group in looked_at:
        kinds = every if group.type_number is None else np.array([group.type_number])
        # What is unknown at the end hides nothing of what is known, and may be silent before.
        now = per_day.known[-1, group.leaves]
        leaves = group.leaves[now] if now.any() else group.leaves
        leaves = leaves[alive[np.ix_(leaves, kinds)].any(1)]
        own = _types_told_of(leaves, kinds, spread)
        if not leaves.size or after[np.ix_(leaves, own)].any():
            continue
        seen = per_day
        if own.size < kinds.size:
            seen = replace(per_day, counts=per_day.counts * np.isin(every, own))
        one = _last(replace(group, leaves=leaves), seen, len(looked_at))
        if one is None or _is_explained(found, per_day, SeriesEnd(group, one), len(looked_at)):
            continue
        ended = np.zeros(ends.us.shape, bool)
        ended[np.ix_(leaves, kinds)] = True
        beside = _beside(ended, spread if group.type_number is None else [])
        alive &= ~ended & ~beside
        why = f"{_SILENT} where {one.calls:,.0f} were to be expected"
        for which, text in ((ended, why), (beside, _OF_A_POOL)):
            ends.tell(which, instant_us(per_day.edges[one.first]), text)


def _spread(found: History, pools: Mapping[str, Sequence[Pool]]) -> Spread:
    """Return the number of the call type of each pool, and the positions of its leaves."""
    position = {leaf: i for i, leaf in enumerate(found.tree.leaves)}
    types = found.profile.call_type_ids
    return [
        (types.index(kind), np.array([position[leaf] for leaf in pool.leaves]))
        for kind, some in pools.items()
        for pool in some
    ]


def _types_told_of(leaves: Index, kinds: Index, spread: Spread) -> Index:
    """Return the call types whose counts tell of these leaves, all if none does.

    Where a pool has other leaves as well, reports of these are among the counts.
    """
    shared = [kind for kind, pool in spread if 0 < np.isin(pool, leaves).sum() < pool.size]
    own = kinds[~np.isin(kinds, shared)]
    return own if own.size else kinds


def _beside(ended: NDArray[np.bool_], spread: Spread) -> NDArray[np.bool_]:
    """Return what shares a pool with something that ended, and has not ended itself."""
    found = np.zeros_like(ended)
    for kind, pool in spread:
        found[pool, kind] = ended[pool, kind].any()
    return found & ~ended


def _last(group: Group, per_day: Daily, looked_at: int) -> Silence | None:
    """Return the silence that a group's series ends with, None if it can be chance."""
    series = group.series(per_day)
    if series[-1] > 0:
        return None
    if (found := last_silence(series, FALSE_ALARMS / looked_at)) is not None:
        return found
    if group.call_type:
        return None
    mean = expected_counts(series, per_day.days.day_of_week.to_numpy(np.int64), 1)
    for low, high, calls in stretches(series, mean, min(P_MAX, FALSE_ALARMS / looked_at)):
        if not np.isfinite(series[high:]).any():
            return Silence("ends", low, high, high - low, calls, -calls)
    return None


def _after(found: History, per_day: Daily) -> NDArray[np.bool_]:
    """Return of which leaves and call types there are calls after the last whole day."""
    frame = found.counts
    late = instants_us(pd.DatetimeIndex(frame["start"])) >= instant_us(per_day.edges[-1])
    total = np.zeros(per_day.counts.shape[1:])
    where = tuple(frame[name].cat.codes.to_numpy(np.int64)[late] for name in ("area", "call_type"))
    np.add.at(total, where, frame["count"].to_numpy(float)[late])
    return np.asarray(total > 0)


def _is_explained(found: History, per_day: Daily, told: SeriesEnd, looked_at: int) -> bool:
    """Return whether the register says why a series is silent, as silent as it is."""
    near = breaks_near(found, per_day, told)
    near = near[(near["kind"] != "exclude") & ~(near["end"] < per_day.edges[-1])]
    ratio = near["expected_ratio"].fillna(0.0).min() if len(near) else 1.0
    # Of so much fewer calls the silence is so much less improbable.
    limit = np.log(FALSE_ALARMS / looked_at)
    return bool(ratio <= _LEAST_RATIO or told.silence.log_chance * ratio >= limit)


def _never(found: History, ends: _Ends) -> None:
    """Tell that of which nothing was ever observed."""
    types, leaves = found.profile.call_type_ids, found.tree.leaves
    if found.stated_until is not None:
        pairs = [[(leaf, kind) in found.stated_until for kind in types] for leaf in leaves]
        ends.tell(~np.array(pairs), _NEVER, _NO_FILE)
        return
    total, none = np.zeros(ends.us.shape), np.zeros(ends.us.shape, bool)
    codes = tuple(found.counts[name].cat.codes.to_numpy(np.int64) for name in ("area", "call_type"))
    np.add.at(total, codes, found.counts["count"].to_numpy(float))
    for group in groups(found):
        kind = group.type_number
        here = np.ix_(group.leaves, np.arange(len(types)) if kind is None else np.array([kind]))
        if not group.is_below and not (total[here] > 0).any():
            none[here] = True
    ends.tell(none, _NEVER, _NO_CALL)
