"""Files written whole and for good: a reader sees the old content or the new, never a half.

What these functions have returned from survives a power cut: the content is on the disk, and so is
the name under which it stands. They decide nothing about what is written or where.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

_SYNCS_AT_ONCE = 8
OWNER_ONLY = 0o600
EVERYBODY_READS = 0o644
EVERYBODY_ENTERS = 0o755  # a folder


def write_file(path: Path, content: bytes, mode: int = EVERYBODY_READS) -> None:
    """Put a file in its place, with its folder if that is not there."""
    with whole_file(path, mode) as beside:
        beside.write_bytes(content)


@contextmanager
def whole_file(path: Path, mode: int = EVERYBODY_READS) -> Iterator[Path]:
    """Hand out a file beside *path* to write; it stands there once the block has ended well.

    Args:
        path: where the file will stand.
        mode: its permissions.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    os.close(number)
    beside = Path(name)
    try:
        yield beside
        beside.chmod(mode)
        sync_file(beside)
        beside.replace(path)
        sync_file(path.parent)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


@contextmanager
def whole_folder(path: Path, *, replaces: bool = False) -> Iterator[Path]:
    """Hand out a folder beside *path* to fill; it stands there once the block has ended well.

    A kill leaves a hidden folder beside *path*, and what stood there before; where it comes between
    two renames, what stood there before is the hidden folder whose name ends with ".old".

    Args:
        path: where the folder will stand, empty or not there.
        replaces: whether a folder with files in it may stand there; it is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=path.parent, prefix="."))
    old = beside.with_name(f"{beside.name}.old")
    try:
        yield beside
        beside.chmod(EVERYBODY_ENTERS)
        sync_files((file for file in beside.rglob("*") if file.is_file()), beside)
        if replaces and path.exists():
            path.rename(old)
        beside.replace(path)
        sync_file(path.parent)
    except BaseException:
        if old.exists() and not path.exists():
            old.rename(path)
        shutil.rmtree(beside, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def sync_file(path: Path) -> None:
    """Flush a file's content, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_files(files: Iterable[Path], root: Path) -> None:
    """Flush files to the disk, and the names of all folders between them and *root*, that included.

    Args:
        files: below *root*.
        root: a folder whose own name is on the disk already.
    """
    folders: set[Path] = {root}
    wanted = list(files)
    with ThreadPoolExecutor(_SYNCS_AT_ONCE) as pool:  # the disk takes several at once
        list(pool.map(sync_file, wanted))
    for file in wanted:
        folders.update(above for above in file.parents if above.is_relative_to(root))
    for folder in sorted(folders, key=lambda each: -len(each.parts)):
        sync_file(folder)
