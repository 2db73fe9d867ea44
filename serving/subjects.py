"""The subjects that are forecast: one line says which."""

from __future__ import annotations

from forewatch.errors import UnknownName
from forewatch.profile import Profile
from models.demand.subject import DEMAND
from models.missing.subject import MISSING
from models.subject import Subject

# The first is always forecast and stands for an issue; what others lack is said in its notes.
SUBJECTS: tuple[Subject, ...] = (DEMAND, MISSING)
FIRST = SUBJECTS[0]
NAMES = tuple(subject.name for subject in SUBJECTS)


def subject_named(name: str) -> Subject:
    """Return a subject; UnknownName if there is none of that name."""
    for subject in SUBJECTS:
        if subject.name == name:
            return subject
    raise UnknownName("subject", name, NAMES)


def subjects_of(profile: Profile) -> tuple[Subject, ...]:
    """Return the subjects that a force has calls of."""
    return tuple(subject for subject in SUBJECTS if subject.counted(profile))
