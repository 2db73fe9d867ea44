"""Profiles to start from, and the text of a profile as a file."""

from __future__ import annotations

import json
from datetime import time
from importlib import resources

from pydantic import BaseModel

from forewatch.errors import SettingsError
from forewatch.grades import STANDARD_GRADES
from forewatch.profile import Profile

NAMES = ("avon-and-somerset", "minimal")


def text(name: str) -> str:
    """Return the template's `forewatch.toml`.

    Raises:
        SettingsError: if there is no such template.
    """
    if name not in NAMES:
        raise SettingsError(f"no template {name!r}; take one of {', '.join(NAMES)}")
    return resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")


def profile_toml(profile: Profile) -> str:
    """Return a profile as TOML that reads back as the same profile; keys without value left out."""
    tables = ("force", "levels", "publication")
    standard = [grade.id for grade in profile.grades if grade in STANDARD_GRADES]
    own = len(standard) < len(profile.grades)
    parts = [] if own else [f"grades = {_value(standard)}\n"]
    parts += [f"[{name}]\n{_lines(getattr(profile, name))}" for name in tables]
    for name in (*["grades"] * own, "call_types", "shifts", "areas", "covariates"):
        parts.extend(f"[[{name}]]\n{_lines(entry)}" for entry in getattr(profile, name))
    return "\n".join(parts)


def _lines(entry: BaseModel) -> str:
    values = {name: value for name, value in dict(entry).items() if value is not None}
    return "".join(f"{name} = {_value(value)}\n" for name, value in values.items())


def _value(value: object) -> str:
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(part) for part in value)}]"
    return json.dumps(value, ensure_ascii=False)  # TOML writes numbers and such text alike
