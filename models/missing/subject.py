"""Missing-person reports, as a subject: areas and times, never persons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from forewatch.profile import MISSING_PERSON, Profile
from forewatch.progress import Progress, silent
from models.missing.settings import CLIMATOLOGY, MissingRecipe
from models.subject import Subject, Training
from models.verdict import Rule

if TYPE_CHECKING:
    import pandas as pd

    from forewatch.history import History
    from models.subject_model import SubjectModel


class MissingReports(Subject):
    """Reports of missing persons, all call types that are such summed."""

    name = "missing"
    title = "missing-person demand"
    settings_table = "missing_training"
    meaning = "The same of the missing-person model."
    recipe_type = MissingRecipe
    # Never worse than the shrunken climatology, better for the whole force. Absolute errors of
    # means are no fair loss for rare counts (the best constant is 0), so the CRPS alone decides.
    rule = Rule(losses=("crps",), baseline="shrunken climatology")
    columns: ClassVar[Mapping[str, str]] = {
        "level": "area and window",
        "block": "days ahead",
        "calls": "reports",
        "crps": "CRPS",
        "baseline_crps": "climatology",
        "log_score": "log score",
        "baseline_log_score": "climatology's",
        "slope": "slope",
        "above": "above P90",
    }
    total = MISSING_PERSON
    has_casework = True

    def counted(self, profile: Profile) -> tuple[str, ...]:
        """Return the ids of the call types that are missing-person reports."""
        return profile.missing_call_types

    def forecast_types(self, profile: Profile) -> tuple[str, ...]:
        """Return the one that stands for all of them."""
        del profile
        return (MISSING_PERSON,)

    def train(
        self,
        history: History,
        until: pd.Timestamp,
        recipe: MissingRecipe,
        *,
        jobs: int = 1,
        progress: Progress = silent,
    ) -> Training:
        """Return the model trained on what was known at *until*."""
        from models.missing.training import train  # noqa: PLC0415 - LightGBM takes a second

        return train(history, until, recipe, jobs=jobs, progress=progress)

    def restore(self, state: dict[str, Any]) -> SubjectModel:
        """Return the model whose state this was."""
        from models.missing.model import MissingPersons  # noqa: PLC0415 - see `train`

        return MissingPersons.from_state(state)

    def stand_in(self, recipe: MissingRecipe) -> MissingRecipe:
        """Return the climatology alone: what no gate let through is worse, or nobody knows."""
        return recipe.model_copy(update={"members": (CLIMATOLOGY,)})
