"""The sections of the check: each looks at one side of a history and says what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.history import History
from sources.daily import WEEK_DAYS, Daily, unobserved_by_leaf, weekly
from sources.gaps import expected, stretches
from sources.instants import day_start
from sources.lake import Lake
from sources.level_shifts import shifts

MIN_WEEKS = 8  # the honest baseline is the mean of eight same weekdays (DOMAIN.md, section 4)
SHOWN = 10  # lines of a list; the rest is counted
MAX_LATE_SHARE = 0.1  # more known a day late than this, and the last days of any origin are thin
MAX_QUARANTINED_SHARE = 0.01
_HOUR_US, _DAY_HOURS = 3_600_000_000, 24
_YEAR_DAYS = 365
_NEAR_A_BREAK = pd.Timedelta(days=14)  # steps of weekly counts are dated to a week or two
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Args:
        title: its heading.
        lines: its text.
        must_be_mended: findings that make forecasts wrong.
        warnings: findings that a person should look at.
    """

    title: str
    lines: tuple[str, ...] = ()
    must_be_mended: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def span(found: History, per_day: Daily) -> Section:
    """Say from when to when counts are known, and how much that is."""
    calls = int(found.counts["count"].sum())
    days = len(per_day.days)
    force = found.profile.force
    first, until = (_local(found, at) for at in (found.observed_from, found.observed_until))
    lines = [
        f"force        {force.name} ({force.zone}), counts by the {found.step}",
        f"observed     {first} to {until}",
        f"whole days   {days:,}, the force-day starts at {force.day_starts_at:%H:%M}",
        f"calls        {calls:,}" + (f", {calls / days * WEEK_DAYS:,.0f} a week" if days else ""),
    ]
    mend = []
    if calls == 0:
        mend.append("no calls at all are left to forecast from; look at the mapping's filters")
    if days < MIN_WEEKS * WEEK_DAYS:
        mend.append(
            f"only {days} whole days are observed; import at least {MIN_WEEKS} weeks, or two years"
        )
    elif days < _YEAR_DAYS:
        lines.append("             less than a year: the season can't be learned")
    return Section("Span", tuple(lines), tuple(mend))


def unobserved(found: History, per_day: Daily) -> Section:
    """List the windows that are declared as unobserved."""
    table = found.unobserved
    lost = 1 - per_day.known.mean() if per_day.known.size else 0.0
    length = (table["end"] - table["start"]).dt.total_seconds() / 3600
    lines = [f"{len(table):,} windows, {length.sum():,.0f} h; {lost:.1%} of days × areas unknown"]
    shown = table.sort_values("start").head(SHOWN)
    lines += [
        f"  {_local(found, start)} to {_local(found, end)}  {area or 'everywhere'}"
        for start, end, area in zip(shown["start"], shown["end"], shown["area"], strict=True)
    ]
    return Section("Unobserved windows", (*lines, *_more(len(table))))


def gaps(found: History, per_day: Daily) -> Section:
    """Look for stretches without any call that chance does not explain, and nobody declared."""
    edges, slot, per = _intervals(found, per_day)
    counts = _by_leaf(found, edges)
    total = counts.sum(1)
    everywhere = stretches(total, expected(total, slot, per))
    lines = [_gap_line(found, edges, gap, "everywhere") for gap in everywhere]
    undeclared = (
        f"{len(everywhere)} stretches without any call are not declared as unobserved; import "
        "them with 'forewatch import unobserved', or import the missing calls"
    )
    mend = [undeclared] * bool(everywhere)
    silent = 0
    tree = found.tree
    for area in tree.cut(found.profile.levels.modelled):
        if area == tree.root:
            continue
        here = counts[:, [tree.leaves.index(leaf) for leaf in tree.leaves_of(area)]].sum(1)
        for start, end, _ in everywhere:  # said already
            here[start:end] = np.nan
        own = stretches(here, expected(here, slot, per))
        silent += len(own)
        lines += [_gap_line(found, edges, gap, area) for gap in own]
    warnings = [f"{silent} improbable stretches without a call in single areas"] * bool(silent)
    if not lines:
        return Section("Gaps", ("none: every stretch without a call can be chance",))
    return Section("Gaps", (*lines[:SHOWN], *_more(len(lines))), tuple(mend), tuple(warnings))


