"""Up to when the counts behind a forecast were observed, as they were known at its origin.

Everything is read through the as-of view: whatever it does to counts, it does to these too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from features.asof import EXCLUDE, AsOf, Codes
from forewatch.clock import utc_instants
from forewatch.freshness import ObservationEnd
from forewatch.history import History
from forewatch.tables import BREAKS, check
from sources import feed_ends


def observed_ends(history: History, view: AsOf) -> ObservationEnd:
    """Return up to when the counts that a view hands out were observed.

    Args:
        history: everything.
        view: what is known of it at an origin.
    """
    ledger, profile = view.ledger(), view.profile
    starts = utc_instants(ledger.starts_us)

    def named(codes: Codes, names: tuple[str, ...]) -> pd.Categorical[str]:
        return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype="str"))

    counts = pd.DataFrame(
        {
            "start": starts,
            "area": named(ledger.leaf, view.tree.leaves),
            "call_type": named(ledger.call_type, profile.call_type_ids),
            "grade": named(ledger.grade, profile.grade_ids),
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
        breaks=pd.concat([view.published(BREAKS), _of_pools(view)], ignore_index=True),
        stated_until=stated and {pair: min(end, until) for pair, end in stated.items()},
    )
    return feed_ends.feed_ends(known, view.pools)


def _of_pools(view: AsOf) -> pd.DataFrame:
    """Return as breaks what is unknown of areas because it is of others of their pools."""
    windows = view.unknown()
    own = windows[windows["call_type"] != ""]
    return check(
        "breaks",
        own.assign(
            kind=EXCLUDE,
            expected_ratio=np.nan,
            reason="nothing is known of a part of its pool",
            decided_by="",
            known_at=own["start"],
        ),
    )
