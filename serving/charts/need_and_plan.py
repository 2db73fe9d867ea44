"""Need and plan: officers needed and planned in each shift, with what is lacking."""

from __future__ import annotations

import numpy as np
import pandas as pd

from serving.charts.chart import Chart, Row, known, plain_text
from serving.charts.words import amount_text, day_text, local_times, short_day_text

_SHOWN = ("shift", "on_duty", "planned", "gap")


def need_and_plan_chart(frame: pd.DataFrame, zone: str, where: str) -> Chart:
    """Return the chart of an area's shifts.

    Args:
        frame: rows of a staffing answer of one area and role, in order of time: shift, start and
            end (instants), on_duty (needed), planned (NaN where nobody told), gap (lacking; below
            0 to spare).
        zone: IANA name of the force's time zone.
        where: name of the area.

    Raises:
        ValueError: if there are no rows.
    """
    if not len(frame):
        raise ValueError("a chart of no shifts says nothing; ask for one at least")
    starts, area = local_times(frame["start"], zone), plain_text(where)
    days = local_times(frame["start"], zone) if "force_day" not in frame else frame["force_day"]
    shown = {name: frame[name].tolist() for name in _SHOWN if name in frame}
    shifts = (dict(zip(shown, values, strict=True)) for values in zip(*shown.values(), strict=True))
    rows = [
        _row(i, row, start, pd.Timestamp(day))
        for i, (row, start, day) in enumerate(zip(shifts, starts, days, strict=True))
    ]
    span = f"from {day_text(starts[0])} to {day_text(starts[-1])}"
    return Chart(
        "need_and_plan",
        f"Officers needed and planned by shift, {area}, {span}",
        _summary(rows, area, span),
        tuple(rows),
        {"has_plan": any(row["planned"] is not None for row in rows)},
    )


def _row(at: int, row: Row, start: pd.Timestamp, day: pd.Timestamp) -> Row:
    name = plain_text(str(row["shift"]))
    need, planned = known(row["on_duty"]), known(row.get("planned", np.nan))
    gap = known(row.get("gap", np.nan)) if planned is not None else None
    said = _officers(need, planned, gap)
    return {
        "at": at,
        "letter": name.strip("\u2068")[:1].upper(),
        "shift": name,
        "day": short_day_text(day),
        "need": need,
        "planned": planned,
        "gap": gap,
        "sign": "" if not gap else f"▼{gap:g}" if gap > 0 else f"+{-gap:g}",
        "label": f"{day_text(start)}, {name} shift: {said}",
    }


def _officers(need: float | None, planned: float | None, gap: float | None) -> str:
    if need is None:
        return "not forecast"
    if planned is None:
        return f"{need:g} needed, no plan"
    if not gap:
        return f"{need:g} needed, {planned:g} planned"
    told = f"{gap:g} short" if gap > 0 else f"{-gap:g} to spare"
    return f"{need:g} needed, {planned:g} planned, {told}"


def _summary(rows: list[Row], area: str, span: str) -> str:
    told = [row for row in rows if row["gap"] is not None]
    most = max(rows, key=lambda row: row["need"] or 0)
    need = f"the most officers are needed for {most['label'].partition(':')[0]}: {most['need']:g}"
    if most["need"] is None:
        return f"Nothing is forecast for {area} {span}."
    if not told:
        return f"No plan was told for {area} {span}; {need}."
    short = sorted((row for row in told if row["gap"] > 0), key=lambda row: -row["gap"])
    count = f"{area} is short in {len(short)} of {len(told)} shifts with a plan {span}"
    if not short:
        return f"No shift of {len(told)} with a plan is short in {area} {span}; {need}."
    worst = short[0]
    where = worst["label"].partition(":")[0]
    return f"{count}; most: {where}, by {amount_text(worst['gap'], 'officers')}."
