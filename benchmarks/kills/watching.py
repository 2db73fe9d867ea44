"""Processes whose changes of a folder are watched, counted, written down, or ended at a number."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_SOURCE = Path(__file__).with_name("watch.c")
_MARK = "FOREWATCH_WATCHED"


@dataclass(frozen=True)
class End:
    """How a process ended.

    Args:
        code: its exit code; negative: the signal that ended it.
        seconds: how long it ran.
        changes: how many changes and flushes it made.
    """

    code: int
    seconds: float
    changes: int


def compiler() -> str | None:
    """Return the C compiler of this machine, None if it has none."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def library(folder: Path) -> Path:
    """Build the watching library."""
    made = folder / "watch.so"
    command = [compiler() or "cc", "-O2", "-shared", "-fPIC", "-o", str(made), str(_SOURCE), "-ldl"]
    subprocess.run(command, check=True)  # noqa: S603 - our own source
    return made


def start_again_watched(folder: Path, arguments: list[str]) -> None:
    """Replace this process by one that has loaded the library; does nothing in that one."""
    if os.environ.get(_MARK):
        return
    loaded = {"LD_PRELOAD": str(library(folder)), _MARK: "1"}
    environment = os.environ | loaded
    os.execve(sys.executable, [sys.executable, *arguments], environment)  # noqa: S606 - ourselves


def run(
    act: Callable[[], int],
    folder: Path,
    beside: Path,
    *,
    kill_before: int = 0,
    kill_after_seconds: float = 0.0,
) -> End:
    """Run something in a process of its own that works on a folder.

    Args:
        act: returns an exit code.
        folder: what is watched.
        beside: folder for the log (`log`) and what lost its name (`aside`); made anew.
        kill_before: number of the change before which it is killed; 0: of none.
        kill_after_seconds: it is killed then; 0: never.
    """
    shutil.rmtree(beside, ignore_errors=True)
    (beside / "aside").mkdir(parents=True)
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _act(act, folder, beside, kill_before)
    if kill_after_seconds:
        time.sleep(kill_after_seconds)
        os.kill(child, signal.SIGKILL)  # a child that has ended is a zombie until we wait
    status = os.waitpid(child, 0)[1]
    log = beside / "log"
    changes = log.read_bytes().count(b"\n") if log.exists() else 0
    return End(os.waitstatus_to_exitcode(status), time.monotonic() - began, changes)


def _act(act: Callable[[], int], folder: Path, beside: Path, kill_before: int) -> None:
    code = 71
    try:
        out = os.open(beside / "output", os.O_WRONLY | os.O_CREAT)
        os.dup2(out, 1)
        os.dup2(out, 2)
        watch = ctypes.CDLL(None)
        names = [os.fsencode(path) for path in (folder, beside / "log", beside / "aside")]
        watch.watch_begin(*names, ctypes.c_long(kill_before))
        code = act()
    except BaseException:  # noqa: BLE001 - whatever it is, the parent must hear of it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
