"""What is forecast, each thing said once: all calls, missing-person reports, and what comes next.

What uses subjects iterates over them (`serving.subjects`); the next one is a folder like
`models.demand` and a line there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from forewatch.extensions import Packages
from forewatch.profile import Profile
from forewatch.progress import Progress, silent
from models.recipe import AnyRecipe
from models.verdict import Rule

if TYPE_CHECKING:  # to know what is forecast needs no numbers, which take long to import
    import pandas as pd

    from forewatch.history import History
    from models.origins import EarlierFits
    from models.report import Report
    from models.subject_model import SubjectModel


@dataclass(frozen=True)
class Training:
    """What a training hands over.

    Args:
        model: fitted on everything known by the end of the training.
        scores: on past origins, one row a level and block of leads, as `models.gate.judge` reads
            them; the first level is the whole force.
        notes: what a reader of the report should know.
        losses: sums of losses on the same origins, and of the baseline's, see
            `models.comparison.weekly`.
    """

    model: SubjectModel
    scores: pd.DataFrame
    notes: tuple[str, ...]
    losses: pd.DataFrame

    def report(self) -> Report:
        """Return what a person reads of it, apart from the gate's verdict."""
        raise NotImplementedError


@dataclass(frozen=True)
class Subject:
    """One thing that is forecast.

    Args:
        name: in the registry, the settings, commands, the API and issues.
        title: in sentences.
        package: holds `training.train` and `model.MODEL`, which are imported when they are used.
        settings_table: of forewatch.toml, with its recipe; meaning: of that table.
        recipe_type: of that table.
        counted: gives the ids of the call types that a force counts for it; () where it has none.
        columns: of the scores that a person reads first, with their headings.
        rule: what its gate compares.
        total: the call type that stands for the sum; if not "all", the only one forecast.
        stand_in: what of the recipe is changed for the baseline that is trained where no version
            may be used; None where nothing stands in.
        has_casework: whether what it counts brings work that lands in later hours.
    """

    name: str
    title: str
    package: str
    settings_table: str
    meaning: str
    recipe_type: type[AnyRecipe]
    counted: Callable[[Profile], tuple[str, ...]]
    columns: Mapping[str, str]
    rule: Rule = field(default_factory=Rule)
    total: str = "all"
    stand_in: Mapping[str, Any] | None = None
    has_casework: bool = False

    def call_types(self, profile: Profile) -> tuple[str, ...]:
        """Return the ids of the call types that its forecast tells apart."""
        return self.counted(profile) if self.total == "all" else (self.total,)

    def train(
        self,
        history: History,
        until: pd.Timestamp,
        recipe: AnyRecipe,
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
        run: Callable[..., Training] = import_module(f"{self.package}.training").train
        return run(history, until, recipe, jobs, progress)

    def fit(
        self,
        history: History,
        until: pd.Timestamp,
        recipe: AnyRecipe,
        *,
        jobs: int = 1,
        progress: Progress = silent,
        earlier: EarlierFits | None = None,
    ) -> SubjectModel:
        """Return the model that `train` gives, without scores that nobody asks for.

        Args:
            history: as of `train`, and so the next four.
            until: the origin.
            recipe: what to train.
            jobs: processes to use.
            progress: is told what is being done.
            earlier: what need not be fitted again, of the same history and recipe; what is fitted
                here is added.
        """
        module = import_module(f"{self.package}.training")
        model: SubjectModel = module.fit(history, until, recipe, jobs, progress, earlier)
        if earlier is not None:
            earlier.members = {model.fitted_at_: model.members_}
        return model

    def restore(self, state: dict[str, Any], packages: Packages) -> SubjectModel:
        """Return the model whose state this was, see `SubjectModel.from_state`."""
        model: type[SubjectModel] = import_module(f"{self.package}.model").MODEL
        return model.from_state(state, packages)
