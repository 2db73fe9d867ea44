"""What a machine refuses (a full disk, a folder that may not be written, memory), said in words.

The libraries below report the same refusal in their own ways: as an OSError with its number, as
text of another language's runtime, as an error of SQLite. Each is looked for along the chain of
causes.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """One thing that a machine refuses.

    Args:
        what: what it refused, as a sentence goes on after the place.
        advice: what to do.
        numbers: the errnos that say so; their texts by the system count as well.
        texts: other texts that say so, in lower case.
        classes: classes of errors that say so.
    """

    what: str
    advice: str
    numbers: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()
    classes: tuple[type[BaseException], ...] = ()

    def fits(self, error: BaseException) -> bool:
        """Return whether an error says this."""
        number = error.errno if isinstance(error, OSError) else None
        text = str(error).casefold()
        return (
            isinstance(error, self.classes)
            or number in self.numbers
            or any(os.strerror(known).casefold() in text for known in self.numbers)
            or any(known in text for known in self.texts)
        )


# The first that fits is said. Sources of the texts: errno(3), SQLite's result codes (sqlite3.c,
# sqlite3ErrStr), the C++ and Rust runtimes of Arrow and Delta, joblib's and Python's executors.
REFUSALS = (
    Refusal(
        "the disk is full",
        "free some space there, or name a workspace on another disk, then run the command again",
        numbers=(errno.ENOSPC, errno.EDQUOT),
        texts=("database or disk is full", "no space left"),
    ),
    Refusal(
        "a file grew beyond what the system allows",
        "raise the limit ('ulimit -f'), or use a file system for larger files",
        numbers=(errno.EFBIG,),
    ),
    Refusal(
        "the place can't be written to",
        "let this user write there, or name another folder",
        numbers=(errno.EROFS, errno.EACCES, errno.EPERM),
        texts=("readonly database", "read-only database"),
    ),
    Refusal(
        "a file stands where a folder should be, or the other way round",
        "move it away, or name another path",
        numbers=(errno.ENOTDIR, errno.EISDIR, errno.EEXIST),
    ),
    Refusal(
        "the path is too long, or its links go round in a circle",
        "name a shorter path",
        numbers=(errno.ENAMETOOLONG, errno.ELOOP),
    ),
    Refusal(
        "too many files are open",
        "raise the limit ('ulimit -n'), or use fewer processes (--jobs)",
        numbers=(errno.EMFILE, errno.ENFILE),
    ),
    Refusal(
        "the memory is used up",
        "use fewer processes (--jobs 1), close other programs, or use a machine with more memory",
        numbers=(errno.ENOMEM,),
        texts=(
            "malloc of size",
            "unable to allocate",
            "out of memory",
            "executor was unexpectedly terminated",
            "process pool was terminated abruptly",
        ),
        classes=(MemoryError,),
    ),
    Refusal(
        "the system gives no more processes or threads",
        "use fewer processes (--jobs 1), or raise the limit ('ulimit -u')",
        numbers=(errno.EAGAIN,),
        texts=("can't start new thread",),
    ),
    Refusal(
        "another process keeps a database busy",
        "wait until it has ended, then run the command again",
        texts=("database is locked",),
    ),
    Refusal(
        "a database is damaged",
        "restore it from a backup; 'forewatch check --deep' says which",
        texts=("database disk image is malformed", "file is not a database"),
    ),
    Refusal(
        "the disk can't be read or written",
        "look into the system's log, and at whether the disk is full or was taken away",
        numbers=(errno.EIO, errno.ENXIO, errno.ENODEV, errno.ESTALE),
        texts=("disk i/o error", "unable to open database file"),
    ),
)


def machine_refusal(error: BaseException) -> str | None:
    """Return what the machine refused and what to do; None if that is not what went wrong."""
    for link in _chain(error):
        for refusal in REFUSALS:
            if refusal.fits(link):
                place = link.filename if isinstance(link, OSError) else None
                where = f"{os.fsdecode(place)}: " if isinstance(place, str | bytes) else ""
                return f"{where}{refusal.what}; {refusal.advice}"
    return None


def is_closed_pipe(error: BaseException) -> bool:
    """Return whether the reader of the output went away, as `head` does."""
    return any(isinstance(link, BrokenPipeError) for link in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, what it was raised from or amid, and the members of groups."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        link = waiting.pop(0)
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [link.__cause__, link.__context__]
        if isinstance(link, BaseExceptionGroup):
            waiting += link.exceptions
