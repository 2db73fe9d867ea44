"""What an issue says of breaks that lie ahead."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.unused_rows import unused_rows
from forewatch.history import History
from forewatch.pools import Pool
from forewatch.tables import COLUMNS
from planning.issues import Issue
from serving.issuing import announced_breaks, issue_text, unpooled_notes

_HOUR = pd.Timedelta(hours=1)


def with_breaks(history: History, *rows: dict[str, Any]) -> History:
    start = history.observed_until + pd.Timedelta(days=10)
    base = {"start": start, "end": start + pd.Timedelta(days=1), "area": "", "call_type": ""}
    base |= {"kind": "level", "expected_ratio": 0.5, "reason": "new codes", "decided_by": "board"}
    base |= {"known_at": history.observed_until - pd.Timedelta(days=1)}
    table = pd.DataFrame([base | row for row in rows]).astype(COLUMNS["breaks"])
    return replace(history, breaks=table)


def said(history: History) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the breaks that are used are told as, and those that are not."""
    origin = history.observed_until
    until = origin + pd.Timedelta(days=28)
    used = announced_breaks(AsOf(history, origin), until)
    return used, unused_rows(history, origin, until, ("breaks",))


def test_a_break_ahead_is_told_once_by_what_it_does_or_why_it_does_nothing(
    town_history: History,
) -> None:
    used, unused = said(
        with_breaks(
            town_history,
            {"kind": "recode"},
            {"call_type": "violence", "expected_ratio": np.nan},
            {"call_type": "arson"},
            {"kind": "exclude"},
        )
    )
    assert used == (
        (
            "from 2026-12-03 07:00 a recode of all call types, everywhere: new codes; calls × 0.50 "
            "as stated"
        ),
    )
    assert [text.split("(")[1].split(")")[0] for text in unused] == [
        "the profile has no such call type",
        "ahead, and counts to come can't be excluded",
        "ahead, and no expected_ratio is stated",
    ]


def test_a_break_is_told_if_it_begins_before_the_last_day_forecast_ends(
    town_history: History,
) -> None:
    origin = town_history.observed_until
    until = origin + pd.Timedelta(days=28)  # what `said` asks about
    starts = {"last": until - pd.Timedelta(hours=1), "at": until, "past": until + _HOUR}
    for name, start in starts.items():
        found = said(with_breaks(town_history, {"start": start, "end": start + _HOUR}))[0]
        assert len(found) == (name == "last"), name
    found = said(with_breaks(town_history, {"start": origin, "end": origin + _HOUR}))[0]
    assert len(found) == 1  # from the origin on
    early = origin - _HOUR
    assert said(with_breaks(town_history, {"start": early, "end": early + _HOUR}))[0] == ()


def test_a_break_told_too_late_is_not_said_to_be_used(town_history: History) -> None:
    late = {"known_at": town_history.observed_until + pd.Timedelta(days=1)}
    used, unused = said(with_breaks(town_history, late))
    assert used == ()
    (sentence,) = unused
    assert "(told after 2026-11-23 07:00)" in sentence


def test_an_issue_says_whose_small_areas_are_not_pooled_and_whose_still_are(
    town_history: History,
) -> None:
    kind = town_history.profile.missing_call_types[0]
    pool = Pool(town_history.tree.leaves[:2], (0.5, 0.5))

    def told(pools: dict[str, tuple[Pool, ...]], **privacy: Any) -> tuple[str, ...]:
        made = town_history.profile.privacy.model_validate(privacy)
        return unpooled_notes(town_history.profile.model_copy(update={"privacy": made}), pools)

    off: dict[str, Any] = {"call_types": []}
    zero = {"least_yearly_reports": 0, "least_population": 0}
    assert told({}) == told({kind: (pool,)}) == told({kind: (pool,)}, **zero) == ()
    (note,) = told({kind: ()}, **off)
    assert note == f"small areas are not pooled for {kind}: [privacy] call_types leaves it out"
    (note,) = told({kind: (pool,)}, **off)
    assert note.startswith(f"small areas are still pooled for {kind}: ")
    (note,) = told({kind: ()}, **zero)
    assert note.endswith("[privacy] asks for no reports or residents")


def test_an_issue_in_words_has_its_first_day_and_its_last(make_issue: Callable[..., Issue]) -> None:
    issue = make_issue()
    days = issue.forecast.rates.force_days
    assert len(days) > 2
    assert f"{days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d} ({len(days)})" in issue_text(issue)
