"""The subjects that are forecast: one line says which; packages of the force's own add theirs."""

from __future__ import annotations

from functools import cache

from forewatch import extensions
from forewatch.errors import SettingsError, UnknownName
from forewatch.extensions import Packages
from forewatch.profile import Profile
from models.demand.subject import DEMAND
from models.missing.subject import MISSING
from models.subject import Subject

# The first is always forecast and stands for an issue; what others lack is said in its notes.
SUBJECTS: tuple[Subject, ...] = (DEMAND, MISSING)
FIRST = SUBJECTS[0]
NAMES = tuple(subject.name for subject in SUBJECTS)


@cache
def all_subjects(packages: Packages = ()) -> tuple[Subject, ...]:
    """Return our subjects, and those that packages add.

    Raises:
        SettingsError: if a package isn't installed, can't be loaded, or adds a subject that can't
            be told from another.
    """
    found = list(SUBJECTS)
    for name, subject in extensions.additions(extensions.SUBJECTS, packages, Subject).items():
        taken = {one.name for one in found} | {one.settings_table for one in found}
        if subject.name != name or {subject.name, subject.settings_table} & taken:
            raise SettingsError(
                f"the subject {name!r} of extensions.packages says that it is {subject.name!r} "
                f"with the table [{subject.settings_table}]; want the name of its entry point, and "
                f"name and table that nothing else has: {', '.join(sorted(taken))} are taken"
            )
        found.append(subject)
    return tuple(found)


def subject_named(name: str, packages: Packages = ()) -> Subject:
    """Return a subject; UnknownName if there is none of that name."""
    known = all_subjects(packages)
    for subject in known:
        if subject.name == name:
            return subject
    raise UnknownName("subject", name, tuple(one.name for one in known))


def subjects_of(profile: Profile) -> tuple[Subject, ...]:
    """Return the subjects that a force has calls of."""
    known = all_subjects(profile.extensions.packages)
    return tuple(subject for subject in known if subject.counted(profile))
