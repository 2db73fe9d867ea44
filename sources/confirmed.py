"""Which commit of a table is on the disk for good, and the digests of its files.

The table library writes files and a commit, and flushes nothing. So a commit counts once this
ledger names it, and is named once everything that it added is flushed:

1. A reader opens the table at the version that is confirmed. What came after it isn't there.
2. Whoever opens the lake for writing takes an unconfirmed commit back: a power cut may have left
   anything of it.
3. A file whose digest isn't the confirmed one is damage. It is never taken back or read: it stops.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from forewatch.durable import OWNER_ONLY, sync_files, write_file
from forewatch.errors import DamagedHistory

FOLDER = ".confirmed"
LOG = "_delta_log"
_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint.*")
_LAST_CHECKPOINT = "_last_checkpoint"
_DIGEST_BYTES = 16
_GRACE_SECONDS = 86_400  # a reader that began before a table was replaced may still be at it


@dataclass(frozen=True)
class FileRecord:
    """A file of a table, as it was when its commit was confirmed.

    Args:
        digest: of its content.
        file: name of the file that was imported then.
        at: when, ISO.
    """

    digest: str
    file: str = ""
    at: str = ""


@dataclass(frozen=True)
class Confirmation:
    """What is confirmed of a table.

    Args:
        version: of the last commit that is on the disk for good.
        files: path below the table's folder to what it is; data and log.
    """

    version: int
    files: dict[str, FileRecord] = field(default_factory=dict)


def read_confirmed(root: Path, table: str) -> Confirmation | None:
    """Return what is confirmed of a table of the lake at *root*, None if nothing is.

    Raises:
        DamagedHistory: if the ledger is not what was written.
    """
    path = _path(root, table)
    try:
        held = json.loads(path.read_bytes())
        if held.pop("digest") != _digest_of(held):
            raise ValueError  # noqa: TRY301 - told like any other damage
        files = {name: FileRecord(**each) for name, each in held["files"].items()}
        return Confirmation(int(held["version"]), files)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DamagedHistory(
            f"{FOLDER}/{path.name} of the history is not what was written; restore the history "
            "from a backup, or start a new one and import every file again"
        ) from None


def confirmed_at(root: Path, table: str) -> float | None:
    """Return when a table of the lake at *root* was changed last, in seconds since 1970.

    None: it never was. Nothing is read.
    """
    try:
        return _path(root, table).stat().st_mtime
    except OSError:
        return None


def confirm(
    root: Path, table: str, version: int, files: Iterable[str], about: dict[str, Any]
) -> None:
    """Flush what a commit added to the disk, then name it as confirmed.

    Args:
        root: of the lake.
        table: its table.
        version: of the commit.
        files: paths of all data files of the table at that version, below its folder.
        about: facts of the import.
    """
    before = read_confirmed(root, table)
    known = {} if before is None else before.files
    folder = root / table
    wanted = [*files, *(f"{LOG}/{name}" for name in _log_files(folder, version))]
    # the log's pointer to its last checkpoint is written anew: its name stays, its content doesn't
    new = [name for name in wanted if name not in known or name.endswith(_LAST_CHECKPOINT)]
    sync_files([folder / name for name in new], root)
    source = {"file": str(about.get("file", "")), "at": str(about.get("imported_at", ""))}
    added = {name: FileRecord(_digest(folder / name), **source) for name in new}
    held: dict[str, Any] = {
        "version": version,
        "files": {name: asdict(added.get(name) or known[name]) for name in wanted},
    }
    write_file(
        _path(root, table), json.dumps({**held, "digest": _digest_of(held)}).encode(), OWNER_ONLY
    )


def verify(root: Path, table: str, confirmed: Confirmation, names: Iterable[str]) -> None:
    """Stop where one of a table's files is not what was confirmed.

    Raises:
        DamagedHistory: naming the file and what wrote it.
    """
    for name in names:
        record = confirmed.files.get(name)
        path = root / table / name
        found = _digest(path) if path.is_file() else None
        if record is None or found != record.digest:
            record = record or FileRecord("")
            file = f"the import of {record.file or 'a file'} ({record.at[:10] or 'date unknown'})"
            source = "the decision on pools" if table == "pools" else file
            what = "is missing" if found is None else "is not what was written"
            raise DamagedHistory(
                f"{table}/{name} of the history {what}; it came with {source}: "
                "restore it from a backup, or start a new history and import every file again; the "
                "last issue stays in use"
            )


def log_names(confirmed: Confirmation) -> list[str]:
    """Return the confirmed files of a table's log."""
    return [name for name in confirmed.files if name.startswith(f"{LOG}/")]


def take_back(root: Path, table: str) -> str:
    """Remove a commit that was never confirmed; return a note about it, "" if there is none."""
    folder, confirmed = root / table, read_confirmed(root, table)
    if not (folder / LOG).is_dir():
        return ""
    if confirmed is None:
        shutil.rmtree(folder)
        return f"an unfinished first import into {table} was taken back"
    for path in (folder / LOG).glob("*#*"):
        path.unlink()  # what the table library was writing, beside its place
    late = [path for path in (folder / LOG).iterdir() if _number(path.name) > confirmed.version]
    if not late:
        return ""
    pointer = folder / LOG / _LAST_CHECKPOINT
    if any(_CHECKPOINT.fullmatch(path.name) for path in late):
        pointer.unlink(missing_ok=True)
    for path in sorted(late, reverse=True):  # the newest first: the log never has a hole
        path.unlink()
    sync_files([], folder / LOG)
    return f"an unfinished import into {table} was taken back"


def remove_unused(root: Path, table: str, *, since: float | None = None) -> None:
    """Remove data files that no confirmed commit names; the lake is locked.

    Args:
        root: of the lake.
        table: its table.
        since: those written from this time on (seconds since 1970), of a write that failed;
            None: those that are a day old.
    """
    confirmed = read_confirmed(root, table)
    known = {} if confirmed is None else confirmed.files
    limit = time.time() - _GRACE_SECONDS
    for path in (root / table).rglob("*.parquet"):
        name = path.relative_to(root / table).as_posix()
        if name in known or name.startswith(LOG):
            continue
        written = path.stat().st_mtime
        if written < limit if since is None else written >= since:
            path.unlink()


def _log_files(folder: Path, version: int) -> list[str]:
    """Return the files of a log up to a version, the newest checkpoint's pointer among them."""
    names = sorted(path.name for path in (folder / LOG).iterdir() if path.is_file())
    kept = [name for name in names if 0 <= _number(name) <= version]
    return [*kept, *(name for name in names if name == _LAST_CHECKPOINT)]


def _number(name: str) -> int:
    found = _COMMIT.fullmatch(name) or _CHECKPOINT.fullmatch(name)
    return int(found[1]) if found else -1


def _path(root: Path, table: str) -> Path:
    return root / FOLDER / f"{table}.json"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(
            file, lambda: hashlib.blake2b(digest_size=_DIGEST_BYTES)
        ).hexdigest()


def _digest_of(held: dict[str, Any]) -> str:
    text = json.dumps(held, sort_keys=True).encode()
    return hashlib.blake2b(text, digest_size=_DIGEST_BYTES).hexdigest()
