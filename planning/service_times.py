"""How many officers calls take, for how long, and how many are attended, learned from a log.

1. A force-day of which more cases are still open than usual is left out whole: of it only the short
   ones would count. So is one from before the log had such figures.
2. Minutes are weighted by officers, so that officers × minutes are the officer-minutes of a call.
3. Where a call type and grade had few calls, its figures lean on those of the type as a whole (the
   share attended: of the grade as a whole), and these on the force's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forewatch.errors import NotEnoughHistory

# Calls that what is leant on weighs as much as (assumed): a mean of minutes with a spread of its
# own size is then known to a fifth.
_LEANS_CALLS = 25
_LEANS_SPREAD_CALLS = 100  # a spread needs more calls than a mean (assumed)
_DEVIATIONS = 4.0  # above the usual share of open cases
_MAD_TO_SD = 1.4826  # of a normal distribution
_LEAST_CV, _MOST_CV = 0.05, 5.0
_LEAST_MINUTES = 0.1
_MOST_OFFICERS = 100.0
_FEWEST_DAYS = 28


@dataclass(frozen=True)
class LearnedService:
    """What a call of one type and grade took.

    Args:
        call_type: its id.
        grade: its id.
        calls: how many there were on the days that count.
        sent: of them, those to which somebody was sent.
        officers: sent to a call that was attended, on average; None if no log says, or nobody was.
        minutes: from assignment to clear, on average of each officer; None if no log says.
        cv: standard deviation of these minutes divided by their mean; None likewise.
        attended: share of the calls to which somebody was sent.
    """

    call_type: str
    grade: str
    calls: int
    sent: int
    officers: float | None
    minutes: float | None
    cv: float | None
    attended: float


@dataclass(frozen=True)
class ServiceTimes:
    """What was learned, and from which days.

    Args:
        services: by call type and grade, those that had calls.
        first: the first force-day that counts (local date).
        last: the last one that counts.
        days: force-days that count.
        open_days: force-days that were left out because cases of them are still open.
    """

    services: tuple[LearnedService, ...]
    first: pd.Timestamp
    last: pd.Timestamp
    days: int
    open_days: int


def service_times(
    sums: pd.DataFrame, call_types: Sequence[str], grades: Sequence[str], leave_out: Iterable[str]
) -> ServiceTimes:
    """Return what calls take.

    Args:
        sums: see `sources.attended_calls.attended_calls`.
        call_types: ids, in the order wanted.
        grades: ids, in the order wanted.
        leave_out: call types whose hours are known otherwise (missing persons).

    Raises:
        NotEnoughHistory: if there are fewer than four weeks of days with figures.
    """
    known = sums[~sums["call_type"].isin(list(leave_out))]
    # Where minutes are not in the log, a case is open as long as nobody says who was sent.
    known = known.assign(open=known["open" if known["timed"].sum() else "blank"])
    daily = known.groupby("force_day")[["calls", "blank", "open"]].sum()
    daily = daily[daily["blank"] < daily["calls"]]  # a day before the columns says nothing at all
    is_open = _is_open(daily)
    days = daily.index[~is_open]
    if len(days) < _FEWEST_DAYS:
        raise NotEnoughHistory(
            f"officers and minutes are known of {len(daily)} force-days, {len(days)} of them with "
            f"all cases closed; {_FEWEST_DAYS} are needed, so import more of the log"
        )
    kept = known[known["force_day"].isin(days)]
    cells = kept.drop(columns="force_day").groupby(["call_type", "grade"]).sum()
    order = pd.MultiIndex.from_product([call_types, grades], names=cells.index.names)
    cells = cells.reindex(order[order.isin(cells.index)])
    figures = _figures(cells)
    services = (_learned(name, cells.loc[name], figures.loc[name]) for name in cells.index)
    return ServiceTimes(tuple(services), days[0], days[-1], len(days), int(np.sum(is_open)))


def _is_open(daily: pd.DataFrame) -> pd.Series[bool]:
    """Return of which days more cases are open than the usual share of never closed ones explains.

    Some cases are never closed, and some logs leave a blank where nobody was sent. So a day is held
    against the median of all, and its distance against chance and against how days differ.
    """
    share = daily["open"] / daily["calls"]
    usual = float(share.median()) if len(share) else 0.0
    by_chance = np.sqrt(usual * (1 - usual) / daily["calls"])
    of_days = _MAD_TO_SD * (share - usual).abs().median() if len(share) else 0.0
    found: pd.Series[bool] = share > usual + _DEVIATIONS * by_chance.clip(lower=of_days)
    return found


def _figures(cells: pd.DataFrame) -> pd.DataFrame:
    """Return officers, minutes, cv and attended of each cell, NaN where nobody knows."""
    says_zero = cells["not_sent"].sum() > 0
    asked = cells["sent"] + (cells["not_sent"] if says_zero else cells["calls"] - cells["sent"])
    deviations = _spread_sums(cells)
    return pd.DataFrame(
        {
            "officers": _leaning(
                cells["officers"], cells["with_officers"], "call_type", _LEANS_CALLS
            ),
            "minutes": _leaning(
                cells["weighted_minutes"], cells["weight"], "call_type", _LEANS_CALLS
            ),
            "cv": np.sqrt(_leaning(deviations, cells["timed"], "call_type", _LEANS_SPREAD_CALLS)),
            "attended": _leaning(cells["sent"], asked, "grade", _LEANS_CALLS),
        }
    )


def _spread_sums(cells: pd.DataFrame) -> pd.Series[float]:
    """Return the squared coefficient of variation of each cell's minutes, times its timed calls."""
    weight = cells["weight"].where(cells["weight"] > 0)
    mean = cells["weighted_minutes"] / weight
    squared = cells["weighted_squares"] / weight / mean.where(mean > 0) ** 2 - 1
    few = cells["timed"] / (cells["timed"] - 1).where(cells["timed"] > 1)  # one call has no spread
    found: pd.Series[float] = (squared.clip(lower=0) * few).fillna(0) * cells["timed"]
    return found


def _leaning(
    total: pd.Series[float], calls: pd.Series[float], level: str, leans: int
) -> pd.Series[float]:
    """Return total ÷ calls of each cell, leaning on its level's, which leans on the force's.

    Args:
        total: sum over the cell's calls.
        calls: how many.
        level: "call_type" or "grade".
        leans: calls that what is leant on weighs as much as.
    """
    if not calls.sum():
        return pd.Series(np.nan, total.index)
    force = total.sum() / calls.sum()
    by_level = (total.groupby(level).sum() + leans * force) / (calls.groupby(level).sum() + leans)
    leant_on = by_level.reindex(total.index.get_level_values(level)).to_numpy()
    found: pd.Series[float] = (total + leans * leant_on) / (calls + leans)
    return found


def _learned(
    name: tuple[str, str], sums: pd.Series[float], figures: pd.Series[float]
) -> LearnedService:
    attended = round(float(figures["attended"]), 3)

    def known(figure: str, least: float, most: float, decimals: int) -> float | None:
        value = float(figures[figure])
        return (
            None
            if np.isnan(value) or not attended
            else round(min(max(value, least), most), decimals)
        )

    return LearnedService(
        *name,
        calls=int(sums["calls"]),
        sent=int(sums["sent"]),
        officers=known("officers", 1, _MOST_OFFICERS, 2),
        minutes=known("minutes", _LEAST_MINUTES, np.inf, 1),
        cv=known("cv", _LEAST_CV, _MOST_CV, 2),
        attended=attended,
    )
