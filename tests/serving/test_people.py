"""`forewatch users`: accounts made, changed and listed on the command line, and written down."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forewatch.errors import AccessError
from planning.issues import Issue
from serving.accounts.accounts import Accounts
from serving.changes import system_user
from serving.cli import cli
from serving.keys import KeyRing
from serving.people import LINK_MINUTES
from serving.workspace import Workspace
from tests.serving.test_modelling import PROFILE

PASSWORD = "four words none relate"  # noqa: S105 - of tests
VIEWS = """
[[views]]
id = "control-room"
title = "Calls by shift"
answer = "forecast"
"""
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, make_issue: Callable[..., Issue]) -> Run:
    """Run a command in a workspace whose issue is of the town."""
    (tmp_path / "forewatch.toml").write_text(PROFILE + VIEWS, encoding="utf-8")
    Workspace(tmp_path).issues().publish(make_issue())

    def command(*words: str, given: str = "") -> Result:
        return CliRunner().invoke(cli, ["-w", str(tmp_path), *words], input=given)

    return command


def events(folder: Path) -> list[tuple[str, str]]:
    text = (folder / "audit" / "requests.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert {line["by"] for line in lines} == {system_user()}
    return [(line["event"], line["of"]) for line in lines]


def test_an_account_is_kept_from_its_making_to_its_end(run: Run, tmp_path: Path) -> None:
    made = run("users", "create", "Ann", "--areas", "north, south-1", given=f"{PASSWORD}\n")
    assert made.exit_code == 0, made.stderr
    assert "account ann is made: role viewer, north, south-1" in made.stdout
    assert "whole force" in run("users", "change", "ann", "--role", "planner", "--all-areas").stdout
    accounts = Accounts(tmp_path)
    assert accounts.by_password("ann", PASSWORD).opens
    other = "entirely other words here"
    assert run("users", "password", "ann", given=f"{other}\r\n").exit_code == 0
    assert accounts.by_password("ann", other).opens
    assert run("users", "disable", "ann").exit_code == 0
    row = run("users", "list").stdout.splitlines()[-1].split()
    assert (row[:3], row[-3]) == (["ann", "planner", "all"], "disabled")
    assert run("users", "enable", "ann").exit_code == 0
    assert run("users", "list").stdout.splitlines()[-1].split()[-2:] == ["yes", "good"]
    assert events(tmp_path) == [
        ("account created", "ann"),
        ("account changed", "ann"),
        ("password changed", "ann"),
        ("account disabled", "ann"),
        ("account enabled", "ann"),
    ]
    assert PASSWORD not in (tmp_path / "audit" / "requests.jsonl").read_text()


@pytest.mark.parametrize(
    ("words", "given", "said"),
    [
        (("create", "bob"), "short\n", "the password has 5 characters; give it 12 to 128"),
        (("create", "bob"), "", "the password has 0 characters"),
        (("create", "b b"), f"{PASSWORD}\n", "no name for an account: 'b b'"),
        (("create", "bob", "--areas", "nort"), f"{PASSWORD}\n", "no area 'nort'; near names"),
        (("create", "bob", "--areas", ""), f"{PASSWORD}\n", "no area ''"),
        (("create", "bob", "--role", "chief"), "", "is not one of"),
        (("change", "bob", "--role", "planner"), "", "no account 'bob'; there is none"),
        (("change", "bob"), "", "nothing to change"),
        (("change", "bob", "--areas", "north", "--all-areas"), "", "not both"),
        (("disable", "bob"), "", "no account 'bob'"),
        (("password", "bob"), f"{PASSWORD}\n", "no account 'bob'"),
        (("link", "bob"), "", "no account 'bob'"),
    ],
)
def test_what_can_not_be_done_is_refused(
    run: Run, words: tuple[str, ...], given: str, said: str
) -> None:
    done = run("users", *words, given=given)
    assert done.exit_code == 2
    assert said in done.stderr
    assert run("users", "list").stdout.splitlines()[1:] == []


def test_accounts_are_made_in_a_workspace_alone(tmp_path: Path) -> None:
    words = ["-w", str(tmp_path), "users", "create", "ann", "--without-password"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 2
    assert "no forewatch.toml" in done.stderr
    assert not (tmp_path / "forewatch.db").exists()


def test_a_link_is_an_address_that_signs_in_once(run: Run, tmp_path: Path) -> None:
    run("users", "create", "ann", "--without-password")
    link = run("users", "link", "ann").stdout.strip()
    assert link.startswith("http://127.0.0.1:8000/sign-in/")
    assert Accounts(tmp_path).by_link(link.rpartition("/")[2]) is not None
    link = run("users", "link", "ann", "--site", "https://forecast.example/").stdout
    assert link.startswith("https://forecast.example/sign-in/")
    assert LINK_MINUTES == 15  # as the help says


def test_no_option_takes_a_password() -> None:
    group = cli.commands["users"]
    for name in group.commands:  # type: ignore[attr-defined] # of a group
        text = CliRunner().invoke(cli, ["users", name, "--help"]).output
        assert "--password " not in text


def test_on_a_terminal_the_password_is_asked_for_twice_and_not_shown(
    run: Run, tmp_path: Path, root: Path
) -> None:
    assert run("users", "list").exit_code == 0
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "serving.cli", "-w", str(tmp_path), "users", "create", "ann"]
    with subprocess.Popen(
        command,
        cwd=root,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    ) as started:
        os.close(theirs)
        shown = b""
        for answer in (PASSWORD, "another one than before", PASSWORD, PASSWORD):
            while not shown.endswith(b": "):
                shown += os.read(ours, 1000)
            os.write(ours, f"{answer}\n".encode())
            shown += os.read(ours, 1)
        rest = b""
        try:
            while part := os.read(ours, 1000):
                rest += part
        except OSError:  # of Linux, once the other end is closed
            pass
        assert started.wait(timeout=60) == 0, shown + rest
    os.close(ours)
    assert PASSWORD.encode() not in shown + rest
    assert b"do not match" in shown
    assert Accounts(tmp_path).by_password("ann", PASSWORD).opens


def test_a_screen_is_a_key_with_a_board_and_its_address_is_told(run: Run, tmp_path: Path) -> None:
    words = ("keys", "create", "wall", "--scope", "screen:read", "--areas", "north")
    made = run(*words, "--board", "control-room")
    token = made.stdout.strip()
    assert f"/screen/{token} " in made.stderr
    key = KeyRing(tmp_path / "keys.json").check(token, "screen:read")
    assert (key.board, key.areas) == ("control-room", ("north",))
    assert run("keys", "revoke", key.id).exit_code == 0
    with pytest.raises(AccessError, match="was revoked"):
        KeyRing(tmp_path / "keys.json").known(token)
    assert events(tmp_path) == [("key created", "wall"), ("key revoked", key.id)]
    for more, said in (
        (("--board", "control-rom"), "no view 'control-rom'; near names: control-room"),
        (("--scope", "forecasts:read"), "it has the scope screen:read alone"),
    ):
        refused = run(*words, *more)
        assert refused.exit_code == 2
        assert said in refused.stderr
    refused = run("keys", "create", "rota", "--board", "control-room")
    assert (refused.exit_code, "a board is what a screen shows" in refused.stderr) == (2, True)
