"""What is known of a force: the ledger of counts and the tables beside it, each row dated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from forewatch.areas import AreaTree
from forewatch.profile import Profile
from forewatch.tables import TablesBeside

Step = Literal["hour", "day"]
# Known force-days that training asks for, and the check with it: eight weeks to learn from and two
# origins four weeks apart, one of which judges what the other taught.
LEAST_TRAINING_DAYS = 112


@dataclass(frozen=True)
class History(TablesBeside):
    """The force's past and its published future, to be read through `features.asof.AsOf` only.

    Args:
        profile: the force's profile.
        tree: the area tree (from the profile or imported).
        step: "hour" for calls and hourly counts, "day" for daily counts (by force-day).
        observed_from: the instant from which counts are complete, UTC.
        observed_until: the instant up to which counts are complete (the data cut-off), UTC.
        counts: ledger of changes, see `forewatch.tables`; categories of area are the tree's
            leaves, those of call_type and grade the profile's, in their order.
        version: identifies the data: the same version means the same history.
        stated_until: (leaf area, call type) → the instant up to which files of counts speak of it;
            None where calls were imported, whose extracts hold every area and type.
    """

    profile: Profile
    tree: AreaTree
    step: Step
    observed_from: pd.Timestamp
    observed_until: pd.Timestamp
    counts: pd.DataFrame
    version: str = ""
    stated_until: Mapping[tuple[str, str], pd.Timestamp] | None = None
