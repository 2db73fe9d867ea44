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
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.count_distribution import CountDistribution
from forewatch.errors import BadQuestion
from forewatch.rates import Spans
from planning import answers
from planning.answers import (
    POOLED_BETWEEN,
    Question,
    framed,
    laid_out,
    quantile_name,
)
from planning.bands import bands, signs
from planning.casework import CaseLength, Workload
from planning.issues import NOT_FORECAST, Issue, Part
from planning.landing import Release, landing
from planning.periods import By
from planning.uses import USES

Array = NDArray[np.float64]

MODEL = "missing-persons"
HOURS_LEVELS = (0.5, 0.8, 0.9, 0.95)
_PERIODS: tuple[By, ...] = ("shift", "day", "week")
_PROBABILITY_DECIMALS, _HOURS_DECIMALS = 3, 1
_OUTSIDE = "the window does not lie within the forecast's horizon"


@dataclass(frozen=True)
class MissingQuestion:
    """Names already looked up; rows are areas × periods, in that order.

    Args:
        windows: areas, periods and the quantiles of counts.
        by: the kind of period.
        at_least: numbers of reports k for P(at least k), ascending.
        reserved: officer-hours kept free in each period, by area; None: as the profile has them.
    """

    windows: Question
    by: By
    at_least: tuple[int, ...]
    reserved: Mapping[str, float] | None = None

    @property
    def rows(self) -> int:
        """The number of rows the answer has."""
        return self.windows.rows


def demanded(issue: Issue) -> Part:
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


def about(issue: Issue) -> dict[str, Any]:
    """Return what an issue says of all its figures on missing-person demand, as JSON values.

    Raises:
        BadQuestion: if it holds none.
    """
    held, settings = demanded(issue), issue.profile.missing
    return {
        "model_version": held.model_version,
        "models": {MODEL: held.model_version},
        "unit": "reports and officer-hours",
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
        ],
    }


def ask(  # noqa: PLR0913 - the dimensions of a forecast, each a name a planner gives
    issue: Issue,
    *,
    start: pd.Timestamp,
    end: pd.Timestamp,
    by: By = "day",
    areas: Sequence[str] = (),
    at_least: Sequence[int] = (),
    reserved: Mapping[str, float] | float | None = None,
    quantiles: Sequence[float] = (),
) -> MissingQuestion:
    """Return the question with every name looked up.

    Args:
        issue: the issue that will be asked.
        start: first instant, UTC.
        end: instant before which the last period begins, UTC.
        by: the kind of period: shift, day or week.
        areas: ids, or names of levels for all areas at it; none means the whole force.
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
    windows = answers.ask(
        _reports(issue), start=start, end=end, by=by, areas=areas, quantiles=quantiles
    )
    least = tuple(sorted(set(at_least or issue.profile.missing.at_least)))
    if least[0] < 1:
        raise BadQuestion(f"at_least counts reports from 1; found {least[0]}")
    if isinstance(reserved, (int, float)):
        reserved = dict.fromkeys(windows.areas, float(reserved))
    if reserved and not all(hours >= 0 for hours in reserved.values()):
        raise BadQuestion("hours reserved are 0 or more; leave out areas that have none")
    return MissingQuestion(windows, by, least, reserved)


def answer(
    issue: Issue, question: MissingQuestion, now: pd.Timestamp, rows: slice = slice(None)
) -> pd.DataFrame:
    """Return one row per area and period, in the order of the question.

    Args:
        issue: the issue asked.
        question: from `ask`.
        now: the instant at which the issue's age is judged, UTC.
        rows: which rows of the answer, without a step; no others are computed.

    Returns:
        Columns period, force_day, start, end (UTC), area; state (forecast, stale, no_forecast) with
        its reason, observed_until. Then in reports: expected, baseline, p_at_least_k, quantiles of
        the count (q05 …). In officer-hours: hours_mean and hours_q50 to hours_q95 of the window's
        own reports whenever they land; landing_mean and landing_q50 to landing_q95 of what lands in
        the window whenever it was reported; reserved_hours, p_over (that more land than are
        reserved), band, sign, and uncalibrated: why past forecasts of this level and kind of period
        can't be trusted, "" where they can. pooled: the areas whose reports are known together with
        the row's only, and spread over them, "" where there are none.
        Numbers are NaN where the state is no_forecast.
    """
    return framed(columns(issue, question, now, rows))


def columns(
    issue: Issue, question: MissingQuestion, now: pd.Timestamp, rows: slice = slice(None)
) -> dict[str, NDArray[Any]]:
    """Return the columns of `answer` as arrays; start and end are UTC without zone."""
    first, stop, _ = rows.indices(question.rows)
    asked = laid_out(_reports(issue), question.windows, slice(first, stop))
    keys = {name: asked.keys[name] for name in ("period", "force_day", "start", "end", "area")}
    said = [demanded(issue).forecast.answer(*each) for each in asked.cells]
    mean, variance, baseline = (
        np.concatenate([getattr(one, name) for one in said]) if said else np.zeros(0)
        for name in ("mean", "variance", "baseline")
    )
    lengths = zip(asked.groups, asked.lengths, strict=True)
    types = issue.profile.missing_call_types
    fresh = issue.freshness.columns(
        [(area, types, n) for (area, _, _), n in lengths], mean, now, _OUTSIDE
    )
    told = fresh | {"pooled": _pooled(issue, question, (first, stop))}
    counts = CountDistribution.of(mean, variance)
    below = counts.cdf(np.array(question.at_least) - 1.0)
    quantiles = counts.quantiles(question.windows.quantiles)
    return (
        keys
        | told
        | {"expected": mean, "baseline": baseline}
        | {
            f"p_at_least_{k}": np.round(1 - below[:, i], _PROBABILITY_DECIMALS)
            for i, k in enumerate(question.at_least)
        }
        | {quantile_name(q): quantiles[:, i] for i, q in enumerate(question.windows.quantiles)}
        | _hours(issue, question, (first, stop), counts)
    )


def _reports(issue: Issue) -> Issue:
    """Return the issue with the forecast of missing-person reports in the place of all calls'."""
    return replace(issue, parts={"": demanded(issue)})


