"""Is a covariate found, and does it leak? The demo force with and without its hot weekends.

    python -m benchmarks.covariates [--years 4] [--growth 0.04] [--scale 0.5]

Each week from May to September of the last two years is forecast from its Monday: by the log-linear
model and the trees, learned on 1 May of the year, and by their mean. Three ways to see the weather:

    without     the covariate is not in the profile
    with        as it was known at the origin: forecasts of the week, climatology beyond
    foreseen    a leak on purpose: the measured value is known a month ahead

Errors are against the true rates (nobody knows them of a real force) and against what was counted,
in percent of the calls of a district-day, on hot weekend days and on all others. Then every value
that was not known at an origin is replaced: forecasts must be the same to the last bit, and those
of *foreseen* must not.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.panel import Panel, panel
from forewatch.arrays import Array
from forewatch.history import History
from forewatch.tables import empty
from models.boosting import Boosting
from models.loglinear import Loglinear
from sources.synthetic import DemoForce, demo_force, weather
from sources.synthetic import demo_history as of_demo
from sources.synthetic.places import HOT_WEEKEND

DAYS = 7
FORESEEN = pd.Timedelta(days=30)


def main() -> None:
    """Print what is found, the errors, and whether anything leaks."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--years", type=float, default=4)
    parser.add_argument("--growth", type=float, default=0.04, help="of calls, a degree")
    parser.add_argument("--scale", type=float, default=0.5)
    asked = parser.parse_args()
    demo = demo_force(
        seed=11, years=asked.years, scale=asked.scale, hot_weekends=asked.growth,
        districts=5, call_types=6,
    )  # fmt: skip
    found = of_demo(demo)
    case = Case.of(demo)
    ways = ways_of(found)
    print(
        pd.DataFrame({name: scores(case, way) for name, way in ways.items()}).round(2).to_string()
    )
    told = found.covariates["known_at"]
    for name, way in ways.items():
        if len(way.covariates):
            print(f"{name}: {'LEAKS' if leaks(way, told) else 'leaks nothing'}")


@dataclass(frozen=True)
class Case:
    """The demo force's days: its first, and by district the truth, the counts and the heat."""

    first: pd.Timestamp
    until: pd.Timestamp
    truth: Array
    counted: Array
    heat: Array

    @classmethod
    def of(cls, demo: DemoForce) -> Case:
        """Return a demo force's, each shape (districts, days)."""
        rates, days = demo.truth.rates, demo.plan.history_days
        calls = demo.records.where(demo.records.public)
        day = np.searchsorted(rates.day_edges.as_unit("s").asi8, calls.second, side="right") - 1
        key = rates.leaf_place[calls.leaf] * days + day
        counted = np.bincount(key, minlength=len(rates.places) * days).astype(float)
        return cls(
            rates.force_days[0],
            pd.Timestamp(demo.plan.until),
            rates.daily.sum(1)[:, :days],
            counted.reshape(len(rates.places), days),
            weather.heat(demo.plan, days),
        )


def ways_of(found: History) -> dict[str, History]:
    """Return the history as each way of seeing the weather has it."""
    bare = found.profile.model_copy(update={"covariates": ()})
    table = found.covariates
    early = table.assign(known_at=table["known_at"] - FORESEEN)
    return {
        "without": replace(found, profile=bare, covariates=empty("covariates")),
        "with": found,
        "foreseen": replace(found, covariates=early),
    }


def scores(case: Case, past: History) -> pd.Series:
    """Return errors in percent, and the growth a degree that the log-linear model has learned."""
    errors: dict[str, list[float]] = defaultdict(list)
    for year in (case.until.year - 1, case.until.year):
        members = learned(past, pd.Timestamp(year, 5, 1, 6, tz="UTC"))
        errors[f"growth a degree learned by May {year}"] = [growth(members[0])]
        for monday in pd.date_range(f"{year}-05-04", f"{year}-09-30", freq="W-MON"):
            seen = panel(AsOf(past, monday.tz_localize("UTC") + pd.Timedelta(hours=6)), DAYS)
            for name, values in week_errors(case, seen, members).items():
                errors[name] += values
    return pd.Series({name: float(np.mean(values)) for name, values in errors.items()})


def learned(past: History, origin: pd.Timestamp) -> tuple[Loglinear, Boosting]:
    """Return the members fitted on what was known at an origin."""
    seen = panel(AsOf(past, origin), DAYS)
    return Loglinear().fit(seen), Boosting(seed=1).fit(seen)


def growth(member: Loglinear) -> float:
    """Return the growth of all calls in percent a degree by the log-linear model; NaN without."""
    at = [i for i, term in enumerate(member.terms_) if term.name == f"covariate_{HOT_WEEKEND.id}"]
    found = member.coefficients_[0, at] / HOT_WEEKEND.step
    return float(100 * np.expm1(found).sum()) if at else float("nan")


def week_errors(
    case: Case, seen: Panel, members: tuple[Loglinear, Boosting]
) -> dict[str, list[float]]:
    """Return absolute errors in percent of district-days of a week, by member and kind of day."""
    first = (seen.horizon[0] - case.first).days
    truth, counted, heat = (
        values[:, first : first + DAYS] for values in (case.truth, case.counted, case.heat)
    )
    by_member = [member.predict(seen)[:, seen.cells].sum(2).T for member in members]
    predicted = dict(zip(("log-linear", "trees"), by_member, strict=True))
    predicted["mean of both"] = np.mean(by_member, axis=0)
    found: dict[str, list[float]] = {}
    for name, mean in predicted.items():
        for kind, chosen in (("hot weekends", heat > 0), ("other days", heat == 0)):
            for what, happened in (("truth", truth), ("counted", counted)):
                error = 100 * np.abs(mean - happened) / truth
                found[f"{name}, {what}, {kind}"] = error[chosen].tolist()
    return found


def leaks(past: History, told: pd.Series) -> bool:
    """Return whether a forecast changes when values are replaced that were told after its origin.

    Args:
        past: the history.
        told: when its values of covariates were told in truth, UTC.
    """
    monday = pd.Timestamp(past.observed_until.year, 7, 20, 6, tz="UTC")
    values = past.covariates["value"].mask(told > monday, 40.0)
    other = replace(past, covariates=past.covariates.assign(value=values))
    ours, theirs = (panel(AsOf(each, monday), DAYS) for each in (past, other))
    member = Loglinear().fit(ours)
    return not np.array_equal(member.predict(ours), member.predict(theirs))


if __name__ == "__main__":
    main()
