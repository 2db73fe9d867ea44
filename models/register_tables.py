"""The register read from MLflow's own tables, without MLflow: in milliseconds, not in seconds.

The tables are MLflow's, so what they say is what MLflow says: an alias that is moved in its page is
moved here. They are read only, and only in the revision that this code was written for; of any
other `opened` makes nothing, and MLflow itself has to read them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from models.register import (
    ENGINE,
    REPORT,
    UNFINISHED,
    Decision,
    ModelRecord,
    Register,
    Version,
)
from models.relocation import damaged_tables, opened_tables
from models.store import Store, file_path

# The revision of the tables of MLflow 3.17 (table alembic_version of a store it has just made).
_REVISION = "dc11669786a5"
_VERSIONS = """
    SELECT version, creation_time, run_id FROM model_versions
    WHERE name = ? AND current_stage <> 'Deleted_Internal' ORDER BY version
"""
_TAGS_OF_VERSIONS = "SELECT version, key, value FROM model_version_tags WHERE name = ?"
_ALIASES = "SELECT alias, version FROM registered_model_aliases WHERE name = ?"
_TAGS = "SELECT key, value FROM registered_model_tags WHERE name = ? ORDER BY key"
_SCORES = "SELECT key, value, is_nan FROM latest_metrics WHERE run_uuid = ? ORDER BY key"
_PARAMS = "SELECT key, value FROM params WHERE run_uuid = ?"
_HAS_REVISION = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
_FILES = "SELECT artifact_uri FROM runs WHERE run_uuid = ?"


class TableRegister(Register):
    """The versions of one of a force's models, as MLflow's tables hold them.

    Args:
        store: in a folder.
        force_id: the force's id.
        subject: what they forecast.
    """

    def __init__(self, store: Store, force_id: str, subject: str) -> None:
        """Read versions, aliases and decisions, all of one moment; none where no tables are."""
        super().__init__(force_id, subject)
        if store.database is None:
            raise ValueError(f"{store.uri} is no folder; its tables are read by its server")
        self._database = store.database
        self._record = ModelRecord({}, {})
        self._versions: tuple[Version, ...] = ()
        if self._database.exists():
            self._read()

    def _read(self) -> None:
        with opened_tables(self._database) as tables:
            tables.execute("BEGIN")
            found = tables.execute(_VERSIONS, (self.model,)).fetchall()
            tags: dict[int, dict[str, str]] = {}
            for version, key, value in tables.execute(_TAGS_OF_VERSIONS, (self.model,)):
                tags.setdefault(version, {})[key] = value
            pairs = tables.execute(_ALIASES, (self.model,))
            aliases = {str(alias): str(version) for alias, version in pairs}
            self._record = ModelRecord(
                aliases, dict(tables.execute(_TAGS, (self.model,)).fetchall())
            )
        self._versions = tuple(
            Version.of_tags(str(number), created, run_id, tags.get(number, {}), self._record)
            for number, created, run_id in found
        )

    @property
    def is_unfinished(self) -> bool:
        """Whether an act began that has not ended, so that MLflow must end it."""
        return UNFINISHED in self._record.tags

    def versions(self) -> tuple[Version, ...]:
        """Return every version, oldest first."""
        return self._versions

    def decisions(self) -> tuple[Decision, ...]:
        """Return who promoted, rolled back or retired what, oldest first."""
        return self._record.decisions

    def _metrics(self, version: Version) -> dict[str, float]:
        rows = self._rows(_SCORES, version)
        return {str(name): float("nan") if is_nan else value for name, value, is_nan in rows}

    def params(self, version: Version) -> dict[str, str]:
        """Return the settings of a version's run."""
        return dict(self._rows(_PARAMS, version))

    def report_text(self, version: Version, name: str) -> str | None:
        """Return a text of a version's report by file name, None if it has none."""
        path = self._files(version) / REPORT / name
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def _state_folder(self, version: Version) -> AbstractContextManager[Path]:
        return nullcontext(self._files(version) / ENGINE)

    def _files(self, version: Version) -> Path:
        rows = self._rows(_FILES, version)
        return file_path(rows[0][0] if rows else "/")

    def _rows(self, query: str, version: Version) -> list[Any]:
        with opened_tables(self._database) as tables:
            return tables.execute(query, (version.run_id,)).fetchall()


def open_register(store: Store, force_id: str, subject: str) -> TableRegister | None:
    """Return the register of a store, None where only MLflow itself can read it."""
    if store.database is None or (
        store.database.exists() and _revision(store.database) != _REVISION
    ):
        return None
    return TableRegister(store, force_id, subject)


def _revision(database: Path) -> str:
    """Return the revision of MLflow's tables, "" where there are none."""
    with opened_tables(database) as tables:
        if not tables.execute(_HAS_REVISION).fetchall():
            return ""
        return str(tables.execute("SELECT max(version_num) FROM alembic_version").fetchone()[0])


def verify(store: Store) -> None:
    """Stop where the pages of a folder's tables don't fit together; RegistryError says where."""
    if store.database is None or not store.database.exists():
        return
    with opened_tables(store.database) as tables:
        found = [str(row[0]) for row in tables.execute("PRAGMA integrity_check")]
    if found != ["ok"]:
        raise damaged_tables(store.database, found[0].splitlines()[-1])
