"""Up to when the counts behind a forecast were observed, as they were known at its origin.

Everything is read through the as-of view: whatever it does to counts, it does to these too.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from features.asof import AsOf, Codes
from forewatch.freshness import Observed
from forewatch.history import History, check
from sources import feed_ends


def observed(history: History, view: AsOf) -> Observed:
    """Return up to when the counts that a view hands out were observed.

    Args:
        history: everything.
        view: what is known of it at an origin.
    """
    ledger, profile = view.ledger(), view.profile
    starts = pd.DatetimeIndex(ledger.starts_us.view("M8[us]")).tz_localize("UTC")

    def named(codes: Codes, names: tuple[str, ...]) -> pd.Categorical[str]:
        return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype="str"))

    counts = pd.DataFrame(
        {
            "start": starts,
            "area": named(ledger.leaf, view.tree.leaves),
            "call_type": named(ledger.call_type, profile.call_type_ids),
            "grade": named(ledger.grade, profile.grades),
            "count": ledger.count,
            "known_at": view.known_until,
        }
    )
    stated = history.stated_until
    until = view.known_until
    known = replace(
        history,
        observed_until=until,
        counts=check("counts", counts),
        unobserved=view.unobserved(),
        breaks=view.breaks(),
        stated_until=stated and {pair: min(end, until) for pair, end in stated.items()},
    )
    return feed_ends.observed(known)
