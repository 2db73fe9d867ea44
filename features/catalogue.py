"""The catalogue of features: what each is, in which unit, from where, and when it is known.

`python -m features.catalogue > docs/features.md` writes the page; a test compares.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

HOLIDAY_OF_A_KIND = "holiday_<kind>"


@dataclass(frozen=True)
class Feature:
    """One feature.

    Args:
        name: its column.
        meaning: what it says, in one line.
        unit: of its values.
        source: what it is made from.
        known: the earliest lead at which it is known.
    """

    name: str
    meaning: str
    unit: str
    source: str
    known: str


_ALWAYS = "any lead"
_ANNOUNCED = "any lead, as announced by the origin"
_PUBLISHED = "any lead; a month not published by the origin is filled from the latest year that was"
_BEFORE = "any lead; days before the origin only"
_CLOCK, _DATE, _HOLIDAYS = "force's clock", "force-day", "public and imported holidays"
_TOURISM, _EVENTS = "imported tourism figures", "imported events"
_TREE, _COUNTS = "area tree", "counts as known at the origin"
_FLAG = "0 or 1"
_SHARE = "share of the area's leaves, 0 to 1"
_PLAIN = "none"
_DAILY = "calls per force-day"


def _season(wave: str, k: int) -> Feature:
    meaning = f"{'sine' if wave == 'sin' else 'cosine'} of {k} turn{'s' * (k > 1)} a year"
    return Feature(f"season_{wave}_{k}", meaning, _PLAIN, _DATE, _ALWAYS)


PLACE_AND_TIME = (
    Feature("weekday", "weekday of the force-day", "0 Monday to 6 Sunday", _DATE, _ALWAYS),
    Feature("weekend", "Saturday or Sunday", _FLAG, _DATE, _ALWAYS),
    Feature("bank_holiday", "public holiday", _SHARE, _HOLIDAYS, _ANNOUNCED),
    Feature(
        "bank_holiday_eve",
        "a public holiday tomorrow, none today",
        _SHARE,
        _HOLIDAYS,
        _ANNOUNCED,
    ),
    Feature(
        "bank_holiday_after",
        "a public holiday yesterday, none today",
        _SHARE,
        _HOLIDAYS,
        _ANNOUNCED,
    ),
    Feature("christmas_day", "25 December", _FLAG, _DATE, _ALWAYS),
    Feature("boxing_day", "26 December", _FLAG, _DATE, _ALWAYS),
    Feature("christmas_eve", "24 December", _FLAG, _DATE, _ALWAYS),
    Feature("new_years_eve", "31 December and the night after it", _FLAG, _DATE, _ALWAYS),
    Feature("new_years_day", "1 January from the force's own hour on", _FLAG, _DATE, _ALWAYS),
    Feature("easter_days", "Good Friday to Easter Monday", _FLAG, _DATE, _ALWAYS),
    Feature("school_holiday", "school holiday", _SHARE, "imported holidays", _ANNOUNCED),
    Feature("day_of_year", "day of the year", "1 to 366", _DATE, _ALWAYS),
    *(_season("sin", k) for k in (1, 2, 3)),
    *(_season("cos", k) for k in (1, 2, 3)),
    Feature(
        "clock_change_hours",
        "length of the force-day beyond 24 hours",
        "hours (-1, 0, 1)",
        _CLOCK,
        _ALWAYS,
    ),
    Feature("month_start_days", "days since the first of the month", "days", _DATE, _ALWAYS),
    Feature(
        "tourism_pressure",
        "logarithm of the month's visitors over the mean of the last 12 published months; an area "
        "without own figures has its parts' sum, or those of the nearest area above",
        "log ratio",
        _TOURISM,
        _PUBLISHED,
    ),
    Feature("tourism_known", "whether a figure stands behind it", _FLAG, _TOURISM, _PUBLISHED),
    Feature(
        "event_here_thousands",
        "people at events in the area: the middle of the range, spread over the event's force-days",
        "thousands of people a day",
        _EVENTS,
        _ANNOUNCED,
    ),
    Feature(
        "event_near_thousands",
        "people at events elsewhere, weighted by exp(-distance / 20 km)",
        "thousands of people a day",
        _EVENTS,
        _ANNOUNCED,
    ),
    Feature(
        "event_days_to_next",
        "days to the next event in the area, 0 during one",
        "days, at most 14",
        _EVENTS,
        _ANNOUNCED,
    ),
    Feature("area_urban", "urban area", _FLAG, _TREE, _ALWAYS),
    Feature("area_rural", "rural area", _FLAG, _TREE, _ALWAYS),
    Feature("area_coast", "coastal area", _FLAG, _TREE, _ALWAYS),
    Feature(
        "area_population_log",
        "logarithm of the residents; unknown (NaN) where the tree has none",
        "log persons",
        _TREE,
        _ALWAYS,
    ),
    Feature(
        HOLIDAY_OF_A_KIND,
        "one column for each other kind of holiday that the force imported",
        _SHARE,
        "imported holidays",
        _ANNOUNCED,
    ),
)

TRAILING = (
    Feature("level_28", "mean of the last 28 days", _DAILY, _COUNTS, _BEFORE),
    Feature("level_56", "mean of the last 56 days", _DAILY, _COUNTS, _BEFORE),
    Feature("level_364", "mean of the last 364 days", _DAILY, _COUNTS, _BEFORE),
    Feature("ratio_7_28", "mean of the last 7 days over level_28", _PLAIN, _COUNTS, _BEFORE),
    Feature("ratio_28_364", "level_28 over level_364", _PLAIN, _COUNTS, _BEFORE),
    Feature(
        "ratio_yoy",
        "level_28 over the mean of the same 28 days 364 days ago",
        _PLAIN,
        _COUNTS,
        _BEFORE,
    ),
    Feature(
        "same_weekday",
        "mean of the last same weekdays, for each of the 7 weekdays ahead",
        _DAILY,
        _COUNTS,
        _BEFORE,
    ),
)

CLOCKWORK = (
    Feature("force_day", "local date on which the force's own day began", "date", _CLOCK, _ALWAYS),
    Feature("slot", "local hour of the interval's start", "0 to 23 hours", _CLOCK, _ALWAYS),
    Feature("hours", "length of the force-day", "hours (23, 24, 25)", _CLOCK, _ALWAYS),
)

_SECTIONS = (
    ("Of a place and a force-day", "features/pipeline.py", PLACE_AND_TIME),
    ("Of a series before the origin", "features/levels.py", TRAILING),
    ("Of an interval and its force-day", "features/cube.py and features/panel.py", CLOCKWORK),
)


def markdown() -> str:
    """Return the page docs/features.md."""
    lines = [
        "# Features",
        "",
        "Generated by `python -m features.catalogue > docs/features.md`; don't edit by hand.",
        "",
        "Everything is computed from the as-of view (`features/asof.py`), which hands out only",
        "what had been published by the origin. *Known* is the earliest lead at which a value",
        "exists. An unknown value is NaN, never zero, unless its line says otherwise.",
    ]
    for title, module, features in _SECTIONS:
        lines += ["", f"## {title}", "", f"Made in `{module}`.", ""]
        lines += ["| feature | meaning | unit | source | known |", "|---|---|---|---|---|"]
        lines += [
            f"| `{f.name}` | {f.meaning} | {f.unit} | {f.source} | {f.known} |" for f in features
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
