"""The real series as the peers get them: counts by day, covariates by day, origins.

pandas alone reads them, so that nothing of Forewatch stands between the data and the peers. The ids
of areas, call types and grades are those of our own backtest of the same set.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import holidays
import numpy as np
import pandas as pd

ALL = "all"
KEYS = ("area", "call_type", "grade")
EXAMPLES = Path(__file__).parents[2] / "examples"
AHEAD = pd.Timedelta(days=100)  # covariates reach beyond the counts
SEVEN = pd.Timedelta(hours=7)  # a force-day begins at 07:00
OUT = "exclude"  # what a mapping calls codes that are no public call


@dataclass(frozen=True)
class Case:
    """One set of series and the origins they are forecast from.

    Args:
        counts: one row a day (naive local dates, no gaps), one column a series (level, area,
            call_type, grade); NaN where the day was not observed.
        covariates: one row a day, beyond the last count by the horizon at least; numbers.
        zone: time zone of the days.
        day_starts_at: local hour at which a day begins.
        origins: first day forecast from each origin; the day before it is the last one known.
        horizon_days: days forecast from each origin.
    """

    counts: pd.DataFrame
    covariates: pd.DataFrame
    zone: str
    day_starts_at: int
    origins: pd.DatetimeIndex
    horizon_days: int

    def instants(self, days: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return the UTC instants at which local days begin."""
        local = (days + pd.Timedelta(hours=self.day_starts_at)).tz_localize(self.zone)
        return local.tz_convert("UTC").as_unit("us")


