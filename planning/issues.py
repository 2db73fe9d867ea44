"""An issue: one immutable, numbered publication of a forecast, with all that explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import pandas as pd

from forewatch.areas import AreaTree
from forewatch.freshness import ObservationEnd
from forewatch.pools import merge_overlapping, splits, whole_areas
from forewatch.profile import Profile
from forewatch.rates import Forecast
from planning.freshness import End, Freshness
from planning.landing import KnownReports
from planning.past_counts import PastCounts

NEVER_JUDGED = "never judged on past origins"
# In the notes of an issue, between what it doesn't hold and the reason.
NOT_FORECAST = " is not forecast: "


@dataclass(frozen=True)
class Part:
    """What an issue says of one subject.

    Args:
        forecast: rates and shocks.
        model_version: version of the champion in the registry, or the name of the baseline.
        is_baseline: whether no version may be used and a baseline stands in.
        has_casework: whether what is forecast brings work that lands in later hours.
        known: calls made before the horizon, by leaf area and interval, whose work still lands;
            None where they are not known.
        uncalibrated: (level of areas, kind of window) → why its likelihoods can't be trusted, ""
            where they can; what stands here was judged on past origins.
    """

    forecast: Forecast
    model_version: str
    is_baseline: bool = False
    has_casework: bool = False
    known: KnownReports | None = None
    uncalibrated: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def why_uncalibrated(self, level: str, window: str) -> str:
        """Return why likelihoods of a level and a window ("shift", "day", "week") can't be trusted.

        "" where they can be.
        """
        return self.uncalibrated.get((level, window), NEVER_JUDGED)


@dataclass(frozen=True)
class Issue:
    """A forecast as published; it carries the profile and the tree it was made with.

    Args:
        number: ascending from 1; 0 while it is not published.
        published_at: the instant of publication, UTC.
        parts: what it says of each subject, by its name; the first is of all calls. What is not
            forecast is not there (the notes say why).
        profile: the force's profile at the time.
        tree: the area tree at the time.
        models: what made it, name → version or fingerprint.
        data_version: identifies the history it was made from.
        notes: remarks for its readers (members replaced, old model, …).
        pools: leaves of which only the sum was learned, by call type.
        observed: up to when its counts were observed; None: to the data cut-off, all of them.
        is_draft: whether it is never served unless it is asked for by its number.
        past: calls of the force-days before it, as known at its origin; None: it was published
            before they were kept.
    """

    number: int
    published_at: pd.Timestamp
    parts: Mapping[str, Part]
    profile: Profile
    tree: AreaTree
    models: Mapping[str, str] = field(default_factory=dict)
    data_version: str = ""
    notes: tuple[str, ...] = ()
    pools: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    observed: ObservationEnd | None = None
    is_draft: bool = False
    past: PastCounts | None = field(default=None, repr=False)

    def numbered(self, number: int) -> Issue:
        """Return the same issue under a number."""
        return replace(self, number=number)

    def with_part(self, name: str, part: Part) -> Issue:
        """Return the same issue with a part added, or another in its place."""
        return replace(self, parts={**self.parts, name: part})

    def with_whole(self, **changes: Any) -> Issue:  # noqa: ANN401 - of the fields of a part
        """Return the same issue with something else in the part of all calls."""
        return self.with_part(next(iter(self.parts)), replace(self.whole, **changes))

    @cached_property
    def whole(self) -> Part:
        """What it says of all calls."""
        return next(iter(self.parts.values()))

    @property
    def forecast(self) -> Forecast:
        """The forecast of all calls."""
        return self.whole.forecast

    @property
    def model_version(self) -> str:
        """The version that made the forecast of all calls."""
        return self.whole.model_version

    @cached_property
    def casework(self) -> Part | None:
        """What it says of reports that bring casework; None where it is not forecast."""
        return next((part for part in self.parts.values() if part.has_casework), None)

    @cached_property
    def freshness(self) -> Freshness:
        """How fresh its rows are."""
        return Freshness(
            self.observed or ObservationEnd(self.forecast.data_until),
            self.tree,
            self.forecast.rates,
            self.profile.publication.stale_after_days,
            self.published_at,
        )

    def why_stale(self, now: datetime) -> str:
        """Return why the whole of it is stale at *now*, "" if it is fresh."""
        until, force = self.forecast.data_until, self.freshness.end(self.tree.root)
        return self.freshness.why_stale(End(until, force.why if force.until == until else ""), now)

    def is_stale(self, now: pd.Timestamp) -> bool:
        """Return whether the data behind it are older at *now* than the profile allows."""
        return bool(self.why_stale(now))

    def pooled_areas(self, area: str, call_types: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return the areas whose calls are known together with some of the area's; () if none.

        Args:
            area: any area.
            call_types: the call types that are summed; () means all.
        """
        wanted = tuple(call_types) or self.profile.call_type_ids
        if wanted not in self._told_together:
            groups = [pool for kind in wanted for pool in self.pools.get(kind, ())]
            self._told_together[wanted] = [
                (group, whole_areas(self.tree, group)) for group in merge_overlapping(groups)
            ]
        known = self._told_together[wanted]
        if not known:
            return ()
        own = frozenset(self.tree.leaves_of(area))
        touched = [areas for group, areas in known if splits(own, group)]
        return tuple(dict.fromkeys(each for areas in touched for each in areas))

    @cached_property
    def _told_together(self) -> dict[tuple[str, ...], list[tuple[set[str], tuple[str, ...]]]]:
        return {}


@dataclass(frozen=True)
class PublishedIssue:
    """What an issue says of itself: its number, when it was published, and the span it reaches."""

    number: int
    published_at: pd.Timestamp
    first: pd.Timestamp
    until: pd.Timestamp

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> PublishedIssue:
        """Return that which an issue's description says."""
        instants = (pd.Timestamp(about[name]) for name in ("published_at", "first", "until"))
        return cls(int(about["number"]), *instants)

    def reaches(self, start: pd.Timestamp, end: pd.Timestamp) -> bool:
        """Return whether it forecasts all of a span."""
        return self.first <= start and end <= self.until
