"""No file, parameter, option or column takes or gives anything about a person: the whole surface.

The list of words is that of `sources.personal`, tested by itself; here every door is tried.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pandas as pd
import pytest
from click.testing import CliRunner

from planning.missing import DEMAND
from serving.api.reference import openapi_text
from serving.cli import cli
from serving.cli.reference import commands
from sources.personal import about_persons
from sources.table_imports import TABLE_IMPORTS
from sources.tables import IMPORTED
from tests.serving.conftest import issue_of_the_town, missing_of_the_town

DOCUMENT = json.loads(openapi_text())
# What a person would be called by, described by, or found by.
WORDS = (
    "name", "age", "sex", "gender", "ethnicity", "health", "address", "postcode", "free_text",
    "notes", "date_of_birth", "person_id", "misper_ref", "nhs_number", "phone",
)  # fmt: skip
# Names in our own documents that look like it, each with what it is.
HARMLESS = {
    ("AreaEntry", "name"): "of an area",
    ("AreaKind", "name"): "of a kind of area",
    ("CallTypeEntry", "name"): "of a kind of call",
    ("GradeEntry", "name"): "of a grade of calls",
    ("Explanations", "notes"): "on the model and the data of an issue, written by Forewatch",
    ("Forecasts", "notes"): "likewise",
    ("MissingDemand", "notes"): "likewise",
    ("IssueSummary", "notes"): "likewise",
    ("PlanReceipt", "notes"): "on an import, written by Forewatch",
    ("Problem", "detail"): "what is wrong with a question, written by Forewatch",
    ("Problem", "notes"): "on settings that no issue reflects yet, written by Forewatch",
    ("Ready", "notes"): "likewise",
    ("Areas", "superseded_by"): "the number of the issue in service",
    ("CallTypes", "superseded_by"): "likewise",
    ("Explanations", "superseded_by"): "likewise",
    ("Forecasts", "superseded_by"): "likewise",
    ("IssueSummary", "superseded_by"): "likewise",
    ("MissingDemand", "superseded_by"): "likewise",
    ("RotaRequirements", "superseded_by"): "likewise",
    ("ViewAnswer", "notes"): "on the model and the data of an issue, written by Forewatch",
    ("ViewAnswer", "superseded_by"): "the number of the issue in service",
}
# What is forecast, all calls or missing-person reports, is a subject; so are persons elsewhere.
HARMLESS_PARAMETERS = {("/v1/models", "subject")}
HARMLESS_OPTIONS = {
    ("forewatch keys create", "name"),  # of an API key
    # of an account: whoever looks at forecasts has one, and nobody that they are about
    *(
        (f"forewatch users {name}", "name")
        for name in ("create", "change", "disable", "enable", "password", "link")
    ),
    ("forewatch train", "subject"),
    ("forewatch backtest", "subject"),
    ("forewatch models list", "subject"),
    ("forewatch models show", "subject"),
    ("forewatch models compare", "subject"),
    ("forewatch models promote", "subject"),
    ("forewatch models rollback", "subject"),
    ("forewatch models retire", "subject"),
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("force")
    made = CliRunner().invoke(cli, ["-w", str(root), "init", "--template", "minimal"])
    assert made.exit_code == 0, made.output
    return root


def importer(table: str, folder: Path, column: str) -> list[str]:
    """The arguments that import a file of a table with one more column, and its mapping."""
    plain = ("reference", "received_at", "area", "call_type", "grade")
    standard = {"calls": plain, "counts": ("start", "area", "call_type", "grade", "count"),
                "areas": ("id", "parent")}  # fmt: skip
    columns = ({each.table.name: each.columns for each in TABLE_IMPORTS} | standard)[table]
    file = folder / f"{table}.csv"
    row = ",".join("x" for _ in columns)
    file.write_text(f"{','.join(columns)},{column}\n{row},Jane Doe\n", encoding="utf-8")
    arguments = ["import", table, str(file)]
    if table == "calls":
        mapping = folder / "mapping.toml"
        lines = (f'{name} = "{name}"' for name in plain)
        mapping.write_text("[columns]\n" + "\n".join(lines), encoding="utf-8")
        arguments += ["--mapping", str(mapping)]
    return arguments


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("table", ["calls", *IMPORTED])
def test_every_importer_refuses_a_column_about_persons_by_name(
    workspace: Path, tmp_path: Path, table: str, word: str
) -> None:
    column = "caller_name" if word == "name" else word  # an area and an event have names
    if table == "areas":  # a force that has its areas elsewhere
        workspace = without_areas(workspace, tmp_path)
    result = CliRunner().invoke(cli, ["-w", str(workspace), *importer(table, tmp_path, column)])
    assert result.exit_code == 2, result.output
    assert f"carries columns about persons or free text: {column}; strip them" in result.stderr
    assert "Jane" not in result.output
    kept = [path for path in workspace.rglob("*") if path.is_file()]
    assert kept
    assert [path for path in kept if b"Jane" in path.read_bytes()] == []


def without_areas(workspace: Path, folder: Path) -> Path:
    text = (workspace / "forewatch.toml").read_text(encoding="utf-8")
    plain = re.sub(r"(?m)^\[\[areas\]\]\n([^\[].*\n)*", "", text)
    root = folder / "force"
    root.mkdir()
    (root / "forewatch.toml").write_text(plain, encoding="utf-8")
    return root


def test_the_hours_of_cases_are_read_without_the_cases(workspace: Path, tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text("officer_hours,person_name\n3,Jane Doe\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["-w", str(workspace), "case-hours", str(file)])
    assert result.exit_code == 2
    assert "about persons or free text: person_name" in result.stderr
    assert "Jane" not in result.output


def test_no_parameter_of_the_api_is_about_persons() -> None:
    found = {
        (path, parameter["name"])
        for path, methods in DOCUMENT["paths"].items()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
        if about_persons(parameter["name"])
    }
    assert found == HARMLESS_PARAMETERS


def test_only_the_plan_takes_a_body_and_it_is_read_as_an_import_is() -> None:
    # Columns about persons are refused by name: tests/serving/test_plan_uploads.py.
    bodies = [
        path
        for path, methods in DOCUMENT["paths"].items()
        if any("requestBody" in each for each in methods.values())
    ]
    assert bodies == ["/v1/rota/plan"]


def test_no_property_of_the_api_is_about_persons() -> None:
    found = {
        (schema, name)
        for schema, described in DOCUMENT["components"]["schemas"].items()
        for name in properties(described)
        if about_persons(name)
    }
    assert found == set(HARMLESS)


def properties(schema: Any) -> Iterator[str]:
    """Every property's name in a schema, however deep."""
    if isinstance(schema, dict):
        yield from schema.get("properties", ())
        for value in schema.values():
            yield from properties(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from properties(value)


def test_no_column_of_an_export_is_about_persons() -> None:
    columns = {
        (path, name)
        for path, methods in DOCUMENT["paths"].items()
        for operation in methods.values()
        for content in [operation["responses"].get("200", {}).get("content", {})]
        for name in content.get("text/csv", {}).get("example", "").split("\r\n")[0].split(",")
        if name
    }
    assert len({path for path, _ in columns}) == 3
    assert {(path, name) for path, name in columns if about_persons(name)} == set()


def test_no_option_of_the_command_line_is_about_persons() -> None:
    found = {
        (name, str(parameter.name))
        for name, command in commands(cli, ("forewatch",))
        for parameter in command.params
        if isinstance(parameter, click.Option | click.Argument)
        and about_persons(str(parameter.name))
    }
    assert found == HARMLESS_OPTIONS


@pytest.mark.parametrize("word", WORDS)
def test_the_command_line_knows_no_option_about_persons(workspace: Path, word: str) -> None:
    option = f"--{word.replace('_', '-')}"
    result = CliRunner().invoke(cli, ["-w", str(workspace), "missing", option, "x"])
    assert (result.exit_code, "No such option" in result.stderr) == (2, True)


def test_frames_of_missing_person_demand_have_no_column_about_persons() -> None:
    issue = issue_of_the_town().with_part("missing", missing_of_the_town())
    start, end = (pd.Timestamp(day, tz="UTC") for day in ("2026-10-19T06:00", "2026-10-26T07:00"))
    frame = DEMAND.table(issue, DEMAND.ask(issue, start=start, end=end), end).frame
    assert len(frame) == 7
    assert [name for name in frame if about_persons(str(name))] == []
