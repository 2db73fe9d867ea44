"""The tables of a history, each declared once: what it is, its columns and what makes a row.

Another table is a declaration here with its line in `TABLES` and its field in `TablesBeside`, a
module in `sources.table_imports` that reads its files, and a line in that package's list.

Every table carries when its rows became available, so that features can ask what was known at an
origin. Times are UTC (`datetime64[us, UTC]`), half-open; dates are local and without zone. Help
reads this module, so nothing heavy is imported with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING, Literal, get_args

from forewatch.errors import MissingColumns

if TYPE_CHECKING:
    import pandas as pd

UTC = "datetime64[us, UTC]"
DATE = "datetime64[us]"
# level: from start on (to end) at another level; ramp: there in equal steps on the log scale from
# start to end; pulse: another level from start to end, not learned from; recode: a level change by
# other codes; exclude: counts from start to end are not to be believed. Source: DOMAIN, section 5.
BreakKind = Literal["level", "ramp", "pulse", "recode", "exclude"]
BREAK_KINDS: tuple[BreakKind, ...] = get_args(BreakKind)


@dataclass(frozen=True, eq=False)
class Table:
    """What a table of the history is.

    Args:
        name: of the table, of its folder in the lake and of its command.
        columns: its columns in their order, each with its dtype.
        key: what makes a row the same row: another import of it replaces the rest of it. Where
            known_at belongs to it, a row told again stands beside the earlier one, and a past
            origin sees what was told then.
        summary: what is imported with which columns, for help; "" where nobody imports it.
        versioned: where known_at belongs to the key, the columns whose change makes another
            version: a row told again with the same ones adds nothing. (): all that is told stands.
    """

    name: str
    columns: dict[str, str]
    key: tuple[str, ...] = ()
    summary: str = ""
    versioned: tuple[str, ...] = ()

    @property
    def subject(self) -> list[str]:
        """What a row is about: its key but when it was told."""
        return [name for name in self.key if name != "known_at"]


# Changes of counts: +1 when a call became known, -1/+1 when it was re-typed. The count known at T
# is the sum of the rows with known_at <= T. A row is known at the end of its interval at the
# earliest. With Step "day", start is the instant at which the force-day begins.
COUNTS = Table(
    "counts",
    {
        "start": UTC,
        "area": "category",
        "call_type": "category",
        "grade": "category",
        "count": "int32",
        "known_at": UTC,
    },
    summary="counts (start, area, call_type, grade, count), hourly or daily",
)
# Visitors present per day, by any area of the tree and month (the month's first day).
TOURISM = Table(
    "tourism",
    {"area": "str", "month": DATE, "visitors": "float64", "known_at": UTC},
    key=("area", "month", "known_at"),
    summary="visitors (area, month, visitors, published_at)",
)
# Attendance is the number of visits to the whole event, as organisers tell it: where the same
# people stay for days, people times days.
EVENTS = Table(
    "events",
    {
        "name": "str",
        "area": "str",
        "start": UTC,
        "end": UTC,
        "attendance_low": "float64",
        "attendance_high": "float64",
        "known_at": UTC,
    },
    key=("name", "area", "start", "known_at"),
    summary="events (name, area or lat and lon, start, end, attendance, announced_at)",
)
# area "" means the whole force; kind: bank_holiday, school_holiday, or a name of the force's own;
# known_at NaT: known for longer than any horizon.
HOLIDAYS = Table(
    "holidays",
    {"date": DATE, "kind": "str", "name": "str", "area": "str", "known_at": UTC},
    key=("date", "kind", "area"),
    summary="holidays and school terms (date, or from and to, kind, name, area)",
)
# area "" means the whole force. Nothing is known of these windows: not zero.
UNOBSERVED = Table(
    "unobserved",
    {"start": UTC, "end": UTC, "area": "str"},
    key=("start", "end", "area"),
    summary="windows of which nothing is known (start, end, area)",
)
# Dated changes in recording or policy. area "" means the whole force, call_type "" every type; end
# NaT: for good; expected_ratio: calls after ÷ before as those who decided it expect, NaN unknown. A
# start ahead of known_at is a change that was announced.
BREAKS = Table(
    "breaks",
    {
        "start": UTC,
        "end": UTC,
        "area": "str",
        "call_type": "str",
        "kind": "str",
        "expected_ratio": "float64",
        "reason": "str",
        "decided_by": "str",
        "known_at": UTC,
    },
    key=("start", "area", "call_type", "kind", "known_at"),
    summary="dated changes in recording or policy (start, end, area, call_type, kind, …)",
)
# The area tree; parent "" is the root's.
AREAS = Table(
    "areas",
    {
        "id": "str",
        "name": "str",
        "parent": "str",
        "kind": "str",
        "lat": "float64",
        "lon": "float64",
        "population": "float64",
    },
    summary="the area tree, from CSV or GeoJSON",
)
# Which leaf areas a call type's reports are pooled among (`forewatch.pools`): one row a year, call
# type and leaf. pool "" means alone; chance: the leaf's share of its pool; the least_… are the
# thresholds of the decision.
POOLS = Table(
    "pools",
    {
        "year": "int64",
        "call_type": "str",
        "area": "str",
        "pool": "str",
        "chance": "float64",
        "least_yearly_reports": "int64",
        "least_population": "int64",
    },
)
# Values of the profile's covariates; start: a force-day's, or an hour's of it; area "" means the
# whole force.
COVARIATES = Table(
    "covariates",
    {"covariate": "str", "area": "str", "start": UTC, "value": "float64", "known_at": UTC},
    key=("covariate", "area", "start", "known_at"),
    summary="values of [[covariates]] (covariate, area, date or hour, …)",
)
# Officers by shift, as the duty system told them: how many are planned for duty, are on the roster
# (those away among them), or worked. force_day is a local date; late: told after the shift began.
PlanFigure = Literal["planned", "rostered", "worked"]
PLAN_FIGURES: tuple[PlanFigure, ...] = get_args(PlanFigure)
PLAN = Table(
    "plan",
    {
        "area": "str",
        "role": "str",
        "shift": "str",
        "force_day": DATE,
        "figure": "str",
        "officers": "int32",
        "late": "bool",
        "known_at": UTC,
    },
    key=("area", "role", "shift", "force_day", "figure", "known_at"),
    summary="officers by shift (area, role, shift, date, planned, rostered, worked)",
    versioned=("officers",),
)
# Outlines of areas for maps, one row a point, in the order in which they are drawn; forecasts don't
# know of them. part: a polygon of the area; ring 0 is its outer ring (anticlockwise), others are
# holes in it; the first point of a ring isn't said again at its end. Degrees by WGS 84; where a
# force lies across the 180th meridian its longitudes go on beyond 180. Each area has several
# outlines: tolerance_m is how far one may be from the true line, metres. made_of: ids of the areas
# below it that it was dissolved from, with blanks between; "" where a file had the outline.
SHAPES = Table(
    "shapes",
    {
        "area": "str",
        "made_of": "str",
        "tolerance_m": "float64",
        "part": "int32",
        "ring": "int32",
        "lon": "float64",
        "lat": "float64",
    },
    summary="outlines of areas for maps, from GeoJSON",
)

# A new one comes last: the version of a lake is written in this order.
TABLES = (
    *(COUNTS, TOURISM, EVENTS, HOLIDAYS, UNOBSERVED, BREAKS, AREAS, POOLS, COVARIATES, PLAN),
    SHAPES,
)
COLUMNS = {table.name: table.columns for table in TABLES}


def empty(table: str) -> pd.DataFrame:
    """Return a frame of the table's columns and dtypes, without rows."""
    return _empty(table).copy(deep=False)


