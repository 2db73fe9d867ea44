"""A workspace: the folder of one force, with everything that Forewatch keeps for it.

`forewatch.toml` (settings), `history/` (the lake), `quarantine/`, `issues/`, `keys.json`,
`keys-used.json`, `forewatch.db` (accounts), `sessions.key` (signs their sessions), `audit/` (who
asked what), `models-demand.json` and so on (what the registry holds of a subject, for the API),
`mlruns/` (MLflow's store).
"""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from forewatch.areas import AreaTree
from forewatch.durable import write_file
from forewatch.errors import SettingsError
from forewatch.locks import hold_lock
from serving.issue_folder import IssueFolder

if TYPE_CHECKING:  # each costs up to seconds of import and is needed by some commands only
    from forewatch.history import History
    from forewatch.profile import Profile
    from models.register import Register
    from models.registry import Registry
    from models.subject import Subject
    from serving.accounts.accounts import Accounts
    from serving.audit import AuditFile
    from serving.duty_records import DutyRecords
    from serving.issue_store import IssueStore
    from serving.keys import KeyRing
    from serving.map_records import MapRecords
    from serving.settings import Settings
    from serving.special_records import SpecialRecords
    from serving.view_file import ViewFile
    from serving.views import View
    from sources.lake import Lake

SETTINGS = "forewatch.toml"
_MEGABYTE = 10**6


