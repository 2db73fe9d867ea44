"""Which areas are too small to be published by themselves, so that nothing else gives them away.

1. An area is hidden if it has fewer residents or fewer missing-person reports a year than the
   profile asks for; by day and by shift more reports are asked for than by week.
2. What lies below a hidden area is hidden with it; an only child shares the fate of its parent.
3. Where a shown area has hidden children, what they come to together is its total less the shown
   children. If that is one child, or is itself too small, the smallest shown child is hidden too,
   until it isn't.
4. The pattern is decided once for an ISO year, from facts of the time before, and kept: all issues
   show and hide the same areas in the windows of that year. Reports a year are rounded down to
   fives; an area that was hidden is shown again only above the threshold by a quarter.

Why nothing hidden is determined. Take a hidden area a; going up, the last hidden area c on the way
has a shown parent p, and p has another hidden child c'. Move one report from a leaf of a to a leaf
of c'. Every shown area holds both leaves (p and above) or neither (nothing under c or c' is shown),
so everything published stays the same, and a's number does not. The same holds for any number of
issues at once, and for their differences, because they hide the same areas. Weeks are sums of days
and days of shifts: what is shown by shift is shown by day, and what is shown by day is shown by
week, so for an area that is hidden by day the same move on one day, undone on another day of the
week, changes neither the days of any shown area nor any week; likewise for shifts.

Source:
    Hundepool et al. (2012), Statistical Disclosure Control, sections 4.2 (thresholds; hidden
    totals are held to the same rule) and 4.3 (secondary suppression). 1,000 residents: the smallest
    area for which the census of England and Wales is published (lower layer super output area).
    Reports a year: chosen here, docs/guides/missing-persons.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import numpy as np
import pandas as pd

from features.asof import AsOf
from forewatch.areas import AreaTree
from forewatch.clock import instant_us
from forewatch.errors import SettingsError
from forewatch.profile import Missing

Kind = Literal["week", "day"]  # of windows; shifts go with days
KINDS: tuple[Kind, ...] = ("week", "day")
Why = Literal["few_residents", "few_reports", "inside_hidden", "protects_another"]
REASONS: dict[Why, str] = {
    "few_residents": "fewer residents than are published by themselves",
    "few_reports": "fewer missing-person reports a year than are published by themselves",
    "inside_hidden": "inside an area that is not published by itself",
    "protects_another": "its number would give away that of an area too small to publish",
}
_YEAR_DAYS = 365
_ENOUGH_DAYS = 91  # of observation, to say how many reports there are in a year
_ROUNDED = 5
_AGAIN = 1.25  # times the threshold, for an area that was hidden to be shown


@dataclass(frozen=True)
class AreaFacts:
    """What decides whether an area is large enough.

    Args:
        population: residents; NaN unknown, and then not asked for.
        yearly_reports: missing-person reports a year, rounded down to fives.
    """

    population: float
    yearly_reports: float


@dataclass(frozen=True)
class Pattern:
    """Which areas are hidden in the windows of one ISO year, and why.

    Args:
        year: ISO year of the weeks it is for; a day or shift goes with the week of its force-day.
        hidden: by kind of window, area → reason; an area that is not in it is shown.
        decided_for: names the area tree and the thresholds that it was decided for.
    """

    year: int
    hidden: Mapping[Kind, Mapping[str, Why]]
    decided_for: str

    def state(self) -> dict[str, object]:
        """Return the pattern as JSON-able values, to be kept beside the issues."""
        hidden = {kind: dict(self.hidden[kind]) for kind in KINDS}
        return {"year": self.year, "hidden": hidden, "decided_for": self.decided_for}

    @classmethod
    def from_state(cls, state: Mapping[str, object]) -> Pattern:
        """Return the pattern that `state` gave.

        Raises:
            SettingsError: if it is not one.
        """
        year, hidden = state.get("year"), state.get("hidden")
        if not isinstance(year, int) or not isinstance(hidden, Mapping) or set(hidden) != {*KINDS}:
            raise SettingsError(f"no pattern of suppression: it holds {', '.join(map(str, state))}")
        return cls(
            year, {kind: dict(hidden[kind]) for kind in KINDS}, str(state.get("decided_for"))
        )

    def why(self, area: str, kind: Kind) -> Why | None:
        """Return why an area is hidden, None where it is shown."""
        return self.hidden[kind].get(area)

    def shown_with(self, tree: AreaTree, area: str, kind: Kind) -> str | None:
        """Return the nearest shown area that holds it (itself if it is), None if none is."""
        here: str | None = area
        while here is not None and here in self.hidden[kind]:
            here = tree.area(here).parent
        return here


def facts(view: AsOf, call_types: tuple[str, ...]) -> dict[str, AreaFacts]:
    """Return the facts of every area as known at the view's origin.

    Reports are those of the last 365 days, or of what was observed of them, scaled up to a year
    from 91 days on. The residents of an area that names none are those of its parts, if all do.
    """
    since = max(view.observed_from, view.known_until - pd.Timedelta(days=_YEAR_DAYS))
    days = (view.known_until - since) / pd.Timedelta(days=1)
    types = [view.profile.call_type_ids.index(name) for name in call_types]
    ledger = view.ledger(since=since)
    kept = np.isin(ledger.call_type, types) & (ledger.starts_us >= instant_us(since))
    leaves = len(view.tree.leaves)
    scale = _YEAR_DAYS / days if days >= _ENOUGH_DAYS else 1.0
    count = scale * np.bincount(ledger.leaf[kept].astype(np.int64), ledger.count[kept], leaves)
    of_leaf = dict(zip(view.tree.leaves, count.tolist(), strict=True))
    found = {}
    for area in view.tree.ids:
        reports = sum(of_leaf[leaf] for leaf in view.tree.leaves_of(area))
        rounded = np.floor(round(reports, 6) / _ROUNDED) * _ROUNDED
        found[area] = AreaFacts(_population(view.tree, area), float(rounded))
    return found


def pattern(
    tree: AreaTree,
    known: Mapping[str, AreaFacts],
    settings: Missing,
    year: int,
    before: Pattern | None = None,
) -> Pattern:
    """Return what is hidden in the windows of an ISO year.

    Args:
        tree: the area tree.
        known: facts of every area.
        settings: the profile's thresholds.
        year: the ISO year.
        before: the pattern of the year before: what it hid is shown only above the threshold by a
            quarter. One of the same year is added to and never shows more: it was published by.
    """
    hidden: dict[Kind, Mapping[str, Why]] = {}
    coarser: Mapping[str, Why] = {}
    for kind in KINDS:
        was = before.hidden[kind] if before else {}
        own = _own(tree, known, _Rule.of(settings, kind), was)
        if before and before.year == year:
            own |= {area: why for area, why in was.items() if area in tree.ids}
        # By day nothing is shown that is hidden by week.
        coarser = _closed(tree, known, _Rule.of(settings, kind), dict(coarser) | own)
        hidden[kind] = coarser
    return Pattern(year, hidden, _key(tree, settings))


def decided(
    view: AsOf, call_types: tuple[str, ...], years: Sequence[int], held: Sequence[Pattern] = ()
) -> tuple[Pattern, ...]:
    """Return the patterns of an issue: those held, and for years without one new ones.

    Args:
        view: what was known at the issue's origin.
        call_types: the missing-person types.
        years: the ISO years that the issue's horizon touches, ascending.
        held: patterns of earlier issues; one stays as it is until the area tree or the thresholds
            change, and then it only ever hides more.
    """
    settings, tree = view.profile.missing, view.tree
    known: dict[str, AreaFacts] | None = None
    kept = {each.year: each for each in held}
    for year in years:
        if year in kept and kept[year].decided_for == _key(tree, settings):
            continue
        known = known or facts(view, call_types)
        before = kept.get(year) or kept.get(year - 1)
        kept[year] = pattern(tree, known, settings, year, before)
    return tuple(kept[year] for year in sorted(kept))


def _key(tree: AreaTree, settings: Missing) -> str:
    """Return a name of the tree and of the thresholds."""
    thresholds = (
        settings.least_population,
        settings.least_yearly_reports_week,
        settings.least_yearly_reports_day,
    )
    areas = sorted((area.id, area.parent or "") for area in tree.areas)
    return sha256(repr((thresholds, areas)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Rule:
    """The least residents and yearly reports of what is published."""

    residents: float
    reports: float

    @classmethod
    def of(cls, settings: Missing, kind: Kind) -> _Rule:
        return cls(
            settings.least_population,
            settings.least_yearly_reports_week
            if kind == "week"
            else settings.least_yearly_reports_day,
        )

    def why(self, known: AreaFacts, *, was_hidden: bool = False) -> Why | None:
        """Return why an area with these facts is too small; None if it isn't."""
        if known.population < self.residents:  # NaN is not
            return "few_residents"
        least = self.reports * (_AGAIN if was_hidden else 1)
        return "few_reports" if known.yearly_reports < least else None


