"""How long the fewest changes of a plan take: nine areas of one duty base, three shifts, a week.

Usage: python -m benchmarks.moves [--limit 10]
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from planning.moves import PlannedDuties, fewest_moves, half_hour_requirements

AREAS, DAYS, HALF_HOURS = 9, 7, 48
STARTS, LENGTH = (0, 14, 29), 20  # half-hours from 07:00
HALF_HOUR_US = 1_800_000_000
SEED = 1


def main() -> None:
    """Print processor seconds, changes and what they cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=10)
    limit = parser.parse_args().limit
    chance = np.random.default_rng(SEED)
    count = DAYS * len(STARTS)
    day = np.tile(np.repeat(np.arange(DAYS), len(STARTS)), AREAS)
    begins = day * HALF_HOURS + np.tile(STARTS, AREAS * DAYS)
    area = np.repeat(np.arange(AREAS), count)
    at = np.tile(np.arange(DAYS * HALF_HOURS), AREAS)[:, None]
    of_area = np.repeat(np.arange(AREAS), DAYS * HALF_HOURS)[:, None] == area
    covers = of_area & (begins <= at) & (at < begins + LENGTH)
    evening = 6 + 3 * np.sin(at[:, 0] / HALF_HOURS * 2 * np.pi)
    wanted = np.round(evening + chance.normal(0, 0.5, len(at)))
    late = np.where(day < 3, 480.0, 0.0)  # noqa: PLR2004 - days within notice
    duties = PlannedDuties(
        areas=tuple(map(str, area)),
        bases=np.zeros(len(area), dtype=np.int64),
        shifts=tuple(map(str, np.arange(len(area)))),
        days=day,
        starts_us=begins * HALF_HOUR_US,
        planned=chance.poisson(6, len(area)).astype(np.float64),
        most=np.full(len(area), np.inf),
        change_cost=late,
        ask_cost=np.maximum(late, 320.0),
    )
    began = time.process_time()
    found = fewest_moves(duties, half_hour_requirements(covers, wanted), limit)
    print(
        f"{time.process_time() - began:.2f} processor seconds, {found.changes} officer-shifts "
        f"change, cost {found.cost:,.0f}, {np.count_nonzero(found.still_short):,} half-hours short"
    )


if __name__ == "__main__":
    main()
