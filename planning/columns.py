"""The columns that answers of several kinds have."""

from __future__ import annotations

from functools import lru_cache

from planning.tables import Column, Shown

PROBABILITY = "probability"
PERIOD_KEYS = (
    Column("period", "stable id of the period", type="text", example="2026-W49", shown="differing"),
    Column(
        "force_day", "local date of the force-day in which it begins", type="date",
        example="2026-11-30",
    ),
    Column("start", "its beginning", "UTC", "instant", "2026-11-30T07:00:00Z"),
    Column("end", "its end, not part of it", "UTC", "instant", "2026-12-07T07:00:00Z"),
    Column(
        "start_local", "its beginning by the force's clock, with the distance from UTC",
        "local time", "text", "2026-11-30T07:00:00+00:00", shown="differing",
    ),
    Column(
        "end_local", "its end by the force's clock", "local time", "text",
        "2026-12-07T07:00:00+00:00",
    ),
)  # fmt: skip
AREA_KEYS = (
    Column("area", "id of the area", type="text", example="bristol", shown="differing"),
    Column("area_name", "its name", type="text", example="Bristol", names="area"),
)
TYPE_KEYS = (
    Column(
        "call_type", 'id of the call type, or "all" for their sum', type="text",
        example="missing_person", shown="differing",
    ),
    Column(
        "call_type_name", "its name", type="text", example="Missing person", names="call_type"
    ),
    Column("grade", 'the grade, or "all" for their sum', type="text", example="all",
           shown="differing"),
)  # fmt: skip
STATES = (
    Column(
        "state",
        "forecast; stale: what was observed of it is older than the force allows; no_forecast: the "
        "issue doesn't reach the whole period",
        type="text",
        example="forecast",
        options=("forecast", "no_forecast", "stale"),
        shown="told",
        usual=("forecast",),
    ),
    Column(
        "reason", "why the state is not forecast; empty where it is", type="text",
        below="{state}: {text} ({rows})",
    ),
    Column(
        "observed_until",
        "end of what was observed of the row's calls; null: nothing ever was",
        "UTC", "instant", "2026-11-23T07:00:00Z", optional=True,
    ),
)  # fmt: skip
POOLED = Column(
    "pooled",
    "areas whose calls of a type in the row are known together with the row's only, and are spread "
    "over them by residents; empty where the row's own are known",
    type="text",
    below="pooled: {text}: of some calls in these areas only the sum is known",
)


def quantile_name(level: float) -> str:
    """Return the column of a quantile.

    >>> quantile_name(0.05), quantile_name(0.975)
    ('q05', 'q97.5')
    """
    percent = f"{level * 100:.6g}"
    whole, _, rest = percent.partition(".")
    return f"q{whole.zfill(2)}" + (f".{rest}" if rest else "")


@lru_cache(maxsize=512)
def quantile(level: float, unit: str, shown: Shown) -> Column:
    """Return the column of a quantile of a count."""
    return Column(
        quantile_name(level),
        "quantiles: q05 is the number that 5 in 100 outcomes stay at or below",
        unit,
        "whole",
        example=round(30 + 23 * level),
        shown=shown,
    )


@lru_cache(maxsize=512)
def at_least(count: int, unit: str) -> Column:
    """Return the column of the probability of a number."""
    return Column(
        f"p_at_least_{count}",
        f"probability of at least so many {unit}",
        PROBABILITY,
        example=0.997,
        high=1,
        decimals=2,
        shown="always",
    )
