"""What calls take is learned from an imported log and written into forewatch.toml, once."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from forewatch.duty import service_of
from forewatch.errors import SettingsError
from serving.cli import cli
from serving.importing import import_call_log
from serving.progress import silent
from serving.service_times import learn_service_times, save_service_times
from serving.settings import load
from serving.workspace import Workspace
from sources.synthetic import demo_force, write
from sources.synthetic.services import TrueServices


@pytest.fixture(scope="module")
def learned_from(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the calls of a demo force's ten weeks."""
    root = tmp_path_factory.mktemp("services")
    extract = root / "extract"
    write(demo_force(weeks=10, districts=2, beats_per_district=2, scale=0.4), extract)
    shutil.copy(extract / "forewatch.toml", root)
    import_call_log(
        Workspace(root), extract / "calls.csv", extract / "mapping.toml", "2026-11-23T07:00", silent
    )
    return root


@pytest.fixture
def root(learned_from: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(learned_from, tmp_path / "force"))


def run(root: Path, *more: str) -> Result:
    return CliRunner().invoke(cli, ["-w", str(root), "service-times", *more])


def test_what_the_demo_force_draws_is_learned_again(learned_from: Path) -> None:
    workspace = Workspace(learned_from)
    found = learn_service_times(workspace)
    assert found.last < pd.Timestamp("2026-11-22")  # of the last day cases are still open
    assert found.open_days >= 1
    truth = TrueServices.of(workspace.profile.call_type_ids)
    many = [each for each in found.services if each.sent > 400]
    assert len(many) > 10
    for each in many:
        cell = (
            workspace.profile.call_type_ids.index(each.call_type),
            workspace.profile.grade_ids.index(each.grade),
        )
        # Four standard errors and what leaning on the type may move.
        assert each.minutes == pytest.approx(truth.minutes[cell], rel=5 / each.sent**0.5)
        assert each.officers == pytest.approx(truth.officers[cell], abs=0.12)
        assert each.attended == pytest.approx(truth.attended[cell], abs=0.08)
        assert each.cv == pytest.approx(truth.cv[cell], rel=0.25)


def test_what_is_printed_belongs_into_the_profile(root: Path) -> None:
    before = (root / "forewatch.toml").read_bytes()
    said = run(root)
    assert said.exit_code == 0, said.output
    assert (root / "forewatch.toml").read_bytes() == before
    services = tomllib.loads(said.stdout)["staffing"]["services"]
    assert services["violence"]["grades"]["immediate"]["officers"] == pytest.approx(2.6, abs=0.1)
    assert "missing_person" not in services
    assert "calls, " in said.stdout
    assert "left out whole, as cases of them are still open" in said.stdout


def test_the_same_is_a_table_for_programs_and_only_toml_is_saved(root: Path) -> None:
    told = json.loads(run(root, "--format", "json").stdout)
    services = tomllib.loads(run(root).stdout)["staffing"]["services"]
    assert {(row["call_type"], row["grade"]) for row in told["rows"]} == {
        (call_type, grade) for call_type, each in services.items() for grade in each["grades"]
    }
    for row in told["rows"]:
        printed = services[row["call_type"]]["grades"][row["grade"]]
        names = ("officers", "minutes", "cv", "attended")
        assert {name: row[name] for name in names if row[name] is not None} == printed
    assert run(root, "--format", "csv").stdout.startswith("call_type,call_type_name,grade,calls,")
    assert "force-days from" in run(root, "--format", "table").stdout
    both = run(root, "--save", "--format", "csv")
    assert (both.exit_code, "--save writes forewatch.toml" in both.stderr) == (2, True)


