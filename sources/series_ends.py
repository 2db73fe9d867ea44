"""The check's section on series that begin, end or pause, by area and call type.

What an outer series explains is told once: an area's silence is none of its call types', and that
of a call type none of its areas'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.clock import instants_us
from forewatch.history import History
from forewatch.silences import Silence, silences
from sources.daily import Daily
from sources.gap_windows import Absence
from sources.gaps import P_MAX
from sources.groups import FALSE_ALARMS, Group, areas, cells, groups, holds
from sources.sections import SHOWN, Section

_NEAR_A_BREAK = pd.Timedelta(days=14)
_TO_DO = {
    "begins": "if it is new register a break ('forewatch import breaks'), otherwise import the "
    "calls before, or {unknown}",
    "ends": "if there are no more register a break ('forewatch import breaks'), otherwise import "
    "the calls since, or {unknown}",
    "pauses": "import the calls between or {unknown}; if there were none register a break "
    "('forewatch import breaks')",
}
# Windows of which nothing is known are those of areas; of call types the register leaves time out.
_OF_AREA = "declare that time unobserved ('forewatch import unobserved')"
_OF_TYPE = "leave that time out (a break of the kind exclude)"


@dataclass(frozen=True)
class SeriesEnd:
    """A silence and whose it is."""

    group: Group
    silence: Silence


def long_silences(found: History, per_day: Daily) -> list[SeriesEnd]:
    """Return the silences of areas, then of call types, then of types in areas.

    Args:
        found: the history.
        per_day: its counts, with gaps of the whole force as unknown.
    """
    looked_at = [*areas(found), *(one for one in groups(found) if one.call_type), *cells(found)]
    p_max = min(P_MAX, FALSE_ALARMS / max(len(per_day.days) * len(looked_at), 1))
    told: list[SeriesEnd] = []
    for group in looked_at:
        series = group.series(per_day)
        series[silent_days(found, told, group, series.size)] = np.nan
        told += [SeriesEnd(group, silence) for silence in silences(series, p_max)]
    return told


def silent_days(
    found: History, told: Sequence[SeriesEnd], group: Group, days: int
) -> NDArray[np.bool_]:
    """Return the days on which a group's silence is told, of itself or of what holds it."""
    silent = np.zeros(days, bool)
    scope = (group.area, group.call_type)
    for one in told:
        if holds(found.tree, (one.group.area, one.group.call_type), scope):
            silent[one.silence.first : one.silence.after] = True
    return silent


def absences(per_day: Daily, told: Sequence[SeriesEnd]) -> list[Absence]:
    """Return the time before the first and after the last call of areas, which are no gaps."""
    edges = instants_us(per_day.edges)
    always = np.iinfo(np.int64)
    found = []
    for one in told:
        if one.group.call_type == "" and one.silence.kind != "pauses":
            begins = one.silence.kind == "begins"
            start = always.min if begins else int(edges[one.silence.first])
            end = int(edges[one.silence.after]) if begins else always.max
            found.append(Absence(one.group.leaves, start, end))
    return found


def series_section(found: History, per_day: Daily, told: list[SeriesEnd]) -> Section:
    """Tell the series that begin, end or pause."""
    title = "Series that begin, end or pause"
    if not told:
        return Section(title, ("none: each is there from the first days to the last",))
    lines, warnings = [], []
    for one in told:
        is_known = len(breaks_near(found, per_day, one)) > 0
        silence = one.silence
        lines.append(
            f"{one.group.name:<32.32} {_when(per_day, silence):<31} {silence.calls:>9,.0f} expected"
            + ("  registered" if is_known else "")
        )
        if not is_known:
            to_do = _TO_DO[silence.kind].format(
                unknown=_OF_TYPE if one.group.call_type else _OF_AREA
            )
            warnings.append(
                f"{one.group.name}: {_when(per_day, silence)}, {silence.known_days:,} days without "
                f"a call where {silence.calls:,.0f} were to be expected; {to_do}"
            )
    rest = len(warnings) - SHOWN
    more = [f"{rest:,} more series begin, end or pause; 'forewatch check --all' lists them"]
    return Section(title, listed=tuple(lines), warnings=(*warnings[:SHOWN], *more * (rest > 0)))


def _when(per_day: Daily, silence: Silence) -> str:
    first, last = per_day.days[silence.first], per_day.days[silence.after - 1]
    if silence.kind == "begins":
        return f"begins {per_day.days[silence.after]:%Y-%m-%d}"
    if silence.kind == "ends":
        return f"ends, no call since {first:%Y-%m-%d}"
    return f"pauses {first:%Y-%m-%d} to {last:%Y-%m-%d}"


def breaks_near(found: History, per_day: Daily, one: SeriesEnd) -> pd.DataFrame:
    """Return the breaks that bear on a series and begin about where its silence does."""
    at = per_day.edges[one.silence.after if one.silence.kind == "begins" else one.silence.first]
    near = found.breaks[(found.breaks["start"] - at).abs() <= _NEAR_A_BREAK]
    scope = (one.group.area, one.group.call_type)
    bears = [
        area in ("", *found.tree.ids) and holds(found.tree, (area, kind), scope)
        for area, kind in zip(near["area"], near["call_type"], strict=True)
    ]
    return near[np.array(bears, dtype=bool)]
