"""Rows of the tables beside the counts that a forecast can't use, in sentences for a person.

They are told from what features do with the rows:

1. Nothing is used that was announced, published or decided after the origin (`features.asof`).
2. An event matters from `FAR_DAYS` before it on, and while it lasts (`features.events`).
3. A tourism figure matters if it is of a month that is looked at or next to one, stands in for one
   that was not published, or is among the last twelve; that of a part only where the areas above
   have none (`features.visitors`).
4. A break matters if it changes anything between the first day of the history and the last that is
   forecast, and one that lies ahead only with its expected ratio (`features.breaks`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from features.asof import EXCLUDE, AsOf
from features.breaks import RAMP
from features.events import FAR_DAYS
from features.visitors import MonthsOfDays, month_number
from forewatch.areas import AreaTree
from forewatch.arrays import Mask
from forewatch.history import History
from forewatch.tables import BREAKS, COVARIATES, EVENTS, TOURISM, Table

_NAMED = 5  # rows of a sentence; the rest is counted
_SENTENCES = 10
_MONTHS = 12


@dataclass(frozen=True)
class _Scope:
    """What a forecast looks at: its view, and the instants that bound its days."""

    history: History
    view: AsOf
    until: pd.Timestamp

    @cached_property
    def first_day(self) -> pd.Timestamp:
        """The first force-day of the history, a local date."""
        return self.view.clock.first_day_from(self.view.observed_from)

    @cached_property
    def begins(self) -> pd.Timestamp:
        """The instant at which the first force-day of the history begins."""
        return self.view.clock.day_start(self.first_day)

    @cached_property
    def last_day(self) -> pd.Timestamp:
        """The last force-day that is forecast, a local date."""
        before = self.until - pd.Timedelta(microseconds=1)
        return self.view.clock.force_day(pd.DatetimeIndex([before]))[0]

    def local(self, at: pd.Timestamp, form: str = "%Y-%m-%d") -> str:
        """Return an instant by the force's wall clock."""
        return str(at.tz_convert(self.view.clock.zone).strftime(form))

    @property
    def origin(self) -> str:
        """The origin by the force's wall clock."""
        return self.local(self.view.origin, "%Y-%m-%d %H:%M")


def unused_rows(
    history: History,
    origin: pd.Timestamp,
    until: pd.Timestamp,
    tables: Iterable[str] | None = None,
) -> tuple[str, ...]:
    """Return what a forecast can't use of the tables beside the counts, and why not.

    Args:
        history: everything that is known by now.
        origin: the instant from which the forecast is made, UTC.
        until: the end of the last force-day that is forecast, UTC.
        tables: which of REMARKS to look at; None: all.
    """
    scope = _Scope(history, AsOf(history, origin), until)
    found = [sentence for name in tables or REMARKS for sentence in REMARKS[name](scope)]
    more = len(found) - _SENTENCES
    return (*found[:_SENTENCES], *(f"and {more} more such remarks",) * (more > 0))


def _events(scope: _Scope) -> Iterator[str]:
    table, late, anew, nowhere = _looked_at(scope, EVENTS)
    first, last = _force_days(scope, table)
    gone = first - scope.last_day >= pd.Timedelta(days=FAR_DAYS)
    names = [
        f"{row['name']} ({row['area']}, {scope.local(row['start'])})"
        for row in table.to_dict("records")
    ]
    yield from _sentences(
        "event",
        names,
        {
            "the tree has no such area": nowhere,
            f"announced anew after {scope.origin}, the earlier announcement is used": anew,
            f"announced after {scope.origin}": late,
            f"{FAR_DAYS} days or more after the last day forecast, {scope.last_day:%Y-%m-%d}": gone,
            f"over before the history begins on {scope.first_day:%Y-%m-%d}": last < scope.first_day,
        },
    )


def _tourism(scope: _Scope) -> Iterator[str]:
    table, late, anew, nowhere = _looked_at(scope, TOURISM)
    own = set(table["area"][~nowhere & ~late])
    used = set().union(
        *(_read_for(scope.view.tree, area, own) for area in _areas_in_use(scope.view))
    )
    names = [f"{row['area']} {row['month']:%Y-%m}" for row in table.to_dict("records")]
    yield from _sentences(
        "tourism figure",
        names,
        {
            "the tree has no such area": nowhere,
            f"published anew after {scope.origin}, the earlier figure is used": anew,
            f"published after {scope.origin}": late,
            "an area above has figures of its own": ~table["area"].isin(used).to_numpy(bool),
            "before the history begins, and newer figures stand in": ~_month_is_read(scope, table),
        },
    )


def _breaks(scope: _Scope) -> Iterator[str]:
    view = scope.view
    table, late, anew, nowhere = _looked_at(scope, BREAKS)
    starts, begins = table["start"], scope.begins
    ends = table["end"].fillna(pd.Timestamp.max.tz_localize("UTC").floor("us"))
    kind = table["kind"]
    is_ramp, is_exclude = kind == RAMP, kind == EXCLUDE
    over = (ends <= begins) | ((starts <= begins) & (ends >= scope.until) & ~is_ramp & ~is_exclude)
    ahead = (starts >= view.origin) & (starts < scope.until)
    names = [
        f"{row['kind']} of {row['call_type'] or 'all call types'}, {row['area'] or 'everywhere'} "
        f"({scope.local(row['start'])}, {row['reason']})"
        for row in table.to_dict("records")
    ]
    yield from _sentences(
        "break",
        names,
        {
            "the tree has no such area": nowhere,
            "the profile has no such call type": ~table["call_type"].isin(
                ["", *view.profile.call_type_ids]
            ),
            f"told anew after {scope.origin}, what was told before is used": anew,
            f"told after {scope.origin}": late,
            f"after the last day forecast, {scope.last_day:%Y-%m-%d}": starts >= scope.until,
            f"nothing changes by it from {scope.first_day:%Y-%m-%d} on, where the history begins": (
                over
            ),
            "ahead, and counts to come can't be excluded": ahead & is_exclude,
            "ahead, and no expected_ratio is stated": ahead & ~(table["expected_ratio"] > 0),
        },
    )


