"""Two processes never hold one lock, and a process that dies holds none."""

import subprocess
import sys
from pathlib import Path

import pytest

from forewatch.locks import hold_lock

# Adds one to a number in a file, in two steps, as a registry's writer would.
ADD = """
import sys
from pathlib import Path
from forewatch.locks import hold_lock

lock, number = map(Path, sys.argv[1:])
for _ in range(200):
    with hold_lock(lock):
        number.write_text(str(int(number.read_text()) + 1))
"""
DIE = """
import os, sys
from pathlib import Path
from forewatch.locks import hold_lock

with hold_lock(Path(sys.argv[1])):
    os._exit(9)
"""
DIED = 9


def test_no_increment_is_lost_between_processes(tmp_path: Path, root: Path) -> None:
    lock, number = tmp_path / "locks" / "a.lock", tmp_path / "number"
    number.write_text("0")
    command = [sys.executable, "-c", ADD, str(lock), str(number)]
    for process in [subprocess.Popen(command, cwd=root) for _ in range(3)]:
        assert process.wait(timeout=60) == 0
    assert number.read_text() == "600"


def test_a_lock_dies_with_its_holder(tmp_path: Path, root: Path) -> None:
    lock = tmp_path / "a.lock"
    done = subprocess.run([sys.executable, "-c", DIE, str(lock)], cwd=root, check=False)
    assert done.returncode == DIED
    with hold_lock(lock):
        assert lock.exists()


def test_who_does_not_wait_is_told_that_another_holds_it(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    with hold_lock(lock), pytest.raises(BlockingIOError), hold_lock(lock, waits=False):
        pass
    with hold_lock(lock, waits=False):
        assert lock.exists()
