"""Officers busy, found by letting every call happen: another road to what the closed form says.

Calls are drawn hour by hour with the forecast's shared shocks (`tests.oracles.drawn`), each at a
time of its own; it is attended or not, officers come and stay for a lognormal time.
"""

from __future__ import annotations

import numpy as np

from forewatch.arrays import Array, Index
from forewatch.clock import HOUR_US, instants_us
from forewatch.duty import Service
from forewatch.rates import Forecast, Selection, Spans
from tests.oracles.drawn import drawn


def busy(
    forecast: Forecast, leaves: tuple[str, ...], services: tuple[Service, ...], hours: int, n: int,
    seed: int,
) -> tuple[Index, Array]:  # fmt: skip
    """Return officers busy at half-hours' middles, shape (n, half-hours), and hours landed.

    Calls of the first hours of the horizon; nothing is carried in. Services send whole numbers of
    officers. Hours landed: officer-hours within each half-hour, same shape.
    """
    edges = forecast.rates.edges[: hours + 1]
    spans = Spans(edges[:-1], edges[1:])
    rng = np.random.default_rng(seed)
    counts = drawn(forecast, Selection(leaves), spans, n, seed).sum(1)  # over places
    position = {(each.call_type, each.grade): each for each in services}
    found = np.zeros((n, 2 * hours), dtype=np.int64)
    landed = np.zeros((n, 2 * hours))
    rates = forecast.rates
    places = np.unique([rates.leaf_place[rates.leaves.index(leaf)] for leaf in leaves])
    for t, call_type in enumerate(rates.call_types):
        draw, hour = np.divmod(np.repeat(np.arange(n * hours), counts[:, t].ravel()), hours)
        at = hour + rng.random(len(hour))
        odds = rates.grade_shares[places[0], t][rates.slot[hour]].cumsum(1)
        grade = (rng.random(len(hour))[:, None] > odds).sum(1)
        for g, name in enumerate(rates.grades):
            service = position.get((call_type, name))
            if service is None:
                continue
            mine = (grade == g) & (rng.random(len(hour)) < service.attended)
            _add(found, landed, draw[mine], at[mine], service, rng)
    return found, landed


def _add(
    found: Index, landed: Array, draw: Index, at: Array, service: Service, rng: np.random.Generator
) -> None:
    """Add what calls at hours keep busy."""
    variance = np.log1p(service.cv**2)
    middle = np.log(service.minutes / 60) - variance / 2
    end = at + rng.lognormal(middle, np.sqrt(variance), len(at))
    width = found.shape[1]
    # Half-hour k is looked at in its middle, k/2 + 1/4 hours.
    first, last = (np.clip(np.ceil(2 * each - 0.5), 0, width).astype(int) for each in (at, end))
    size = len(found) * (width + 1)
    change = np.bincount(draw * (width + 1) + first, minlength=size)
    change -= np.bincount(draw * (width + 1) + last, minlength=size)
    officers = int(service.officers)
    found += officers * change.reshape(len(found), -1)[:, :width].cumsum(1)
    # Hours by then of each half-hour's bounds, added up through a table of bends.
    bounds = np.arange(width + 1) / 2
    total = np.zeros((len(found), width + 1))
    for k, bound in enumerate(bounds):
        np.add.at(total[:, k], draw, np.clip(bound - at, 0, end - at))
    landed += officers * np.diff(total, axis=1)


def half_hour_middles(forecast: Forecast, hours: int) -> Spans:
    """Return the instants at which `busy` looks."""
    first = instants_us(forecast.rates.edges[:1])[0]
    from forewatch.clock import utc_instants  # noqa: PLC0415

    at = utc_instants(first + np.arange(2 * hours) * (HOUR_US // 2) + HOUR_US // 4)
    return Spans(at, at)
