"""A force's own packages: the two of the examples are installed, tested by themselves, and used.

They are installed into a folder of the test's own, never into the environment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from features.catalogue import PLACE_AND_TIME
from features.package_makers import package_makers
from forewatch.errors import SettingsError
from serving.cli import cli
from serving.subjects import all_subjects

EXAMPLES = ("member-theta", "feature-payday")
MOST_LINES = 120
WEEKS = 20
FIRST = pd.Timestamp("2026-03-16")
SETTINGS = """
[force]
id = "town"
name = "Town"
zone = "Europe/London"
holiday_country = "GB"
holiday_subdivision = "ENG"
[levels]
names = ["force"]
modelled = "force"
[[areas]]
id = "town"
name = "Town"
[[call_types]]
id = "other"
name = "Other"
[training]
members = ["same_weekday_8", "loglinear", "theta"]
[training.origins]
folds = 2
horizon_days = 14
[training.hours]
rounds = 2
[extensions]
packages = ["forewatch-member-theta", "forewatch-feature-payday"]
"""
MAPPING = 'resolution = "day"\n[constants]\ngrade = "routine"\n'


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """A folder with both packages, from copies: building leaves nothing in the checkout."""
    folder = tmp_path_factory.mktemp("packages")
    for name in EXAMPLES:
        shutil.copytree(root / "examples" / name, folder / name)
    uv = Path(sys.executable).parent / "uv"
    options = ["--offline", "--no-deps", "--no-build-isolation", "--python", sys.executable]
    names = [str(folder / name) for name in EXAMPLES]
    command = [str(uv), "pip", "install", "-q", *options, "--target", str(folder / "site"), *names]
    subprocess.run(command, check=True)
    return folder / "site"


@pytest.fixture(scope="module")
def trained(target: Path, tmp_path_factory: pytest.TempPathFactory, migrated_store: Path) -> Path:
    """A workspace that was trained and issued with both."""
    workspace = tmp_path_factory.mktemp("town")
    (workspace / "mlruns").mkdir()
    shutil.copy(migrated_store, workspace / "mlruns" / "mlflow.db")
    days = pd.date_range(FIRST, periods=7 * WEEKS, unit="us")
    mean = np.where(days == days + pd.offsets.BMonthEnd(0), 120, 60)
    calls = np.random.default_rng(5).poisson(mean)
    rows = pd.DataFrame({"start": days.date, "area": "town", "call_type": "other", "count": calls})
    rows.to_csv(workspace / "counts.csv", index=False)
    (workspace / "map.toml").write_text(MAPPING)
    (workspace / "forewatch.toml").write_text(SETTINGS)
    files = [str(workspace / "counts.csv"), "--mapping", str(workspace / "map.toml")]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(target))
        for arguments in (
            ["import", "counts", *files],
            ["train", "--jobs", "1", "--subject", "demand"],
            ["models", "promote", "--force", "--reason", "a test"],
            ["issue"],
        ):
            done = CliRunner().invoke(cli, ["-w", str(workspace), *arguments])
            assert done.exit_code == 0, done.output
    return workspace


def run(workspace: Path, target: Path | None, *arguments: str, code: int = 0) -> str:
    """Run a command in a process of its own, with the packages or without; return what it says."""
    paths = [str(Path(__file__).parents[2]), *([str(target)] if target else [])]
    done = subprocess.run(
        [sys.executable, "-m", "serving.cli", "-w", str(workspace), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_short_and_passes_its_own_tests(
    name: str, root: Path, target: Path, tmp_path: Path
) -> None:
    written = [
        *(root / "examples" / name).rglob("*.py"),
        root / "examples" / name / "pyproject.toml",
    ]
    lines = {path.name: len(path.read_text().splitlines()) for path in written}
    assert sum(n for path, n in lines.items() if not path.startswith("test_")) < MOST_LINES
    tests = str(root / "examples" / name / "tests")
    options = ["-q", "-p", "no:cacheprovider", "-W", "error", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-c", os.devnull, tests],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(root), str(target)])},
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_both_are_in_the_model_and_in_what_explains_it(trained: Path, target: Path) -> None:
    shown = run(trained, target, "models", "show")
    assert "theta" in shown
    week = ["--from", "2026-08-03", "--to", "2026-09-07", "--by", "day", "--format", "json"]
    answer = json.loads(run(trained, target, "explain", *week))
    fed = {row["force_day"]: row["payday"] for row in answer["rows"]}
    assert fed["2026-08-28"] > 0 == fed["2026-08-20"]  # Monday the 31st is a bank holiday


def test_an_issue_is_told_without_them_but_nothing_is_forecast(trained: Path) -> None:
    assert "Town, issue 1" in run(trained, None, "forecast", "--week", "2026-W33")
    said = run(trained, None, "issue", code=2)
    assert "forewatch-member-theta, which isn't installed beside Forewatch" in said


def test_a_model_is_refused_where_the_file_no_longer_names_what_made_it(
    trained: Path, target: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(trained, other)
    without = SETTINGS.replace('"forewatch-member-theta", ', "").replace(', "theta"', "")
    (other / "forewatch.toml").write_text(without)
    said = run(other, target, "issue", code=2)
    assert "was made with forewatch-member-theta, which extensions.packages doesn't name" in said


def test_a_member_of_a_package_that_is_not_named_is_no_member(tmp_path: Path) -> None:
    (tmp_path / "forewatch.toml").write_text(SETTINGS.split("[extensions]", maxsplit=1)[0])
    done = CliRunner().invoke(cli, ["-w", str(tmp_path), "check"])
    assert done.exit_code == 2
    assert "training.members: no member theta" in done.output


SUBJECT = """
from dataclasses import replace
from models.demand.subject import DEMAND
OFFERED = replace(
    DEMAND, name="offered", title="calls offered", settings_table="offered_training"
)
WRONG = replace(OFFERED, settings_table="training", name="wrong")
"""


def test_a_subject_of_a_package_has_a_table_and_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, target in (("offered", "OFFERED"), ("wrong", "WRONG")):
        folder = tmp_path / f"subject_{name}-1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: subject-{name}\nVersion: 1\n"
        )
        point = f"[forewatch.subjects]\n{name} = subject_offered:{target}\n"
        (folder / "entry_points.txt").write_text(point)
    (tmp_path / "subject_offered.py").write_text(SUBJECT)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [one.name for one in all_subjects(("subject-offered",))][-1] == "offered"
    toml = (
        SETTINGS.split("[training]", maxsplit=1)[0] + "[offered_training]\nseed = 4\n[extensions]\n"
    )
    (tmp_path / "forewatch.toml").write_text(toml + 'packages = ["subject-offered"]\n')
    listed = CliRunner().invoke(
        cli, ["-w", str(tmp_path), "models", "list", "--subject", "offered"]
    )
    assert listed.exit_code == 0, listed.output
    (tmp_path / "forewatch.toml").write_text(toml + 'packages = ["subject-wrong"]\n')
    refused = CliRunner().invoke(cli, ["-w", str(tmp_path), "models", "list"])
    assert refused.exit_code == 2
    assert "the subject 'wrong' of extensions.packages" in refused.output


def test_a_feature_that_is_there_already_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "feature_again-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: feature-again\nVersion: 1\n")
    (folder / "entry_points.txt").write_text(
        "[forewatch.features]\nagain = features.days:CALENDAR\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SettingsError, match="'weekday', which is there already"):
        package_makers(("feature-again",), PLACE_AND_TIME)
