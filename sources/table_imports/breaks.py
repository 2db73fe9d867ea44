"""The register of breaks: dated changes in recording or policy."""

from __future__ import annotations

import pandas as pd

from forewatch.tables import BREAK_KINDS, BREAKS
from sources import instants
from sources.table_file import Rows, TableFile, TableImport

_KINDS_THAT_END = ("ramp", "pulse", "exclude")


def break_rows(file: TableFile) -> Rows:
    """Return dated changes in recording or policy; a date without a time is the force-day."""
    file.require("start", "kind", "reason", "decided_by")
    start, end, told = _force_days(file, "start"), _force_days(file, "end"), file.text("end")
    announced = file.known_at(start, "announced_at", "became known")
    rows = pd.DataFrame(
        {
            "start": start,
            "end": end,
            "area": file.area().fillna(""),
            "call_type": file.call_type().fillna(""),
            "kind": file.text("kind"),
            "expected_ratio": file.number("expected_ratio"),
            "reason": file.text("reason"),
            "decided_by": file.text("decided_by"),
            "known_at": announced,
        }
    )
    ratio, ends = file.text("expected_ratio"), rows["kind"].isin(_KINDS_THAT_END)
    modelled = file.tree.cut(file.profile.levels.modelled)
    above = {"", *(area for place in modelled for area in file.tree.upwards(place))}
    checks = {
        "start can't be read": start.isna(),
        "end can't be read": told.notna() & end.isna(),
        "end is not after start": end <= start,
        f"kind is none of {', '.join(BREAK_KINDS)}": ~rows["kind"].isin(BREAK_KINDS),
        f"end is missing ({', '.join(_KINDS_THAT_END)} need one)": ends & told.isna(),
        "area is below the modelled level": ~rows["area"].isin(above),
        "expected_ratio is no number above 0": ratio.notna() & ~(rows["expected_ratio"] > 0),
        "reason is missing": rows["reason"].isna(),
        "decided_by is missing": rows["decided_by"].isna(),
        "announced_at is missing or can't be read": announced.isna(),
    }
    return file.passing_rows(rows, checks)


def _force_days(file: TableFile, name: str) -> pd.Series:
    """Return instants; a date is its force-day's beginning, as an end the next force-day's."""
    texts = file.text(name)
    is_date = texts.str.fullmatch(r"\d{4}-\d{2}-\d{2}").fillna(value=False).astype(bool)
    days = file.date(name) + pd.Timedelta(days=int(name == "end"))
    begins = instants.day_start(days.where(is_date), file.zone, file.profile.force.day_starts_at)
    return begins.where(is_date, file.instant(name))


BREAKS_IMPORT = TableImport(
    BREAKS,
    columns=(
        *("start", "end", "area", "call_type", "kind", "expected_ratio", "reason", "decided_by"),
        "announced_at",
    ),
    times=("start", "end", "announced_at"),
    read=break_rows,
)
