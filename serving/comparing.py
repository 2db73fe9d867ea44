"""Use case: two versions of a subject's model side by side."""

from __future__ import annotations

from dataclasses import dataclass

from forewatch.errors import RegistryError
from models import comparison
from models.subject import Subject
from serving.printing import Columns
from serving.workspace import Workspace


@dataclass(frozen=True)
class Comparison:
    """Two versions side by side: what is compared, and a row a level and block of days ahead."""

    text: str
    table: Columns


def compare_versions(workspace: Workspace, subject: Subject, name: str, other: str) -> Comparison:
    """Return the CRPS of two versions on the same past origins.

    Raises:
        RegistryError: if they are the same one, or were judged on no origin in common.
    """
    register = workspace.register(subject)
    one, two = register.version(name), register.version(other)
    if one.version == two.version:
        raise RegistryError(
            f"{name} and {other} are both version {one.version}, which has nothing to be compared "
            "with; name two versions, or train a new one"
        )
    found = comparison.of_versions(register, one, two)
    bounds = list(zip(found["low"], found["high"], strict=True))
    table = {
        "level": found["level"].tolist(),
        "days ahead": found["block"].tolist(),
        f"version {one.version}": found["ours"].tolist(),
        f"version {two.version}": found["theirs"].tolist(),
        "change": [f"{change:+.1%}" for change in found["change"]],
        "95 % interval": [f"{low:+.1%} to {high:+.1%}" for low, high in bounds],
        "beyond chance": [comparison.said_of_chance(*each) for each in bounds],
    }
    origins = int(found["origins"].max())
    return Comparison(f"mean CRPS on the same {origins} past origins; lower is better", table)
