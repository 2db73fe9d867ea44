"""What a machine refuses ends with exit code 2 and what to do; a closed pipe ends in silence."""

import errno
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner

from serving.cli.group import Commands
from serving.cli.machine_errors import machine_refusal

ROOT = Path(__file__).parents[2]
FOREWATCH = (sys.executable, "-m", "serving.cli")
PROFILE = """
grades = ["routine"]
[force]
id = "town"
name = "Town"
zone = "Europe/London"
[levels]
names = ["force"]
modelled = "force"
[[areas]]
id = "town"
name = "Town"
[[call_types]]
id = "theft"
name = "Theft"
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "town"
    folder.mkdir()
    (folder / "forewatch.toml").write_text(PROFILE, encoding="utf-8")
    return folder


def run(*arguments: str | Path, **more: object) -> subprocess.CompletedProcess[str]:
    command = [*FOREWATCH, *map(str, arguments)]
    return subprocess.run(  # type: ignore[call-overload,no-any-return] # options of one call
        command, cwd=ROOT, text=True, check=False, stderr=subprocess.PIPE, **more
    )


def run_on_disk(workspace: Path, options: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run shell commands with a disk of memory at $DISK, which holds a copy of the workspace."""
    disk = workspace.parent / "disk"
    disk.mkdir()
    whole = (
        f"mount -t tmpfs -o size=64k none {disk} || exit 99\n"
        f"cp {workspace}/* {disk}/\n"
        + (f"mount -o remount,{options} {disk} || exit 99\n" if options else "")
        + f"DISK={disk}; FOREWATCH={shlex.quote(shlex.join(FOREWATCH))}\n{script}\n"
    )
    if not shutil.which("unshare"):
        pytest.skip("needs unshare(1) to mount a small disk")
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", whole],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip("this machine lets nobody mount a small disk")
    return done


def test_a_full_disk_is_said(workspace: Path) -> None:
    script = (
        "dd if=/dev/zero of=$DISK/filler bs=1k 2>/dev/null\n$FOREWATCH -w $DISK keys create planner"
    )
    done = run_on_disk(workspace, "", script)
    assert done.returncode == 2, done.stderr
    assert "the disk is full; free some space there" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_said_where_the_history_is_written(workspace: Path) -> None:
    (workspace / "holidays.csv").write_text("date,name\n2026-12-25,Christmas\n", encoding="utf-8")
    script = (
        "dd if=/dev/zero of=$DISK/filler bs=1k 2>/dev/null\n"
        "$FOREWATCH -w $DISK import holidays $DISK/holidays.csv"
    )
    done = run_on_disk(workspace, "", script)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert "the disk is full" in done.stderr


def test_a_disk_that_is_read_only_is_said(workspace: Path) -> None:
    done = run_on_disk(workspace, "ro", "$FOREWATCH -w $DISK keys create planner")
    assert done.returncode == 2, done.stderr
    assert "the place can't be written to; let this user write there" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [("--help",), ("-w", "WORKSPACE", "keys", "list")])
def test_output_to_a_full_disk_is_said(workspace: Path, arguments: tuple[str, ...]) -> None:
    given = [workspace if word == "WORKSPACE" else word for word in arguments]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = run(*given, stdout=full)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert done.stderr.startswith("forewatch: the disk is full; ")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_closed_pipe_ends_in_silence(workspace: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run("-w", workspace, "keys", "list", stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_file_beyond_the_limit_of_its_size_is_said(workspace: Path) -> None:
    command = shlex.join([*FOREWATCH, "-w", str(workspace), "keys", "create", "planner"])
    done = subprocess.run(
        ["sh", "-c", f"ulimit -f 0; {command}"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "a file grew beyond what the system allows; raise the limit" in done.stderr


def test_a_file_where_a_folder_should_be_is_said(workspace: Path) -> None:
    (workspace / ".locks").write_text("", encoding="utf-8")
    (workspace / "keys.json").mkdir()
    done = run("-w", workspace, "keys", "create", "planner", stdout=subprocess.PIPE)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


def test_too_long_a_path_is_said(workspace: Path) -> None:
    done = run("-w", workspace / ("x" * 300), "keys", "list", stdout=subprocess.PIPE)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


def _huge_array() -> None:
    np.zeros(1 << 60, dtype=np.int8)


def _huge_buffer() -> None:
    pa.allocate_buffer(1 << 60)


def _readonly_database() -> None:
    database = sqlite3.connect("file:nowhere?mode=memory", uri=True)
    database.execute("pragma query_only = on")
    database.execute("create table t (x)")


def _no_folder() -> None:
    (Path(__file__) / "below").mkdir()


def _long_name() -> None:
    Path("x" * 300).read_bytes()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (_huge_array, "the memory is used up; use fewer processes (--jobs 1)"),
        (_huge_buffer, "the memory is used up; use fewer processes (--jobs 1)"),
        (_readonly_database, "the place can't be written to"),
        (_no_folder, "a file stands where a folder should be, or the other way round"),
        (_long_name, "the path is too long"),
    ],
)
def test_what_the_machine_refuses_a_command_is_said(fault: Callable[[], None], said: str) -> None:
    @click.group(cls=Commands)
    def cli() -> None:
        """A group like the real one."""

    @cli.command()
    def work() -> None:
        try:
            fault()
        except Exception as error:
            raise RuntimeError("a library's own words") from error

    result = CliRunner().invoke(cli, ["work"])
    assert (result.exit_code, result.stdout) == (2, ""), result.stderr
    assert said in result.stderr
    assert "fault in Forewatch" not in result.stderr


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EDQUOT, "x", "/data/a"), "/data/a: the disk is full"),
        (Exception("Generic error: No space left on device (os error 28)"), "the disk is full"),
        (sqlite3.OperationalError("database or disk is full"), "the disk is full"),
        (OSError(errno.EROFS, "x"), "the place can't be written to"),
        (Exception("Permission denied (os error 13)"), "the place can't be written to"),
        (Exception("attempt to write a readonly database"), "the place can't be written to"),
        (OSError(errno.EMFILE, "x"), "too many files are open"),
        (RuntimeError("can't start new thread"), "no more processes or threads"),
        (sqlite3.OperationalError("database is locked"), "keeps a database busy"),
        (sqlite3.OperationalError("disk I/O error"), "can't be read or written"),
        (ExceptionGroup("two", [ValueError(), MemoryError()]), "the memory is used up"),
    ],
)
def test_each_refusal_has_its_words(error: Exception, said: str) -> None:
    assert said in (machine_refusal(error) or "")


def test_faults_of_ours_are_no_refusals_of_the_machine() -> None:
    for error in (
        ZeroDivisionError("division by zero"),
        KeyError("area"),
        FileNotFoundError(2, ""),
    ):
        assert machine_refusal(error) is None
