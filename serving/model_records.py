"""What trainings left behind for people: scores of versions, and how chances came true.

Read from the snapshots that the registry writes after each change, and from reports; neither needs
MLflow. What isn't there is none: a force may have trained elsewhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from models.subject import Subject
from serving.modelling import Scores, score_rows
from serving.subjects import all_subjects

REPORTS = "reports"
RELIABILITY = "reliability.csv"


@dataclass(frozen=True)
class ModelRecords:
    """The records of a workspace.

    Args:
        root: its folder.
    """

    root: Path

    def version(self) -> str:
        """Return a text that changes with the snapshots; no file is read."""
        return " ".join(_stamp(self._snapshot(one)) for one in all_subjects())

    def scores(self, subject: Subject, version: str) -> list[Scores]:
        """Return a version's measures by name, one row a level and block of leads; [] for none."""
        try:
            held = json.loads(self._snapshot(subject).read_bytes())
            found = next((each for each in held["models"] if each["version"] == version), None)
        except (OSError, ValueError, KeyError):
            return []
        return [] if found is None else score_rows(found.get("scores", {}))

    def reliability(self, subject: Subject, version: str) -> pd.DataFrame | None:
        """Return chances that were said of past windows, and how often it came so; None for none.

        Columns level, window, block, at_least, bin, predicted, observed, n, low, high.
        """
        folder = self.root / REPORTS / f"{subject.name}-version-{version}"
        try:
            return pd.read_csv(folder / RELIABILITY)
        except (OSError, ValueError):
            return None

    def _snapshot(self, subject: Subject) -> Path:
        return self.root / f"models-{subject.name}.json"


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "none"
    return f"{found.st_mtime_ns} {found.st_size}"
