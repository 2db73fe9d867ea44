"""Packages of the force's own that add features, members or subjects, found by their entry points.

Only packages that the profile names (`[extensions] packages`) are looked at, so that nothing runs
because it happens to be installed. What they add is looked up in every process anew, as imports
are; nothing is registered, and artefacts hold names and values, never code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, model_validator

from forewatch.errors import SettingsError
from forewatch.frozen import Frozen

if TYPE_CHECKING:  # nobody without packages waits for it
    from importlib.metadata import Distribution

FEATURES, MEMBERS, SUBJECTS = "forewatch.features", "forewatch.members", "forewatch.subjects"
GROUPS = (FEATURES, MEMBERS, SUBJECTS)

Packages = tuple[str, ...]
# Source: Python packaging user guide, "Names and normalization".
_NAME = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE)


def _package(name: str) -> str:
    """Return the name of a distribution as it is compared."""
    if not _NAME.fullmatch(name):
        raise ValueError("no name of a package; write it as it was installed, without version")
    return re.sub(r"[-_.]+", "-", name).lower()


class Extensions(Frozen):
    """Packages of the force's own that add features, members or subjects."""

    packages: tuple[Annotated[str, AfterValidator(_package)], ...] = ()
    """Names of installed packages; others are never loaded."""

    @model_validator(mode="after")
    def _packages_stand_once(self) -> Self:
        if len(set(self.packages)) < len(self.packages):
            raise ValueError(f"packages holds a name twice: {', '.join(self.packages)}")
        return self


def installed(package: str) -> Distribution:
    """Return a package that is installed beside Forewatch.

    Raises:
        SettingsError: if it isn't, or adds nothing.
    """
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - see above

    try:
        found = distribution(package)
    except PackageNotFoundError:
        raise SettingsError(
            f"extensions.packages names {package}, which isn't installed beside Forewatch; install "
            "it into the same environment, or take its name out of forewatch.toml"
        ) from None
    if not any(point.group in GROUPS for point in found.entry_points):
        raise SettingsError(
            f"extensions.packages names {package}, which adds nothing to Forewatch: it has no "
            f"entry point in {', '.join(GROUPS)}; take its name out of forewatch.toml"
        )
    return found


def names(group: str, packages: Packages) -> tuple[str, ...]:
    """Return the names of what packages add, without running any of their code.

    Raises:
        SettingsError: if a package isn't installed, or two add something of one name.
    """
    found: dict[str, str] = {}
    for package in packages:
        for point in installed(package).entry_points.select(group=group):
            if point.name in found:
                raise SettingsError(
                    f"{found[point.name]} and {package} both add {point.name!r} ({group}); take "
                    "one of them out of extensions.packages"
                )
            found[point.name] = package
    return tuple(found)


@cache
def additions(group: str, packages: Packages, kind: type) -> Mapping[str, Any]:
    """Return what packages add, by name.

    Args:
        group: one of `GROUPS`.
        packages: names of distributions, as the profile has them.
        kind: what each must be an instance of; `type` for classes.

    Raises:
        SettingsError: as `names`; if one can't be loaded, or is something else.
    """
    names(group, packages)
    found: dict[str, Any] = {}
    for package in packages:
        for point in installed(package).entry_points.select(group=group):
            where = f"{point.value} of {package} ({group}: {point.name})"
            try:
                one = point.load()
            except (Exception, SystemExit) as error:
                raise SettingsError(
                    f"{where} can't be loaded: {type(error).__name__}: {error}"
                ) from error
            if not isinstance(one, kind):
                raise SettingsError(
                    f"{where} is no {'class' if kind is type else kind.__name__} but "
                    f"{type(one).__name__}; see docs/guides/extending.md"
                )
            found[point.name] = one
    return found


def versions(packages: Packages) -> dict[str, str]:
    """Return the version of each package; SettingsError if one isn't installed."""
    return {package: installed(package).version for package in packages}


def stop_without(needed: Iterable[str], packages: Packages, what: str) -> None:
    """Stop where something needs packages that may not be loaded, or that aren't there.

    Args:
        needed: names of distributions.
        packages: those that the profile names.
        what: what needs them, as a sentence begins.

    Raises:
        SettingsError: naming them.
    """
    if strange := [package for package in needed if package not in packages]:
        raise SettingsError(
            f"{what} was made with {', '.join(strange)}, which extensions.packages doesn't name; "
            "add it there, or train again without it"
        )
    for package in needed:
        installed(package)