def volumes(found: History, per_day: Daily) -> Section:
    """Compare calls a week by call type and by area, first year and last year."""
    days = len(per_day.days)
    year = min(_YEAR_DAYS, max(days // 2, 1))
    first, last = slice(0, year), slice(days - year, days)
    heads = [f"{per_day.days[s][0]:%Y-%m-%d}…{per_day.days[s][-1]:%m-%d}" for s in (first, last)]
    lines = [f"{'calls a week':<44} {heads[0]:>18} {heads[1]:>18}   change"]
    warnings = []
    for name, series in groups(found, per_day):
        rates = [_weekly_rate(series[s]) for s in (first, last)]
        lines.append(f"{name:<44.44} {rates[0]:>18,.1f} {rates[1]:>18,.1f} {_change(*rates):>8}")
        if np.nansum(series) == 0:
            warnings.append(f"{name}: not one call; is it mapped?")
    return Section("Volumes", tuple(lines), warnings=tuple(warnings))


def late(found: History, per_day: Daily) -> Section:  # noqa: ARG001 (sections look alike)
    """Say how late counts become known: late arrivals and corrections."""
    frame = found.counts[found.counts["count"] > 0]
    if found.step == "hour":
        end = frame["start"] + pd.Timedelta(hours=1)
    else:
        zone, opens = found.profile.force.zone, found.profile.force.day_starts_at
        local = frame["start"].dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
        end = day_start(local + pd.Timedelta(days=1), zone, opens)
    hours = (frame["known_at"] - end).dt.total_seconds().to_numpy() / 3600
    calls = frame["count"].to_numpy(float)
    hour, day = (calls[hours > limit].sum() / max(calls.sum(), 1) for limit in (1, _DAY_HOURS))
    taken_back = int(-found.counts.loc[found.counts["count"] < 0, "count"].sum())
    lines = (
        f"known more than 1 h after its interval   {hour:>8.2%}",
        f"known more than 1 day after it           {day:>8.2%}",
        f"counts taken back by corrections         {taken_back:>8,}",
    )
    thin = (
        f"{day:.0%} of counts became known more than a day late: the newest days look emptier than "
        "they are"
    )
    warnings = [thin] * bool(day > MAX_LATE_SHARE)
    return Section("Late arrivals and corrections", lines, warnings=tuple(warnings))


def level_shifts(found: History, per_day: Daily) -> Section:
    """List sudden and lasting changes of level: a change of recording, policy or coverage."""
    weeks = per_day.week_starts()
    rows = [
        (name, shift) for name, series in groups(found, per_day) for shift in shifts(weekly(series))
    ]
    rows.sort(key=lambda row: -abs(row[1].z))
    lines = [
        f"{name:<44.44} week of {weeks[shift.week]:%Y-%m-%d}  {shift.ratio - 1:>+7.0%}"
        f"   {abs(shift.z):4.1f} sd"
        + ("  registered" if _is_registered(found, weeks[shift.week]) else "")
        for name, shift in rows[:SHOWN]
    ]
    new = sum(not _is_registered(found, weeks[shift.week]) for _, shift in rows)
    sudden = (
        f"{new} sudden changes of level: a change of recording or policy belongs into the "
        "register of breaks ('forewatch import breaks')"
    )
    warnings = [sudden] * bool(new)
    title = "Sudden changes of level (8 weeks after ÷ 8 weeks before)"
    return Section(title, (*(lines or ["none"]), *_more(len(rows))), warnings=tuple(warnings))


def breaks(found: History, per_day: Daily) -> Section:  # noqa: ARG001 (sections look alike)
    """List the register of breaks."""
    table = found.breaks.sort_values(["start", "known_at"])
    lines = []
    for row in table.to_dict("records"):
        where = f"{row['call_type'] or 'all call types'}, {row['area'] or 'everywhere'}"
        until = f" to {_local(found, row['end'])}" if pd.notna(row["end"]) else ""
        ratio = row["expected_ratio"]
        size = f" expected × {ratio:.2f}," if np.isfinite(ratio) else ""
        lines += [
            f"{_local(found, row['start'])}{until}  {row['kind']}: {where}",
            (
                f"  {row['reason']};{size} decided by {row['decided_by']}, known "
                f"{_local(found, row['known_at'])}"
            ),
        ]
    return Section("Register of breaks", tuple(lines) or ("empty",))


def _is_registered(found: History, week: pd.Timestamp) -> bool:
    """Return whether a break of the register begins about the week that begins on a local date."""
    starts = found.breaks["start"].dt.tz_convert(found.profile.force.zone).dt.tz_localize(None)
    return bool(((starts - week).abs() <= _NEAR_A_BREAK).any())


def clock_changes(found: History, per_day: Daily) -> Section:
    """List the days of 23 and 25 hours beside what is usual on their weekday."""
    hours = np.diff(per_day.edges.as_unit("us").asi8) / _HOUR_US
    total = per_day.series(np.arange(len(found.tree.leaves)))
    lines = []
    for i in map(int, np.flatnonzero(hours != _DAY_HOURS)):
        near = [i + k * WEEK_DAYS for k in (-2, -1, 1, 2) if 0 <= i + k * WEEK_DAYS < len(total)]
        usual = total[near][np.isfinite(total[near])]
        typical = f"{usual.mean():,.0f}" if usual.size else "unknown"
        seen = f"{total[i]:,.0f}" if np.isfinite(total[i]) else "unobserved"
        lines.append(
            f"{per_day.days[i]:%Y-%m-%d}  {hours[i]:.0f} h  {seen:>10} calls, usual {typical}"
        )
    return Section("Clock-change days", tuple(lines) or ("none in the span",))


def unknown_areas(found: History, per_day: Daily) -> Section:  # noqa: ARG001 (sections look alike)
    """Look for areas in the tables beside the counts that the tree no longer has."""
    known = {"", *found.tree.ids}
    lines, mend = [], []
    for name in ("tourism", "events", "holidays", "unobserved", "breaks"):
        table = getattr(found, name)
        lines.append(f"{name:<12} {len(table):>8,} rows")
        if lost := sorted(set(table["area"]) - known):
            mend.append(f"{name} has areas that the tree lacks: {', '.join(lost)}; import it again")
    return Section("Tables beside the counts", tuple(lines), tuple(mend))


def imports_so_far(lake: Lake) -> Section:
    """Say what the imports left out: filtered, in quarantine, at clock changes."""
    abouts = [about for name in ("calls", "counts") for about in lake.imports(name)]
    receipts = [about["receipt"] for about in abouts]
    rows = sum(receipt["rows"] - receipt["unchanged"] for receipt in receipts)
    lines = [f"{len(receipts)} imports of calls or counts, {rows:,} new or corrected rows"]
    totals: dict[tuple[str, str], int] = {}
    for receipt in receipts:
        for what in ("filtered", "quarantined", "clock"):
            for reason, n in receipt[what].items():
                totals[what, reason] = totals.get((what, reason), 0) + n
    lines += [
        f"  {what:<12} {reason:<58.58} {n:>10,} {n / max(rows, 1):>8.2%}"
        for (what, reason), n in totals.items()
    ]
    aside = sum(n for (what, _), n in totals.items() if what == "quarantined")
    warnings = [
        f"{aside:,} of {rows:,} rows are in quarantine; their reasons stand in its files"
    ] * bool(aside > MAX_QUARANTINED_SHARE * rows)
    return Section("Left out so far", tuple(lines), warnings=tuple(warnings))


def groups(found: History, per_day: Daily) -> list[tuple[str, Array]]:
    """Return names and calls per day: the total, each call type, each area of the modelled cut."""
    tree, types = found.tree, found.profile.call_type_ids
    every = np.arange(len(tree.leaves))
    named = [("total", per_day.series(every))]
    named += [(name, per_day.series(every, i)) for i, name in enumerate(types) if len(types) > 1]
    position = {leaf: i for i, leaf in enumerate(tree.leaves)}
    for area in tree.cut(found.profile.levels.modelled):
        if area != tree.root:
            leaves = np.array([position[leaf] for leaf in tree.leaves_of(area)])
            named.append((f"in {area}", per_day.series(leaves)))
    return named


def _intervals(found: History, per_day: Daily) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return edges (microseconds), slots of the local week, and intervals of an ordinary day."""
    if found.step == "day":
        return per_day.edges.as_unit("us").asi8, per_day.days.day_of_week.to_numpy(np.int64), 1
    first, last = (int(t.value) // 1000 for t in (found.observed_from, found.observed_until))
    edges = np.arange(-(-first // _HOUR_US), last // _HOUR_US + 1) * _HOUR_US
    local = pd.DatetimeIndex(edges[:-1].view("M8[us]"), tz="UTC").tz_convert(
        found.profile.force.zone
    )
    slot = local.day_of_week.to_numpy(np.int64) * _DAY_HOURS + local.hour.to_numpy(np.int64)
    return edges, slot, _DAY_HOURS


def _by_leaf(found: History, edges: NDArray[np.int64]) -> Array:
    """Return calls per interval and leaf, NaN where unobserved; shape (intervals, leaves)."""
    frame, leaves = found.counts, len(found.tree.leaves)
    starts = pd.DatetimeIndex(frame["start"]).as_unit("us").asi8
    row = np.searchsorted(edges, starts, side="right") - 1
    inside = (row >= 0) & (row < len(edges) - 1)
    cell = row[inside] * leaves + frame["area"].cat.codes.to_numpy(np.int64)[inside]
    size = (len(edges) - 1) * leaves
    counts = np.bincount(cell, frame["count"].to_numpy(float)[inside], size).astype(float)
    counts = counts.reshape(-1, leaves)
    for lost, start, end in unobserved_by_leaf(found):
        touched = (edges[1:] > start) & (edges[:-1] < end)
        counts[np.ix_(touched, lost)] = np.nan
    return counts


def _gap_line(
    found: History, edges: NDArray[np.int64], gap: tuple[int, int, float], where: str
) -> str:
    start, end = (pd.Timestamp(int(edges[i]), unit="us", tz="UTC") for i in gap[:2])
    return (
        f"{_local(found, start)} to {_local(found, end)}  {where:<32.32} {gap[2]:>9,.0f} calls "
        "expected"
    )


def _weekly_rate(per_day: Array) -> float:
    known = per_day[np.isfinite(per_day)]
    return float(known.mean() * WEEK_DAYS) if known.size else np.nan


def _change(first: float, last: float) -> str:
    return f"{last / first - 1:+.0%}" if first > 0 and np.isfinite(last) else ""


def _more(n: int) -> tuple[str, ...]:
    return (f"… and {n - SHOWN} more",) if n > SHOWN else ()


def _local(found: History, instant: pd.Timestamp) -> str:
    return f"{instant.tz_convert(found.profile.force.zone):%Y-%m-%d %H:%M}"


SECTIONS: tuple[Callable[[History, Daily], Section], ...] = (
    unobserved,
    gaps,
    volumes,
    late,
    level_shifts,
    breaks,
    clock_changes,
    unknown_areas,
)
