"""Use case: an empty workspace from a template."""

from __future__ import annotations

from pathlib import Path

from forewatch.errors import SettingsError, UnknownName
from serving import settings
from serving.workspace import SETTINGS
from sources.templates import NAMES, text


def write_profile(root: Path, template: str) -> Path:
    """Write forewatch.toml into a folder, made if absent, and return its path.

    Raises:
        UnknownName: if there is no such template.
        SettingsError: if the folder has a forewatch.toml already; it is never overwritten.
    """
    if template not in NAMES:
        raise UnknownName("template", template, NAMES)
    profile = text(template)
    settings.parse(profile)
    root.mkdir(parents=True, exist_ok=True)
    path = root / SETTINGS
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(profile)
    except FileExistsError as error:
        raise SettingsError(
            f"{path} is there already; edit it, or choose another folder with --workspace"
        ) from error
    return path
