"""An issue: one immutable, numbered publication of a forecast, with all that explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from forewatch.areas import AreaTree
from forewatch.profile import Profile
from forewatch.rates import Forecast


@dataclass(frozen=True)
class Issue:
    """A forecast as published; it carries the profile and the tree it was made with.

    Args:
        number: ascending from 1; 0 while it is not published.
        published_at: the instant of publication, UTC.
        forecast: rates and shocks.
        profile: the force's profile at the time.
        tree: the area tree at the time.
        model_version: version of the champion in the registry.
        models: what made it, name → version or fingerprint.
        data_version: identifies the history it was made from.
        notes: remarks for its readers (members replaced, old model, …).
    """

    number: int
    published_at: pd.Timestamp
    forecast: Forecast
    profile: Profile
    tree: AreaTree
    model_version: str
    models: Mapping[str, str] = field(default_factory=dict)
    data_version: str = ""
    notes: tuple[str, ...] = ()

    def numbered(self, number: int) -> Issue:
        """Return the same issue under a number."""
        return replace(self, number=number)

    def is_stale(self, now: pd.Timestamp) -> bool:
        """Return whether the data behind it are older at *now* than the profile allows."""
        age = now - self.forecast.data_until
        return bool(age > pd.Timedelta(days=self.profile.publication.stale_after_days))