def slug(text: str) -> str:
    """Return the id that the importer makes of a name.

    >>> slug("CARDIAC/RESPIRATORY ARREST/DEATH")
    'cardiac-respiratory-arrest-death'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def wales(data: Path) -> Case:
    """Return the Welsh ambulance incidents: country, control areas, boards, bottom."""
    folder = data / "wales-ambulance"
    raw = pd.read_csv(folder / "counts.csv.gz", parse_dates=["date"])
    grades = {"RED": "immediate", "AMBER": "priority", "GREEN": "routine"}
    cells = pd.DataFrame(
        {
            "day": raw["date"],
            "area": raw["area"].str.lower(),
            "call_type": raw["category"].map(slug),
            "grade": raw["priority"].map(grades),
            "count": raw["count"],
        }
    )
    areas = pd.read_csv(EXAMPLES / "wales-ambulance" / "areas.csv")
    parent = dict(zip(areas["id"], areas["parent"], strict=True))
    boards = cells.assign(call_type=ALL, grade=ALL)
    levels = {
        "country": boards.assign(area="wales"),
        "control_area": boards.assign(area=boards["area"].map(parent)),
        "board": boards,
        "bottom": cells,
    }
    known = pd.read_csv(folder / "holidays.csv", parse_dates=["date"], index_col="date")
    return Case(
        counts=_wide(levels),
        covariates=known.astype("float64"),
        zone="Europe/London",
        day_starts_at=0,
        origins=pd.date_range("2018-04-26", periods=10, freq="42D"),
        horizon_days=84,
    )


def swast(data: Path) -> Case:
    """Return the ambulance responses of the South West: seven counties, and the trust, their sum.

    As in our own example, responses out of area (2.7 a day) are left out, also of the trust.
    """
    raw = pd.read_csv(data / "swast-ambulance" / "counts.csv", parse_dates=["Actual_dt"])
    raw = raw[~raw["ORA"].isin(["Trust", "OOA"])]
    counties = pd.DataFrame(
        {
            "day": raw["Actual_dt"],
            "area": raw["ORA"].map(slug),
            "call_type": ALL,
            "grade": ALL,
            "count": raw["Actual_Value"],
        }
    )
    counts = _wide({"trust": counties.assign(area="trust"), "county": counties})
    return Case(
        counts=counts,
        covariates=_public_holidays(counts, "GB", "ENG"),
        zone="Europe/London",
        day_starts_at=0,
        origins=pd.date_range("2019-01-01", periods=41, freq="7D"),
        horizon_days=84,
    )


def laguna(data: Path) -> Case:
    """Return the public calls of Laguna Beach by force-day: force, zones, call types, cells."""
    folder = data / "laguna-beach-pd"
    raw = pd.read_csv(folder / "calls.csv.gz", parse_dates=["received_at"], low_memory=False)
    example = tomllib.loads((EXAMPLES / "laguna-beach" / "mapping.toml").read_text())
    types = _types(example)
    raw = raw[~raw["officer_initiated_guess"] & raw["category"].isin(types)]
    cells = pd.DataFrame(
        {
            "day": (raw["received_at"] - SEVEN).dt.normalize(),
            "area": raw["area"].map(example["areas"]),
            "call_type": raw["category"].map(types),
            "grade": ALL,
            "count": 1,
        }
    )
    levels = {
        "force": cells.assign(area="laguna", call_type=ALL),
        "zone": cells.assign(call_type=ALL),
        "call_type": cells.assign(area="laguna"),
        "cell": cells,
    }
    counts = _wide(levels)
    missing = pd.read_csv(folder / "missing_24h_windows.csv", parse_dates=["window_start"])
    counts.loc[counts.index.isin(missing["window_start"] - SEVEN)] = float("nan")
    return Case(
        counts=counts,
        covariates=_public_holidays(counts, "US", "CA"),
        zone="America/Los_Angeles",
        day_starts_at=7,
        origins=pd.date_range("2019-04-01", "2020-02-01", freq="7D"),
        horizon_days=28,
    )


def toronto(data: Path) -> Case:
    """Return Toronto's major crimes by day: city, kinds of crime, neighbourhoods, cells.

    Events in the hour that the clock skips in spring are left out, as our importer does.
    """
    raw = pd.read_csv(data / "toronto-mci" / "events.csv.gz", parse_dates=["received_at"])
    zone = "America/Toronto"
    once = np.zeros(len(raw), dtype=bool)  # a repeated hour is taken as its second, and kept
    exists = raw["received_at"].dt.tz_localize(zone, ambiguous=once, nonexistent="NaT").notna()
    raw = raw[exists]
    cells = pd.DataFrame(
        {
            "day": raw["received_at"].dt.normalize(),
            "area": raw["area"].map(slug),
            "call_type": raw["category"].map(slug),
            "grade": ALL,
            "count": 1,
        }
    )
    levels = {
        "city": cells.assign(area="toronto", call_type=ALL),
        "call_type": cells.assign(area="toronto"),
        "neighbourhood": cells.assign(call_type=ALL),
        "cell": cells,
    }
    counts = _wide(levels)
    return Case(
        counts=counts,
        covariates=_public_holidays(counts, "CA", "ON"),
        zone=zone,
        day_starts_at=0,
        origins=pd.date_range("2018-01-01", periods=8, freq="91D"),
        horizon_days=28,
    )


def demo(data: Path) -> Case:
    """Return the demo force's calls by force-day: force, districts, beats, call types, cells.

    *data* is the folder with the demo force's own files (calls.csv, mapping.toml, ...). Every call
    counts as its last version says.
    """
    mapping = tomllib.loads((data / "mapping.toml").read_text())
    profile = tomllib.loads((data / "forewatch.toml").read_text())
    types = _types(mapping)
    columns = ["call_ref", "received_at", "beat", "code", "source", "status"]
    few = dict.fromkeys(("beat", "code", "source", "status"), "category")
    raw = pd.read_csv(data / "calls.csv", usecols=columns, dtype=few, parse_dates=["received_at"])
    raw = raw.drop_duplicates("call_ref", keep="last")
    raw = raw[(raw["source"] != "officer") & (raw["status"] == "live") & raw["code"].isin(types)]
    parent = {area["id"]: area.get("parent") for area in profile["areas"]}
    root = next(area for area, above in parent.items() if above is None)
    raw["day"] = (raw["received_at"] - SEVEN).dt.normalize()
    raw["area"], raw["call_type"] = raw["beat"].astype("object"), raw["code"].map(types)
    raw = raw.astype({"call_type": "object"})
    sums = raw.groupby(["day", "area", "call_type"])["code"].count()
    beats = sums.rename("count").reset_index().assign(grade=ALL)
    cells = beats.assign(area=beats["area"].map(parent))
    levels = {
        "force": beats.assign(area=root, call_type=ALL),
        "district": cells.assign(call_type=ALL),
        "beat": beats.assign(call_type=ALL),
        "call_type": beats.assign(area=root),
        "cell": cells,
    }
    counts = _wide(levels)
    windows = pd.read_csv(data / "unobserved.csv", parse_dates=["start", "end"])
    for start, end in zip(windows["start"], windows["end"], strict=True):
        hours = pd.date_range(start, end, freq="h", inclusive="left").tz_convert("Europe/London")
        counts.loc[counts.index.isin((hours.tz_localize(None) - SEVEN).normalize())] = np.nan
    return Case(
        counts=counts,
        covariates=_public_holidays(counts, "GB", "ENG").join(_school_holidays(data, counts)),
        zone="Europe/London",
        day_starts_at=7,
        origins=pd.date_range("2025-11-03", periods=25, freq="14D"),
        horizon_days=42,
    )


CASES: Mapping[str, Callable[[Path], Case]] = {
    "wales": wales,
    "swast": swast,
    "laguna": laguna,
    "toronto": toronto,
    "demo": demo,
}


def _wide(levels: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    named = pd.concat([frame.assign(level=level) for level, frame in levels.items()])
    wide = named.groupby(["day", "level", *KEYS])["count"].sum().unstack(["level", *KEYS])  # noqa: PD010
    days = pd.date_range(wide.index.min(), wide.index.max())
    order = list(levels)
    wide = wide.reindex(days).fillna(0.0).astype("float64").sort_index(axis="columns")
    return wide[order]


def _types(mapping: Mapping[str, Any]) -> dict[str, str]:
    rules = mapping["crosswalk"]["call_type"]
    return {code: rule["to"] for rule in rules if rule["to"] != OUT for code in rule["codes"]}


def _school_holidays(data: Path, counts: pd.DataFrame) -> pd.Series:
    """Return the share of the districts on holiday, by day."""
    known = pd.read_csv(data / "school_holidays.csv", parse_dates=["from", "to"])
    known = known[known["kind"] == "school_holiday"]
    days = pd.date_range(counts.index[0], counts.index[-1] + AHEAD)
    districts = known["area"].unique()
    on = pd.DataFrame(0.0, index=days, columns=districts)
    for area, first, last in zip(known["area"], known["from"], known["to"], strict=True):
        on.loc[first:last, area] = 1.0
    return on.mean(axis="columns").rename("school_holiday")


def _public_holidays(counts: pd.DataFrame, country: str, subdivision: str) -> pd.DataFrame:
    days = pd.date_range(counts.index[0], counts.index[-1] + AHEAD)
    years = range(days[0].year, days[-1].year + 1)
    public = pd.DatetimeIndex(
        holidays.country_holidays(country, subdiv=subdivision, years=years).keys()
    )
    return pd.DataFrame(
        {
            "public_holiday": days.isin(public),
            "christmas_day": (days.month == 12) & (days.day == 25),  # noqa: PLR2004
            "new_years_day": (days.month == 1) & (days.day == 1),
        },
        index=days,
    ).astype("float64")
