"""Forces of random calls, to see that what is planted is found, and chance is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from forewatch.clock import Clock
from forewatch.history import History, Step
from forewatch.profile import Profile
from forewatch.tables import check


@dataclass(frozen=True)
class Drawn:
    """How calls are drawn: so many a day in each leaf, evenly over its hours and call types."""

    per_day: tuple[float, ...]
    days: int
    call_types: int = 1
    step: Step = "hour"
    zone: str = "Europe/London"
    day_starts_at: time = time(7)
    first: str = "2025-01-06"
    districts: int = 2


def profile_of(drawn: Drawn) -> Profile:
    leaves = range(len(drawn.per_day))
    areas: list[dict[str, Any]] = [{"id": "force", "name": "Force"}]
    areas += [{"id": f"d{i}", "name": f"D{i}", "parent": "force"} for i in range(drawn.districts)]
    areas += [{"id": f"b{i}", "name": f"B{i}", "parent": f"d{i % drawn.districts}"} for i in leaves]
    return Profile.model_validate(
        {
            "force": {
                "id": "force",
                "name": "Force",
                "zone": drawn.zone,
                "day_starts_at": drawn.day_starts_at,
            },
            "areas": areas,
            "call_types": [{"id": f"t{i}", "name": f"T{i}"} for i in range(drawn.call_types)],
            "grades": ["routine"],
        }
    )


def draw(drawn: Drawn, seed: int, factor: Callable[[NDArray[Any]], Any] | None = None) -> History:
    """Draw a force's calls.

    Args:
        drawn: how.
        seed: of the generator.
        factor: of what is expected, from an array of shape (intervals, leaves, call types) of
            force-day numbers to one that spreads to this shape; None: 1.
    """
    profile = profile_of(drawn)
    clock, first = Clock.of(profile), pd.Timestamp(drawn.first)
    if drawn.step == "hour":
        edges, day = clock.hour_edges(first, drawn.days), clock.hour_days(first, drawn.days)
        share = 1 / 24
    else:
        edges, day, share = clock.day_edges(first, drawn.days), np.arange(drawn.days), 1.0
    shape = (len(day), len(drawn.per_day), drawn.call_types)
    mean = np.array(drawn.per_day)[None, :, None] * share / drawn.call_types
    mean = np.broadcast_to(mean, shape)
    if factor is not None:
        mean = mean * factor(np.broadcast_to(day[:, None, None], shape))
    counts = np.random.default_rng(seed).poisson(mean)
    at = np.nonzero(counts)
    tree = profile.tree()
    frame = pd.DataFrame(
        {
            "start": edges[:-1][at[0]],
            "area": pd.Categorical.from_codes(at[1], pd.Index(tree.leaves)),
            "call_type": pd.Categorical.from_codes(at[2], pd.Index(profile.call_type_ids)),
            "grade": pd.Categorical.from_codes(np.zeros(len(at[0]), int), pd.Index(["routine"])),
            "count": counts[at],
            "known_at": edges[1:][at[0]],
        }
    )
    ledger = check("counts", frame)
    return History(profile, tree, drawn.step, edges[0], edges[-1], ledger)


@pytest.fixture(scope="session")
def drawn_force() -> Callable[..., History]:
    """Draw a force: `drawn_force(seed, factor=None, **settings of Drawn)`."""

    def make(
        seed: int, factor: Callable[[NDArray[Any]], Any] | None = None, **settings: Any
    ) -> History:
        return draw(Drawn(**settings), seed, factor)

    return make
