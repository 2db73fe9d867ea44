"""Public holidays by name: which of them a day is, or is beside, and how well each is known.

1. A public holiday has its name, the day before it "eve of" that name, the day after it "after";
   a day that is a holiday itself is neither. Two names on one day share it.
2. "Christmas Day (observed)" is Christmas Day where that is nowhere else near in the calendar, as
   where a list holds only the days that are taken off; else it is a holiday of its own: on 4 July
   there are fireworks, on the Monday that is taken off for it there are none.
3. Holidays on Saturdays and Sundays, whatever their names, share a mark of their own: what they
   take from a working day they can't take from a Sunday.
4. A holiday without a name (imported without one) has no marks: it is like all others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.public_holidays import BANK_HOLIDAY, base_name
from forewatch.arrays import Array, Index, Mask

HOLIDAY, BESIDE = "holiday", "beside"
KINDS_OF_SPECIAL_DAY = (HOLIDAY, BESIDE)
_WEEKEND = "on a weekend"
_EVE, _AFTER = "eve of ", "after "
_SATURDAY = 5
_NEAR_DAYS = 4  # a substitute day lies within them: two holidays and a weekend
_ONE_MORE = 0.25  # a year's own size of a holiday ÷ how holidays differ, in variances (assumed)
_ROUNDING = 1e-9


@dataclass(frozen=True)
class SpecialDays:
    """Marks of named holidays on days.

    Args:
        names: of the marks: of a holiday, "eve of …", "after …", and "on a weekend".
        day: number of the day that each mark stands on, shape (marks,).
        name: number of its name, shape (marks,).
        share: how much of the day each area has of it, 0 to 1, shape (marks, areas).
        kind: share of the force that has a holiday, or one on a day beside; (days, 2) in the order
            of `KINDS_OF_SPECIAL_DAY`.
    """

    names: tuple[str, ...]
    day: Index
    name: Index
    share: Array
    kind: Array

    def alike(self, area: Index) -> Index:
        """Return for each number of an area that of the first one that has the same marks."""
        if not len(self.day):
            return np.zeros_like(area)
        _, first, group = np.unique(self.share, axis=1, return_index=True, return_inverse=True)
        return np.asarray(first[group.ravel()][area], dtype=np.int64)

    def on(self, names: tuple[str, ...], area: int) -> tuple[Index, Array]:
        """Return the days with marks of some names in an area, and the marks.

        Returns:
            Numbers of the days, shape (n,), ascending; shares, shape (n, names).
        """
        column = np.array([names.index(n) if n in names else -1 for n in self.names], np.int64)
        wanted = column[self.name] >= 0
        days, at = np.unique(self.day[wanted], return_inverse=True)
        marks = np.zeros((len(days), len(names)))
        np.add.at(marks, (at, column[self.name[wanted]]), self.share[wanted, area])
        return days, marks

    def before(self, days: int) -> SpecialDays:
        """Return the same without the marks from a day on; kinds of days as there were none."""
        past = self.day < days
        kind = self.kind.copy()
        kind[days:] = 0
        return replace(
            self, day=self.day[past], name=self.name[past], share=self.share[past], kind=kind
        )

    def doubt(self, known: Mask) -> Array:
        """Return how unsure the special days ahead are, shape (days ahead, kinds).

        1 for one known from endless years, 5 for one that never was, 0 for ordinary days: the
        variance of what is to come, ÷ that of one name from year to year. A day that has several
        names is as unsure as the least known of them; one without a name as one that never was.

        Args:
            known: of which days of the past the force's count is known, shape (days of the past,).
        """
        past, ahead = len(known), len(self.kind) - len(known)
        named = np.array([name != _WEEKEND for name in self.names], bool)
        seen = (self.day < past) & known[np.minimum(self.day, max(past - 1, 0))]
        times = np.bincount(self.name[seen], minlength=len(self.names))
        least = np.full(ahead, np.inf)
        later = (self.day >= past) & named[self.name]
        np.minimum.at(least, self.day[later] - past, times[self.name[later]].astype(float))
        least = np.where(np.isfinite(least), least, 0.0)
        return np.asarray(self.kind[past:] * (1 + 1 / (least + _ONE_MORE))[:, None])


def is_beside(name: str) -> bool:
    """Tell whether a mark's name is that of an eve or of a day after."""
    return name.startswith((_EVE, _AFTER))


