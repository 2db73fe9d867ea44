"""Which small areas are pooled: decided once a calendar year, for each call type by itself.

1. An area stands alone if it has enough reports of the call type a year and enough residents.
   Siblings that don't are one pool, with everything below them.
2. A pool that is still too small takes in the smallest sibling that stands alone, with everything
   below it. Below areas that stand alone the same is decided among their children. The force always
   stands.
3. Pools belong to the year in which a report began, for good: a later decision never opens them.
   Years before the first decision have its pools.
4. In a new year an area leaves its pool only above the threshold by a quarter, and only if what
   remains is large enough without it.
5. Thresholds that were raised, call types that were added and areas that are new merge pools at
   once, in all years; what was lowered or left out waits for the next year. An area of whose pool
   the others are gone is pooled with its siblings, however large it has become.

Facts are the reports of the last observed year, known by now and rounded down to fives. An area
that was never observed is in no pool, because all of a pool is unknown where a part of it is; once
it is, it counts as new.

Source:
    Hundepool et al. (2012), Statistical Disclosure Control, sections 4.2 (thresholds) and 2.4
    (combined categories are held to the same rule). 1,000 residents: the smallest area for which
    the census of England and Wales is published (lower layer super output area). 50 reports a year,
    about one a week: chosen here, docs/guides/small-areas.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forewatch.areas import AreaTree
from forewatch.clock import Clock
from forewatch.history import History
from forewatch.pools import Pool, merge_overlapping, splits
from forewatch.tables import COLUMNS, check

_YEAR_DAYS = 365
_ENOUGH_DAYS = 91  # of observation, to say how many reports there are in a year
_ROUNDED = 5
_AGAIN = 1.25  # times the threshold, for an area to leave its pool
_FEW = 1e-3  # of the largest chance: reports come from where nobody lives, too
Group = frozenset[str]


@dataclass(frozen=True)
class Thresholds:
    """What an area needs to stand alone: reports of the call type a year, and residents."""

    yearly_reports: int
    population: int

    def or_more(self, other: Thresholds) -> Thresholds:
        """Return what both ask for."""
        return Thresholds(
            max(self.yearly_reports, other.yearly_reports), max(self.population, other.population)
        )


@dataclass(frozen=True)
class Sizes:
    """What decides whether areas are large enough.

    Args:
        tree: the area tree.
        reports: reports of the call type a year, by leaf that was ever observed.
        least: the thresholds.
        left: leaves of whose pool no other is left; they never stand alone.
    """

    tree: AreaTree
    reports: Mapping[str, float]
    least: Thresholds
    left: Group = frozenset()

    def leaves(self, areas: Iterable[str]) -> Group:
        """Return the leaves of areas that were ever observed."""
        return frozenset(leaf for area in areas for leaf in self.tree.leaves_of(area)) & frozenset(
            self.reports
        )

    def large(self, areas: Iterable[str], times: float = 1.0) -> bool:
        """Return whether areas that don't overlap are together large enough.

        Args:
            areas: their ids.
            times: factor of the least reports.
        """
        chosen = list(areas)
        reports = round(sum(self.reports[leaf] for leaf in self.leaves(chosen)), 6)
        rounded = np.floor(reports / _ROUNDED) * _ROUNDED
        residents = sum(self.tree.residents(area) for area in chosen)
        # residents that nobody knows (NaN) are not asked for
        few = residents < self.least.population
        return not few and bool(rounded >= times * self.least.yearly_reports)

    def stands(self, areas: Iterable[str], times: float = 1.0) -> bool:
        """Return whether areas are large enough together, and not what is left of a pool."""
        chosen = list(areas)
        leaves = self.leaves(chosen)
        return self.large(chosen, times) and not (len(leaves) == 1 and leaves <= self.left)

    def order(self, area: str) -> tuple[float, float, str]:
        """Return by what areas are put in order of size; unknown residents come last."""
        residents = self.tree.residents(area)
        reports = sum(self.reports[leaf] for leaf in self.leaves([area]))
        return reports, np.inf if np.isnan(residents) else residents, area


def partition(sizes: Sizes, before: Sequence[Group] = ()) -> list[Group]:
    """Return the pools of a year as sets of leaves; a leaf in none of them stands alone.

    Args:
        sizes: what is known of the areas.
        before: pools of the year before.
    """
    found: list[Group] = []
    queue = [sizes.tree.root]
    for area in queue:
        children = [child for child in sizes.tree.children(area) if sizes.leaves([child])]
        pool = _children_to_pool(sizes, children, before)
        leaves = sizes.leaves(pool)
        if len(leaves) > 1:
            found.append(leaves)
        queue.extend(child for child in children if child not in pool)
    return found


def _children_to_pool(sizes: Sizes, children: Sequence[str], before: Sequence[Group]) -> list[str]:
    """Return which of an area's children are pooled."""
    below = {child: sizes.leaves([child]) for child in children}
    own = [pool for pool in before if any(pool & leaves for leaves in below.values())]
    pool = []
    for child in children:
        was = any(splits(below[child], each) for each in own)
        if not sizes.stands([child], _AGAIN if was else 1):
            pool.append(child)
    standing = sorted((child for child in children if child not in pool), key=sizes.order)
    while standing:
        if not pool or sizes.stands(pool):
            stays = _smallest_that_must_stay(sizes, standing, below, own)
            if stays is None:
                break
            standing.remove(stays)
            pool.append(stays)
        else:
            pool.append(standing.pop(0))
    return pool


