"""What is known of a force: the ledger of counts and the tables beside it, each row dated.

Every table carries when its rows became available, so that features can ask what was known at an
origin. Times are UTC (`datetime64[us, UTC]`), half-open; dates are local and without zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import pandas as pd

from forewatch.areas import AreaTree
from forewatch.errors import MissingColumns
from forewatch.profile import Profile

Step = Literal["hour", "day"]
# level: from start on (to end) at another level; ramp: there in equal steps on the log scale from
# start to end; pulse: another level from start to end, not learned from; recode: a level change by
# other codes; exclude: counts from start to end are not to be believed. Source: DOMAIN, section 5.
BreakKind = Literal["level", "ramp", "pulse", "recode", "exclude"]
BREAK_KINDS: tuple[BreakKind, ...] = get_args(BreakKind)
UTC = "datetime64[us, UTC]"
DATE = "datetime64[us]"
# Known force-days that training asks for, and the check with it: eight weeks to learn from and two
# origins four weeks apart, one of which judges what the other taught.
LEAST_TRAINING_DAYS = 112

COLUMNS: dict[str, dict[str, str]] = {
    # Changes of counts: +1 when a call became known, -1/+1 when it was re-typed. The count known at
    # T is the sum of the rows with known_at <= T. A row is known at the end of its interval at the
    # earliest. With Step "day", start is the instant at which the force-day begins.
    "counts": {
        "start": UTC,
        "area": "category",
        "call_type": "category",
        "grade": "category",
        "count": "int32",
        "known_at": UTC,
    },
    # Visitors present per day, by any area of the tree and month (the month's first day).
    "tourism": {"area": "str", "month": DATE, "visitors": "float64", "known_at": UTC},
    # Attendance is the number of visits to the whole event, as organisers tell it: where the same
    # people stay for days, people times days.
    "events": {
        "name": "str",
        "area": "str",
        "start": UTC,
        "end": UTC,
        "attendance_low": "float64",
        "attendance_high": "float64",
        "known_at": UTC,
    },
    # area "" means the whole force; kind: bank_holiday, school_holiday, or a name of the force's
    # own; known_at NaT: known for longer than any horizon.
    "holidays": {"date": DATE, "kind": "str", "name": "str", "area": "str", "known_at": UTC},
    # area "" means the whole force. Nothing is known of these windows: not zero.
    "unobserved": {"start": UTC, "end": UTC, "area": "str"},
    # Dated changes in recording or policy. area "" means the whole force, call_type "" every type;
    # end NaT: for good; expected_ratio: calls after ÷ before as those who decided it expect, NaN
    # unknown. A start ahead of known_at is a change that was announced.
    "breaks": {
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
    # Values of the profile's covariates; start: a force-day's, or an hour's of it; area "" means
    # the whole force.
    "covariates": {
        "covariate": "str",
        "area": "str",
        "start": UTC,
        "value": "float64",
        "known_at": UTC,
    },
    # Which leaf areas a call type's reports are pooled among (`forewatch.pools`): one row a year,
    # call type and leaf. pool "" means alone; chance: the leaf's share of its pool; the least_…
    # are the thresholds of the decision.
    "pools": {
        "year": "int64",
        "call_type": "str",
        "area": "str",
        "pool": "str",
        "chance": "float64",
        "least_yearly_reports": "int64",
        "least_population": "int64",
    },
}


def empty(table: str) -> pd.DataFrame:
    """Return a frame of the table's columns and dtypes, without rows."""
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


@dataclass(frozen=True)
class History:
    """The force's past and its published future, to be read through `features.asof.AsOf` only.

    Args:
        profile: the force's profile.
        tree: the area tree (from the profile or imported).
        step: "hour" for calls and hourly counts, "day" for daily counts (by force-day).
        observed_from: the instant from which counts are complete, UTC.
        observed_until: the instant up to which counts are complete (the data cut-off), UTC.
        counts: ledger of changes, see COLUMNS; categories of area are the tree's leaves, those of
            call_type and grade the profile's, in their order.
        version: identifies the data: the same version means the same history.
        stated_until: (leaf area, call type) → the instant up to which files of counts speak of it;
            None where calls were imported, whose extracts hold every area and type.
    """

    profile: Profile
    tree: AreaTree
    step: Step
    observed_from: pd.Timestamp
    observed_until: pd.Timestamp
    counts: pd.DataFrame
    tourism: pd.DataFrame = field(default_factory=lambda: empty("tourism"))
    events: pd.DataFrame = field(default_factory=lambda: empty("events"))
    holidays: pd.DataFrame = field(default_factory=lambda: empty("holidays"))
    unobserved: pd.DataFrame = field(default_factory=lambda: empty("unobserved"))
    breaks: pd.DataFrame = field(default_factory=lambda: empty("breaks"))
    pools: pd.DataFrame = field(default_factory=lambda: empty("pools"))
    covariates: pd.DataFrame = field(default_factory=lambda: empty("covariates"))
    version: str = ""
    stated_until: Mapping[tuple[str, str], pd.Timestamp] | None = None
