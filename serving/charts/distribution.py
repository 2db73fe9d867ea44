"""Distribution: how likely each count is in one shift or hour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forewatch.count_distribution import CountDistribution
from serving.charts.chart import Chart, Row, plain_text
from serving.charts.words import amount_text, percent_text

_MOST_BARS = 40
_TAILS = (0.001, 0.999)
_RANGE = (0.1, 0.9)


@dataclass(frozen=True)
class Limit:
    """A count that matters, such as what the officers planned can take.

    Args:
        count: the largest that is still within.
        text: what it is.
    """

    count: int
    text: str


def distribution_chart(
    mean: float,
    variance: float,
    about: str,
    *,
    unit: str = "calls",
    limits: Sequence[Limit] = (),
) -> Chart:
    """Return the chart of the probability of each count, or of ranges of counts.

    Args:
        mean: expected count.
        variance: of the count.
        about: of what: "Bristol, Saturday 28 November, 22:00 to 23:00".
        unit: of the counts.
        limits: counts that are marked, with the chance of more.

    Raises:
        ValueError: if the mean or the variance is unknown or negative.
    """
    if not (math.isfinite(mean) and math.isfinite(variance)):
        raise ValueError("what is not forecast has no distribution; say so in place of the chart")
    counts = CountDistribution.of([mean], [variance])
    low, high, first, last = (int(q) for q in counts.quantiles((*_RANGE, *_TAILS))[0])
    last = max(last, first + 1, *(each.count for each in limits), 0)
    step = math.ceil((last - first + 1) / _MOST_BARS)
    edges = np.arange(first, last + step + 1, step)
    below = counts.cdf(edges - 1.0)[0]
    below[0], below[-1] = 0, 1  # the tails are told with the outermost bars
    rows = tuple(
        _bar(int(a), int(b), p, (low, high), unit)
        for a, b, p in zip(edges[:-1], edges[1:], np.diff(below), strict=True)
    )
    over = [float(1 - counts.cdf([float(each.count)])[0, 0]) for each in limits]
    shown = plain_text(about, 120)
    return Chart(
        "distribution",
        f"How likely each number of {unit} is, {shown}",
        _summary((mean, low, high), limits, over, unit),
        rows,
        {
            "unit": unit,
            "limits": [
                {
                    "at": each.count + 0.5,
                    "text": f"{plain_text(each.text)}: {percent_text(chance)} above {each.count}",
                }
                for each, chance in zip(limits, over, strict=True)
            ],
        },
    )


def _bar(first: int, end: int, chance: float, inner: tuple[int, int], unit: str) -> Row:
    counts = amount_text(first, unit) if end - first == 1 else f"{first:,} to {end - 1:,} {unit}"
    return {
        "x": first - 0.5,
        "x2": end - 0.5,
        "p": round(float(max(chance, 0)), 5),
        "inner": inner[0] <= (first + end - 1) / 2 <= inner[1],
        "label": f"{counts}: {percent_text(float(chance))}",
    }


def _summary(
    found: tuple[float, int, int], limits: Sequence[Limit], over: Sequence[float], unit: str
) -> str:
    mean, low, high = found
    first = f"{amount_text(mean, unit)} expected; in at least 8 of 10 cases {low:,} to {high:,}."
    more = [
        f"{percent_text(chance)} for more than {each.count:,} ({plain_text(each.text)})"
        for each, chance in zip(limits, over, strict=True)
    ]
    return f"{first} The chance is {'; '.join(more)}." if more else first
