"""The settings of a workspace: `forewatch.toml`, read once, every unknown key refused.

The file holds the force's profile (see `forewatch.profile`) and tables of its own: the recipe of
each subject, `[registry]` and `[serving]`.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import ErrorDetails

from forewatch import extensions
from forewatch.areas import Area, AreaTree
from forewatch.duty import stop_at_unusable_staffing
from forewatch.errors import SettingsError, UnknownName
from forewatch.extensions import Extensions, Packages
from forewatch.frozen import Frozen
from forewatch.profile import AreaEntry, Profile
from forewatch.staffing import Staffing
from models.recipe import OUR_MEMBERS, AnyRecipe
from models.subject import Subject
from serving.subjects import all_subjects
from serving.views import View
from sources.toml_file import parse_toml, read_toml

_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:]+:[0-9A-Fa-f:.]*", re.ASCII)
_LONGEST_SHOWN = 80  # characters of a value that a message shows


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ValueError(
            "no address or network; write 192.0.2.7 or 10.20.0.0/16, names are not looked up"
        ) from None


def _host(text: str) -> str:
    if text != "*" and not _HOST.fullmatch(text):
        raise ValueError("no host; write a name or an address, without scheme, port or path")
    return text.lower()


class RegistrySettings(Frozen):
    """Where MLflow keeps runs and models; MLFLOW_TRACKING_URI in the environment comes first."""

    store: str = Field(default="mlruns", min_length=1)
    """A folder, from the workspace on, or the address of a tracking server."""
    max_age_days: int = Field(default=35, ge=1)
    """An issue by an older champion says so in its notes."""


class AuditSettings(Frozen):
    """The file of who asked what, when."""

    file: str = "audit/requests.jsonl"
    """The file, from the workspace on; "" for none. Only its owner may read it."""
    questions: bool = False
    """Whether it holds the text of questions, which names places."""
    max_megabytes: float = Field(default=20, gt=0, le=10_000)
    """Size from which the file is set aside under a number."""
    files: int = Field(default=10, ge=1, le=1000)
    """Files kept, with the one that is written; the oldest is removed."""


class ServingSettings(Frozen):
    """How the API is served."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8000, ge=1, le=65535)
    """Port to listen on."""
    hosts: tuple[Annotated[str, AfterValidator(_host)], ...] = ()
    """Names and addresses that clients may call the service by (the Host header, without port),
    beside localhost; "*" for any. None: the address that is listened on; where that is every
    address of the machine, any address but no name."""
    trusted_proxies: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    """Addresses and networks of the force's own proxies; these alone are believed about who the
    client is and whether it came by https."""
    forwarded_by: Literal["x-forwarded", "forwarded"] = "x-forwarded"
    """The headers that the proxies set: x-forwarded (X-Forwarded-For, X-Forwarded-Proto), or
    forwarded (Forwarded, RFC 7239). The others are never read."""
    audit: AuditSettings = AuditSettings()
    """The file of who asked what, when."""
    workers: int = Field(default=2, ge=1, le=64)
    """Processes that compute answers; where there are several, one is kept for quick questions."""
    max_cost: int = Field(default=500, ge=1)
    """Units that one page of an answer may cost; a unit is about a millisecond of one core."""
    max_export_cost: int = Field(default=200_000, ge=1)
    """Units that an export of a whole issue may cost."""
    max_concurrent: int = Field(default=4, ge=1)
    """Questions of one key that are worked on, or wait for it, at a time."""
    cost_per_minute: int = Field(default=30_000, ge=1)
    """Units that one key, or one account, may use a minute; every request costs one at least."""
    session_hours: float = Field(default=12, gt=0, le=168)
    """Hours after which somebody who signed in has to sign in again."""


class Settings(Profile):
    """Everything that `forewatch.toml` may say; `TABLES` adds the recipes of the subjects."""

    registry: RegistrySettings = RegistrySettings()
    """Where trained models are kept."""
    serving: ServingSettings = ServingSettings()
    """How the API is served."""
    views: tuple[View, ...] = ()
    """Questions with a name, for `forewatch view NAME` and `/v1/views/NAME`."""

    @model_validator(mode="after")
    def _views_stand_once(self) -> Self:
        ids = [view.id for view in self.views]
        if len(set(ids)) < len(ids):
            raise ValueError(f"views holds an id twice: {', '.join(ids)}; give each its own")
        return self

    @model_validator(mode="after")
    def _reserved_periods_are_one_thing(self) -> Self:
        # Here, not in the profile: issues published before this rule hold profiles without it.
        periods = {each.period for each in self.missing.reserved}
        shifts = {shift.id for shift in self.shifts}
        if doubtful := sorted({"day", "week"} & shifts & periods):
            raise ValueError(
                f"missing.reserved: period {doubtful[0]} is both a whole {doubtful[0]} and the id "
                "of a shift; give the shift another id"
            )
        return self

    @model_validator(mode="after")
    def _staffing_can_be_used(self) -> Self:
        # Of a force that says nothing of its officers nothing is checked; areas that are imported
        # are checked where they are known.
        areas = self.areas or (AreaEntry(id="force", name=self.force.name),)
        named = any(self.staffing.area_mentions.values())
        if self.staffing == Staffing() or (named and not self.areas):
            return self
        try:
            tree = AreaTree(tuple(Area(**each.model_dump()) for each in areas), self.levels.names)
        except SettingsError:
            return self  # a tree that is none says so itself
        try:
            stop_at_unusable_staffing(self, tree)
        except SettingsError as error:
            raise ValueError(str(error)) from error
        return self

    @model_validator(mode="after")
    def _members_are_there(self) -> Self:
        packages = self.extensions.packages
        for table in type(self).model_fields:
            recipe = getattr(self, table)
            if isinstance(recipe, AnyRecipe) and recipe.strange_members(()):
                known = (*OUR_MEMBERS, *extensions.names(extensions.MEMBERS, packages))
                if strange := recipe.strange_members(known):
                    raise ValueError(
                        f"{table}.members: {UnknownName('member', strange[0], known)}; there are "
                        f"{', '.join(known)}; those of packages once extensions.packages names them"
                    )
        return self

    @property
    def profile(self) -> Profile:
        """The force's profile alone."""
        return Profile(**{name: getattr(self, name) for name in Profile.model_fields})

    def recipe(self, subject: Subject) -> AnyRecipe:
        """Return the recipe by which a subject is trained and judged."""
        recipe: AnyRecipe = getattr(self, subject.settings_table)
        return recipe


