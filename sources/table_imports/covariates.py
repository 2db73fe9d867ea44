"""Values of the profile's covariates."""

from __future__ import annotations

import pandas as pd

from forewatch.history import History
from forewatch.tables import COVARIATES
from sources import instants
from sources.sections import Section
from sources.table_file import Rows, TableFile, TableImport


def covariate_rows(file: TableFile) -> Rows:
    """Return values of the profile's covariates; a date is the force-day of it."""
    file.require("covariate", "value", *(() if "hour" in file.has else ("date",)))
    begins = file.profile.force.day_starts_at
    start = instants.day_start(file.date("date"), file.zone, begins).fillna(file.instant("hour"))
    lag = file.mapping.time.published_after_days
    if lag is None:
        known = file.known_at(start, "known_at", "became known")
    else:
        later = start + pd.Timedelta(days=lag + 1)
        known = file.instant("known_at", date_means_end=True).fillna(later)
    rows = pd.DataFrame(
        {
            "covariate": file.text("covariate"),
            "area": file.area().fillna("").replace(file.tree.root, ""),
            "start": start,
            "value": file.number("value"),
            "known_at": known,
        }
    )
    declared, there, measured = (pd.Series(data=False, index=rows.index) for _ in range(3))
    for each in file.profile.covariates:
        here = rows["covariate"] == each.id
        areas = file.tree.cut(each.level or file.tree.levels[0])
        declared |= here
        there |= here & rows["area"].isin(["" if a == file.tree.root else a for a in areas])
        measured |= here & (each.known == "measured")
    checks = {
        "forewatch.toml has no such covariate": ~declared,
        "area is not of the covariate's level": ~there,
        "date or hour is missing or can't be read": start.isna(),
        "value is no number": rows["value"].isna(),
        "known_at is missing or can't be read": known.isna(),
        "known before it was measured": measured & (known <= start),
    }
    return file.passing_rows(rows, checks)


def covariate_findings(found: History) -> tuple[Section, ...]:
    """Say of which days the profile's covariates have values; no section where it has none."""
    table, lines, warnings = found.covariates, [], []
    for each in found.profile.covariates:
        own = table[table["covariate"] == each.id]
        if len(own):
            span = f"{own['start'].min():%Y-%m-%d} to {own['start'].max():%Y-%m-%d}"
            lines.append(f"{each.id:<30.30} {len(own):>8,} values, {span}")
        else:
            warnings.append(
                f"{each.id} has no value, and nothing of it can be learned; run 'forewatch import "
                "covariates', or take it out of forewatch.toml"
            )
    if strange := set(table["covariate"]) - {each.id for each in found.profile.covariates}:
        warnings.append(f"values of no covariate of the profile: {', '.join(sorted(strange))}")
    if not lines and not warnings:
        return ()
    return (Section("Covariates", tuple(lines), warnings=tuple(warnings)),)


COVARIATES_IMPORT = TableImport(
    COVARIATES,
    columns=("covariate", "area", "date", "hour", "value", "known_at"),
    times=("date", "hour", "known_at"),
    read=covariate_rows,
    findings=covariate_findings,
)
