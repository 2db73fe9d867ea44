"""Curve: how short a shift would be with each number of officers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from forewatch.arrays import Array
from serving.charts.chart import Chart, known, plain_text
from serving.charts.words import amount_text, percent_text


def curve_chart(
    officers: ArrayLike,
    share_of_time_short: ArrayLike,
    about: str,
    *,
    need: float | None = None,
    planned: float | None = None,
) -> Chart:
    """Return the chart of a shift's staffing curve.

    Args:
        officers: numbers of officers on duty, ascending, shape (n,).
        share_of_time_short: with each, of the same shape, 0 to 1.
        about: of what: "Bristol, late shift, Saturday 28 November".
        need: officers that are needed; None where unknown.
        planned: officers that are planned; None where nobody told.

    Raises:
        ValueError: if there are no numbers.
    """
    numbers, shares = np.asarray(officers, float), np.asarray(share_of_time_short, float)
    if not len(numbers):
        raise ValueError("a curve needs one number of officers at least")
    rows = tuple(
        {
            "officers": int(number),
            "share": known(share),
            "label": f"{amount_text(number, 'officers')}: short {percent_text(share)} of the time",
        }
        for number, share in zip(numbers, shares, strict=True)
    )
    limits = [
        {"at": float(at), "text": f"{at:g} {text}"}
        for at, text in ((need, "needed"), (planned, "planned"))
        if at is not None
    ]
    return Chart(
        "curve",
        f"Share of time short by number of officers, {plain_text(about, 120)}",
        _summary(numbers, shares, need, planned),
        rows,
        {"limits": limits},
    )


def _summary(
    numbers: Array,
    shares: Array,
    need: float | None,
    planned: float | None,
) -> str:
    def short(at: float) -> str:
        return percent_text(float(np.interp(at, numbers, shares)))

    told = [
        f"with the {amount_text(at, 'officers')} {text}, the shift is short {short(at)} of the time"
        for at, text in ((need, "needed"), (planned, "planned"))
        if at is not None and numbers[0] <= at <= numbers[-1]
    ]
    fewest = amount_text(numbers[0], "officers")
    if len(numbers) == 1:
        ends = f"With {fewest} the shift is short {short(numbers[0])} of the time."
    else:
        ends = (
            f"The share of time short goes from {short(numbers[0])} with {fewest} to "
            f"{short(numbers[-1])} with {numbers[-1]:g}."
        )
    return f"{told[0][0].upper()}{'; '.join(told)[1:]}. {ends}" if told else ends
