"""What planners are told of missing-person demand: areas and windows of time, never persons.

For every area and shift, force-day or week: expected reports, the chance of at least k, the hours
that the window's own reports bring, the hours that land in it whenever they were reported, and
whether the hours kept free for them are likely enough. Rows stand in the order of the question:
nothing ranks areas. Small areas are pooled: of their reports only the sum was ever learned
(`features.pools`), and their rows name the pool.

What it may be used for, and what not: `planning.uses`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.arrays import Array
from forewatch.count_distribution import CountDistribution
from forewatch.errors import BadQuestion
from forewatch.rates import Spans
from planning import columns, questions
from planning.answers import count_values
from planning.bands import BANDS, bands, signs
from planning.casework import CaseLength, Workload
from planning.issues import NOT_FORECAST, Issue, Part
from planning.kinds import AnswerKind
from planning.landing import landing_hours
from planning.period_kinds import By
from planning.questions import Question, row_layout, states
from planning.tables import Column, OwnParts, Values
from planning.uses import USES
from planning.work_times import Release

MODEL = "missing-persons"
HOURS_LEVELS = (0.5, 0.8, 0.9, 0.95)
_PERIODS: tuple[By, ...] = ("shift", "day", "week")
_PROBABILITY_DECIMALS, _HOURS_DECIMALS = 3, 1
_HOURS = "officer-hours"
_SHOWN_OF_LANDING = (0.5, 0.9)
_BY_BASELINE = (
    "BY THE BASELINE, the shrunken climatology: no trained model may be used; see the notes"
)


def missing_part(issue: Issue) -> Part:
    """Return what an issue says of missing-person reports.

    Raises:
        BadQuestion: if it holds none.
    """
    if issue.casework is not None:
        return issue.casework
    said = [note.partition(NOT_FORECAST)[2] for note in issue.notes if NOT_FORECAST in note]
    if not issue.profile.missing_call_types:
        said = ["no call type of the force is a missing-person report"]
    why = "; ".join(said) or "it was published before there was any; ask a later one"
    raise BadQuestion(f"issue {issue.number} holds no missing-person demand: {why}")


def look_up_missing(  # noqa: PLR0913 - the dimensions of a forecast, each a name a planner gives
    issue: Issue,
    *,
    start: pd.Timestamp,
    end: pd.Timestamp,
    by: By = "day",
    areas: Sequence[str] = (),
    at_least: Sequence[int] = (),
    reserved: Mapping[str, float] | float | None = None,
    quantiles: Sequence[float] = (),
) -> Question:
    """Return the question with every name looked up; its rows are areas × periods.

    Args:
        issue: the issue that will be asked.
        start: first instant, UTC.
        end: instant before which the last period begins, UTC.
        by: the kind of period: shift, day or week.
        areas: ids, names, or names of levels for all areas at it; none means the whole force.
        at_least: numbers of reports; none means the profile's.
        reserved: officer-hours kept free in each period, for all areas or by area; None means the
            profile's.
        quantiles: levels of the counts, between 0 and 1; none means the profile's percentiles.

    Raises:
        UnknownArea: with the near names.
        BadQuestion: if the issue holds no missing-person demand, the span is empty, hours are asked
            for, a number of reports is below 1, or hours reserved are negative.
    """
    if by not in _PERIODS:
        raise BadQuestion(
            f"missing-person demand is too rare to be asked by {by}; ask by {', '.join(_PERIODS)}"
        )
    missing_part(issue)
    asked = questions.look_up(
        issue,
        start=start,
        end=end,
        by=by,
        areas=areas,
        quantiles=quantiles,
        at_least=at_least or issue.profile.missing.at_least,
    )
    if isinstance(reserved, (int, float)):
        reserved = dict.fromkeys(asked.areas, float(reserved))
    if reserved and not all(hours >= 0 for hours in reserved.values()):
        raise BadQuestion("hours reserved are 0 or more; leave out areas that have none")
    return replace(asked, reserved=reserved)


@lru_cache(maxsize=256)
def missing_columns(
    quantiles: tuple[float, ...], at_least: tuple[int, ...], _: OwnParts
) -> tuple[Column, ...]:
    """Return the columns of `missing_values`."""
    return (
        *columns.PERIOD_KEYS,
        *columns.AREA_KEYS,
        *columns.STATES,
        columns.POOLED,
        Column("expected", "expected reports", "reports", example=41.237104, shown="always"),
        Column(
            "baseline",
            "the same by the area's climatology, its long-run mean for such days",
            "reports",
            example=43.875,
        ),
        *(columns.at_least(count, "reports") for count in at_least),
        *(columns.quantile(level, "reports", "never") for level in quantiles),
        *_hours_columns("hours", "the window's own reports, whenever they land", ()),
        *_hours_columns(
            "landing", "cases that land in the window, whenever reported", _SHOWN_OF_LANDING
        ),
        *_BANDS,
    )


def _hours_columns(what: str, of: str, shown: Sequence[float]) -> tuple[Column, ...]:
    mean = Column(
        f"{what}_mean",
        f"expected hours of {of}",
        _HOURS,
        example=536.1,
        decimals=1,
        shown="always" if shown else "never",
    )
    return (
        mean,
        *(
            Column(
                f"{what}_{columns.quantile_name(level)}",
                f"quantiles of the hours of {of}",
                _HOURS,
                example=round(500 * (0.5 + level), 1),
                decimals=1,
                shown="always" if level in shown else "never",
            )
            for level in HOURS_LEVELS
        ),
    )


_BANDS = (
    Column(
        "reserved_hours", "officer-hours kept free in the window", _HOURS, example=640.0,
        decimals=1, shown="told",
    ),
    Column(
        "p_over", "probability that more hours land than are kept free", columns.PROBABILITY,
        example=0.184, high=1, decimals=2, shown="told",
    ),
    Column(
        "band", "p_over beside the thresholds: of one area and window, never a rank",
        type="text", example="likely enough", shown="told", options=BANDS,
        usual=("", "nothing reserved"),
        sign="sign",
    ),
    Column("sign", "a sign for the band, beside its words", type="text", example="✓"),
    Column(
        "uncalibrated",
        "why probabilities of this level and window can't be trusted; empty: they can",
        type="text",
        below="not calibrated: {text} ({rows})",
    ),
)  # fmt: skip


def missing_values(
    issue: Issue, question: Question, now: pd.Timestamp, rows: slice = slice(None)
) -> Values:
    """Return the values of some rows, one for each area and period, in the order of the question.

    Args:
        issue: the issue asked.
        question: from `ask`.
        now: the instant at which the issue's age is judged, UTC.
        rows: which rows of the answer, without a step; no others are computed.
    """
    first, stop, _ = rows.indices(question.rows)
    types = issue.profile.missing_call_types
    asked = row_layout(issue, question, slice(first, stop), types)
    told = [missing_part(issue).forecast.answer(*each) for each in asked.cells]
    mean, variance, baseline = (
        np.concatenate([getattr(one, name) for one in told]) if told else np.zeros(0)
        for name in ("mean", "variance", "baseline")
    )
    counts = CountDistribution.of(mean, variance)
    return (
        asked.keys
        | states(issue, asked, mean, now, types)
        | {"pooled": asked.pooled, "expected": mean, "baseline": baseline}
        | count_values(counts, question)
        | _hours(issue, question, (first, stop), counts)
    )


def _hours(
    issue: Issue,
    question: Question,
    rows: tuple[int, int],
    counts: CountDistribution,
) -> Values:
    """Return the columns in officer-hours."""
    settings = issue.profile.missing
    told = np.flatnonzero(np.isfinite(counts.mean))
    reserved, uncalibrated = (
        _reserved_hours(issue, question, rows),
        _calibration_doubts(issue, question, rows),
    )
    found: Values = {}
    none = np.full(len(counts.mean), np.nan)
    names = [f"_{columns.quantile_name(level)}" for level in HOURS_LEVELS]
    for what in ("hours", "landing"):
        found |= {f"{what}{name}": none.copy() for name in ("_mean", *names)}
    over = none.copy()
    if len(told):
        own = Workload.of_counts(CaseLength.of(settings), counts.mean[told], counts.variance[told])
        lands = _landing(issue, question, told + rows[0])
        for what, work in (("hours", own), ("landing", lands)):
            quantiles, over[told] = work.quantiles(HOURS_LEVELS, reserved[told])
            found[f"{what}_mean"][told] = work.mean
            for i, name in enumerate(names):
                found[f"{what}{name}"][told] = np.round(quantiles[:, i], _HOURS_DECIMALS)
    said = np.isfinite(counts.mean)
    words = np.where(said, bands(over, uncalibrated == "", settings), "")
    return found | {
        "reserved_hours": reserved,
        "p_over": np.round(over, _PROBABILITY_DECIMALS),
        "band": words,
        "sign": signs(words),
        "uncalibrated": uncalibrated,
    }


def _landing(issue: Issue, question: Question, rows: NDArray[np.int64]) -> Workload:
    """Return what lands in the windows of rows of the whole answer, all of them forecast."""
    settings, count = issue.profile.missing, len(question.periods)
    group, period = np.divmod(rows, count)
    groups, g = np.unique(group, return_inverse=True)
    periods, p = np.unique(period, return_inverse=True)
    asked = question.periods.spans
    spans = Spans(asked.starts[periods], asked.ends[periods])
    whole = landing_hours(
        missing_part(issue).forecast,
        [issue.tree.leaves_of(question.areas[i]) for i in groups],
        spans,
        CaseLength.of(settings),
        Release(settings.release),
        missing_part(issue).known,
    )
    return whole.at(g * len(periods) + p)


def _reserved_hours(issue: Issue, question: Question, rows: tuple[int, int]) -> Array:
    """Return the hours reserved for each row; NaN where none are named."""
    periods, areas = question.periods.period, question.areas
    group, period = np.divmod(np.arange(*rows), max(len(periods), 1))
    if question.reserved is not None:
        by_area = [question.reserved.get(area, np.nan) for area in areas]
        return np.array(by_area, dtype=np.float64)[group]
    named = {(each.area, each.period): each.hours for each in issue.profile.missing.reserved}
    kinds = [text.rpartition("/")[2] if question.by == "shift" else question.by for text in periods]
    table = [[named.get((area, kind), np.nan) for kind in kinds] for area in areas]
    return np.array(table, dtype=np.float64).reshape(len(areas), -1)[group, period]


def _calibration_doubts(issue: Issue, question: Question, rows: tuple[int, int]) -> NDArray[Any]:
    """Return why each row's level and kind of period can't be trusted, "" where they can."""
    levels = [issue.tree.level(area) for area in question.areas]
    why = [missing_part(issue).why_uncalibrated(level, question.by) for level in levels]
    group = np.arange(*rows) // max(len(question.periods), 1)
    return np.array(why, dtype=object)[group]


def _facts(issue: Issue, levels: Sequence[str]) -> dict[str, Any]:
    """Return what an issue says of all its figures on missing-person demand, as JSON values.

    Raises:
        BadQuestion: if it holds none.
    """
    held, settings = missing_part(issue), issue.profile.missing
    return {
        "model_version": held.model_version,
        "models": {MODEL: held.model_version},
        "uses": USES,
        "cases": {
            "mean_hours": settings.mean_hours,
            "hours_cv": settings.hours_cv,
            "hours_shape": settings.hours_shape,
            "release": list(settings.release),
        },
        "bands": {"may_be_short": settings.may_be_short, "short": settings.short},
        "calibration": [
            {"level": level, "window": window, "uncalibrated": why}
            for (level, window), why in held.uncalibrated.items()
            if level in levels
        ],
    }


def _title(issue: Issue, question: Question) -> tuple[str, ...]:
    areas = question.areas
    where = issue.tree.area(areas[0]).name if len(areas) == 1 else f"{len(areas)} areas"
    hours = f"in reports and officer-hours ({issue.profile.missing.mean_hours:g} a case)"
    lines = (f"missing-person demand {question.when}: {where}, {hours}", USES)
    return (_BY_BASELINE, *lines) if missing_part(issue).is_baseline else lines


DEMAND = AnswerKind(
    "reports and officer-hours", look_up_missing, missing_columns, missing_values, _title, _facts
)
