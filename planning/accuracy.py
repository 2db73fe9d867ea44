"""What issues said of past weeks and days of an area, beside what came.

1. A week is said by the newest issue that was published at least so many days before it began, and
   reaches all of it; its days are told by the same issue, so that one rule covers both.
2. What came are the calls before the issue in service, as known at its origin. Where they aren't
   all known, what was said is neither right nor wrong.
3. A range of whole numbers holds at least its share. Whether fewer lay in it than was promised is
   told apart from chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from forewatch.arrays import Array
from forewatch.clock import ONE_DAY, WEEK_DAYS, Clock
from forewatch.count_distribution import CountDistribution
from forewatch.rates import Selection, Spans
from planning.issues import Issue, PublishedIssue
from planning.past_counts import PastCounts

RANGE = (0.1, 0.9)
PROMISED = 0.8
WEEKS = 13  # a quarter of a year
_CHANCE = 0.05
SAID = ("mean", "low", "high", "baseline")


@dataclass(frozen=True)
class Held:
    """How many counts lay in the range that was said of them.

    Args:
        inside: how many did.
        known: of how many it is known.
        miss: mean absolute difference of what was said and what came, in calls; NaN for none.
        baseline_miss: the same of the mean of the last 8 weeks, of the same periods.
        level: mean of what came.
    """

    inside: int
    known: int
    miss: float
    baseline_miss: float
    level: float

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Held:
        """Return it for rows with SAID and actual; NaN is not known."""
        told = frame[np.isfinite(frame[[*SAID, "actual"]].to_numpy(np.float64)).all(axis=1)]
        came = told["actual"]
        inside = (told["low"] <= came) & (came <= told["high"])
        ours, theirs = (float((told[name] - came).abs().mean()) for name in ("mean", "baseline"))
        return cls(int(inside.sum()), len(told), ours, theirs, float(came.mean()))

    @property
    def is_as_promised(self) -> bool:
        """Whether as large a part lay in the range as was promised."""
        return self.inside >= PROMISED * self.known

    @property
    def may_be_chance(self) -> bool:
        """Whether so few would lie in it by chance in 1 of 20 cases or more."""
        return bool(special.bdtr(self.inside, self.known, PROMISED) >= _CHANCE)


def outcome(low: float, high: float, actual: float) -> str:
    """Return where what came lay beside a range; "" where it isn't known.

    >>> [outcome(90, 110, count) for count in (90, 111, 89, float("nan"))]
    ['inside', 'above', 'below', '']
    """
    if not np.isfinite([low, high, actual]).all():
        return ""
    return "above" if actual > high else "below" if actual < low else "inside"


def past_weeks(clock: Clock, past: PastCounts, weeks: int = WEEKS) -> tuple[pd.Timestamp, ...]:
    """Return the Mondays (local dates) of the last whole weeks, ascending."""
    first, after = past.force_days[0], past.force_days[-1] + ONE_DAY
    end = after - after.weekday() * ONE_DAY
    found = [end - WEEK_DAYS * n * ONE_DAY for n in range(weeks, 0, -1)]
    return tuple(
        each for each in found if each >= first and not clock.is_skipped(_days(each)).any()
    )


def week_issues(
    clock: Clock,
    mondays: Sequence[pd.Timestamp],
    published: Sequence[PublishedIssue],
    lead_days: int,
) -> dict[pd.Timestamp, int]:
    """Return of each week the number of the issue that said something of it; without it, none did.

    Args:
        clock: the force's.
        mondays: local dates.
        published: issues that are in service or were followed by others.
        lead_days: force-days at least from the one of publication to the week's first.
    """
    newest = sorted(published, key=lambda each: each.published_at, reverse=True)
    days = clock.force_day(pd.DatetimeIndex([each.published_at for each in newest]))
    found = {}
    for monday in mondays:
        start, end = (clock.day_start(monday + n * ONE_DAY) for n in (0, WEEK_DAYS))
        for each, day in zip(newest, days, strict=True):
            if day + lead_days * ONE_DAY <= monday and each.reaches(start, end):
                found[monday] = each.number
                break
    return found


def week_sayings(issue: Issue, area: str, mondays: Sequence[pd.Timestamp]) -> pd.DataFrame:
    """Return what an issue said of weeks and of their days.

    Args:
        issue: that says it.
        area: id; one that the issue's tree doesn't have is unknown to it.
        mondays: local dates.

    Returns:
        Columns by ("week" or "day"), day (local date of the first force-day), start and end (UTC),
        issue, and SAID: the expected calls, the range, and the mean of the last 8 weeks.
    """
    clock = Clock.of(issue.profile)
    days = [(monday + n * ONE_DAY, 1) for monday in mondays for n in range(WEEK_DAYS)]
    asked = [*((monday, WEEK_DAYS) for monday in mondays), *days]
    starts, ends = (
        pd.DatetimeIndex([clock.day_start(day + n * ONE_DAY) for day, n in pairs])
        for pairs in ([(day, 0) for day, _ in asked], asked)
    )
    said = _answers(issue, area, Spans(starts, ends))
    return pd.DataFrame(
        {
            "by": ["week"] * len(mondays) + ["day"] * len(days),
            "day": [day for day, _ in asked],
            "start": starts,
            "end": ends,
            "issue": issue.number,
            **dict(zip(SAID, said, strict=True)),
        }
    )


def with_actual(
    sayings: pd.DataFrame, past: PastCounts, leaves: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Return the sayings about weeks and about days, ascending, each with what came.

    Args:
        sayings: of `week_sayings`.
        past: what came.
        leaves: of the area.
    """
    length = {"week": WEEK_DAYS, "day": 1}
    came = [
        float(past.of_days(leaves, day, length[by]).sum())
        for by, day in zip(sayings["by"], sayings["day"], strict=True)
    ]
    told = sayings.assign(actual=came).sort_values("start", kind="stable")
    return {by: told[told["by"] == by].reset_index(drop=True) for by in length}


