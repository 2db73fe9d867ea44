"""How much of a history is known: its span, its unobserved windows, the days training can use."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forewatch.clock import Clock, instant_us, instants_us
from forewatch.history import LEAST_TRAINING_DAYS, History
from sources.daily import Daily
from sources.groups import holds
from sources.sections import Section, local

_YEAR_DAYS = 365
_NAMED = 5


def span(found: History, per_day: Daily) -> Section:
    """Say from when to when counts are known, and how much of that time."""
    calls = int(found.counts["count"].sum())
    days, known = len(per_day.days), known_days(per_day)
    force = found.profile.force
    first, until = (local(found, at) for at in (found.observed_from, found.observed_until))
    partly = "" if known == days else f", {known:,.1f} of them known"
    lines = [
        f"force        {force.name} ({force.zone}), counts by the {found.step}",
        f"observed     {first} to {until}",
        f"whole days   {days:,}{partly}, the force-day starts at {force.day_starts_at:%H:%M}",
        f"calls        {calls:,}{_a_week(found, per_day)}",
    ]
    if partly:
        lines.append(
            "             a day counts by the share of leaf areas that were observed all day"
        )
    mend = []
    if calls == 0:
        mend.append("no calls at all are left to forecast from; look at the mapping's filters")
    if days and known == 0:
        mend.append(
            "nothing is known: every area is declared unobserved on every day; import what was "
            "observed, or mend the windows and import them again"
        )
    mend += too_short(found, per_day)
    if not mend and known < _YEAR_DAYS:
        lines.append("             less than a year is known: the season can't be learned")
    return Section("Span", tuple(lines), must_be_mended=tuple(mend))


def known_days(per_day: Daily) -> float:
    """Return the days known, each by the share of leaves that were observed all day."""
    return float(per_day.known.mean(1).sum()) if per_day.known.size else 0.0


def too_short(found: History, per_day: Daily) -> list[str]:
    """Return what is missing for training, as training itself counts days; nothing if enough."""
    days = training_days(found, per_day)
    if days >= LEAST_TRAINING_DAYS:
        return []
    whole = len(per_day.days)
    if days == whole:
        have = f"only {days:,} whole days are observed"
    else:
        have = f"only {days:,} of {whole:,} whole days are known of any modelled area"
    return [
        f"{have}, training needs {LEAST_TRAINING_DAYS}; import more history, two years if there are"
    ]


def training_days(found: History, per_day: Daily) -> int:
    """Return the days that training counts: something is known of a modelled area all day long.

    A place of the modelled level is known where all of its leaves are. The register of breaks takes
    days away: "exclude", and "pulse", from which nothing is learned.
    """
    tree, types = found.tree, found.profile.call_type_ids
    places = tree.cut(found.profile.levels.modelled)
    known = np.stack([per_day.known[:, tree.leaf_positions(p)].all(1) for p in places])
    cells = np.repeat(known[:, None, :], len(types), axis=1)
    bounds = instants_us(per_day.edges)
    clock = Clock.of(found.profile)
    tomorrow = clock.first_day_from(found.observed_until) + pd.Timedelta(days=1)
    ahead = instant_us(clock.day_start(tomorrow))
    for row in _breaks_to_leave_out(found).to_dict("records"):
        start, end = (instants_us(pd.DatetimeIndex([row[name]]))[0] for name in ("start", "end"))
        touched = (bounds[1:] > start) & (bounds[:-1] < end)
        if row["kind"] == "pulse" and start <= bounds[0] and end >= ahead:
            continue  # there all along: it tells nothing apart, so training does not heed it
        for i, place in enumerate(places):
            if _shares_a_leaf(found, row["area"], place):
                kinds = np.array([row["call_type"] in ("", kind) for kind in types])
                cells[i][np.ix_(kinds, touched)] = False
    return int(cells.any((0, 1)).sum())


def unobserved_windows(found: History, per_day: Daily) -> Section:
    """List the windows that are declared as unobserved."""
    table = found.unobserved
    lost = 1 - per_day.known.mean() if per_day.known.size else 0.0
    length = (table["end"] - table["start"]).dt.total_seconds() / 3600
    line = f"{len(table):,} windows, {length.sum():,.0f} h; {lost:.1%} of days × areas unknown"
    shown = table.sort_values("start")
    listed = [
        f"  {local(found, start)} to {local(found, end)}  {area or 'everywhere'}"
        for start, end, area in zip(shown["start"], shown["end"], shown["area"], strict=True)
    ]
    unknown = np.flatnonzero(~per_day.known.any(axis=0))
    never = [found.tree.leaves[i] for i in unknown]
    warnings = [
        f"nothing is known of {len(never):,} leaf areas on any day: {', '.join(never[:_NAMED])}"
        + (" and others" if len(never) > _NAMED else "")
    ] * (0 < len(never) < len(found.tree.leaves))
    return Section("Unobserved windows", (line,), listed=tuple(listed), warnings=tuple(warnings))


def _a_week(found: History, per_day: Daily) -> str:
    """Return the calls a week over known time, leaf by leaf, as text."""
    leaves = np.flatnonzero(per_day.known.any(0))
    if not leaves.size:
        return ""
    part = "" if leaves.size == len(found.tree.leaves) else ", in the areas known"
    over = "" if per_day.known.all() else " over known time"
    return f", {per_day.weekly_rate(leaves):,.0f} a week{over}{part}"


def _breaks_to_leave_out(found: History) -> pd.DataFrame:
    """Return the breaks of whose days training learns nothing, each as it was told last."""
    table = found.breaks[found.breaks["known_at"] <= found.observed_until]
    table = table.sort_values("known_at", kind="stable")
    table = table.drop_duplicates(["start", "area", "call_type", "kind"], keep="last")
    known = table["area"].isin(["", *found.tree.ids])
    return table[known & table["kind"].isin(["exclude", "pulse"])]


def _shares_a_leaf(found: History, area: str, place: str) -> bool:
    tree = found.tree
    return holds(tree, (area, ""), (place, "")) or holds(tree, (place, ""), (area, ""))