def _smallest_that_must_stay(
    sizes: Sizes, standing: Sequence[str], below: Mapping[str, Group], before: Sequence[Group]
) -> str | None:
    """Return the smallest area that can't leave its pool, because the rest would be too small."""
    here = frozenset().union(*below.values())
    for pool in before:
        # of a pool that lies elsewhere too, only the rest here counts: never too bold
        leaving = [child for child in standing if below[child] & pool]
        rest = (pool & here).difference(*(below[child] for child in leaving))
        if leaving and rest and not sizes.large(rest):
            return leaving[0]
    return None


@dataclass(frozen=True)
class Decision:
    """The pools of a call type in one year.

    Args:
        pools: they share no leaf; a leaf in none of them stands alone.
        least: the thresholds of the decision.
        leaves: the leaves that were decided: those that were observed by then.
    """

    pools: tuple[Pool, ...]
    least: Thresholds
    leaves: Group


# By call type and year, years ascending.
Decisions = dict[str, dict[int, Decision]]


def decisions(history: History) -> Decisions:
    """Return the decisions that hold for a history: its own, with what is due added.

    Args:
        history: everything that is known by now, as recorded.
    """
    profile, year = history.profile, _year(history)
    held = _decisions_of(history.pools)
    kinds = [kind for kind in profile.call_type_ids if kind in {*profile.pooled_call_types, *held}]
    due = due_kinds(history)
    yearly = _yearly(history) if due else {}
    return {
        kind: _of_kind(held.get(kind, {}), kind, history, yearly, year)
        if kind in due
        else held[kind]
        for kind in kinds
    }


def due_kinds(history: History) -> list[str]:
    """Return the call types that a history holds no decision on, or one that holds no longer.

    Nothing of it depends on the counts.
    """
    profile, held, year = history.profile, _decisions_of(history.pools), _year(history)
    wanted = {*profile.pooled_call_types, *held}
    kinds = [kind for kind in profile.call_type_ids if kind in wanted]
    return [kind for kind in kinds if _is_due(held.get(kind, {}), kind, history, year)]


def table(found: Decisions) -> pd.DataFrame:
    """Return decisions as COLUMNS["pools"], ascending by call type, year and leaf."""
    rows = [
        (year, kind, leaf, name, chance, one.least.yearly_reports, one.least.population)
        for kind, years in found.items()
        for year, one in years.items()
        for leaf, (name, chance) in sorted(_pool_names(one).items())
    ]
    return check("pools", pd.DataFrame(rows, columns=list(COLUMNS["pools"])))


def _pool_names(one: Decision) -> dict[str, tuple[str, float]]:
    """Return the name of each leaf's pool ("" alone) and its share in it."""
    found = dict.fromkeys(one.leaves, ("", 1.0))
    for pool in one.pools:
        shares = zip(pool.leaves, pool.chances, strict=True)
        found |= {leaf: (pool.leaves[0], chance) for leaf, chance in shares}
    return found


def _decisions_of(held: pd.DataFrame) -> Decisions:
    """Return the decisions of a table."""
    found: Decisions = {}
    for (kind, _), rows in held.groupby(["call_type", "year"], sort=True):
        pools = [
            Pool(tuple(own["area"]), tuple(own["chance"].tolist()))
            for _, own in rows[rows["pool"] != ""].groupby("pool", sort=True)
        ]
        first = rows.iloc[0]
        least = Thresholds(int(first["least_yearly_reports"]), int(first["least_population"]))
        one = Decision(tuple(pools), least, frozenset(rows["area"]))
        found.setdefault(str(kind), {})[int(first["year"])] = one
    return found


def _year(history: History) -> int:
    """Return the calendar year of the last force-day that was observed."""
    last = history.observed_until - pd.Timedelta(microseconds=1)
    return int(Clock.of(history.profile).force_day(pd.DatetimeIndex([last]))[0].year)


def _is_due(years: Mapping[int, Decision], kind: str, history: History, year: int) -> bool:
    """Return whether a call type is to be decided: for a new year, or anew for all."""
    return not years or year > max(years) or _is_anew(years, kind, history)


