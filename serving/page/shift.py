"""One shift, hour or day: how many calls, how sure, why, and what changed, in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from planning.period_kinds import By
from serving.charts.chart import Chart
from serving.charts.reasons import reasons_chart
from serving.charts.words import (
    amount_text,
    count_text,
    day_text,
    level_text,
    percent_text,
)
from serving.page.plain_table import PlainTable, plain_table
from serving.page.reasons_panel import ORDINARY, part_name

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
_KINDS: tuple[tuple[By, str], ...] = (
    ("hour", r"\d{4}-\d\d-\d\dT\d\d:\d\dZ"),
    ("shift", r"\d{4}-\d\d-\d\d/[a-z0-9_-]{1,63}"),
    ("day", r"\d{4}-\d\d-\d\d"),
)


def period_kind(period: str) -> By | None:
    """Return the kind of period that an id is one of; None for no id.

    >>> [period_kind(text) for text in ("2026-11-28/late", "2026-11-28T22:00Z", "2026-11-28", "x")]
    ['shift', 'hour', 'day', None]
    """
    kinds = (kind for kind, pattern in _KINDS if re.fullmatch(pattern, period, re.ASCII))
    return next(kinds, None)


@dataclass(frozen=True)
class PeriodFigures:
    """What an issue says of a period.

    Args:
        issue: its number.
        published_at: when it was published, UTC.
        mean: expected calls; NaN where the issue doesn't reach it.
        variance: of the count.
        baseline: mean of the same weekday and hours over the last 8 weeks.
    """

    issue: int
    published_at: pd.Timestamp
    mean: float
    variance: float
    baseline: float

    @property
    def is_told(self) -> bool:
        """Whether the issue reaches the period."""
        return bool(np.isfinite(self.mean))


def headline(figures: PeriodFigures, span: tuple[float, float]) -> str:
    """Return a period in a sentence.

    Args:
        figures: of the period.
        span: least and most calls of 8 of 10 cases.
    """
    if not figures.is_told:
        return f"Issue {figures.issue} has no forecast of it."
    normal = level_text(figures.mean, figures.baseline)
    return (
        f"{amount_text(figures.mean, 'calls')} expected, in at least 8 of 10 cases "
        f"{' to '.join(map(count_text, span))}; {normal} the mean of the last 8 weeks "
        f"({count_text(figures.baseline)})."
    )


def count_table(quantiles: Sequence[float], about: str) -> PlainTable:
    """Return how many calls there are at most in how many of 100 cases.

    Args:
        quantiles: at `LEVELS`.
        about: of what.
    """
    rows = [
        [f"{100 * level:g} of 100", count_text(most)]
        for level, most in zip(LEVELS, quantiles, strict=True)
    ]
    return plain_table(
        f"How many calls at most, in at least so many of 100 cases: {about}",
        ("In at least", "Calls at most"),
        rows,
    )


def reasons(
    parts: Mapping[str, float], own: Mapping[str, str], mean: float, place: tuple[str, str]
) -> tuple[Chart, PlainTable] | None:
    """Return why so many calls are expected, as a drawing and as a table; None if it isn't told.

    Args:
        parts: what the mean is made of, by the names of an explanation's columns.
        own: what feeds the parts that are the force's own, by their columns.
        mean: expected calls.
        place: name of area and period together, and what an ordinary such period is called.
    """
    about, ordinary_text = place
    if not np.isfinite([*parts.values(), mean]).all():
        return None
    added = {part_name(part, own): parts[part] for part in parts if part not in ORDINARY}
    ordinary = sum(parts[part] for part in ORDINARY)
    chart = reasons_chart(ordinary, added, mean, about, ordinary_text=ordinary_text)
    told = [[str(row["name"]), str(row["value"])] for row in chart.rows]
    return chart, plain_table(f"What makes the number, {about}", ("What", "Calls"), told)


def change_sentence(now: PeriodFigures, before: PeriodFigures | None, zone: str) -> str:
    """Return what changed since the issue before.

    Args:
        now: what the issue shown says.
        before: what the one before says; None where there is none.
        zone: IANA name of the force's time zone.
    """
    if before is None:
        return "There is no issue before this one to compare with."
    local = before.published_at.tz_convert(zone)
    issue = f"issue {before.issue} ({day_text(local)}, {local:%H:%M})"
    if not before.is_told:
        return f"The one before, {issue}, had no forecast of it."
    if not now.is_told:
        return f"The one before, {issue}, expected {amount_text(before.mean, 'calls')}."
    change = now.mean - before.mean
    told = f"{count_text(before.mean)} to {amount_text(now.mean, 'calls')}"
    if count_text(now.mean) == count_text(before.mean):
        return f"As expected by the one before, {issue}: {amount_text(before.mean, 'calls')}."
    way = "up" if change > 0 else "down"
    size = percent_text(abs(change / before.mean)) if before.mean > 0 else ""
    size = f" ({size})" if size else ""
    return f"The expectation went {way} from {told}{size} since the one before, {issue}."


def need_sentence(
    row: Mapping[str, object], was: float | None, before: int | None, role: str
) -> tuple[str, ...]:
    """Return what a shift needs, is planned, and needed by the issue before.

    Args:
        row: of the columns `planning.requirement_tables.requirement_columns`.
        was: officers that were needed by the issue before; None where nobody knows.
        before: its number.
        role: name of the role.
    """
    needed, planned, gap = (
        float(cast("float", row[name])) for name in ("on_duty", "planned", "gap")
    )
    if not np.isfinite(needed):
        return ("How many officers it needs isn't forecast.",)
    said = [f"{amount_text(needed, 'officers')} of the role {role} on duty are needed."]
    if not np.isfinite(planned):
        said.append("Nobody told how many are planned.")
    elif gap > 0:
        said.append(f"▼ {count_text(planned)} are planned: {count_text(gap)} lacking.")
    else:
        said.append(f"✓ {count_text(planned)} are planned: {count_text(-gap)} to spare.")
    if was is not None and before is not None and was != needed:
        said.append(f"By issue {before} it was {count_text(was)}.")
    return tuple(said)
