"""What was said and what came: which issue spoke, ranges that held, chance apart from promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from forewatch.clock import Clock
from planning.accuracy import (
    Held,
    past_scores,
    past_weeks,
    score_of,
    week_issues,
    week_sayings,
    with_actual,
)
from planning.issues import PublishedIssue
from planning.past_counts import PastCounts
from tests.serving.conftest import FIRST, issue_of_the_town

CLOCK = Clock("Europe/London", time(7))
MONDAYS = [pd.Timestamp(text) for text in ("2026-10-12", "2026-10-19", "2026-10-26")]


def issued(number: int, at: str, days: int = 35) -> PublishedIssue:
    start = pd.Timestamp(at, tz="UTC")
    first = CLOCK.day_start(CLOCK.force_day(pd.DatetimeIndex([start]))[0])
    return PublishedIssue(number, start, first, first + pd.Timedelta(days=days))


def test_the_newest_issue_published_so_many_days_before_a_week_speaks_of_it() -> None:
    published = [issued(1, "2026-10-01T09:00"), issued(2, "2026-10-08T09:00", 12),
                 issued(3, "2026-10-19T06:59"), issued(4, "2026-10-19T08:00")]  # fmt: skip
    found = {lead: list(week_issues(CLOCK, MONDAYS, published, lead).items()) for lead in (1, 7)}
    # The third was published on the second week's own first day, by the force's clock.
    assert [number for _, number in found[1]] == [2, 1, 4]
    assert [number for _, number in found[7]] == [1, 1, 4]
    assert week_issues(CLOCK, MONDAYS[:1], published[2:], 1) == {}


def test_weeks_are_whole_and_end_before_the_issue() -> None:
    days = pd.date_range("2026-10-01", "2026-10-28", freq="D")
    past = PastCounts(days, ("a",), np.ones((1, len(days))))
    assert past_weeks(CLOCK, past, 5) == tuple(map(pd.Timestamp, ("2026-10-05", "2026-10-12",
                                                                  "2026-10-19")))  # fmt: skip


def test_what_is_said_is_what_the_issue_answers_also_in_the_week_of_25_hours() -> None:
    issue = issue_of_the_town()
    said = week_sayings(issue, "south", MONDAYS)
    weeks = said[said["by"] == "week"]
    hours = pd.to_timedelta(weeks["end"] - weeks["start"]).dt.total_seconds() / 3600
    assert hours.tolist() == [168, 169, 168]
    # Two of each type an hour, violence twice from 18:00: 2 × 24 + 2 × 24 + 2 × 6 a day.
    assert weeks["mean"].tolist() == pytest.approx([756, 760, 756])
    assert weeks["baseline"].tolist() == pytest.approx([680.4, 684, 680.4])
    days = said[said["by"] == "day"]
    assert len(days) == 21
    assert days["mean"].sum() == pytest.approx(weeks["mean"].sum())
    assert (said["low"] < said["mean"]).all()
    assert (said["mean"] < said["high"]).all()
    gone = week_sayings(issue, "elsewhere", MONDAYS[:1])
    assert np.isnan(gone[["mean", "low", "high", "baseline"]].to_numpy()).all()


def test_what_came_stands_beside_and_unknown_days_judge_nothing() -> None:
    issue = issue_of_the_town()
    days = pd.date_range(FIRST, periods=14, freq="D")
    count = np.full((2, 14), 54.0)
    count[0, 9] = np.nan
    told = with_actual(
        week_sayings(issue, "south", MONDAYS[:2]),
        PastCounts(days, ("south-1", "south-2"), count),
        issue.tree.leaves_of("south"),
    )
    assert told["week"]["actual"].tolist()[0] == 756
    assert np.isnan(told["week"]["actual"][1])
    assert Held.of(told["week"]).known == 1
    assert Held.of(told["day"]).known == 13
    assert told["day"]["start"].is_monotonic_increasing


def test_misses_are_of_the_same_periods() -> None:
    frame = pd.DataFrame(
        {
            "mean": [10.0, 20, 30, 40],
            "low": [8.0, 18, 28, 38],
            "high": [12.0, 22, 32, 42],
            "baseline": [0.0, 20, np.nan, 50],
            "actual": [12.0, 17, 30, np.nan],
        }
    )
    held = Held.of(frame)
    assert (held.inside, held.known) == (1, 2)
    assert (held.miss, held.baseline_miss, held.level) == (2.5, 7.5, 14.5)


@pytest.mark.parametrize("known", [1, 5, 13, 91])
def test_promise_and_chance_are_told_apart(known: int) -> None:
    for inside in range(known + 1):
        held = Held(inside, known, 1, 1, 1)
        assert held.is_as_promised == (10 * inside >= 8 * known)
        chance = stats.binom.cdf(inside, known, 0.8)
        assert held.may_be_chance == (chance >= 0.05)


def test_scores_of_a_level_are_found_by_how_far_ahead() -> None:
    row = {"level": "district", "n": 63.0, "coverage_80": 0.79, "mae": 19.0, "baseline_mae": 25.0}
    rows = [row | {"block": each} for each in ("1-7", "8-28", "29+")]
    found = past_scores([*rows, {"level": "district", "block": "1-7"}], "district")
    assert [(each.days_ahead, each.first_day, each.days) for each in found] == [
        ("1-7", 1, 63), ("8-28", 8, 63), ("29+", 29, 63)]  # fmt: skip
    assert found[0].gain == pytest.approx(0.24)
    assert [score_of(found, lead).days_ahead for lead in (1, 7, 8, 28, 200)] == [  # type: ignore[union-attr]
        "1-7", "1-7", "8-28", "8-28", "29+"]  # fmt: skip
    assert past_scores(rows, "beat") == ()
    assert score_of((), 7) is None
    assert np.isnan(replace(found[0], baseline_miss=0.0).gain)
