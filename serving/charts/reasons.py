"""Reasons: the parts that add up to what is expected."""

from __future__ import annotations

import math
from collections.abc import Mapping

from serving.charts.chart import Chart, Row, plain_text
from serving.charts.words import list_text, whole_parts

_ROUNDED_FROM = 10.0  # totals below it are told with a decimal
_CLOSE = 1e-6  # of each number: answers tell millionths, so each is off by up to half of one


def reasons_chart(
    ordinary: float,
    parts: Mapping[str, float],
    total: float,
    about: str,
    *,
    ordinary_text: str = "ordinary",
    unit: str = "calls",
) -> Chart:
    """Return the chart of how parts lead from an ordinary number to the one expected.

    Numbers are told whole, or with one decimal where few are expected, and add up as told.

    Args:
        ordinary: what is expected without any of the parts.
        parts: what each adds, by its name; below 0 for what takes away.
        total: what is expected.
        about: of what: "Bristol, Saturday 28 November".
        ordinary_text: what the ordinary number is: "an ordinary Saturday".
        unit: of the numbers.

    Raises:
        ValueError: if the parts don't add up, or a number is unknown.
    """
    values = [ordinary, *parts.values(), total]
    if not all(map(math.isfinite, values)):
        raise ValueError("what is not forecast has no reasons; say so in place of the chart")
    if abs(sum(values[:-1]) - total) > _CLOSE * max(abs(total), len(values)):
        raise ValueError(f"reasons add up to {sum(values[:-1]):g}, and {total:g} are expected")
    scale = 1 if total >= _ROUNDED_FROM else 10
    goal = round(total * scale)
    told = [each / scale for each in whole_parts([each * scale for each in values[:-1]], goal)]
    changes = dict(zip(map(plain_text, parts), told[1:], strict=True))
    shown = {name: change for name, change in changes.items() if change}
    rows = _rows(plain_text(ordinary_text), told[0], shown, goal / scale, unit)
    return Chart(
        "reasons",
        f"Why so many {unit}, {plain_text(about, 120)}",
        _summary(plain_text(ordinary_text), told[0], shown, goal / scale, unit),
        tuple(rows),
        {"axis": f"difference, {unit}"},
    )


def _rows(
    ordinary_text: str, ordinary: float, changes: Mapping[str, float], total: float, unit: str
) -> list[Row]:
    """Return a row a part, from where the one before ends; 0 is the ordinary number."""
    rows = [_row(ordinary_text, (0, 0), "whole", _exact_text(ordinary), unit)]
    at = 0.0
    for name, change in changes.items():
        what = "more" if change > 0 else "less"
        sign = "+" if change > 0 else "−"
        rows.append(_row(name, (at, at + change), what, f"{sign}{_exact_text(abs(change))}", unit))
        at += change
    return [*rows, _row("expected", (0, at), "whole", _exact_text(total), unit)]


def _row(name: str, ends: tuple[float, float], what: str, value: str, unit: str) -> Row:
    return {
        "name": name,
        "x": round(ends[0], 3),
        "x2": round(ends[1], 3),
        "what": what,
        "value": value,
        "label": f"{name}: {value} {unit}",
    }


def _summary(
    ordinary_text: str, ordinary: float, changes: Mapping[str, float], total: float, unit: str
) -> str:
    difference = round(total - ordinary, 3)
    told = [
        f"{name} {'+' if change > 0 else '−'}{_exact_text(abs(change))}"
        for name, change in changes.items()
    ]
    if not told:
        return f"{_exact_text(total)} {unit}, as on {ordinary_text}."
    way = "above" if difference > 0 else "below"
    first = (
        f"{_exact_text(abs(difference))} {way} {ordinary_text}"
        if difference
        else f"as many as {ordinary_text}"
    )
    return f"{_exact_text(total)} {unit}: {first} ({list_text(told)})."


def _exact_text(value: float) -> str:
    """Return a number that is whole, or has one decimal, as it is."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
