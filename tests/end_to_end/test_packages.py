"""A force's own packages: the two of the examples are installed, tested by themselves, and used.

They are installed into a folder of the test's own, never into the environment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from features.asof import AsOf
from features.catalogue import PLACE_AND_TIME
from features.package_makers import package_makers
from features.panel import Panel, panel
from forewatch.errors import DataError, ForewatchError, SettingsError
from forewatch.extensions import Extensions
from models.line_up import fit_members, predictions, restore_members, states
from models.recipe import Recipe
from models.testing import small_history
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
    for arguments in (
        ["import", "counts", *files],
        ["train", "--jobs", "1", "--subject", "demand"],
        ["models", "promote", "--force", "--reason", "a test"],
        ["issue"],
    ):
        run(workspace, target, *arguments)
    return workspace


def run(workspace: Path, target: Path, *arguments: str, code: int = 0) -> str:
    """Run a command where both packages are installed; return what it says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(target))
        done = CliRunner().invoke(cli, ["-w", str(workspace), *arguments])
    assert done.exit_code == code, done.output
    return done.output


_COMMANDS = """
import json, sys
from serving.cli import cli
*before, last = json.loads(sys.argv[1])
for words in before:
    cli(words, standalone_mode=False)
cli(last)
"""


def run_without(workspace: Path, *commands: list[str], code: int = 0) -> str:
    """Run commands in a process of their own, which has never seen the packages."""
    words = [["-w", str(workspace), *command] for command in commands]
    done = subprocess.run(
        [sys.executable, "-c", _COMMANDS, json.dumps(words)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
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
    said = run_without(trained, ["forecast", "--week", "2026-W33"], ["issue"], code=2)
    assert "Town, issue 1" in said
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


def test_a_force_can_leave_a_package_that_its_champion_needs(trained: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(trained, other)
    (other / "forewatch.toml").write_text(
        SETTINGS.split("[extensions]", maxsplit=1)[0].replace(', "theta"', "")
    )
    said = run_without(
        other,
        ["train", "--jobs", "1", "--subject", "demand"],
        ["models", "promote", "--force", "--reason", "leaves theta"],
        ["issue"],
    )
    assert "has a recipe this code can't fit again: no member 'theta'" in said
    assert "published issue 2 of" in said


def test_a_member_of_a_package_that_is_not_named_is_no_member(tmp_path: Path) -> None:
    (tmp_path / "forewatch.toml").write_text(SETTINGS.split("[extensions]", maxsplit=1)[0])
    done = CliRunner().invoke(cli, ["-w", str(tmp_path), "check"])
    assert done.exit_code == 2
    assert "training.members: no member 'theta'" in done.output


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


def install(folder: Path, name: str, point: str, code: str) -> None:
    """Leave a package as an installer would: a module and what says what it adds."""
    module = name.replace("-", "_")
    (folder / f"{module}.py").write_text(code)
    metadata = folder / f"{module}-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(point.replace("MODULE", module))


MEMBER = """
from models.seasonal_means import SameWeekday8
class Own(SameWeekday8):
    name = "own"
"""


@pytest.mark.parametrize(
    ("number", "code", "point", "said"),
    [
        (1, "", "own", ""),
        (2, "", "loglinear", "adds the member 'loglinear', which is Forewatch's own"),
        (3, "", "other", "the member 'other' of extensions.packages says that its name is 'own'"),
        (4, "    def __init__(self): 1 / 0", "own", "'own' of a package .* failed: ZeroDivision"),
        (
            5,
            "    def fit(self, panel): super().fit(panel)",
            "own",
            "fit of the member 'own' returned",
        ),
        (6, "    def fit(self, panel): [][1]", "own", "'own' of a package .* failed: IndexError"),
        (
            7,
            "    def predict(self, panel): return [1]",
            "own",
            "'own' forecasts what no member may",
        ),
        (
            8,
            "    def predict(self, panel): return super().predict(panel) * float('nan')",
            "own",
            "may",
        ),
        (9, "    def state(self): return {'x': object()}", "own", "'own' .* state.x is a object"),
        (
            10,
            "    def state(self): return {'x': float('nan')}",
            "own",
            "'own' .* failed: ValueError",
        ),
    ],
)
def test_a_member_that_is_none_is_named(  # noqa: PLR0913, PLR0917 - what it is made of
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    panel_of: Callable[..., Panel],
    number: int,
    code: str,
    point: str,
    said: str,
) -> None:
    name = f"member-{number}"
    install(tmp_path, name, f"[forewatch.members]\n{point} = MODULE:Own\n", MEMBER + code)
    monkeypatch.syspath_prepend(str(tmp_path))
    seen = replace(panel_of(np.full((80, 2, 2), 9.0), horizon=10), packages=(name,))
    recipe = Recipe(members=("same_weekday_8", point))

    def whole() -> None:
        fitted = fit_members(recipe, seen, jobs=1)
        predictions(recipe, fitted, seen)
        restore_members(states(fitted), seen.packages)

    if not said:
        whole()
        return
    with pytest.raises(ForewatchError, match=said):
        whole()


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (1, "{'own': ones}", ""),
        (2, "None", "fails to make own: AttributeError"),
        (3, "{}", "makes nothing, and declares own"),
        (4, "{'own': ones, 'weekday': ones}", "makes own, weekday, and declares own"),
        (5, "{'own': [[1], [1, 2]]}", "fails to make own: ValueError"),
        (6, "{'own': ones[:-1]}", "has values of shape"),
        (7, "{'own': ones / 0}", "has values of shape"),
    ],
)
def test_a_maker_that_is_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str, said: str
) -> None:
    name = f"maker-{number}"
    made = (
        "import numpy as np\nfrom features.declaration import Feature, Maker\n"
        f"def make(view, days, areas):\n    ones = np.ones((len(days), 1))\n    return {code}\n"
        "MAKER = Maker(make, (Feature('own', 'm', 'u', 's', 'k'),))\n"
    )
    install(tmp_path, name, "[forewatch.features]\nown = MODULE:MAKER\n", made)
    monkeypatch.syspath_prepend(str(tmp_path))
    town = small_history()
    extended = town.profile.model_copy(update={"extensions": Extensions(packages=(name,))})
    view = AsOf(replace(town, profile=extended), town.observed_until)
    if not said:
        assert panel(view, 7).covariates.names[-1] == "own"
        return
    with np.errstate(divide="ignore"), pytest.raises(DataError, match=said):
        panel(view, 7)


def test_a_packages_feature_is_no_other_of_the_forces_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = (
        "from features.declaration import Feature, Maker\n"
        "MAKER = Maker(None, (Feature('covariate_rain', 'm', 'u', 's', 'k'),))\n"
    )
    install(tmp_path, "feature-rain", "[forewatch.features]\nrain = MODULE:MAKER\n", made)
    monkeypatch.syspath_prepend(str(tmp_path))
    town = small_history()
    extended = town.profile.model_copy(
        update={"extensions": Extensions(packages=("feature-rain",))}
    )
    view = AsOf(replace(town, profile=extended), town.observed_until)
    with pytest.raises(SettingsError, match="'covariate_rain', which is there already"):
        panel(view, 7)


def test_a_feature_that_is_there_already_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "feature-again", "[forewatch.features]\nagain = features.days:CALENDAR\n", "")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SettingsError, match="'weekday', which is there already"):
        package_makers(("feature-again",), PLACE_AND_TIME)
