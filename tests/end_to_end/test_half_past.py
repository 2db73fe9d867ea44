"""A force whose day begins at half past: the calls of a shift are forecast in that shift."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from serving.cli import cli

SETTINGS = """
grades = ["routine"]
[force]
id = "half"
name = "Half past"
zone = "Europe/London"
day_starts_at = 07:30:00
[levels]
names = ["force", "district"]
modelled = "district"
[publication]
horizon_days = 28
[[call_types]]
id = "theft"
name = "Theft"
[[shifts]]
id = "e"
name = "Early"
start = 07:30:00
end = 15:30:00
[[shifts]]
id = "l"
name = "Late"
start = 15:30:00
end = 23:30:00
[[shifts]]
id = "n"
name = "Night"
start = 23:30:00
end = 07:30:00
[[areas]]
id = "f"
name = "Force"
[[areas]]
id = "north"
name = "North"
parent = "f"
[[areas]]
id = "south"
name = "South"
parent = "f"
[training]
members = ["same_weekday_8"]
[training.origins]
folds = 2
every_days = 28
horizon_days = 28
[training.hours]
rounds = 0
[missing_training]
members = ["climatology", "recent"]
[missing_training.origins]
folds = 2
horizon_days = 28
"""
MAPPING = """
[columns]
reference = "ref"
received_at = "at"
area = "area"
call_type = "type"
[constants]
grade = "routine"
"""


def test_the_calls_of_the_first_hour_are_forecast_in_the_early_shift(
    tmp_path: Path, migrated_store: Path
) -> None:
    (tmp_path / "mlruns").mkdir()
    shutil.copy(migrated_store, tmp_path / "mlruns" / "mlflow.db")
    (tmp_path / "forewatch.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "map.toml").write_text(MAPPING, encoding="utf-8")
    days = pd.date_range("2026-01-01", "2026-06-01", inclusive="left")
    walls = [day + pd.Timedelta(hours=7, minutes=35 + 2 * i) for day in days for i in range(10)]
    lines = [
        f"{i},{wall:%Y-%m-%d %H:%M},{('north', 'south')[i % 2]},theft"
        for i, wall in enumerate(walls)
    ]
    calls = tmp_path / "calls.csv"
    calls.write_text("\n".join(["ref,at,area,type", *lines]) + "\n", encoding="utf-8")

    def run(*args: str) -> str:
        done = CliRunner().invoke(cli, ["-w", str(tmp_path), *args])
        assert done.exit_code == 0, done.output
        return done.stdout

    run("import", "calls", str(calls), "--mapping", str(tmp_path / "map.toml"))
    run("train", "--jobs", "1")
    run("models", "promote", "--force", "--reason", "a test", "--by", "ann")
    run("issue")
    asked = ("forecast", "--from", "2026-06-02", "--to", "2026-06-03", "--format", "csv")
    by_shift = pd.read_csv(io.StringIO(run(*asked, "--by", "shift")), comment="#")
    expected = dict(zip(by_shift["period"].str[-1], by_shift["mean"], strict=True))
    assert expected == pytest.approx({"e": 10.0, "l": 0.0, "n": 0.0}, abs=0.1)
    by_hour = pd.read_csv(io.StringIO(run(*asked, "--by", "hour")), comment="#")
    assert len(by_hour) == 24
    assert by_hour["mean"][0] == pytest.approx(10.0, abs=0.1)