@dataclass(frozen=True)
class Workspace:
    """Paths and loaders of one force's folder."""

    root: Path

    @cached_property
    def _settings(self) -> Settings:
        return self._settings_now()

    def _settings_now(self) -> Settings:
        from serving import settings  # noqa: PLC0415

        self.stop_without_settings()
        return settings.load(self.root / SETTINGS)

    def stop_without_settings(self) -> None:
        """Stop where there is no forewatch.toml: SettingsError says what to do."""
        if not (self.root / SETTINGS).exists():
            raise SettingsError(
                f"no {SETTINGS} in {self.root.resolve()}; write one with 'forewatch init "
                "--template minimal', or name another folder with --workspace"
            )

    def settings(self) -> Settings:
        """Return what forewatch.toml says; SettingsError if it can't be used."""
        return self._settings

    @property
    def profile(self) -> Profile:
        """The force's profile."""
        return self._settings.profile

    def profile_now(self) -> Profile:
        """Return the force's profile as forewatch.toml has it at this moment.

        Raises:
            SettingsError: if it can't be used.
        """
        return self._settings_now().profile

    def views_now(self) -> tuple[View, ...]:
        """Return the views as forewatch.toml has them at this moment, or had them before a slip."""
        return self._view_file.views()

    @cached_property
    def _view_file(self) -> ViewFile:
        from serving.view_file import ViewFile  # noqa: PLC0415

        return ViewFile(self.root / SETTINGS)

    @property
    def quarantine(self) -> Path:
        """The folder for rows that could not be taken."""
        return self.root / "quarantine"

    def snapshot(self, subject: str) -> Path:
        """Return the file of what the registry held after its last change, for readers without it.

        Args:
            subject: the name of what is forecast.
        """
        return self.root / f"models-{subject}.json"

    def locked(self, name: str) -> AbstractContextManager[None]:
        """Hold one of the workspace's locks, e.g. "registry", while a block runs."""
        return hold_lock(self.root / ".locks" / f"{name}.lock")

    def lake(self) -> Lake:
        """Return the tables of the history."""
        from sources.lake import Lake  # noqa: PLC0415

        return Lake(self.root / "history")

    def tree(self) -> AreaTree:
        """Return the area tree, from the profile or as imported."""
        from sources.areas import tree  # noqa: PLC0415

        return tree(self.lake(), self.profile)

    def history(self, *, counted: bool = True) -> History:
        """Return what is known of the force; without its counts, which are most of it, if not."""
        from sources.history import history  # noqa: PLC0415

        return history(self.lake(), self.profile, counted=counted)

    def issue_folder(self) -> IssueFolder:
        """Return what was published, without the numbers in it."""
        return IssueFolder(self.root / "issues")

    def issues(self) -> IssueStore:
        """Return what was published."""
        from serving.issue_store import IssueStore  # noqa: PLC0415

        return IssueStore(self.root / "issues")

    def keys(self) -> KeyRing:
        """Return the API keys."""
        from serving.keys import KeyRing  # noqa: PLC0415

        return KeyRing(self.root / "keys.json")

    def accounts(self) -> Accounts:
        """Return the accounts of the page."""
        from serving.accounts.accounts import Accounts  # noqa: PLC0415

        return Accounts(self.root)

    def audit_file(self) -> AuditFile | None:
        """Return the file of who asked and changed what; None where the settings want none."""
        from serving.audit import AuditFile  # noqa: PLC0415
        from serving.settings import AuditSettings  # noqa: PLC0415

        is_set_up = (self.root / SETTINGS).exists()
        kept = self._settings.serving.audit if is_set_up else AuditSettings()
        size = int(kept.max_megabytes * _MEGABYTE)
        return AuditFile(self.root / kept.file, size, kept.files) if kept.file else None

    def duty_records(self) -> DutyRecords:
        """Return what bears on duty beside the forecast, for those who ask again and again."""
        from serving.duty_records import DutyRecords, duty_record  # noqa: PLC0415

        return DutyRecords(
            self.root / "history", lambda now: duty_record(self.history(counted=False), now)
        )

    def map_records(self) -> MapRecords:
        """Return the outlines of the areas and maps of them, for those who ask again and again."""
        from serving.map_records import MapRecords  # noqa: PLC0415

        return MapRecords(self.root / "history")

    def special_records(self) -> SpecialRecords:
        """Return events, special days and breaks, for those who ask again and again."""
        from serving.special_records import SpecialRecords, special_record  # noqa: PLC0415

        return SpecialRecords(
            self.root / "history", lambda now: special_record(self.history(counted=False), now)
        )

    def registry_store(self) -> str:
        """Return MLflow's store: a tracking server's address, or the path of a folder.

        MLFLOW_TRACKING_URI names the server where it is set; else the settings do.
        """
        store = os.environ.get("MLFLOW_TRACKING_URI") or self._settings.registry.store
        return store if "://" in store else str((self.root / store).resolve())

    @property
    def keeps_models(self) -> bool:
        """Whether its models are in a folder that is here, and not at a server."""
        store = self.registry_store()
        return "://" not in store and Path(store).is_dir()

    def register(self, subject: Subject) -> Register:
        """Return the register of a subject to read; of a folder without MLflow, so in no time.

        What a kill cut short is ended first, and the snapshot for the API says what is held now.
        """
        from models.register_tables import open_register  # noqa: PLC0415
        from models.store import Store  # noqa: PLC0415

        with self.locked("registry"):
            store = Store.at(self.registry_store())
            found = open_register(store, self.profile.force.id, subject.name)
            if found is not None and not found.is_unfinished:
                self.keep_snapshot(found)
                return found
        return self.registry(subject)

    def registry(self, subject: Subject) -> Registry:
        """Return the register of a subject to change; the first time MLflow makes its tables."""
        from models.registry import Registry  # noqa: PLC0415
        from models.store import Store  # noqa: PLC0415

        with self.locked("registry"):
            store = Store.at(self.registry_store())
            found = Registry(store, self.profile.force.id, subject.name)
            self.keep_snapshot(found)
        return found

    def keep_snapshot(self, register: Register) -> None:
        """Write down what a register holds, where that changed; its lock is held.

        The API reads it, which knows nothing of MLflow.
        """
        path = self.snapshot(register.subject)
        held = register.snapshot()
        content = json.dumps(held, indent=1).encode()
        if held["models"] and not (path.is_file() and path.read_bytes() == content):
            write_file(path, content)
