"""The five sets: from which origins, how far, which levels, scored in which blocks of days ahead.

Source: ../shared/benchmarks/anchors.json holds the published protocols and figures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Metric = Literal["mae", "mse", "crps"]
Published = dict[tuple[Metric, str, str], float]


@dataclass(frozen=True)
class Protocol:
    """How one set is forecast and scored.

    Args:
        name: of the set; folder: of its data below ../shared/data; "" makes its own.
        first_origin: local date of the first origin.
        every_days: between origins; folds: how many origins.
        horizon_days: days ahead of each.
        levels: as `forewatch backtest --levels` takes them, from the top down.
        blocks: first and last day ahead of each block, counted from 1.
        hours: whether hours and shifts may be asked for.
        scaled: whether absolute errors are divided by each series' mean absolute deviation about
            its mean over all days.
        published: best published figure by metric, level and block.
    """

    name: str
    folder: str
    first_origin: str
    every_days: int
    folds: int
    horizon_days: int
    levels: tuple[str, ...]
    blocks: tuple[tuple[int, int], ...]
    hours: bool = False
    scaled: bool = False
    published: Published = field(default_factory=dict)


_WALES: Published = {
    ("mae", "country", "1-7"): 0.591,
    ("mae", "control_area", "1-7"): 0.730,
    ("mae", "board", "1-7"): 0.803,
    ("mae", "country", "43-84"): 0.750,
    ("mae", "control_area", "43-84"): 0.844,
    ("mae", "board", "43-84"): 0.872,
    ("mae", "bottom", "43-84"): 0.963,
    ("mse", "country", "43-84"): 1713.0,
    ("mse", "control_area", "43-84"): 381.0,
    ("mse", "board", "43-84"): 139.8,
    ("mse", "bottom", "43-84"): 1.676,
}

PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            "wales",
            "wales-ambulance",
            "2018-04-26",  # the day after the last observed one, 2018-04-25
            42,
            10,
            84,
            ("country", "control_area", "board", "bottom"),
            ((1, 7), (8, 28), (29, 42), (43, 84)),
            scaled=True,
            published=_WALES,
        ),
        Protocol(
            "swast",
            "swast-ambulance",
            "2019-01-01",
            7,
            41,
            84,
            ("trust", "county"),
            ((1, 7), (8, 28), (29, 84)),
        ),
        Protocol(
            "laguna",
            "laguna-beach-pd",
            "2019-04-01",
            7,
            44,  # the last one is 2020-01-27
            28,
            ("force", "zone", "call_type", "cell"),
            ((1, 7), (8, 28)),
            hours=True,
        ),
        Protocol(
            "toronto",
            "toronto-mci",
            "2018-01-01",
            91,
            8,
            28,
            ("city", "call_type", "neighbourhood", "cell"),
            ((1, 7), (8, 28)),
        ),
        Protocol(
            "demo",
            "",
            "2025-11-03",
            14,
            25,
            42,
            ("force", "district", "beat", "call_type", "cell"),
            ((1, 7), (8, 28), (29, 42)),
        ),
    )
}
