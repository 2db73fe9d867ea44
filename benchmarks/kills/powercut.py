"""The worst that a power cut may leave of a folder: what was flushed, and any part of the rest.

From the folder as it was before, and the log of what a process did to it (watch.c):

1. A file has what was in it at its last flush. Of what was written later each piece is there or
   not: not there means as before, or zeros in a file that is new.
2. A folder has the names that it had at its last flush. Of what was made, renamed or removed later
   the first few are there, as a journal would keep them; often none.

Source: what fsync(2) and rename(2) promise, and what they don't.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

_ROOT = 1  # stands for the folder itself, whatever its inode


@dataclass
class Content:
    """What is known of a file's content.

    Args:
        before: where it stood before, relative to the folder; None for a new file.
        unflushed: pieces written since its last flush, (first byte, number).
        is_flushed: whether it ever was flushed, or was there before.
        is_emptied: whether it was emptied since, to be written anew.
    """

    before: str | None
    is_flushed: bool
    is_emptied: bool = False
    unflushed: list[tuple[int, int]] = field(default_factory=list)


Change = list[tuple[str, int | None]]  # names of a folder, and what they lead to from now on


class Disk:
    """A folder as it is and as a power cut might leave it.

    Args:
        folder: where the process works.
        before: a copy of it from before.
        aside: where watch.c keeps what lost its name.
    """

    def __init__(self, folder: Path, before: Path, aside: Path) -> None:
        self.folder, self.before, self.aside = folder, before, aside
        self.names: dict[int, dict[str, int]] = {}
        self.contents: dict[int, Content] = {}
        self.pending: dict[int, list[Change]] = {}
        self._written: set[int] = set()
        self._walk(folder, _ROOT)
        self.now: dict[int, dict[str, int]] = {
            inode: dict(names) for inode, names in self.names.items()
        }

    def replay(self, log: Path) -> None:
        """Take over what the process did, line by line."""
        for text in log.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            operation, inode, *rest = text.split("\t")
            self._take(operation, int(inode), rest)

    def unseen(self) -> list[str]:
        """Return the paths at which the folder is not what the log makes of it."""
        found = {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}
        expected: dict[str, int] = {}
        self._list(_ROOT, "", expected)
        wrong = sorted(found ^ set(expected))
        for path in sorted(found & set(expected)):
            content, now = self.contents.get(expected[path]), self.folder / path
            if content is None or content.before is None or now.is_dir():
                continue
            is_written = expected[path] in self._written
            if not is_written and (self.before / content.before).read_bytes() != now.read_bytes():
                wrong.append(path)
        return wrong

    def cut(self, to: Path, rng: np.random.Generator, *, worst: bool) -> None:
        """Write what a power cut leaves into a folder that is not there yet.

        Args:
            to: the folder.
            rng: draws what of the rest is there.
            worst: nothing of the rest is.
        """
        for inode, changes in self.pending.items():
            n = 0 if worst else int(rng.integers(0, len(changes) + 1))
            for change in changes[:n]:
                self._apply(self.names, inode, change)
        self._write(_ROOT, to, rng, worst=worst)

    def _take(self, operation: str, inode: int, rest: list[str]) -> None:
        """Take over one line; its letters are those of watch.c."""
        if operation == "M":
            self.names.setdefault(inode, {})
            self.now[inode] = {}
        elif operation == "C":
            self.contents.setdefault(inode, Content(None, is_flushed=False))
        if operation in "CM":
            self._change(rest[0], inode)
        elif operation == "U":
            self._change(rest[0], None)
        elif operation == "R":
            self._rename(rest[0], rest[1], inode)
        elif operation == "D":
            for change in self.pending.pop(self._folder(rest[0]), []):
                self._apply(self.names, self._folder(rest[0]), change)
        elif inode in self.contents:
            self._take_content(operation, inode, rest)

    def _take_content(self, operation: str, inode: int, rest: list[str]) -> None:
        content = self.contents[inode]
        if operation == "F":
            content.unflushed, content.is_flushed, content.is_emptied = [], True, False
            return
        self._written.add(inode)
        if operation == "T" and not int(rest[0]):
            content.unflushed, content.is_emptied = [], True
        if operation == "W":
            content.unflushed.append((int(rest[0]), int(rest[1])))

    def _walk(self, folder: Path, inode: int) -> None:
        self.names[inode] = {}
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                self._walk(Path(entry.path), entry.inode())
            else:
                path = str(Path(entry.path).relative_to(self.folder))
                self.contents[entry.inode()] = Content(path, is_flushed=True)
            self.names[inode][entry.name] = entry.inode()

    def _folder(self, path: str) -> int:
        """Return the number of the folder that a path leads to now."""
        inode = _ROOT
        for name in Path(path).relative_to(self.folder).parts:
            inode = self.now[inode][name]
        return inode

    def _change(self, path: str, inode: int | None) -> None:
        self._note(self._folder(str(Path(path).parent)), [(Path(path).name, inode)])

    def _rename(self, old: str, new: str, inode: int) -> None:
        one, two = (self._folder(str(Path(path).parent)) for path in (old, new))
        gone, there = (Path(old).name, None), (Path(new).name, inode)
        if one == two:  # one step of one folder: whole or not at all
            self._note(one, [gone, there])
        else:
            self._note(two, [there])
            self._note(one, [gone])

    def _note(self, folder: int, change: Change) -> None:
        self.pending.setdefault(folder, []).append(change)
        self._apply(self.now, folder, change)

    def _apply(self, names: dict[int, dict[str, int]], folder: int, change: Change) -> None:
        for name, inode in change:
            if inode is None:
                names.setdefault(folder, {}).pop(name, None)
            else:
                names.setdefault(folder, {})[name] = inode

    def _list(self, inode: int, path: str, found: dict[str, int]) -> None:
        for name, child in self.now[inode].items():
            found[f"{path}{name}"] = child
            if child in self.now:
                self._list(child, f"{path}{name}/", found)

    def _write(self, inode: int, to: Path, rng: np.random.Generator, *, worst: bool) -> None:
        to.mkdir(parents=True)
        for name, child in self.names[inode].items():
            if child in self.contents:
                (to / name).write_bytes(self._content(child, rng, worst=worst))
            else:
                self._write(child, to / name, rng, worst=worst)

    def _content(self, inode: int, rng: np.random.Generator, *, worst: bool) -> bytes:
        """Return what is left of a file: its last bytes, without some that were not flushed."""
        content = self.contents[inode]
        data = bytearray(self._last(inode))
        old = b"" if content.before is None else (self.before / content.before).read_bytes()
        for first, n in content.unflushed:
            if worst or rng.integers(2):
                there = old[first : first + n].ljust(n, b"\0")
                data[first : first + n] = there[: max(len(data) - first, 0)]
        if worst and (content.is_emptied or not content.is_flushed):
            return b""  # the name may be there, and nothing in it
        return bytes(data)

    def _last(self, inode: int) -> bytes:
        kept = self.aside / str(inode)
        if kept.exists():
            return kept.read_bytes()
        found: dict[str, int] = {}
        self._list(_ROOT, "", found)
        for path, child in found.items():
            if child == inode:
                return (self.folder / path).read_bytes()
        content = self.contents[inode]
        return b"" if content.before is None else (self.before / content.before).read_bytes()


def copy(folder: Path, to: Path) -> Path:
    """Copy a folder, and return where it stands; one that is there already goes first."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to, symlinks=True)
    return to