@cache
def tables(packages: Packages = ()) -> type[Settings]:
    """Return the model of the whole file: one table more for each subject.

    Raises:
        SettingsError: if a package can't be used, see `serving.subjects.all_subjects`.
    """
    recipes: dict[str, Any] = {
        subject.settings_table: (
            subject.recipe_type,
            Field(default=subject.recipe_type.model_validate({}), description=subject.meaning),
        )
        for subject in all_subjects(packages)
    }
    if strange := sorted(recipes.keys() & Settings.model_fields.keys()):
        raise SettingsError(
            f"a subject of extensions.packages has the table [{strange[0]}], which is something "
            "else; it must have another one"
        )
    return create_model("Tables", __base__=Settings, **recipes)


TABLES = tables()


def load(path: Path) -> Settings:
    """Return the settings of a file.

    Raises:
        SettingsError: if there is no such file, or naming each key that can't be used as written.
    """
    return _check(read_toml(path), path.name)


def parse(text: str, name: str = "forewatch.toml") -> Settings:
    """Return the settings that a TOML text holds; errors as for `load`."""
    return _check(parse_toml(text, name), name)


def _check(content: dict[str, Any], name: str) -> Settings:
    model = tables(_packages(content))
    try:
        return model.model_validate(content)
    except ValidationError as error:
        lines = "\n".join(f"  {line}" for line in complaints(error, model))
        raise SettingsError(f"{name} can't be used as written:\n{lines}") from error


def _packages(content: dict[str, Any]) -> Packages:
    """Return the packages that a file names; () where what it says of them can't be used."""
    try:
        return Extensions.model_validate(content.get("extensions", {})).packages
    except ValidationError:
        return ()  # the whole file is about to say so


def complaints(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """Yield one line for each mistake: the key, what is wrong, what was found."""
    for detail in error.errors(include_url=False):
        yield _complaint(detail, model)


def _complaint(detail: ErrorDetails, model: type[BaseModel]) -> str:
    where = list(detail["loc"])
    key = _path(where)
    if detail["type"] == "extra_forbidden":
        fields = _model_at(model, where[:-1]).model_fields
        known = sorted(field.alias or name for name, field in fields.items())
        near = difflib.get_close_matches(str(where[-1]), known, n=1)
        advice = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
        return f"{key}: no such key; {advice}"
    if detail["type"] == "missing":
        return f"{key}: missing; add it"
    message = detail["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if isinstance(detail["input"], dict | list):
        return f"{key}: {message}"
    found = repr(detail["input"])
    cut = found if len(found) <= _LONGEST_SHOWN else f"{found[:_LONGEST_SHOWN]}…"
    return f"{key}: {message}; found {cut}"


def _path(where: list[int | str]) -> str:
    """Return a key as a person would write it; entries of a list count from 1."""
    text = ""
    for part in where:
        text += f" no. {part + 1}" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text or "the file"


def _model_at(model: type[BaseModel], where: list[int | str]) -> type[BaseModel]:
    """Return the model that holds the keys at a place of the file."""
    here: Any = model
    for part in where:
        if isinstance(part, str) and part in getattr(here, "model_fields", {}):
            here = model_in(here.model_fields[part].annotation) or here
    return here  # type: ignore[no-any-return] # the walk begins at a model and moves to models only


def model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation
    """Return the model inside an annotation such as `tuple[Shift, ...]`, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (tuple, list, dict, Union, UnionType, Annotated):
        found = (model_in(inner) for inner in get_args(annotation))
        return next((model for model in found if model is not None), None)
    return None


def flat_settings(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield each setting under its path.

    >>> dict(flat_settings({"seed": 1, "origins": {"folds": 6}}))
    {'seed': '1', 'origins.folds': '6'}
    """
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from flat_settings(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value if isinstance(value, str) else json.dumps(value)
