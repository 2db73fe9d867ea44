"""A force's own grades come in by its mapping, are counted, told and written out again."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from serving.cli import cli
from serving.settings import load, parse
from serving.workspace import Workspace
from sources.templates import profile_toml

SETTINGS = """
[force]
id = "town"
name = "Town"
zone = "UTC"
day_starts_at = 00:00:00
[levels]
names = ["force"]
modelled = "force"
[[areas]]
id = "town"
name = "Town"
[[call_types]]
id = "other"
name = "Other"
[[grades]]
id = "p1"
name = "Blue lights"
work = "urgent"
target_minutes = 10
[[grades]]
id = "p2"
name = "When there is time"
work = "deferrable"
"""
MAPPING = """
resolution = "day"
[crosswalk.grade]
1 = "p1"
Two = "p2"
"""
COUNTS = """start,area,call_type,grade,count
2026-01-01,town,other,1,4
2026-01-01,town,other,Two,3
2026-01-02,town,other,Two,5
2026-01-02,town,other,1,0
"""


def test_grades_of_the_force_s_own_are_imported_and_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "forewatch.toml").write_text(SETTINGS)
    (tmp_path / "counts.csv").write_text(COUNTS)
    (tmp_path / "map.toml").write_text(MAPPING)
    files = [str(tmp_path / name) for name in ("counts.csv", "map.toml")]
    arguments = ["-w", str(tmp_path), "import", "counts", files[0], "--mapping", files[1]]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    counts = Workspace(tmp_path).history().counts
    assert counts.groupby("grade", observed=False)["count"].sum().to_dict() == {"p1": 4, "p2": 8}


def test_a_profile_with_grades_of_its_own_is_written_and_read_back(tmp_path: Path) -> None:
    (tmp_path / "forewatch.toml").write_text(SETTINGS)
    profile = load(tmp_path / "forewatch.toml").profile
    assert parse(profile_toml(profile)).profile == profile
