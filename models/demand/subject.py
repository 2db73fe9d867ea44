"""All calls, as a subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from forewatch.profile import Profile
from forewatch.progress import Progress, silent
from models.recipe import Recipe
from models.subject import Subject, Training

if TYPE_CHECKING:
    import pandas as pd

    from forewatch.history import History
    from models.subject_model import SubjectModel


class AllCalls(Subject):
    """Every call, by call type."""

    name = "demand"
    title = "demand"
    settings_table = "training"
    meaning = "The recipe by which the model of all calls is trained and judged."
    recipe_type = Recipe
    columns: ClassVar[Mapping[str, str]] = {
        "level": "level",
        "block": "days ahead",
        "calls": "calls a day",
        "crps": "CRPS",
        "baseline_crps": "8-week mean",
        "baseline52_crps": "52-week mean",
        "floor_crps": "perfect",
        "coverage_80": "in 80 % band",
    }

    def counted(self, profile: Profile) -> tuple[str, ...]:
        """Return the ids of all call types."""
        return profile.call_type_ids

    def forecast_types(self, profile: Profile) -> tuple[str, ...]:
        """Return the ids of all call types."""
        return profile.call_type_ids

    def train(
        self,
        history: History,
        until: pd.Timestamp,
        recipe: Recipe,
        *,
        jobs: int = 1,
        progress: Progress = silent,
    ) -> Training:
        """Return the engine trained on what was known at *until*."""
        from models.demand.training import train  # noqa: PLC0415 - its members take seconds

        return train(history, until, recipe, jobs=jobs, progress=progress)

    def restore(self, state: dict[str, Any]) -> SubjectModel:
        """Return the engine whose state this was."""
        from models.demand.engine import Engine  # noqa: PLC0415 - see `train`

        return Engine.from_state(state)
