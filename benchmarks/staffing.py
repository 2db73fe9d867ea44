"""Officers from the demo force's own truth: what answers cost, and whether their figures hold.

    python -m benchmarks.staffing [--speed] [--chance] [--peaks] [--draws 10000] [--seed 1]

The issue is what one would publish who knows the demo force's rates and the sizes of its shocks.

1. `--speed`: nine districts × 28 days and every beat × 28 days with cover, each question new to the
   process; median and 95th percentile of seconds by the clock and of processor seconds, and the
   memory that it takes beside what is there before.
2. `--chance`: eight weeks by half-hour against calls that happen one by one (`tests.oracles.busy`):
   the mean, and how often the load is above, and not below, the need at q = 50, 80, 95.
3. `--peaks`: officer-hours of the split against each shift's own peak, for urgent cover alone and
   with work that can wait.

Without any of them, all three.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.costs import unit_seconds
from forewatch.arrays import Array
from forewatch.duty import Service
from forewatch.profile import Profile
from planning.area_staffing import AreaStaffing
from planning.duty_layout import work_sources
from planning.issues import Issue, Part
from planning.load import Rows, SourceLoad
from planning.need import BusyOfficers
from planning.source_calls import Calls
from planning.staffing import staffing
from sources.synthetic import DemoForce, demo_force
from tests.oracles.busy import half_hour_middles, jobs

FIRST = pd.Timestamp("2026-11-23")
DAYS = 91
LEVELS = (0.5, 0.8, 0.95)
WEEKS = 8
_BY_TYPE = ("base", "baseline", "leaf_shares", "grade_shares")


def demo_issue(seed: int) -> Issue:
    """Return an issue of the demo force's true rates."""
    force = demo_force(seed=seed, weeks=2)
    return truth_issue(force, force.profile, FIRST, DAYS)


def truth_issue(force: DemoForce, profile: Profile, first: pd.Timestamp, days: int) -> Issue:
    """Return what one would publish who knows a force's true rates and the sizes of its shocks.

    Args:
        force: whose.
        profile: that the issue is of.
        first: local date of its first force-day.
        days: how many.
    """
    day = int(force.truth.rates.force_days.searchsorted(first))
    origin = pd.Timestamp(force.truth.rates.day_edges[day])
    whole = force.truth.forecast(origin, days)
    types = [whole.rates.call_types.index(name) for name in profile.missing_call_types]
    rates = replace(
        whole.rates,
        call_types=("missing_person",),
        **{name: getattr(whole.rates, name)[:, types] for name in _BY_TYPE},
    )
    parts = {
        "calls": Part(whole, "the truth"),
        "missing": Part(replace(whole, rates=rates), "the truth", has_casework=True),
    }
    return Issue(1, origin, parts, profile, profile.tree())


def speed(issue: Issue) -> None:
    """Print what questions cost."""
    districts, beats = (issue.tree.at_level(level) for level in ("district", "beat"))
    staffing(issue, first=FIRST, days=7, areas=districts[:1])  # imports, first allocations
    print(f"a unit of work (a millisecond on a machine at rest): {unit_seconds() * 1000:.1f} ms")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, areas, runs in (("districts", districts, 20), ("beats", beats, 5)):
        clock, cpu = [], []
        for percentile in range(75, 75 + runs):
            began = time.perf_counter(), time.process_time()
            staffing(issue, first=FIRST, days=28, areas=areas, percentile=percentile)
            clock.append(time.perf_counter() - began[0])
            cpu.append(time.process_time() - began[1])
        found = (np.quantile(each, level) for each in (clock, cpu) for level in (0.5, 0.95))
        print(
            f"{len(areas)} {name} × 28 days: {'{:.3f} and {:.3f}'.format(*list(found)[:2])} s by "
            f"the clock (median, 95 %), {np.quantile(cpu, 0.5):.3f} and "
            f"{np.quantile(cpu, 0.95):.3f} s of processor"
        )
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"memory at its highest: {more:.0f} MiB more than before")


def chance(issue: Issue, draws: int, seed: int) -> None:
    """Print how often loads are above and not below the need."""
    hours = WEEKS * 7 * 24
    services = tuple(
        replace(each, release=(), minutes=min(each.minutes, 72.0), cv=1.0, urgent=True)
        for each in work_sources(issue, "response")[0].services
        if each.urgent
    )
    source = replace(work_sources(issue, "response")[0], services=services)
    middles = half_hour_middles(source.forecast, hours)
    load = SourceLoad(Rows(Calls(source, middles.ends[-1]), middles), "officers")
    for area in (*issue.tree.at_level("district")[:2], issue.tree.at_level("beat")[0]):
        _chance_of(issue, area, (load, services), (hours, draws, seed))