def _covariates(scope: _Scope) -> Iterator[str]:
    table, late, anew, nowhere = _looked_at(scope, COVARIATES)
    known = {each.id for each in scope.view.profile.covariates}
    names = [
        f"{row['covariate']} {row['area'] or 'everywhere'} {scope.local(row['start'])}"
        for row in table.to_dict("records")
    ]
    yield from _sentences(
        "covariate value",
        names,
        {
            "the profile has no such covariate": ~table["covariate"].isin(known),
            "the tree has no such area": nowhere,
            f"known anew after {scope.origin}, the earlier value is used": anew,
            f"known after {scope.origin}": late,
            f"after the last day forecast, {scope.last_day:%Y-%m-%d}": (
                table["start"] >= scope.until
            ),
        },
    )


REMARKS: dict[str, Callable[[_Scope], Iterator[str]]] = {
    "events": _events,
    "tourism": _tourism,
    "breaks": _breaks,
    "covariates": _covariates,
}


def _sentences(what: str, names: list[str], reasons: dict[str, pd.Series | Mask]) -> Iterator[str]:
    """Yield a sentence for each reason that rows have; of several reasons the first counts."""
    left = np.ones(len(names), bool)
    for reason, mask in reasons.items():
        rows = np.flatnonzero(left & np.asarray(mask, bool))
        left[rows] = False
        if rows.size:
            shown = [names[row] for row in rows[:_NAMED]]
            more = [f"and {rows.size - _NAMED:,} more"] * (rows.size > _NAMED)
            verb = "is" if rows.size == 1 else "are"
            plural = "" if rows.size == 1 else "s"
            listed = ", ".join([*shown, *more])
            yield f"{rows.size:,} {what}{plural} {verb} not in the forecast ({reason}): {listed}"


def _looked_at(scope: _Scope, of: Table) -> tuple[pd.DataFrame, Mask, Mask, Mask]:
    """Return the latest row of each key that was known at the origin, and the latest of all.

    Ascending by when they begin; with which were known later, which of these stand as told earlier,
    and of which the tree has no area.
    """
    table: pd.DataFrame = getattr(scope.history, of.name)
    begins, key = "month" if "month" in of.columns else "start", of.subject
    table = table.sort_values([begins, "known_at"], kind="stable", ignore_index=True)
    is_late = table["known_at"] > scope.view.origin
    table = table[~table[key].assign(is_late=is_late).duplicated(keep="last")]
    table = table.reset_index(drop=True)
    late = np.asarray(table["known_at"] > scope.view.origin, bool)
    keys = pd.MultiIndex.from_frame(table[key])
    anew = late & np.asarray(keys.isin(keys[~late]), bool)
    nowhere = ~table["area"].isin(["", *scope.view.tree.ids]).to_numpy(bool)
    return table, late, anew, nowhere


def _force_days(scope: _Scope, table: pd.DataFrame) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    """Return the first and the last force-day of each event."""
    starts, ends = (pd.DatetimeIndex(table[name]) for name in ("start", "end"))
    last = (ends - pd.Timedelta(microseconds=1)).where(ends > starts, starts)
    return scope.view.clock.force_day(starts), scope.view.clock.force_day(last)


def _areas_in_use(view: AsOf) -> set[str]:
    """Return the areas whose features are looked at: the modelled ones and those above them."""
    places = view.tree.cut(view.profile.levels.modelled)
    return {area for place in places for area in view.tree.upwards(place)}


def _read_for(tree: AreaTree, area: str, own: set[str]) -> set[str]:
    """Return whose figures an area's are made of: its own, else those of its parts."""
    if area in own:
        return {area}
    return set().union(*(_read_for(tree, child, own) for child in tree.children(area)))


def _month_is_read(scope: _Scope, table: pd.DataFrame) -> Mask:
    """Return which published figures are of a month looked at, stand in for one, or are recent."""
    number = month_number(pd.DatetimeIndex(table["month"]))
    ends = MonthsOfDays.of(pd.DatetimeIndex([scope.first_day, scope.last_day]))
    first, last = min(ends.own[0], ends.beside[0]), max(ends.own[1], ends.beside[1])
    read = np.zeros(len(table), bool)
    published: Mask = np.asarray(table["known_at"] <= scope.view.origin, bool)
    for area in table["area"].unique():
        rows = published & np.asarray(table["area"] == area, bool)
        known = np.unique(number[rows])
        asked = np.setdiff1d(np.arange(first, last + 1), known)
        stand_ins = [known[known % _MONTHS == month][-1:] for month in np.unique(asked % _MONTHS)]
        wanted = np.concatenate([known[-_MONTHS:], *stand_ins])
        read |= rows & (np.isin(number, wanted) | ((number >= first) & (number <= last)))
    return read | ~published
