"""MLflow's store in a folder that was moved, renamed or copied: its addresses follow the folder.

MLflow keeps the whole address of every run's files. A copy would go on reading the original's files
and write new ones there. So before a store is used, the addresses that lead into the folder where
it was made are changed to the folder where it is, in one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from forewatch.errors import RegistryError

# Columns of MLflow 3.17's tables that hold addresses of files (found by looking for one in all).
_ADDRESSES = (
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
    ("experiments", "artifact_location"),
)
_WAIT_SECONDS = 60.0


def relocate(database: Path, artefacts: str) -> bool:
    """Let a store's addresses lead to the folder where its files are now.

    Args:
        database: MLflow's SQLite file; nothing is done where there is none.
        artefacts: address of the folder of files, as experiments of this store have it.

    Returns:
        Whether anything was changed.
    """
    if not database.exists():
        return False
    with opened_tables(database) as store:
        if not any(each != artefacts for each in _roots(store)):
            return False  # a look takes no lock that writers would wait for
    with opened_tables(database, is_read_only=False) as store:
        store.execute("BEGIN IMMEDIATE")
        try:
            moved = [each for each in _roots(store) if each != artefacts]
            for old in moved:
                for table, column in _ADDRESSES:
                    _replace_prefix(store, table, column, (old, artefacts))
            store.execute("COMMIT")
        except BaseException:
            store.execute("ROLLBACK")
            raise
    return bool(moved)


@contextmanager
def opened_tables(database: Path, *, is_read_only: bool = True) -> Iterator[sqlite3.Connection]:
    """Hand out a connection to MLflow's tables.

    Raises:
        RegistryError: if the file is damaged.
    """
    # Not SQLite's mode=ro: what a kill cut short is rolled back by whoever opens the file next.
    address = f"{database.as_uri()}?mode=rw"
    try:
        with closing(
            sqlite3.connect(address, uri=True, timeout=_WAIT_SECONDS, isolation_level=None)
        ) as tables:
            if is_read_only:
                tables.execute("PRAGMA query_only = ON")
            yield tables
    except sqlite3.OperationalError:
        raise  # what the machine refuses, a lock or the disk, is no damage
    except sqlite3.DatabaseError as error:
        raise damaged_tables(database, str(error)) from error


def damaged_tables(database: Path, why: str) -> RegistryError:
    """Return the error for a file of tables that is not what SQLite wrote."""
    return RegistryError(
        f"{database.name} is damaged ({why}); restore it from a backup, or move the store's folder "
        "away and train again"
    )


def _roots(store: sqlite3.Connection) -> list[str]:
    """Return the folders in which experiments of the registry's own keep their files."""
    if not _has(store, "experiments", "artifact_location"):
        return []  # MLflow has not made its tables yet
    found = store.execute(
        "SELECT DISTINCT artifact_location FROM experiments WHERE experiment_id <> 0 "
        "AND artifact_location LIKE 'file:%/artifacts'"
    )
    return [str(row[0]) for row in found]


def _replace_prefix(
    store: sqlite3.Connection, table: str, column: str, change: tuple[str, str]
) -> None:
    if _has(store, table, column):
        old, new = change
        store.execute(
            f"UPDATE {table} SET {column} = ? || substr({column}, ?) "  # noqa: S608 - names of ours
            f"WHERE {column} = ? OR substr({column}, 1, ?) = ?",
            (new, len(old) + 1, old, len(old) + 1, f"{old}/"),
        )


def _has(store: sqlite3.Connection, table: str, column: str) -> bool:
    columns = store.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
    return (column,) in columns
