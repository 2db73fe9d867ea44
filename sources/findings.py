"""The sections of the check: each looks at one side of a history and says what it found."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forewatch.arrays import Array
from forewatch.clock import WEEK_DAYS
from forewatch.history import History
from forewatch.single_days import SingleDay, single_days, without_single_days
from sources.daily import Daily, weekly
from sources.groups import FALSE_ALARMS, Group, groups
from sources.instants import day_end
from sources.lake import Lake
from sources.level_shifts import limit, shifts
from sources.sections import Section, local
from sources.series_ends import SeriesEnd, silent_days
from sources.table_imports import TABLE_IMPORTS

MAX_LATE_SHARE = 0.1  # more known a day late than this, and the last days of any origin are thin
MAX_QUARANTINED_SHARE = 0.01
FEW_LEAVES = 10  # so many are listed one by one below the modelled areas
_HOUR_US, _DAY_HOURS = 3_600_000_000, 24
_YEAR_DAYS = 365
_NEAR_A_BREAK = pd.Timedelta(days=14)  # steps of weekly counts are dated to a week or two


def volumes(found: History, per_day: Daily) -> Section:
    """Compare calls a week by call type and by area, first year and last year, of known time."""
    days = len(per_day.days)
    year = min(_YEAR_DAYS, max(days // 2, 1))
    first, last = slice(0, year), slice(days - year, days)
    heads = [f"{per_day.days[s][0]:%Y-%m-%d}…{per_day.days[s][-1]:%m-%d}" for s in (first, last)]
    lines = [f"{'calls a week':<44} {heads[0]:>18} {heads[1]:>18}   change"]
    listed: list[str] = []
    usual: list[str] = []
    warnings: list[str] = []
    looked_at = groups(found)
    is_few = sum(group.is_below for group in looked_at) <= FEW_LEAVES
    for group in looked_at:
        rates = [per_day.weekly_rate(group.leaves, group.type_number, s) for s in (first, last)]
        shown = "".join(f" {_rate(rate):>18}" for rate in rates)
        line = f"{group.name:<44.44}{shown} {_change(*rates):>8}"
        series = group.series(per_day)
        never = np.isfinite(series).any() and np.nansum(series) == 0
        if never:
            warnings.append(f"{group.name}: not one call; is it mapped?")
        if not group.is_below or is_few:
            lines.append(line)
        else:
            (listed if never else usual).append(line)
    return Section(
        "Volumes",
        tuple(lines),
        listed=tuple(listed),
        extra=tuple(usual),
        warnings=tuple(warnings),
    )


def late(found: History) -> Section:
    """Say how late counts become known: late arrivals and corrections."""
    frame = found.counts[found.counts["count"] > 0]
    end = frame["start"] + pd.Timedelta(hours=1)
    if found.step == "day":
        force = found.profile.force
        end = day_end(frame["start"], force.zone, force.day_starts_at)
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


def days_far_from_usual(found: History, per_day: Daily) -> dict[str, list[SingleDay]]:
    """Return the single days far above or below usual, by name of the series."""
    looked_at = groups(found)
    p_max = FALSE_ALARMS / max(len(looked_at) * len(per_day.days), 1)
    return {group.name: single_days(group.series(per_day), p_max) for group in looked_at}


def far_days(found: History, per_day: Daily, far: dict[str, list[SingleDay]]) -> Section:
    """List the single days far from usual, each with the series that shows it most."""
    by_day: dict[tuple[int, bool], list[tuple[str, SingleDay]]] = {}
    for name, days in far.items():
        for one in days:
            by_day.setdefault((one.day, one.is_above), []).append((name, one))
    lines, new = [], 0
    for day, is_above in sorted(by_day):
        name, one = max(by_day[day, is_above], key=lambda row: row[1].deviance)
        others = len(by_day[day, is_above]) - 1
        is_known = _is_told(found, per_day.edges[day], per_day.edges[day + 1])
        new += not is_known
        lines.append(
            f"{per_day.days[day]:%Y-%m-%d}  {name:<34.34} {one.calls:>8,.0f} calls, usual "
            f"{one.usual:>8,.1f}"
            + ("  registered" if is_known else f"  and in {others} more" if others else "")
        )
    look = (
        f"{new} single days are far above or below usual: calls that stand twice or are missing "
        "have to be mended; a storm or an event belongs into the register of breaks as a pulse"
    )
    title = "Single days far above or below usual (twice or half)"
    return Section(
        title, ("none",) * (not lines), listed=tuple(lines), warnings=(look,) * bool(new)
    )


def level_shifts(
    found: History, per_day: Daily, far: dict[str, list[SingleDay]], told: list[SeriesEnd]
) -> Section:
    """List sudden and lasting changes of level: a change of recording, policy or coverage."""
    weeks, looked_at = per_day.week_starts(), groups(found)
    min_z = limit(len(looked_at))
    rows = [
        (group.name, shift)
        for group in looked_at
        for shift in shifts(weekly(_lasting(found, per_day, group, far, told)), min_z)
    ]
    rows.sort(key=lambda row: -abs(row[1].z))
    lines = [
        f"{name:<44.44} week of {weeks[shift.week]:%Y-%m-%d}  {shift.ratio - 1:>+7.0%}"
        f"   {abs(shift.z):4.1f} sd"
        + ("  registered" if _is_registered(found, weeks[shift.week]) else "")
        for name, shift in rows
    ]
    new = sum(not _is_registered(found, weeks[shift.week]) for _, shift in rows)
    sudden = (
        f"{new} sudden changes of level: a change of recording or policy belongs into the "
        "register of breaks ('forewatch import breaks')"
    )
    title = "Sudden changes of level (8 weeks after ÷ 8 weeks before)"
    none = ("none",) * (not lines)
    return Section(title, none, listed=tuple(lines), warnings=(sudden,) * bool(new))


def _lasting(
    found: History,
    per_day: Daily,
    group: Group,
    far: dict[str, list[SingleDay]],
    told: list[SeriesEnd],
) -> Array:
    """Return a group's calls per day without its single days and without silences."""
    usual = without_single_days(group.series(per_day), far[group.name])
    return np.where(silent_days(found, told, group, usual.size), np.nan, usual)


