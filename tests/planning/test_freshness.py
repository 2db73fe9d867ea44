"""Each row by the age of its own counts, and no answer fresh while the clock is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from forewatch.freshness import Behind, ObservationEnd
from planning import questions
from planning.answers import FORECAST
from planning.freshness import BEFORE_PUBLICATION, BEFORE_THE_DATA, TOLD_SHARE, Freshness, notes
from planning.issues import Issue

UNTIL = pd.Timestamp("2026-10-12T06:00Z")
EARLIER = UNTIL - pd.Timedelta(days=21)
SILENT = "no call since where 38 were to be expected"
A_DAY_LATER = UNTIL + pd.Timedelta(days=1)


def behind(issue: Issue, *rows: Behind) -> Issue:
    return replace(issue, observed=ObservationEnd(UNTIL, rows))


def said(issue: Issue, now: pd.Timestamp, **asked: object) -> pd.DataFrame:
    question = questions.look_up(
        issue,
        start=UNTIL,
        end=UNTIL + pd.Timedelta(days=7),
        by="week",
        **asked,  # type: ignore[arg-type]
    )
    return FORECAST.table(issue, question, now).frame


def test_an_area_that_is_behind_is_stale_with_its_own_age_and_no_other(october: Issue) -> None:
    one = behind(october, Behind("north", "", EARLIER, SILENT))
    frame = said(one, A_DAY_LATER, areas=("north", "north-1", "south")).set_index("area")
    assert frame["state"].to_dict() == {"north": "stale", "north-1": "stale", "south": "forecast"}
    assert frame["observed_until"].tolist() == [EARLIER, EARLIER, UNTIL]
    assert (
        frame.loc["north", "reason"]
        == f"not observed for more than 8 days: {SILENT} (all calls in north)"
    )
    assert frame.loc["south", "reason"] == ""
    assert np.isfinite(frame["mean"]).all()  # told, and not taken away


def test_a_sum_is_as_old_as_the_tenth_of_it_that_ended_first(october: Issue) -> None:
    # Of all calls the north has a fifth; of its two beats north-1 has about two fifths of that.
    one = behind(october, Behind("north-1", "", EARLIER, SILENT))
    frame = said(one, A_DAY_LATER, areas=("town", "north", "north-1", "north-2"))
    assert frame["state"].tolist() == ["forecast", "stale", "stale", "forecast"]
    assert one.freshness.whole == UNTIL
    assert behind(october, Behind("north", "", EARLIER, SILENT)).freshness.whole == EARLIER


def test_a_call_type_that_is_behind_is_stale_everywhere(october: Issue) -> None:
    one = behind(october, Behind("town", "missing_person", EARLIER, SILENT))
    frame = said(one, A_DAY_LATER, areas=("south-2",), call_types=("each", "all"))
    # missing persons are a tenth of the leaf's share, and much less of its calls
    assert frame.set_index("call_type")["state"].to_dict()["missing_person"] == "stale"
    assert frame.set_index("call_type")["state"].to_dict()["violence"] == "forecast"


def test_what_was_never_observed_is_stale_whatever_the_time(october: Issue) -> None:
    one = behind(october, Behind("south", "", None, "in no file of counts"))
    frame = said(one, A_DAY_LATER, areas=("south", "north")).set_index("area")
    assert frame["state"].to_dict() == {"south": "stale", "north": "forecast"}
    assert (
        frame.loc["south", "reason"] == "never observed: in no file of counts (all calls in south)"
    )
    assert frame["observed_until"].isna().to_dict() == {"south": True, "north": False}
    assert one.freshness.whole == UNTIL  # of what was observed at all


def test_a_clock_before_the_data_makes_every_row_stale_and_says_so(october: Issue) -> None:
    ahead = replace(october, observed=ObservationEnd(A_DAY_LATER), published_at=UNTIL)
    for now in (UNTIL, A_DAY_LATER - pd.Timedelta(seconds=1)):
        frame = said(ahead, now)
        assert (frame["state"].tolist(), frame["reason"].tolist()) == (["stale"], [BEFORE_THE_DATA])
        assert ahead.why_stale(now) == BEFORE_THE_DATA
    assert said(ahead, A_DAY_LATER)["state"].tolist() == ["forecast"]
    late = replace(october, published_at=A_DAY_LATER)
    assert late.why_stale(UNTIL) == BEFORE_PUBLICATION
    assert late.freshness.phase(UNTIL) != late.freshness.phase(A_DAY_LATER)
    assert said(late, UNTIL)["reason"].tolist() == [BEFORE_PUBLICATION]


def test_the_phase_changes_when_a_row_does_and_not_before(october: Issue) -> None:
    fresh = behind(october, Behind("north", "", EARLIER, SILENT)).freshness
    at = [UNTIL + pd.Timedelta(days=d) for d in (0, 1, 8, 8.01, 30)]
    phases = [fresh.phase(now) for now in at]
    assert phases[0] == phases[1] == phases[2]
    assert phases[3] == phases[4] != phases[2]
    assert fresh.phase(UNTIL - pd.Timedelta(seconds=1)) not in phases


def test_notes_name_what_is_a_day_behind_in_local_time_and_count_the_rest() -> None:
    hours = Behind("south", "", UNTIL - pd.Timedelta(hours=3), "declared")
    rows = [Behind("town", "violence", EARLIER, SILENT), hours]
    rows += [Behind("north-1", "", None, "in no file of counts")]
    assert notes(ObservationEnd(UNTIL, tuple(rows)), "Europe/London") == (
        f"violence in town: observed until 2026-09-21 07:00 only ({SILENT})",
        "all calls in north-1: never observed (in no file of counts)",
    )
    many = tuple(Behind("north-1", f"t{i}", EARLIER, SILENT) for i in range(12))
    found = notes(ObservationEnd(UNTIL, many), "Europe/London")
    assert len(found) == 11
    assert found[-1] == "2 more areas and call types are behind; the issue lists them"


@given(ages=st.lists(st.one_of(st.none(), st.integers(0, 40)), min_size=8, max_size=8))
def test_a_row_ends_where_a_tenth_of_it_has_by_counting(
    ages: list[int | None], october: Issue
) -> None:
    tree, rates = october.tree, october.forecast.rates
    pairs = [(leaf, kind) for leaf in tree.leaves for kind in rates.call_types]
    until = {
        pair: None if age is None else UNTIL - pd.Timedelta(days=age)
        for pair, age in zip(pairs, ages, strict=True)
    }
    rows = tuple(Behind(*pair, at, "why") for pair, at in until.items() if at != UNTIL)
    fresh = Freshness(ObservationEnd(UNTIL, rows), tree, rates, 8, UNTIL)
    weight = {
        (leaf, kind): rates.base[rates.leaf_place[i], j].sum() * rates.leaf_shares[i, j]
        for i, leaf in enumerate(rates.leaves)
        for j, kind in enumerate(rates.call_types)
    }
    for area in tree.ids:
        inside = [pair for pair in pairs if pair[0] in tree.leaves_of(area)]
        total = sum(weight[pair] for pair in inside)
        found = fresh.end(area).until

        def ended(by: pd.Timestamp | None, inside: list[tuple[str, str]] = inside) -> float:
            known = [until[pair] for pair in inside]
            gone = [at is None or (by is not None and at <= by) for at in known]
            return float(sum(weight[p] for p, is_gone in zip(inside, gone, strict=True) if is_gone))

        assert ended(found) > TOLD_SHARE * total
        later = None if found is None else found - pd.Timedelta(seconds=1)
        if found is not None:
            assert ended(later) <= TOLD_SHARE * total + 1e-9
