"""The workspace's database: made once, brought up to date once, and never quietly another's."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, insert, select

from forewatch.errors import DatabaseUnusable
from serving.accounts.accounts import Accounts
from serving.database.store import DATABASE, REVISION, Database
from serving.database.tables import ENDED_SESSIONS, METADATA

CREATE = """
import sys
from pathlib import Path
from serving.accounts.accounts import Accounts
for number in range(5):
    Accounts(Path(sys.argv[1])).create(f"{sys.argv[2]}-{number}", "viewer")
"""


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A database with tables and nothing in them."""
    found = Database(tmp_path)
    with found.writing():
        pass
    return found


def sql(path: Path, text: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(text)
    connection.commit()
    connection.close()


def test_the_migrations_make_the_tables_that_the_code_declares(database: Database) -> None:
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    config = Config()
    config.set_main_option("script_location", "serving.database:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


def test_it_is_its_owners_alone_writes_ahead_and_keeps_references(database: Database) -> None:
    with database.writing() as connection:
        pragmas = ("journal_mode", "foreign_keys", "synchronous")
        values = [connection.exec_driver_sql(f"PRAGMA {each}").scalar() for each in pragmas]
        assert values == ["wal", 1, 2]
        connection.execute(insert(ENDED_SESSIONS).values(nonce="x", until=func.current_timestamp()))
    files = {path.name: path.stat().st_mode & 0o777 for path in database.path.parent.iterdir()}
    assert {mode for name, mode in files.items() if name.startswith(DATABASE)} == {0o600}


def test_several_processes_may_make_it_at_once(tmp_path: Path, root: Path) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", CREATE, str(tmp_path), name], cwd=root)
        for name in ("a", "b", "c")
    ]
    assert [each.wait(timeout=60) for each in started] == [0, 0, 0]
    names = [each.name for each in Accounts(tmp_path).list()]
    assert sorted(names) == [f"{name}-{number}" for name in "abc" for number in range(5)]


def test_a_file_that_a_kill_left_empty_is_taken_up(tmp_path: Path) -> None:
    (tmp_path / DATABASE).touch()
    assert Accounts(tmp_path).create("ann", "viewer").id == 1


def test_whoever_reads_does_not_wait_for_whoever_writes(database: Database) -> None:
    def count() -> int | None:
        with Database(database.path.parent).reading() as connection:
            return connection.execute(select(func.count()).select_from(ENDED_SESSIONS)).scalar()

    with database.writing() as connection:
        connection.execute(insert(ENDED_SESSIONS).values(nonce="x", until=func.current_timestamp()))
        assert count() == 0
    assert count() == 1


def test_what_fails_in_the_middle_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.writing() as connection:
            connection.execute(
                insert(ENDED_SESSIONS).values(nonce="x", until=func.current_timestamp())
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.reading() as connection:
        assert connection.execute(select(ENDED_SESSIONS)).all() == []


def test_a_restored_file_is_read_at_once(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    accounts.create("ann", "viewer")
    Accounts(tmp_path / "backup").create("bob", "viewer")
    # what a restore does: the write-ahead files of before are taken away with the file
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    backup = sqlite3.connect(tmp_path / "backup" / DATABASE)
    backup.execute("VACUUM INTO ?", (str(tmp_path / DATABASE),))
    backup.close()
    assert [each.name for each in accounts.list()] == ["bob"]


def _noise(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 500)


def _torn(path: Path) -> None:
    Accounts(path.parent).create("ann", "viewer")
    sql(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)


def _newer(path: Path) -> None:
    with Database(path.parent).writing():
        pass
    sql(path, "UPDATE alembic_version SET version_num = '9999'")


def _anothers(path: Path) -> None:
    sql(path, "CREATE TABLE recipes (id INTEGER)")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_noise, "file is not a database; restore it from a backup, or move it away"),
        (_torn, "restore it from a backup, or move it away"),
        (_newer, "has the revision 9999, which this version of Forewatch doesn't know"),
        (_anothers, "is a database of something else .it has recipes.; move it away"),
    ],
)
def test_a_database_that_can_not_be_used_says_why_and_what_to_do(
    tmp_path: Path, damage: Callable[[Path], None], said: str
) -> None:
    damage(tmp_path / DATABASE)
    before = (tmp_path / DATABASE).read_bytes()
    with pytest.raises(DatabaseUnusable, match=f"^{DATABASE} .*{said}"):
        Accounts(tmp_path).list()
    assert (tmp_path / DATABASE).read_bytes() == before


def test_a_place_that_was_read_only_for_a_while_is_written_again(database: Database) -> None:
    with database.reading() as connection:  # a connection keeps what it found when it was opened
        connection.exec_driver_sql("PRAGMA query_only = 1")
    ended = insert(ENDED_SESSIONS).values(nonce="x", until=func.current_timestamp())
    with pytest.raises(DatabaseUnusable, match="readonly"), database.writing() as connection:
        connection.execute(ended)
    with database.writing() as connection:
        connection.execute(ended)


def test_without_accounts_nothing_heavy_is_imported(tmp_path: Path, root: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from serving.accounts.accounts import Accounts; "
        "assert Accounts(Path(sys.argv[1])).list() == (); "
        "assert not {'sqlalchemy', 'alembic', 'argon2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, check=True)
    assert list(tmp_path.iterdir()) == []
    Accounts(tmp_path).create("ann", "viewer")
    # an up-to-date database needs no Alembic
    code = code.replace("== ()", "").replace("'sqlalchemy', ", "")
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, check=True)