def _is_anew(years: Mapping[int, Decision], kind: str, history: History) -> bool:
    """Return whether pools merge at once: other leaves, or thresholds that were raised."""
    last = years[max(years)]
    raised = last.least != last.least.or_more(_needs_pool(history))
    is_wanted = kind in history.profile.pooled_call_types
    return last.leaves != set(observed_leaves(history)) or (is_wanted and raised)


def observed_leaves(history: History) -> tuple[str, ...]:
    """Return the leaves of which anything was ever observed, in the order of the tree.

    And those that were once pooled: without one of them the pool's sum would tell what it had.
    """
    windows, tree = history.unobserved, history.tree
    whole = (windows["start"] <= history.observed_from) & (windows["end"] >= history.observed_until)
    gone = {leaf for area in windows["area"][whole] if area for leaf in tree.leaves_of(area)}
    gone -= set(history.pools["area"][history.pools["pool"] != ""])
    return tuple(leaf for leaf in tree.leaves if leaf not in gone)


def _needs_pool(history: History) -> Thresholds:
    privacy = history.profile.privacy
    return Thresholds(privacy.least_yearly_reports, privacy.least_population)


def _of_kind(
    years: Mapping[int, Decision],
    kind: str,
    history: History,
    yearly: Mapping[str, Mapping[str, float]],
    year: int,
) -> dict[int, Decision]:
    """Return the decisions of a call type that is due."""
    profile, tree = history.profile, history.tree
    others = [name for name in profile.call_type_ids if name not in profile.pooled_call_types]
    leaves, wanted = frozenset(observed_leaves(history)), _needs_pool(history)
    calls = {leaf: sum(yearly[name][leaf] for name in others) for leaf in leaves}
    found = dict(years)
    if years and _is_anew(years, kind, history):
        last = years[max(years)]
        least = last.least.or_more(wanted)
        before = [frozenset(pool.leaves) & leaves for pool in last.pools]
        new = partition(Sizes(tree, yearly[kind], least, _last_leaves(years, leaves)), before)
        for own_year, one in years.items():
            merged = merge_overlapping(
                [*(leaves.intersection(pool.leaves) for pool in one.pools), *new]
            )
            pools = [_pool(tree, group, calls, one.pools) for group in merged if len(group) > 1]
            found[own_year] = Decision(tuple(pools), one.least.or_more(least), leaves)
    if not years or year > max(years):
        pools = []
        if kind in profile.pooled_call_types:
            before = [frozenset(p.leaves) for p in found[max(found)].pools] if found else []
            groups = partition(Sizes(tree, yearly[kind], wanted), before)
            pools = [_pool(tree, group, calls) for group in groups]
        found[year] = Decision(tuple(pools), wanted, leaves)
    return found


def _last_leaves(years: Mapping[int, Decision], leaves: Group) -> Group:
    """Return the leaves that are all that is left of a pool, whose past would be opened."""
    pools = [frozenset(pool.leaves) for one in years.values() for pool in one.pools]
    rests = [pool & leaves for pool in pools if not pool <= leaves]
    return frozenset().union(*(rest for rest in rests if len(rest) == 1))


def _pool(
    tree: AreaTree, group: Iterable[str], calls: Mapping[str, float], known: Sequence[Pool] = ()
) -> Pool:
    """Return the pool of a group of leaves, with the chances that it has already if it is known.

    Chances are by residents; where those of one are unknown, by the calls of types that are not
    pooled; else equal.
    """
    leaves = tuple(sorted(group))
    for pool in known:
        if pool.leaves == leaves:
            return pool
    weight = np.array([tree.residents(leaf) for leaf in leaves])
    if np.isnan(weight).any() or weight.sum() <= 0:
        weight = np.array([calls[leaf] for leaf in leaves])
    if weight.sum() <= 0:
        weight = np.ones(len(leaves))
    weight = np.maximum(weight, _FEW * weight.max())
    return Pool(leaves, tuple((weight / weight.sum()).tolist()))


def _yearly(history: History) -> dict[str, dict[str, float]]:
    """Return the reports of the last observed year by call type and leaf.

    Where less than a year was observed they are scaled up to one, from 91 days on.
    """
    until = history.observed_until
    since = max(history.observed_from, until - pd.Timedelta(days=_YEAR_DAYS))
    days = (until - since) / pd.Timedelta(days=1)
    rows = history.counts[history.counts["start"] >= since]
    kinds, leaves = history.profile.call_type_ids, observed_leaves(history)
    sums = rows.groupby(["call_type", "area"], observed=True)["count"].sum()
    scale = _YEAR_DAYS / days if days >= _ENOUGH_DAYS else 1.0
    return {
        kind: {leaf: scale * float(sums.get((kind, leaf), 0)) for leaf in leaves} for kind in kinds
    }
