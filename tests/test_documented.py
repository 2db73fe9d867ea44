"""What is not documented does not exist: references are generated and compared with the code."""

import re
from pathlib import Path

import pytest

from features.catalogue import features_page as features_text
from serving.api.reference import openapi_text
from serving.api.rota_schemas import schema_text
from serving.cli import cli
from serving.cli.reference import commands
from serving.cli.reference import commands_page as cli_text
from serving.settings_reference import settings_page as settings_text
from sources.table_file import TableImport
from sources.table_imports import TABLE_IMPORTS

DOCS = Path(__file__).parents[1] / "docs"
REFERENCES = {
    "cli.md": (cli_text, "python -m serving.cli.reference"),
    "settings.md": (settings_text, "python -m serving.settings_reference"),
    "features.md": (features_text, "python -m features.catalogue"),
    "openapi.json": (openapi_text, "python -m serving.api.reference"),
    "rota/requirements-1.0.schema.json": (schema_text, "python -m serving.api.reference"),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_a_reference_is_what_the_code_says(name: str) -> None:
    text, command = REFERENCES[name]
    kept = (DOCS / name).read_text(encoding="utf-8")
    assert kept == text(), f"docs/{name} is out of date: run '{command}'"


def test_every_command_has_its_section() -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert [name for name, _ in commands(cli, ("forewatch",)) if f"## `{name}`" not in text] == []


@pytest.mark.parametrize("each", TABLE_IMPORTS, ids=lambda each: each.table.name)
def test_every_table_to_import_stands_in_the_guide_with_its_columns(each: TableImport) -> None:
    guide = (DOCS / "guides" / "importing-tables.md").read_text(encoding="utf-8")
    row = next(line for line in guide.splitlines() if line.startswith(f"| {each.table.name} |"))
    assert set(each.columns) <= set(re.findall(r"\w+", row))


def test_every_guide_stands_in_the_list_of_the_documentation() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    guides = sorted(path.name for path in (DOCS / "guides").glob("*.md"))
    assert [name for name in guides if f"guides/{name}" not in index] == []
