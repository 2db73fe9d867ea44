"""One demo force: its profile, its truth, its records and the tables beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from forewatch.profile import Profile
from forewatch.rates import Rates
from sources.synthetic import demand, extract, happenings, weather
from sources.synthetic.grid import HourGrid
from sources.synthetic.places import GRADES, beats, districts, profile
from sources.synthetic.plan import Plan
from sources.synthetic.records import Draw, DrawnCalls, lost_window
from sources.synthetic.truth import ShockSizes, Truth, factors


@dataclass(frozen=True)
class DemoForce:
    """An openly synthetic force whose truth is known.

    Args:
        plan: what was asked for.
        profile: the force's profile, with its area tree.
        truth: the true rates and shocks behind the records, and those of the days ahead.
        records: every call record, in arrays.
        tourism: area, month, visitors (a day), published_at; only what was published by the end.
        events: name, area, start, end, attendance_low, attendance_high, announced_at (UTC).
        holidays: from, to (both included), kind, name, area, announced_at.
        unobserved: start, end (UTC), area ("" is the whole force).
        breaks: the register of breaks, see `demand.breaks_table`.
        covariates: the weather by then, see `weather.weather_table`; no rows without hot weekends.
    """

    plan: Plan
    profile: Profile
    truth: Truth
    records: DrawnCalls
    tourism: pd.DataFrame
    events: pd.DataFrame
    holidays: pd.DataFrame
    unobserved: pd.DataFrame
    breaks: pd.DataFrame
    covariates: pd.DataFrame

    @property
    def grid(self) -> HourGrid:
        """The hours of the truth: the history's and those ahead of it."""
        return HourGrid(self.plan.first, self.plan.history_days + self.plan.ahead_days)

    @cached_property
    def calls(self) -> pd.DataFrame:
        """The extract a force would send, one row a version of a call, all columns text.

        call_ref, received_at (wall clock, rows in order of receipt), beat, district, code,
        priority, source, status, updated_at (wall clock), officers_sent, minutes_attended.
        """
        found: pd.DataFrame = extract.extract_table(self.plan, self.grid, self.records).to_pandas()
        return found

    @property
    def mapping(self) -> str:
        """The mapping file (TOML) that reads the extract."""
        return extract.mapping(self.plan)


def _rates(plan: Plan, grid: HourGrid, around: demand.Surroundings) -> Rates:
    calls = demand.expected_calls(plan, grid, around)
    below = beats(plan)
    made = profile(plan)
    return Rates(
        step="hour",
        edges=grid.edges,
        force_days=grid.force_days,
        day=grid.day,
        slot=grid.slot,
        places=tuple(district.id for district in districts(plan)),
        call_types=made.call_type_ids,
        grades=GRADES,
        leaves=tuple(beat.entry.id for beat in below),
        base=calls,
        baseline=calls,
        leaf_place=np.array([beat.district for beat in below], np.int64),
        leaf_shares=np.array([beat.shares for beat in below]),
        grade_shares=demand.grade_shares(plan, grid, calls),
    )


def _weather(plan: Plan) -> pd.DataFrame:
    last = plan.until + timedelta(days=max(weather.LEADS_DAYS))
    found = weather.weather_table(plan, last)
    return found if plan.hot_weekends else found.iloc[:0]


def demo_force(seed: int = 1, **size: object) -> DemoForce:
    """Return a demo force; the same arguments give the same force.

    Args:
        seed: of all chance.
        size: fields of `Plan`: years or weeks, until, districts, beats_per_district, call_types,
            calls_per_week, scale, ahead_days. An unknown one is refused.
    """
    plan = Plan.model_validate({"seed": seed, **size})
    grid = HourGrid(plan.first, plan.history_days + plan.ahead_days)
    around = demand.Surroundings.of(plan, grid)
    rates = _rates(plan, grid, around)
    sizes = ShockSizes()
    truth = Truth(rates, factors(plan, grid, sizes), sizes, demand.break_at(plan))
    records = Draw(plan, grid, rates, truth.conditional()).records()
    end = grid.edges[np.searchsorted(grid.seconds, grid.day_seconds[plan.history_days])]
    low, high = (pd.Timestamp(s, unit="s", tz="UTC") for s in lost_window(plan, grid))
    events = happenings.events_table(around.events)
    return DemoForce(
        plan,
        profile(plan),
        truth,
        records,
        _known_tables(around.tourism, "published_at", end),
        _known_tables(events, "announced_at", end),
        _known_tables(around.school, "announced_at", end),
        pd.DataFrame({"start": [low], "end": [high], "area": [""]}),
        demand.breaks_table(plan),
        _known_tables(_weather(plan), "known_at", end),
    )


def _known_tables(table: pd.DataFrame, column: str, end: pd.Timestamp) -> pd.DataFrame:
    return table[table[column] < end].reset_index(drop=True)