def told_sayings(sayings: pd.DataFrame) -> pd.DataFrame:
    """Return those in which something was said, whether or not it is known what came."""
    told: pd.DataFrame = sayings[np.isfinite(sayings["mean"])]
    return told.reset_index(drop=True)


def _answers(issue: Issue, area: str, spans: Spans) -> tuple[Array, ...]:
    if area not in issue.tree.ids:
        return (np.full(len(spans.starts), np.nan),) * len(SAID)
    rates = issue.forecast.rates
    asked = Selection(issue.tree.leaves_of(area), rates.call_types, rates.grades)
    told = issue.forecast.answer(asked, spans)
    ranges = CountDistribution.of(told.mean, told.variance).quantiles(RANGE)
    return told.mean, ranges[:, 0], ranges[:, 1], told.baseline


def _days(monday: pd.Timestamp) -> pd.DatetimeIndex:
    return pd.date_range(monday, periods=WEEK_DAYS, freq="D")


@dataclass(frozen=True)
class PastScore:
    """How well a version did on past origins of its training, of days so far ahead.

    Args:
        days_ahead: "1-7", "29+".
        first_day: the first of them.
        days: how many days of areas were judged.
        held: share of counts that lay in the range for 8 of 10.
        miss: mean absolute error, calls a day.
        baseline_miss: the same of the mean of the last 8 weeks.
    """

    days_ahead: str
    first_day: int
    days: int
    held: float
    miss: float
    baseline_miss: float

    @property
    def gain(self) -> float:
        """By how much the forecast misses less than the mean of 8 weeks, a share of 1."""
        return 1 - self.miss / self.baseline_miss if self.baseline_miss > 0 else float("nan")


def past_scores(rows: Sequence[Mapping[Any, Any]], level: str) -> tuple[PastScore, ...]:
    """Return the scores of a level of areas by how far ahead, from `score_rows` of a version.

    Args:
        rows: measures by name, one row a level and block.
        level: name of the level; "" for leaf areas where they have none of their own.
    """
    wanted = {"n", "coverage_80", "mae", "baseline_mae"}
    return tuple(
        PastScore(
            block,
            int(block.partition("-")[0].rstrip("+")),
            *(int(each["n"]), each["coverage_80"], each["mae"], each["baseline_mae"]),
        )
        for each in rows
        if each["level"] == level and wanted <= each.keys()
        for block in [str(each["block"])]
    )


def score_of(scores: Sequence[PastScore], lead_days: int) -> PastScore | None:
    """Return the score of days so far ahead; None where there are none."""
    fitting = [each for each in scores if each.first_day <= lead_days]
    return max(fitting, key=lambda each: each.first_day, default=None)
