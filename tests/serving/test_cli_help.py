"""The command line answers a call for help at once, and every command has help."""

import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from serving.cli import cli
from serving.cli.reference import commands

HEAVY = [
    "mlflow",
    "lightgbm",
    "statsmodels",
    "matplotlib",
    "deltalake",
    "sklearn",
    "pandas",
    "pyarrow",
    "fastapi",
    "rich",
    "pydantic",
]
COMMANDS = dict(commands(cli, ("forewatch",)))


# Options of commands that ask are made from the models of questions.
@pytest.mark.parametrize(
    ("words", "needed"), [([], ""), (["forecast"], "pydantic"), (["missing"], "pydantic")]
)
def test_help_imports_nothing_heavy(root: Path, words: list[str], needed: str) -> None:
    code = (
        "import sys\n"
        "from serving.cli import cli\n"
        f"cli({[*words, '--help']!r}, standalone_mode=False)\n"
        f"sys.stderr.write(' '.join(m for m in {HEAVY!r} if m in sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("Usage:")
    assert done.stderr == needed


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_says_what_it_is_for(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    options = [option for option in command.params if isinstance(option, click.Option)]
    undocumented = [
        option.name for option in options if not (option.help or _speaks_for_itself(option))
    ]
    assert undocumented == []


def _speaks_for_itself(option: click.Option) -> bool:
    """A choice, a number or an address with its default shown needs no sentence."""
    return option.show_default is True or isinstance(option.type, click.Choice)


def test_the_version_is_the_one_that_is_packaged(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    result = CliRunner().invoke(cli, ["--version"])
    assert result.output.split()[-1] == project["project"]["version"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_its_help(name: str) -> None:
    result = CliRunner().invoke(cli, [*name.split()[1:], "-h"])
    assert result.exit_code == 0
    assert result.output.startswith("Usage:")
