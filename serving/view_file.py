"""The views as forewatch.toml has them at the moment, for a service that runs for months."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from forewatch.errors import SettingsError
from serving import settings
from serving.views import View


class ViewFile:
    """Reads the views anew when the file changes.

    While the settings can't be used, views are as they were, as answers come from the issue in
    service: a slip in one table takes nothing else out of service.
    """

    def __init__(self, path: Path) -> None:
        """Remember the file; nothing is read yet."""
        self._path = path
        # One attribute, replaced in one step: a reader in another thread sees the old or the new.
        self._read: tuple[tuple[int, ...], tuple[View, ...]] = ((), ())

    def views(self) -> tuple[View, ...]:
        """Return the views."""
        held_at, found = self._read
        try:
            there = self._path.stat()
        except OSError:
            return found
        stamp = (there.st_ino, there.st_mtime_ns, there.st_size)
        if stamp != held_at:
            with suppress(SettingsError):
                found = settings.load(self._path).views
            self._read = (stamp, found)
        return found