def _chance_of(
    issue: Issue,
    area: str,
    work: tuple[SourceLoad, tuple[Service, ...]],
    size: tuple[int, int, int],
) -> None:
    hours, draws, seed = size
    leaves = issue.tree.leaves_of(area)
    found = work[0].of(leaves)
    needs = [BusyOfficers.of(found).need(level) for level in LEVELS]
    above, below = np.zeros((2, len(LEVELS), 2 * hours))
    mean = np.zeros(2 * hours)
    step = 100 if found.mean.mean() > 5 else 500  # noqa: PLR2004 - as memory allows
    for first in range(0, draws, step):
        happened = jobs(issue.forecast, leaves, work[1], hours, step, seed + first)
        drawn = happened.busy(hours)
        mean += drawn.sum(0)
        above += [(drawn > need).sum(0) for need in needs]
        below += [(drawn >= need).sum(0) for need in needs]
    begun = slice(48, None)  # nothing is carried into the draws
    of_mean = (mean / draws)[begun] / found.mean[begun] - 1
    print(f"{area}: {found.mean.mean():.2f} officers busy; mean of draws {of_mean.mean():+.3%}")
    for level, over, at_least in zip(LEVELS, above / draws, below / draws, strict=True):
        rest = 1 - level
        week = [_by_hour_of_week(each)[:, None] for each in (over, at_least)]
        off = np.maximum(week[0] - rest, rest - week[1]).max()
        print(
            f"  q{level:.0%}: P(load > need) {over[begun].mean():.3f} ≤ {rest + 0.02:.2f}; "
            f"P(load ≥ need) {at_least[begun].mean():.3f} ≥ {rest - 0.02:.2f}; "
            f"worst hour of the week off by {off:.3f}"
        )


def _by_hour_of_week(values: Array) -> Array:
    """Return means by hour of the week of half-hours from a Monday's start, without week one."""
    return np.asarray(values.reshape(WEEKS, 168, 2)[1:].mean((0, 2)))


def peaks(issue: Issue) -> None:
    """Print officer-hours of the split against those of each shift's own peak."""
    only = issue.profile.model_copy(update={"grades": issue.profile.grades})
    waiting = [each.id for each in only.grades if each.work == "deferrable"]
    calm = {
        kind: {"grades": {grade: {"attended": 0.0} for grade in waiting}}
        for kind in only.call_type_ids
        if kind not in only.missing_call_types
    }
    data = only.model_dump(mode="json")
    data["staffing"]["services"] = calm
    data["staffing"]["minimum"] = 0
    urgent = replace(issue, profile=type(only).model_validate(data))
    for name, each in (("urgent cover alone", urgent), ("with work that can wait", issue)):
        for level in ("district", "beat"):
            found = staffing(each, first=FIRST, days=28, areas=[level]).areas
            pairs = np.array([_split_and_peaks(area) for area in found])
            share = pairs[:, 0] / pairs[:, 1]
            print(
                f"{name}, {level}s: split {pairs[:, 0].sum():,.0f} officer-hours, peaks "
                f"{pairs[:, 1].sum():,.0f}: {pairs[:, 0].sum() / pairs[:, 1].sum():.3f}; "
                f"area with most {share.max():.3f}"
            )


def _split_and_peaks(area: AreaStaffing) -> tuple[float, float]:
    """Return officer-hours of an area's split, and of each shift's peak raised to hold the work."""
    shifts, halves, duty = area.shifts, area.half_hours, area.duty
    count = len(halves)
    peak = np.where(duty.during[:, :count], halves["need"].to_numpy(), 0).max(1)
    peak = np.maximum(np.ceil(peak / duty.share - 1e-9), area.minimum)
    hours = shifts["hours"].to_numpy()
    wanted = duty.work.quantile(0.8)
    for day in np.unique(duty.day):
        mine = np.flatnonzero(duty.day == day)
        short = wanted[day] - (peak * duty.productive)[mine].sum()
        if short > 0:  # in the shift that holds most of it for an hour
            best = mine[np.argmax(duty.share[mine])]
            peak[best] += np.ceil(short / duty.productive[best])
    return float((shifts["on_duty"] * hours).sum()), float((peak * hours).sum())


def main() -> None:
    """Print what is asked for."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("speed", "chance", "peaks"):
        asked.add_argument(f"--{name}", action="store_true")
    asked.add_argument("--draws", type=int, default=10_000)
    asked.add_argument("--seed", type=int, default=1)
    wanted = asked.parse_args()
    every = not (wanted.speed or wanted.chance or wanted.peaks)
    issue = demo_issue(wanted.seed)
    if every or wanted.speed:
        speed(issue)
    if every or wanted.peaks:
        peaks(issue)
    if every or wanted.chance:
        chance(issue, wanted.draws, wanted.seed)


if __name__ == "__main__":
    main()
