"""The base of every settings, mapping and request model, and the ids in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_\-]{0,62}$")]


class Frozen(BaseModel):
    """Base of every settings, mapping and request model: frozen, extras and infinities refused.

    A table that names some keys of a nested model changes these alone: the others keep what they
    are by default *there*, which may be other than the nested model's own defaults.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )

    @model_validator(mode="before")
    @classmethod
    def _others_keep_their_defaults(cls, given: Any) -> Any:  # noqa: ANN401 - as pydantic has it
        if not isinstance(given, dict):
            return given
        defaults = {_key(cls, name): field.default for name, field in cls.model_fields.items()}
        return given | {
            key: _merge_defaults(defaults[key], given[key]) for key in given.keys() & defaults
        }


def with_standard(given: Any, standard: Sequence[Any], key: str, entry_keys: str) -> Any:  # noqa: ANN401 - as pydantic has it
    """Return what settings say of a scale of the force's own, with standard entries for their ids.

    Args:
        given: the list in the settings, of tables and of ids of standard entries.
        standard: the entries that an id is enough for.
        key: of the list, in the plural.
        entry_keys: what a table of the force's own must have.

    Raises:
        ValueError: if there is no entry at all, or an id that is no standard entry's.
    """
    if not isinstance(given, list | tuple):
        return given
    if not given:
        raise ValueError(f"{key} is empty; leave it out for the standard ones, or name one")
    known = {entry.id: entry for entry in standard}
    if strange := [each for each in given if isinstance(each, str) and each not in known]:
        raise ValueError(
            f"{strange[0]!r} is none of the standard {key} ({', '.join(known)}); write one of the "
            f"force's own as a table: [[{key}]] with {entry_keys}"
        )
    return [known[each] if isinstance(each, str) else each for each in given]


def _merge_defaults(default: object, given: object) -> object:
    """Return a table with the keys that it lacks as they are by default."""
    if not (isinstance(default, BaseModel) and isinstance(given, dict)):
        return given
    model = type(default)
    whole = {_key(model, name): getattr(default, name) for name in model.model_fields}
    return whole | {key: _merge_defaults(whole.get(key), value) for key, value in given.items()}


def _key(model: type[BaseModel], name: str) -> str:
    """Return the key under which a field stands in a file: its alias, if it has one."""
    return model.model_fields[name].alias or name
