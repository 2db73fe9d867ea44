"""The one door to history: what was known at an origin, and nothing else.

Everything that features and models learn comes through `AsOf`. It hands out only what had become
available by the origin: counts as they stood (late, corrected and re-typed calls included only once
they were known), tourism figures that were published, events and holidays that were announced.
Features can't leak, because they can't ask. And of small areas it hands out what their pool has,
spread by chance (`features.pools`), so that nothing that is made from it can tell more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.pools import PooledHistory, pool_history, pools_at
from features.public_holidays import BANK_HOLIDAY, bank_holidays, felt_names
from forewatch.areas import AreaTree
from forewatch.clock import Clock, instant_us, instants_us, utc_instants
from forewatch.errors import DataError, FutureLeak
from forewatch.history import History, Step
from forewatch.pools import Pool, merge_overlapping
from forewatch.profile import Profile
from forewatch.tables import BREAKS, UTC, Table

EXCLUDE = "exclude"  # a break whose counts are not to be believed
_YEARS_AHEAD = 6  # past the longest horizon, the four years of a Force Management Statement


Codes = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Ledger:
    """The changes of counts that were known, as arrays of one length.

    Args:
        starts_us: start of each change's interval, microseconds since 1970 (UTC).
        leaf: number of the leaf, in the order of the tree's leaves.
        call_type: number of the call type, in the profile's order.
        grade: number of the grade, in the profile's order.
        count: the change, negative where a call was taken back.
    """

    starts_us: NDArray[np.int64]
    leaf: Codes
    call_type: Codes
    grade: Codes
    count: NDArray[np.float64]


class AsOf:
    """History as it was known at an origin.

    Args:
        history: everything that is known by now.
        origin: the instant from which the forecast is made.

    Attributes:
        origin: the same instant in UTC.
        known_until: the instant up to which counts are known, the earlier of origin and the data
            cut-off.
        observed_from: the instant from which counts are complete.
        profile, tree, step, clock: the force's.
        version: identifies the data.

    Raises:
        ValueError: if the origin carries no time zone.
    """

    def __init__(self, history: History | PooledHistory, origin: pd.Timestamp) -> None:
        if origin.tzinfo is None:
            raise ValueError(f"an origin is an instant; {origin} has no time zone: give it UTC")
        self._given = history
        # Of the tables beside the counts only; counts come through `_pooled` and no other way.
        self._beside = history = history if isinstance(history, History) else history.history
        self.origin = origin.tz_convert("UTC").as_unit("us")
        self.known_until = min(self.origin, history.observed_until)
        self.observed_from = history.observed_from
        self.profile: Profile = history.profile
        self.tree: AreaTree = history.tree
        self.step: Step = history.step
        self.version = history.version
        self.clock = Clock.of(history.profile)

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Return itself: a view is never changed, and history is large."""
        return self

    def __repr__(self) -> str:
        """Name the force, the origin and the data."""
        return f"AsOf({self.profile.force.id!r}, {self.origin.isoformat()}, {self.version!r})"

    def at(self, origin: pd.Timestamp) -> AsOf:
        """Return the view from an earlier (or the same) origin.

        Raises:
            FutureLeak: if the origin is later than this view's.
        """
        if origin > self.origin:
            raise FutureLeak(
                f"this view ends at {self.origin.isoformat()}, {origin.isoformat()} was asked for; "
                "make an AsOf of the history at that origin instead"
            )
        return AsOf(self._pooled, origin)

    @cached_property
    def _pooled(self) -> PooledHistory:
        """The history with its small areas pooled; made when counts are asked for first."""
        return pool_history(self._given) if isinstance(self._given, History) else self._given

    @cached_property
    def pools(self) -> dict[str, tuple[Pool, ...]]:
        """The pools that are in force at the origin, by call type; () where all stand alone."""
        today = self.clock.force_day(pd.DatetimeIndex([self.origin]))[0]
        return pools_at(self._pooled.decisions, int(today.year))

    @cached_property
    def ever_pooled(self) -> dict[str, list[set[str]]]:
        """Leaves that were told together in any year, by call type, joined where pools overlap."""
        found = self._pooled.decisions.items()
        pools = {kind: [p for one in years.values() for p in one.pools] for kind, years in found}
        return {kind: merge_overlapping(pool.leaves for pool in own) for kind, own in pools.items()}

    @cached_property
    def unpooled_types(self) -> tuple[int, ...]:
        """Numbers of the call types that have no pools at the origin; of all if each has some."""
        numbers = range(len(self.profile.call_type_ids))
        found = [i for i in numbers if not self.pools.get(self.profile.call_type_ids[i])]
        return tuple(found or numbers)

    def ledger(self, since: pd.Timestamp | None = None) -> Ledger:
        """Return the known changes of counts, in no particular order.

        A change is known if it was recorded by the origin and its interval began before the end
        of what is known.

        Args:
            since: leave out intervals that start before this instant.
        """
        frame, known = self._pooled.history.counts, self._known_changes
        starts = instants_us(pd.DatetimeIndex(frame["start"]))
        if since is not None:
            known = known & (starts >= instant_us(since))
        rows: slice | NDArray[np.bool_] = slice(None) if known.all() else known
        return Ledger(
            starts[rows],
            _numbers(frame["area"], self.tree.leaves)[rows],
            _numbers(frame["call_type"], self.profile.call_type_ids)[rows],
            _numbers(frame["grade"], self.profile.grade_ids)[rows],
            frame["count"].to_numpy()[rows].astype(np.float64),
        )

    def counts(self) -> pd.DataFrame:
        """Return the counts as known at the origin: start, area, call_type, grade, count.

        One row a cell that is not zero, ascending by start, area, call type and grade. An absent
        cell is zero only where it was observed; `features.cube` tells the two apart.
        """
        ledger = self.ledger()
        areas, types = pd.Index(self.tree.leaves), pd.Index(self.profile.call_type_ids)
        grades = pd.Index(self.profile.grade_ids, dtype="str")
        starts, start = np.unique(ledger.starts_us, return_inverse=True)
        shape = (len(starts), len(areas), len(types), len(grades))
        key = np.ravel_multi_index((start, ledger.leaf, ledger.call_type, ledger.grade), shape)
        cells, cell = np.unique(key, return_inverse=True)
        count = np.rint(np.bincount(cell, ledger.count, len(cells))).astype(np.int64)
        at: tuple[Codes, ...] = np.unravel_index(cells[count != 0], shape)
        return pd.DataFrame(
            {
                "start": utc_instants(starts[at[0]]),
                "area": pd.Categorical.from_codes(at[1], areas),
                "call_type": pd.Categorical.from_codes(at[2], types),
                "grade": pd.Categorical.from_codes(at[3], grades),
                "count": count[count != 0],
            }
        ).astype({"start": UTC})

    def published(self, table: Table) -> pd.DataFrame:
        """Return the rows of a table that were known; of one told again the latest that was told.

        Args:
            table: one of those beside the counts whose key says when a row was told.
        """
        if table.name not in self._published:
            rows: pd.DataFrame = getattr(self._beside, table.name)
            known = rows[rows["known_at"] <= self.origin].sort_values("known_at", kind="stable")
            subject = table.subject
            latest = known.drop_duplicates(subject, keep="last")
            self._published[table.name] = latest.sort_values(subject, ignore_index=True)
        return self._published[table.name].copy(deep=False)

    @cached_property
    def _published(self) -> dict[str, pd.DataFrame]:
        """What `published` found, by table: features ask for the same ones many times."""
        return {}

    def holidays(self) -> pd.DataFrame:
        """Return the announced holidays of every kind, ascending by date.

        Those of kind "bank_holiday" are the imported ones if any were known; otherwise those of the
        profile's country, as they stood at the origin.
        """
        return self._holidays.copy(deep=False)

    @cached_property
    def _holidays(self) -> pd.DataFrame:
        table = self._beside.holidays
        imported = table[table["known_at"].isna() | (table["known_at"] <= self.origin)]
        country = self.profile.force.holiday_country
        if country is None or (imported["kind"] == BANK_HOLIDAY).any():
            return imported.sort_values("date", kind="stable", ignore_index=True)
        years = tuple(range(self.observed_from.year - 1, self.origin.year + _YEARS_AHEAD + 1))
        public = bank_holidays(country, self.profile.force.holiday_subdivision, years, self.origin)
        both = pd.concat([public, imported]) if len(imported) else public
        return both.sort_values("date", kind="stable", ignore_index=True)

    def demand_holidays(self) -> pd.DataFrame:
        """Return the holidays that change demand: without the public ones declared ordinary."""
        table, ordinary = self.holidays(), self.profile.calendar.ordinary
        if not ordinary:
            return table
        names = table["name"].where(
            table["kind"] != BANK_HOLIDAY,
            [felt_names(str(name), ordinary) for name in table["name"]],
        )
        return table.assign(name=names)[names != ""].reset_index(drop=True)

    def unobserved(self) -> pd.DataFrame:
        """Return the windows that were not observed, cut at the origin: start, end, area."""
        table = self._beside.unobserved
        past = table[table["start"] < self.origin].reset_index(drop=True)
        return past.assign(end=past["end"].where(past["end"] < self.origin, self.origin))

    def unknown(self) -> pd.DataFrame:
        """Return the windows of which nothing is known or believed: start, end, area, call_type.

        They were not observed, or the register of breaks excludes them; where that is so of one
        area of a pool, it is so of the pool. area "" means the whole force, call_type "" every
        type.
        """
        columns = ["start", "end", "area", "call_type"]
        past, breaks = self.unobserved().assign(call_type=""), self.published(BREAKS)
        excluded = breaks[breaks["kind"] == EXCLUDE]
        parts = [part[columns] for part in (past, excluded) if len(part)]
        return self._pooled.unknown(pd.concat(parts or [past[columns]], ignore_index=True))

    @cached_property
    def _known_changes(self) -> NDArray[np.bool_]:
        frame = self._pooled.history.counts
        starts = instants_us(pd.DatetimeIndex(frame["start"]))
        known_at = instants_us(pd.DatetimeIndex(frame["known_at"]))
        return (starts < instant_us(self.known_until)) & (known_at <= instant_us(self.origin))


def _numbers(column: pd.Series, wanted: tuple[str, ...]) -> Codes:
    """Return the number of each row's name in the wanted order."""
    names = column.cat.categories
    codes: Codes = column.cat.codes.to_numpy()
    if strange := sorted(set(names) - set(wanted)):
        raise DataError(
            f"the ledger's {column.name} holds {', '.join(map(str, strange[:5]))}, which the "
            "force's profile does not have; add them to the profile or import with a crosswalk"
        )
    if tuple(names) == wanted:
        return codes
    number: Codes = pd.Index(wanted).get_indexer(names)
    return number[codes]
