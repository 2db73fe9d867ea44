from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from planning.issues import Issue
from serving.cli import cli
from serving.keys import KeyRing
from serving.workspace import Workspace

MakeIssue = Callable[..., Issue]
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, make_issue: MakeIssue) -> Run:
    """Run `forewatch keys` in a workspace whose issue is of the town."""
    Workspace(tmp_path).issues().publish(make_issue())

    def keys(*words: str) -> Result:
        return CliRunner().invoke(cli, ["-w", str(tmp_path), "keys", *words])

    return keys


def test_a_key_is_made_for_areas_and_a_time(run: Run, tmp_path: Path) -> None:
    made = run("create", "rota", "--areas", "north, south-1", "--areas", "north", "--expires", "9d")
    key = KeyRing(tmp_path / "keys.json").check(made.stdout.strip(), "forecasts:read")
    assert key.areas == ("north", "south-1")
    assert key.expires_at is not None
    assert timedelta(days=8) < key.expires_at - datetime.now(UTC) < timedelta(days=9)
    until = run("create", "other", "--expires", "2190-12-31")
    assert until.exit_code == 0
    row = run("list").stdout.splitlines()[-1].split()
    assert row[1:4] == ["other", "forecasts:read", "all"]
    assert row[-3:] == ["never", "2190-12-31", "good"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--areas", "nort"), "no area 'nort'; near names: north"),
        (("--areas", "district"), "no area 'district'"),  # a level is no area: trees change
        (("--areas", "north", "--scope", "metrics:read"), "can't have the scope metrics:read"),
        (("--expires", "2020-01-01"), "2020-01-01 is over; give a later day"),
        (("--expires", "0d"), "no day '0d' to --expires; write the last day"),
        (("--expires", "soon"), "no day 'soon' to --expires; write the last day, 2027-06-30, or"),
        (("--expires", "9999-12-31"), "no day '9999-12-31' to --expires"),
    ],
)
def test_a_key_that_can_not_be_is_refused(run: Run, words: tuple[str, ...], said: str) -> None:
    made = run("create", "rota", *words)
    assert made.exit_code == 2
    assert said in made.stderr
    assert "rota" not in run("list").stdout


def test_a_key_is_rotated_and_the_list_says_until_when_the_secret_before_is_good(
    run: Run, tmp_path: Path
) -> None:
    first = run("create", "rota").stdout.strip()
    key_id = first.split("_")[1]
    second = run("rotate", key_id, "--overlap-days", "2")
    assert "The secret before is good until" in second.stderr
    ring = KeyRing(tmp_path / "keys.json")
    for token in (first, second.stdout.strip()):
        ring.check(token, "forecasts:read")
    assert "good; a secret before until" in run("list").stdout
    assert run("revoke", key_id).exit_code == 0
    assert "revoked" in run("list").stdout
    assert run("rotate", key_id).exit_code == 2


def test_the_list_tells_the_day_of_last_use(run: Run, tmp_path: Path) -> None:
    token = run("create", "rota").stdout.strip()
    ring = KeyRing(tmp_path / "keys.json")
    ring.note_use(ring.check(token, "forecasts:read"))
    assert f"{datetime.now(UTC):%Y-%m-%d}  " in run("list").stdout.splitlines()[-1]
