"""Profiles to start from, and the text of a profile as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, time
from importlib import resources
from typing import Any

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
    listed = (*["grades"] * own, "call_types", "shifts", "areas", "covariates")
    parts = [] if own else [f"grades = {_value(standard)}\n"]
    parts += [f"[{name}]\n{_lines(_values(getattr(profile, name)))}" for name in tables]
    for name in listed:
        parts.extend(f"[[{name}]]\n{_lines(_values(entry))}" for entry in getattr(profile, name))
    others = profile.model_dump(
        exclude={*tables, *listed, "grades"}, exclude_defaults=True, exclude_none=True
    )
    for name, value in others.items():
        parts.extend(_nested(name, value))
    return "\n".join(parts)


def _values(entry: BaseModel) -> dict[str, object]:
    return {name: value for name, value in dict(entry).items() if value is not None}


def _nested(path: str, value: Any, head: str = "[{}]") -> Iterator[str]:  # noqa: ANN401 - TOML's
    """Yield a table, or the tables of a list, and those below each, the outer ones first."""
    if isinstance(value, list | tuple):
        for entry in value:
            yield from _nested(path, entry, "[[{}]]")
        return
    below = {name: inner for name, inner in value.items() if _is_tables(inner)}
    plain = {name: inner for name, inner in value.items() if name not in below}
    if plain or not below or head == "[[{}]]":
        yield f"{head.format(path)}\n{_lines(plain)}"
    for name, inner in below.items():
        yield from _nested(f"{path}.{name}", inner)


def _is_tables(value: object) -> bool:
    """Return whether a value is a table, or a list of them."""
    return isinstance(value, dict) or (
        isinstance(value, list | tuple) and bool(value) and isinstance(value[0], dict)
    )


def _lines(values: dict[str, object]) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in values.items())


def _value(value: object) -> str:
    if isinstance(value, time | date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(part) for part in value)}]"
    return json.dumps(value, ensure_ascii=False)  # TOML writes numbers and such text alike