def _pooled(issue: Issue, question: MissingQuestion, rows: tuple[int, int]) -> NDArray[Any]:
    """Return the areas that each row's is pooled with."""
    types = issue.profile.missing_call_types
    together = [
        POOLED_BETWEEN.join(issue.pooled_areas(area, types)) for area in question.windows.areas
    ]
    group = np.arange(*rows) // max(len(question.windows.periods), 1)
    return np.array(together, dtype=object)[group]


def _hours(
    issue: Issue,
    question: MissingQuestion,
    rows: tuple[int, int],
    counts: CountDistribution,
) -> dict[str, NDArray[Any]]:
    """Return the columns in officer-hours."""
    settings = issue.profile.missing
    told = np.flatnonzero(np.isfinite(counts.mean))
    reserved, uncalibrated = _reserved(issue, question, rows), _uncalibrated(issue, question, rows)
    found: dict[str, NDArray[Any]] = {}
    none = np.full(len(counts.mean), np.nan)
    names = [f"_{quantile_name(level)}" for level in HOURS_LEVELS]
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


def _landing(issue: Issue, question: MissingQuestion, rows: NDArray[np.int64]) -> Workload:
    """Return what lands in the windows of rows of the whole answer, all of them forecast."""
    settings, frame = issue.profile.missing, question.windows.periods
    group, period = np.divmod(rows, len(frame))
    groups, g = np.unique(group, return_inverse=True)
    periods, p = np.unique(period, return_inverse=True)
    spans = Spans(*(pd.DatetimeIndex(frame[name])[periods] for name in ("start", "end")))
    whole = landing(
        demanded(issue).forecast,
        [issue.tree.leaves_of(question.windows.areas[i]) for i in groups],
        spans,
        CaseLength.of(settings),
        Release(settings.release),
        demanded(issue).known,
    )
    return whole.at(g * len(periods) + p)


def _reserved(issue: Issue, question: MissingQuestion, rows: tuple[int, int]) -> Array:
    """Return the hours reserved for each row; NaN where none are named."""
    periods, areas = question.windows.periods["period"], question.windows.areas
    group, period = np.divmod(np.arange(*rows), max(len(periods), 1))
    if question.reserved is not None:
        by_area = [question.reserved.get(area, np.nan) for area in areas]
        return np.array(by_area, dtype=np.float64)[group]
    named = {(each.area, each.period): each.hours for each in issue.profile.missing.reserved}
    kinds = [text.rpartition("/")[2] if question.by == "shift" else question.by for text in periods]
    table = [[named.get((area, kind), np.nan) for kind in kinds] for area in areas]
    return np.array(table, dtype=np.float64).reshape(len(areas), -1)[group, period]


def _uncalibrated(issue: Issue, question: MissingQuestion, rows: tuple[int, int]) -> NDArray[Any]:
    """Return why each row's level and kind of period can't be trusted, "" where they can."""
    levels = [issue.tree.level(area) for area in question.windows.areas]
    why = [demanded(issue).why_uncalibrated(level, question.by) for level in levels]
    group = np.arange(*rows) // max(len(question.windows.periods), 1)
    return np.array(why, dtype=object)[group]