@cache
def _empty(table: str) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 (help names the tables and waits for nothing heavy)

    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS[table].items()})


def check(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table's columns in their order and dtypes.

    Raises:
        MissingColumns: naming what is absent and what was found.
    """
    wanted = COLUMNS[table]
    if missing := [name for name in wanted if name not in frame]:
        found = ", ".join(map(str, frame.columns))
        raise MissingColumns(f"{table} lacks {', '.join(missing)}; it has {found}")
    return frame[list(wanted)].astype(wanted).reset_index(drop=True)


@dataclass(frozen=True, kw_only=True)
class TablesBeside:
    """The tables beside the counts; one that was never imported has no rows."""

    tourism: pd.DataFrame = field(default_factory=lambda: empty("tourism"))
    events: pd.DataFrame = field(default_factory=lambda: empty("events"))
    holidays: pd.DataFrame = field(default_factory=lambda: empty("holidays"))
    unobserved: pd.DataFrame = field(default_factory=lambda: empty("unobserved"))
    breaks: pd.DataFrame = field(default_factory=lambda: empty("breaks"))
    pools: pd.DataFrame = field(default_factory=lambda: empty("pools"))
    covariates: pd.DataFrame = field(default_factory=lambda: empty("covariates"))
    plan: pd.DataFrame = field(default_factory=lambda: empty("plan"))


BESIDE = tuple(each.name for each in fields(TablesBeside))