def test_what_is_saved_is_in_the_place_of_what_was_learned_before(root: Path) -> None:
    own = (root / "forewatch.toml").read_text(encoding="utf-8")
    said = run(root, "--save")
    assert said.exit_code == 0, said.output
    once = (root / "forewatch.toml").read_text(encoding="utf-8")
    assert once.startswith(own.rstrip())
    service = service_of(load(root / "forewatch.toml"), "violence", "immediate")
    assert service.assumed == ()
    (root / "forewatch.toml").write_text(once + "\n# a word below\n", encoding="utf-8")
    assert run(root, "--save").exit_code == 0
    twice = (root / "forewatch.toml").read_text(encoding="utf-8")
    assert twice.count("--- what calls take") == 1
    assert "# a word below" in twice
    assert run(root, "--save").exit_code == 0
    assert (root / "forewatch.toml").read_text(encoding="utf-8") == twice


def test_figures_that_a_person_gave_stay_and_are_told(root: Path) -> None:
    given = (
        "\n[staffing.services.violence]\nminutes = 50\n"
        "[staffing.services.theft.grades.routine]\nattended = 0.1\n"
    )
    with (root / "forewatch.toml").open("a", encoding="utf-8") as file:
        file.write(given)
    said = run(root, "--save")
    assert said.exit_code == 0, said.output
    assert "as they were given there: violence.minutes, theft.grades.routine" in said.stdout
    found = load(root / "forewatch.toml")
    violence = service_of(found, "violence", "immediate")
    assert violence.minutes == 50
    assert violence.officers > 2
    assert service_of(found, "theft", "routine").attended == 0.1
    assert service_of(found, "theft", "immediate").assumed == ()


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("\n[staffing.services.theft]\ngrades = { routine = { cv = 1 } }\n", "can't be added to"),
        ("\n# --- end of what was learned ---\n", "has only one of the lines"),
    ],
)
def test_a_file_that_could_no_longer_be_read_is_left_as_it_is(
    root: Path, own: str, message: str
) -> None:
    with (root / "forewatch.toml").open("a", encoding="utf-8") as file:
        file.write(own)
    before = (root / "forewatch.toml").read_bytes()
    said = run(root, "--save")
    assert said.exit_code == 2
    assert message in said.stderr
    assert (root / "forewatch.toml").read_bytes() == before


def test_a_linked_file_stays_a_link_with_its_mode(root: Path) -> None:
    real = root / "real.toml"
    (root / "forewatch.toml").rename(real)
    real.chmod(0o640)
    (root / "forewatch.toml").symlink_to(real)
    assert run(root, "--save").exit_code == 0
    assert (root / "forewatch.toml").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "what calls take" in real.read_text(encoding="utf-8")


def test_as_of_an_instant_fewer_days_are_used(root: Path) -> None:
    workspace = Workspace(root)
    every, some = learn_service_times(workspace), learn_service_times(workspace, "2026-10-25T12:00")
    assert some.last < pd.Timestamp("2026-10-25") < every.last
    assert some.days < every.days


def test_a_log_without_figures_says_what_to_do(tmp_path: Path) -> None:
    extract = tmp_path / "extract"
    write(demo_force(weeks=5, districts=1, beats_per_district=1, scale=0.02), extract)
    shutil.copy(extract / "forewatch.toml", tmp_path)
    text = (extract / "mapping.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("officers", "attended"))]
    (extract / "mapping.toml").write_text("\n".join(lines), encoding="utf-8")
    workspace = Workspace(tmp_path)
    mapping = extract / "mapping.toml"
    import_call_log(workspace, extract / "calls.csv", mapping, "2026-11-23T07:00", silent)
    said = run(tmp_path)
    assert said.exit_code == 2
    assert "name the columns officers and attended_minutes in the mapping" in said.stderr


def test_what_cannot_be_parsed_afterwards_is_refused_by_the_use_case(root: Path) -> None:
    learned = learn_service_times(Workspace(root))
    with (root / "forewatch.toml").open("a", encoding="utf-8") as file:
        file.write("\n[nonsense]\n")
    with pytest.raises(SettingsError, match="nothing was written"):
        save_service_times(Workspace(root), learned)
