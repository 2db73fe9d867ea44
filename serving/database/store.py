"""The workspace's database, opened: made where there is none, brought up to date where it is old.

1. Whoever opens it looks at the revision of its tables. Only where that isn't today's is Alembic
   imported: under a lock, so that of several processes one migrates and the others find it done.
2. SQLite writes ahead (WAL): who reads never waits for who writes. Every write begins with
   `BEGIN IMMEDIATE`, so that two writers take turns from their first statement on, and none finds
   out at its last that another was faster.
3. Connections are kept for the next piece of work, because opening one takes milliseconds. A forked
   child opens its own, and so does everybody once another file stands there (from a backup, say).

Source:
    SQLite, "Write-Ahead Logging" and "Transaction", section 2.2; SQLAlchemy, "SQLite transactions".
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import finalize

from forewatch.durable import OWNER_ONLY
from forewatch.errors import DatabaseUnusable
from forewatch.locks import hold_lock

if TYPE_CHECKING:  # most commands, and a service without accounts, need none of it
    from sqlalchemy import Connection, Engine

DATABASE = "forewatch.db"
REVISION = "0001"  # of the tables today; a test compares it with the migrations
_WAITS_SECONDS = 30.0  # for another writer
_WRITES = "forewatch_writes"
_DAMAGED = "restore it from a backup, or move it away to begin with an empty one"
_CLOSED = "let the user who runs Forewatch write the file and its folder"
_ADVICE = {
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_IOERR: "look after the disk, then restore it from a backup",
    sqlite3.SQLITE_FULL: "make room on the disk, then try again",
    sqlite3.SQLITE_BUSY: "another process keeps it locked; try again",
    sqlite3.SQLITE_READONLY: _CLOSED,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
}
_PRIMARY_CODE = 0xFF  # SQLite's extended codes hold the primary one in their lowest byte


class Database:
    """One workspace's database; safe in several threads and processes."""

    def __init__(self, root: Path) -> None:
        """Remember the workspace's folder; the file is made with the first write."""
        self.path = root / DATABASE
        self._lock_file = root / ".locks" / "database.lock"
        self._lock = Lock()
        # The process and the file whose revision was looked at, and to which connections lead.
        self._current: tuple[int, int, int] | None = None

    @property
    def is_there(self) -> bool:
        """Whether anything was ever written."""
        return self.path.exists()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees the database as it is at its first statement.

        Raises:
            DatabaseUnusable: if the file is damaged, locked, or not one of Forewatch's.
        """
        with self._connected({}) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection that alone may write; what was done stands once the block ended well.

        Raises:
            DatabaseUnusable: as `reading` does.
        """
        with self._connected({_WRITES: True}) as connection:
            yield connection

    @contextmanager
    def _connected(self, options: dict[str, Any]) -> Iterator[Connection]:
        from sqlalchemy.exc import DatabaseError  # noqa: PLC0415

        try:
            self._bring_up_to_date()
            opened = self._engine.connect().execution_options(**options)
            with opened as connection, connection.begin():
                yield connection
        except (DatabaseError, sqlite3.DatabaseError) as error:
            cause = getattr(error, "orig", None) or error
            code = getattr(cause, "sqlite_errorcode", 0) & _PRIMARY_CODE
            if code not in _ADVICE:  # a fault of ours
                raise
            if code != sqlite3.SQLITE_BUSY:
                # A connection stays as it was opened: once read-only it never writes again.
                self._engine.dispose()
            raise DatabaseUnusable(
                f"{self.path.name} can't be used: {cause}; {_ADVICE[code]}"
            ) from error

    @cached_property
    def _engine(self) -> Engine:
        from sqlalchemy import URL, create_engine, event  # noqa: PLC0415

        engine = create_engine(
            URL.create("sqlite", database=str(self.path)),
            # The driver begins no transactions of its own: `_begin` does.
            connect_args={"timeout": _WAITS_SECONDS, "isolation_level": None},
        )
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        finalize(self, engine.dispose)
        return engine

    def _bring_up_to_date(self) -> None:
        """Make or migrate the tables, unless this very file was found to have today's."""
        with self._lock:
            if self._current is not None and self._file() == self._current:
                return
            # A parent's connections are the parent's to close.
            self._engine.dispose(close=self._current is None or self._current[0] == os.getpid())
            if self._revision() != REVISION:
                with hold_lock(self._lock_file):
                    self._make_file()
                    if (found := self._revision()) != REVISION:  # nobody else did it meanwhile
                        self._migrate(found)
            self._current = self._file()

    def _file(self) -> tuple[int, int, int] | None:
        with suppress(FileNotFoundError):
            found = self.path.stat()
            return os.getpid(), found.st_dev, found.st_ino
        return None

    def _make_file(self) -> None:
        """Make the file its owner's alone before anything is in it; SQLite's others follow it."""
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY))

    def _revision(self) -> str | None:
        """Return the revision of the tables; None where there are none.

        Raises:
            DatabaseUnusable: if there are tables of something else.
        """
        if not self.path.exists() or not self.path.stat().st_size:
            return None
        # Read-only: a file of something else is not to be changed by a look at it.
        address = f"{self.path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, _WAITS_SECONDS, uri=True)) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            if "alembic_version" in names:
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
                return str(row[0]) if row else None
        if names:
            raise DatabaseUnusable(
                f"{self.path.name} is a database of something else (it has {min(names)}); move it "
                "away"
            )
        return None

    def _migrate(self, found: str | None) -> None:
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415
        from alembic.util import CommandError  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", "serving.database:migrations")
        opened = self._engine.connect().execution_options(**{_WRITES: True})
        with opened as connection, connection.begin():
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise DatabaseUnusable(
                    f"{self.path.name} has the revision {found}, which this version of "
                    f"Forewatch doesn't know (it knows {REVISION}); update Forewatch"
                ) from error


def _set_up(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # what was confirmed survives a power cut
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