def break_findings(found: History) -> Section:
    """List the register of breaks."""
    table = found.breaks.sort_values(["start", "known_at"])
    lines = []
    for row in table.to_dict("records"):
        where = f"{row['call_type'] or 'all call types'}, {row['area'] or 'everywhere'}"
        until = f" to {local(found, row['end'])}" if pd.notna(row["end"]) else ""
        ratio = row["expected_ratio"]
        size = f" expected × {ratio:.2f}," if np.isfinite(ratio) else ""
        lines += [
            f"{local(found, row['start'])}{until}  {row['kind']}: {where}",
            (
                f"  {row['reason']};{size} decided by {row['decided_by']}, known "
                f"{local(found, row['known_at'])}"
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


def unknown_areas(found: History) -> Section:
    """Look for areas in the tables beside the counts that the tree no longer has."""
    known = {"", *found.tree.ids}
    lines, mend = [], []
    for name in (each.table.name for each in TABLE_IMPORTS if "area" in each.table.columns):
        table = getattr(found, name)
        lines.append(f"{name:<12} {len(table):>8,} rows")
        if lost := sorted(set(table["area"]) - known):
            mend.append(f"{name} has areas that the tree lacks: {', '.join(lost)}; import it again")
    return Section("Tables beside the counts", tuple(lines), must_be_mended=tuple(mend))


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


def _is_told(found: History, start: pd.Timestamp, end: pd.Timestamp) -> bool:
    """Return whether a pulse or an exclusion of the register covers some of a day."""
    table = found.breaks[found.breaks["kind"].isin(["pulse", "exclude"])]
    return bool(((table["start"] < end) & (table["end"] > start)).any())


def _rate(rate: float) -> str:
    return f"{rate:,.1f}" if np.isfinite(rate) else "unknown"


def _change(first: float, last: float) -> str:
    return f"{last / first - 1:+.0%}" if first > 0 and np.isfinite(last) else ""
