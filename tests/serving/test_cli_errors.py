"""How commands end: mistakes with a sentence, faults with a hint, traces only when asked for."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from forewatch.errors import SettingsError
from serving.cli.group import Commands


@click.group(cls=Commands)
@click.option("--debug", is_flag=True)
def cli(debug: bool) -> None:  # noqa: FBT001 - a flag of the command line
    """A group like the real one, with commands that fail."""


@cli.command()
def mistaken() -> None:
    raise SettingsError("the profile lacks a zone; add it")


@cli.command()
def broken() -> None:
    raise ZeroDivisionError("division by zero")


@cli.command()
def deserted() -> None:
    raise BrokenPipeError(32, "Broken pipe")


def test_a_mistake_is_one_sentence_on_stderr() -> None:
    result = CliRunner().invoke(cli, ["mistaken"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "forewatch: the profile lacks a zone; add it\n"


def test_a_fault_says_how_to_see_more() -> None:
    result = CliRunner().invoke(cli, ["broken"])
    assert (result.exit_code, result.stdout) == (70, "")
    assert result.stderr.startswith("forewatch: unexpected ZeroDivisionError: division by zero\n")
    assert "--debug" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_pipe_of_our_own_that_breaks_is_not_the_end_of_whoever_reads() -> None:
    result = CliRunner().invoke(cli, ["deserted"])  # its output is no file, and open
    assert (result.exit_code, result.stdout) == (70, "")
    assert "unexpected BrokenPipeError" in result.stderr


def test_debug_lets_the_fault_through_with_its_trace() -> None:
    with pytest.raises(ZeroDivisionError):
        CliRunner().invoke(cli, ["--debug", "broken"], catch_exceptions=False)


def test_a_folder_without_settings_is_a_mistake(tmp_path: Path) -> None:
    from serving.cli import cli as forewatch  # noqa: PLC0415 - beside the group of this file

    for command in (["check"], ["train"], ["issue"], ["forecast", "--week", "2026-W49"]):
        result = CliRunner().invoke(forewatch, ["-w", str(tmp_path), *command])
        assert result.exit_code == 2, result.output
        assert "'forewatch init" in result.stderr or "'forewatch issue'" in result.stderr
