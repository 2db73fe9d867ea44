"""What was observed is judged by what was known at the origin, and nothing later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from features.asof import AsOf
from forewatch.history import History
from forewatch.tables import COLUMNS, check, empty
from serving import feeds
from sources import feed_ends


def test_a_whole_history_is_observed_to_its_end_at_any_origin(town_history: History) -> None:
    for days in (0, 100):
        origin = town_history.observed_until - pd.Timedelta(days=days)
        found = feeds.observed_ends(town_history, AsOf(town_history, origin))
        assert (found.until, found.behind) == (origin, ())


def test_calls_known_after_the_origin_don_t_make_a_silence_fresh(town_history: History) -> None:
    kind = town_history.profile.call_type_ids[0]
    origin = town_history.observed_until
    since = origin - pd.Timedelta(days=21)
    counts = town_history.counts
    late = (counts["call_type"] == kind) & (counts["start"] >= since)
    told = counts.assign(known_at=counts["known_at"].where(~late, origin + pd.Timedelta(days=1)))
    history = replace(town_history, counts=told)
    assert feed_ends.feed_ends(history).behind == ()  # now that they are known
    (one,) = feeds.observed_ends(history, AsOf(history, origin)).behind
    assert (one.area, one.call_type) == (town_history.tree.root, kind)
    assert one.until is not None
    assert abs(one.until - since) <= pd.Timedelta(days=1)
    assert feeds.observed_ends(history, AsOf(history, since)).behind == ()


def test_the_same_counts_are_judged_alike_through_the_view_and_without(
    town_history: History,
) -> None:
    keep = np.asarray(town_history.counts["area"] != town_history.tree.leaves[0])
    late = np.asarray(
        town_history.counts["start"] < town_history.observed_until - pd.Timedelta(days=21)
    )
    history = replace(town_history, counts=town_history.counts[keep | late])
    through = feeds.observed_ends(history, AsOf(history, history.observed_until))
    assert through == feed_ends.feed_ends(history)
    assert [one.area for one in through.behind] == [town_history.tree.leaves[0]]


def test_a_feed_that_stopped_is_seen_behind_the_reports_of_its_pool(town_history: History) -> None:
    kinds, leaves = town_history.profile.call_type_ids, town_history.tree.leaves
    until = town_history.observed_until
    since = until - pd.Timedelta(days=21)
    least = {"least_yearly_reports": 0, "least_population": 0, "call_types": [kinds[0]]}
    privacy = town_history.profile.privacy.model_validate(least)
    profile = town_history.profile.model_copy(update={"privacy": privacy})
    alone = replace(town_history, profile=profile, pools=empty("pools"))
    year = int((until - pd.Timedelta(hours=1)).year)
    pool = ((kinds[0], leaf, leaves[0] if leaf in leaves[:2] else "") for leaf in leaves)
    rows = [(year, kind, leaf, name, 0.5 if name else 1.0, 0, 0) for kind, leaf, name in pool]
    pools = check("pools", pd.DataFrame(rows, columns=list(COLUMNS["pools"])))
    stopped = np.asarray(alone.counts["area"] == leaves[0]) & np.asarray(
        alone.counts["start"] >= since
    )
    history = replace(alone, pools=pools, counts=alone.counts[~stopped])
    view = AsOf(history, until)
    assert view.pools[kinds[0]][0].leaves == leaves[:2]
    found = {
        (one.area, one.call_type): one.why for one in feeds.observed_ends(history, view).behind
    }
    assert set(found) == {(leaves[0], ""), (leaves[1], kinds[0])}
    assert found[leaves[1], kinds[0]] == "nothing is known of a part of its pool"
    assert (
        feeds.observed_ends(
            replace(alone, pools=pools), AsOf(replace(alone, pools=pools), until)
        ).behind
        == ()
    )
