"""The demo force as the folder of files that a force would send."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from pyarrow import csv

from sources import templates
from sources.synthetic import extract
from sources.synthetic.force import DemoForce

_PROFILE_HEAD = "# The profile of the demo force. Everything about it is synthetic.\n\n"
# The tables beside the calls, each with its file.
TABLE_FILES = {
    "tourism": "tourism.csv",
    "events": "events.csv",
    "holidays": "school_holidays.csv",
    "unobserved": "unobserved.csv",
    "breaks": "breaks.csv",
    "covariates": "covariates.csv",
}
SHAPES_FILE = "shapes.geojson"
_INSTANTS = "%Y-%m-%dT%H:%M:%SZ"


def write(demo: DemoForce, folder: Path) -> tuple[Path, ...]:
    """Write the demo force's files into a folder (made if absent) and return their paths.

    They are calls.csv, mapping.toml, forewatch.toml, tourism.csv, events.csv, school_holidays.csv,
    unobserved.csv, breaks.csv, shapes.geojson and, with hot weekends, covariates.csv; instants of
    the tables are UTC, those of calls the wall clock.
    """
    from sources.synthetic.shapes import shapes_geojson  # noqa: PLC0415 - a second of import

    folder.mkdir(parents=True, exist_ok=True)
    calls = folder / "calls.csv"
    options = csv.WriteOptions(quoting_style="none")  # no text of ours holds a comma
    csv.write_csv(extract.extract_table(demo.plan, demo.grid, demo.records), calls, options)
    texts = {
        "mapping.toml": demo.mapping,
        "forewatch.toml": _PROFILE_HEAD + templates.profile_toml(demo.profile),
        SHAPES_FILE: shapes_geojson(demo.plan),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    tables = {file: getattr(demo, name) for name, file in TABLE_FILES.items()}
    if not len(demo.covariates):
        del tables[TABLE_FILES["covariates"]]
    for name, table in tables.items():
        _texts(table).to_csv(folder / name, index=False, lineterminator="\n")
    return (calls, *(folder / name for name in (*texts, *tables)))


def _texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose instants and dates are ISO text."""
    written = table.copy()
    for name in written.columns:
        if isinstance(written[name].dtype, pd.DatetimeTZDtype):
            written[name] = written[name].dt.strftime(_INSTANTS)
        elif pd.api.types.is_datetime64_dtype(written[name].dtype):
            written[name] = written[name].dt.strftime("%Y-%m-%d")
    return written