def special_days(view: AsOf, days: pd.DatetimeIndex, areas: tuple[str, ...]) -> SpecialDays:
    """Return the named holidays on and beside days, as known at the view's origin.

    Args:
        view: what was known.
        days: force-days one after the other, shape (days,).
        areas: ids.
    """
    table = _named(view)
    tree = view.tree
    under = [set(tree.leaves_of(area)) for area in areas]

    def covered(where: str) -> Array:
        leaves = set(tree.leaves if where == "" else tree.leaves_of(where))
        return np.array([len(leaves & own) / len(own) for own in under])

    share = {where: covered(where) for where in table["area"].unique()}
    span = pd.date_range(days[0] - pd.Timedelta(days=1), periods=len(days) + 2, freq="D", unit="us")
    any_of = np.zeros((len(span), len(areas)))
    rows = [
        (int(at), str(name), share[where] * part)
        for at, name, where, part in zip(
            span.get_indexer(pd.DatetimeIndex(table["date"])),
            table["name"],
            table["area"],
            table["part"],
            strict=True,
        )
        if at >= 0
    ]
    for at, _, its in rows:
        any_of[at] = np.minimum(any_of[at] + its, 1)
    marks = list(_marks(rows, any_of, span))
    names = tuple(dict.fromkeys(name for _, name, _ in marks if name))
    kept = [
        (at - 1, names.index(name), its) for at, name, its in marks if name and _inside(at, span)
    ]
    holiday = any_of[1:-1, 0]  # of the whole force
    beside = np.maximum(any_of[2:, 0], any_of[:-2, 0]) * (1 - holiday)
    return SpecialDays(
        names,
        np.array([at for at, _, _ in kept], np.int64),
        np.array([number for _, number, _ in kept], np.int64),
        np.array([its for _, _, its in kept]).reshape(-1, len(areas)),
        np.round(np.stack([holiday, beside], axis=1), 12).astype(np.float64),
    )


def _inside(at: int, span: pd.DatetimeIndex) -> bool:
    return 0 < at < len(span) - 1


def _marks(
    rows: list[tuple[int, str, Array]], any_of: Array, span: pd.DatetimeIndex
) -> list[tuple[int, str, Array]]:
    """Return day of the span, name and shares of each mark; one without a name marks nothing."""
    found = []
    weekend = np.asarray(span.day_of_week) >= _SATURDAY
    for at, name, its in rows:
        found.append((at, name, its))
        for step, prefix in ((-1, _EVE), (1, _AFTER)):
            if name and 0 <= at + step < len(span):
                left = np.maximum(its - any_of[at + step], 0)
                if left.max() > _ROUNDING:
                    found.append((at + step, prefix + base_name(name), left))
    found += [(int(at), _WEEKEND, any_of[at]) for at in np.flatnonzero(any_of.any(1) & weekend)]
    return found


def _named(view: AsOf) -> pd.DataFrame:
    """Return date, name ("": none), area and part of each public holiday and name."""
    table = view.demand_holidays()
    table = table[table["kind"] == BANK_HOLIDAY]
    rows = [
        (date, "" if name == BANK_HOLIDAY else name.strip(), area, 1 / len(names))
        for date, together, area in zip(table["date"], table["name"], table["area"], strict=True)
        for names in (str(together).split(";"),)
        for name in names
    ]
    found = pd.DataFrame(rows, columns=["date", "name", "area", "part"])
    real = {(name, area): own["date"] for (name, area), own in found.groupby(["name", "area"])}
    found["name"] = [
        name if _is_elsewhere(real.get((base_name(name), area)), date, name) else base_name(name)
        for name, date, area in zip(found["name"], found["date"], found["area"], strict=True)
    ]
    return found


def _is_elsewhere(real: pd.Series | None, date: pd.Timestamp, name: str) -> bool:
    """Tell whether the holiday that a substitute day stands for is in the calendar itself."""
    if real is None or base_name(name) == name:
        return False
    return bool(((real - date).abs() <= pd.Timedelta(days=_NEAR_DAYS)).any())
