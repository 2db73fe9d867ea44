"""What is forecast, each thing said once: all calls, missing-person reports, and what comes next.

A subject says how it is named and settled, how it is trained and restored, what the gate compares
and what a person reads. What uses subjects iterates over them (`serving.subjects`); the next one is
a folder like `models.demand` and a line there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from forewatch.profile import Profile
from forewatch.progress import Progress, silent
from models.recipe import AnyRecipe
from models.verdict import Rule

if TYPE_CHECKING:  # to know what is forecast needs no numbers, which take long to import
    import pandas as pd

    from forewatch.history import History
    from models.report import Report
    from models.subject_model import SubjectModel

OwnRecipe = Any  # a recipe of the subject's own type


@dataclass(frozen=True)
class Training(ABC):
    """What a training hands over.

    Args:
        model: fitted on everything known by the end of the training.
        scores: on past origins, one row a level and block of leads, as `models.gate.judge` reads
            them; the first level is the whole force.
        notes: what a reader of the report should know.
    """

    model: SubjectModel
    scores: pd.DataFrame
    notes: tuple[str, ...]

    @abstractmethod
    def report(self) -> Report:
        """Return what a person reads of it, apart from the gate's verdict."""


class Subject(ABC):
    """One thing that is forecast.

    Attributes:
        name: in the registry, the settings, commands, the API and issues.
        title: in sentences.
        settings_table: of forewatch.toml, with its recipe.
        meaning: of that table, for the settings' reference.
        recipe_type: of that table.
        rule: what its gate compares.
        columns: of the scores that a person reads first, with their headings.
        total: the call type that stands for the sum of its own in a table.
        has_casework: whether what it counts brings work that lands in later hours.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    settings_table: ClassVar[str]
    meaning: ClassVar[str]
    recipe_type: ClassVar[type[AnyRecipe]]
    rule: ClassVar[Rule] = Rule()
    columns: ClassVar[Mapping[str, str]]
    total: ClassVar[str] = "all"
    has_casework: ClassVar[bool] = False

    @abstractmethod
    def counted(self, profile: Profile) -> tuple[str, ...]:
        """Return the ids of the call types that it counts; () where a force has none of it."""

    @abstractmethod
    def forecast_types(self, profile: Profile) -> tuple[str, ...]:
        """Return the ids of the call types that its forecast tells apart."""

    @abstractmethod
    def train(
        self,
        history: History,
        until: pd.Timestamp,
        recipe: OwnRecipe,
        *,
        jobs: int = 1,
        progress: Progress = silent,
    ) -> Training:
        """Return the model trained on what was known at *until*, with its scores on past origins.

        Args:
            history: everything.
            until: the origin; nothing known later is used, not even to judge.
            recipe: what to train.
            jobs: processes to use; the result does not depend on it.
            progress: is told what is being done.

        Raises:
            SettingsError: if the force has none of it.
            NotEnoughHistory: below 16 weeks of counts.
        """

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> SubjectModel:
        """Return the model whose state this was; StaleModel if other code wrote it."""

    def stand_in(self, recipe: OwnRecipe) -> AnyRecipe | None:
        """Return what is trained where no version may be used, None where nothing stands in."""
        del recipe
        return None
