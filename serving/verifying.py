"""Use case: is everything that a workspace keeps what was written?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from forewatch.errors import ForewatchError, RegistryError
from forewatch.extensions import Packages
from models.artefacts import read_version
from models.register import Register, Version
from models.register_tables import verify
from models.store import Store
from models.subject import Subject
from serving.subjects import all_subjects
from serving.workspace import Workspace


def damage(workspace: Workspace) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what was looked at, and what was found that is not what was written.

    Settings, history, issues and every model version that isn't retired are read whole, with their
    digests; a version's trees are looked through as when it is used.
    """
    workspace.settings()  # without them there is nothing to look at; says so itself
    yield "settings", ()
    yield "history", _found(workspace.lake().verify)
    store = workspace.issues()
    numbers = store.numbers()
    issues = [error for number in numbers for error in _found(partial(store.read, number))]
    yield f"{len(numbers):,} issues", (*issues, *_found(store.withdrawals.decisions))
    yield from _models(workspace)


def damage_text(found: Iterator[tuple[str, tuple[str, ...]]]) -> tuple[str, int]:
    """Return a line for each thing that was looked at, and how much damage was found."""
    lines, n = ["Files"], 0
    for what, errors in found:
        lines.append(f"  {what:<24} {'as written' if not errors else f'{len(errors)} damaged'}")
        lines += [f"    - {error}" for error in errors]
        n += len(errors)
    return "\n".join(lines), n


def _models(workspace: Workspace) -> Iterator[tuple[str, tuple[str, ...]]]:
    if errors := _found(lambda: verify(Store.at(workspace.registry_store()))):
        yield "register of models", errors
        return
    packages = workspace.profile.extensions.packages
    for subject in all_subjects(packages):
        try:
            register = workspace.register(subject)
        except RegistryError as error:
            yield f"models ({subject.name})", (str(error),)
            continue
        versions = [one for one in register.versions() if not one.retired]
        if not versions:
            continue  # nothing was trained
        damaged = [
            f"version {one.version}: {error}"
            for one in versions
            for error in _found(partial(_restore, subject, packages, register, one))
        ]
        yield f"{len(versions):,} models ({subject.name})", tuple(damaged)


def _restore(subject: Subject, packages: Packages, register: Register, version: Version) -> None:
    """Make of a version's state what forecasts."""
    subject.restore(read_version(register, version), packages)


def _found(look: Callable[[], object]) -> tuple[str, ...]:
    """Return what a look says is wrong, in its own words."""
    try:
        look()
    except ForewatchError as error:
        return (str(error),)
    return ()