def _own(
    tree: AreaTree, known: Mapping[str, AreaFacts], rule: _Rule, was: Mapping[str, Why]
) -> dict[str, Why]:
    """Return the areas that are too small by themselves."""
    found: dict[str, Why] = {}
    for area in tree.ids:
        if why := rule.why(known[area], was_hidden=was.get(area) == "few_reports"):
            found[area] = why
    return found


def _closed(
    tree: AreaTree, known: Mapping[str, AreaFacts], rule: _Rule, hidden: dict[str, Why]
) -> dict[str, Why]:
    """Return the hidden areas with all that must be hidden on their account, parents first."""
    for area in reversed(tree.below(tree.root)):  # an only child gives its parent away
        children = tree.children(area)
        if len(children) == 1 and children[0] in hidden:
            hidden.setdefault(area, "protects_another")
    for area in tree.below(tree.root):
        if area in hidden:
            for child in tree.children(area):
                hidden.setdefault(child, "inside_hidden")
        else:
            _protect(tree.children(area), known, rule, hidden)
    return {area: hidden[area] for area in tree.ids if area in hidden}


def _protect(
    children: tuple[str, ...],
    known: Mapping[str, AreaFacts],
    rule: _Rule,
    hidden: dict[str, Why],
) -> None:
    """Hide as many of a shown area's children as it takes, the smallest first."""
    out = [child for child in children if child in hidden]
    shown = sorted(
        (child for child in children if child not in hidden),
        key=lambda child: (known[child].yearly_reports, _residents(known[child]), child),
    )
    while out and shown and (len(out) == 1 or rule.why(_together([known[each] for each in out]))):
        out.append(shown.pop(0))
        hidden[out[-1]] = "protects_another"


def _together(parts: list[AreaFacts]) -> AreaFacts:
    return AreaFacts(
        sum(part.population for part in parts), sum(part.yearly_reports for part in parts)
    )


def _residents(known: AreaFacts) -> float:
    """Return the residents by which areas are put in order, those of whom nobody knows last."""
    return np.inf if np.isnan(known.population) else known.population


def _population(tree: AreaTree, area: str) -> float:
    own = tree.area(area).population
    if own is not None:
        return own
    children = tree.children(area)
    return sum(_population(tree, child) for child in children) if children else np.nan
