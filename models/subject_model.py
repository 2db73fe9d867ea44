"""What was learned of a subject: members, their weights and the sizes of shared shocks.

Members forecast means, weights blend them, shocks make the blend a joint distribution. Weights and
shocks come from past origins, members from what is known last.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any, ClassVar, Self

from joblib import Parallel, delayed

from features.asof import AsOf
from forewatch import extensions
from forewatch.errors import NotFitted
from forewatch.extensions import Packages
from forewatch.rates import Forecast
from forewatch.shocks import Shocks
from models.artefacts import restoring
from models.recipe import AnyRecipe

# Of its own kind in each model.
Known = Any  # what members learn and forecast from
Members = Any
OwnRecipe = Any
Weights = Any


class SubjectModel(ABC):
    """Forecasts a subject.

    Args:
        recipe: everything chosen before the data are seen.

    Attributes:
        title: the model, as a sentence names it.
        recipe_type: of its recipe.
        remembers: whether the spread of its forecasts learns from those before, see `remember`.
        packages_: version of each package of the force's own that it was fitted with.
    """

    title: ClassVar[str]
    recipe_type: ClassVar[type[AnyRecipe]]
    remembers: ClassVar[bool] = False
    recipe: AnyRecipe
    members_: Members
    weights_: Weights

    def __init__(self, recipe: AnyRecipe) -> None:
        self.recipe = recipe
        self.members_ = None
        self.weights_ = None
        self.shocks_: Shocks | None = None
        self.fitted_at_: str = ""
        self.data_version_: str = ""
        self.packages_: dict[str, str] = {}

    @staticmethod
    @abstractmethod
    def known(view: AsOf, days: int) -> Known:
        """Return what members learn and forecast from: the past, and so many days ahead."""

    @staticmethod
    @abstractmethod
    def fit_members(recipe: OwnRecipe, known: Known, jobs: int = 1) -> Members:
        """Return members fitted to what `known` gave."""

    @abstractmethod
    def forecast(self, view: AsOf, days: int, *, explained: bool = False) -> Forecast:
        """Return the forecast from the view's origin.

        Args:
            view: what is known; its origin may be later than the one fitted on.
            days: force-days ahead, from the first that begins at or after the origin.
            explained: whether to give the factors that explain it, where there are any, at several
                times the cost.

        Raises:
            NotFitted: if nothing was learned yet.
            DataError: if the force's areas or call types changed since.
        """

    @abstractmethod
    def _own_state(self) -> dict[str, Any]:
        """Return members, weights and what else was learned."""

    @abstractmethod
    def _restore(self, state: dict[str, Any]) -> None:
        """Take over what `_own_state` gave."""

    def fit(self, view: AsOf, weights: Weights, shocks: Shocks, jobs: int = 1) -> Self:
        """Learn the members from what was known at the view's origin.

        Args:
            view: what was known.
            weights: weights of the members, from past origins.
            shocks: sizes of the shared shocks, from past origins.
            jobs: processes or threads to use.
        """
        known = self.known(view, self.recipe.origins.horizon_days)
        self.weights_, self.shocks_ = weights, shocks
        return self.take(self.fit_members(self.recipe, known, jobs), view)

    def with_members(self, members: Members, view: AsOf) -> Self:
        """Return a model of the same weights and shocks with members fitted on another view."""
        return copy(self).take(members, view)

    def take(self, members: Members, view: AsOf) -> Self:
        """Take over members that were learned on a view, and return the model itself."""
        self.members_ = members
        self.fitted_at_, self.data_version_ = view.origin.isoformat(), view.version
        self.packages_ = extensions.versions(view.profile.extensions.packages)
        return self

    def refits(self, views: Sequence[AsOf], jobs: int) -> Iterator[Self]:
        """Yield for each view the model of the same weights and shocks with members learned there.

        Args:
            views: what was known, one after the other.
            jobs: processes to use.
        """
        horizon = self.recipe.origins.horizon_days
        tasks = (delayed(self.fit_members)(self.recipe, self.known(v, horizon)) for v in views)
        workers = Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="n_jobs")
        model = self
        for members, view in zip(workers(tasks), views, strict=True):
            model = model.with_members(members, view)  # which knows what those before remember
            yield model

    def remember(self, view: AsOf, forecast: Forecast) -> None:  # noqa: B027 - most learn nothing
        """Keep what a forecast of its own tells the spread of later ones, if it can.

        Args:
            view: what was known at its origin.
            forecast: made by the model itself, whose members saw nothing from its origin on.
        """

    def replacements(self) -> tuple[str, ...]:
        """Return what is forecast by others in the place of a member, with the reason."""
        return ()

    def uncalibrated(self) -> Mapping[tuple[str, str], str]:
        """Return (level of areas, kind of window) → why its likelihoods can't be trusted, or "".

        What stands here was judged on past origins.
        """
        return {}

    def estimates(self) -> tuple[Weights, Shocks]:
        """Return weights and sizes of the shocks; NotFitted if nothing was learned yet."""
        if self.shocks_ is None or self.weights_ is None:
            raise NotFitted(f"{self.title} is not fitted; train first")
        return self.weights_, self.shocks_

    def state(self) -> dict[str, Any]:
        """Return all that was learned: JSON values, numeric arrays, text of boosters.

        Raises:
            NotFitted: if nothing was learned yet.
        """
        _, shocks = self.estimates()
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "shocks": shocks.state(),
            "fitted_at": self.fitted_at_,
            "data_version": self.data_version_,
            "packages": self.packages_,
            **self._own_state(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], packages: Packages = ()) -> Self:
        """Return the model whose state this was.

        Args:
            state: what `state` gave.
            packages: those that may be loaded.

        Raises:
            StaleModel: if other code wrote it, with other settings or other parts.
            SettingsError: if it was made with packages that may not be loaded, or aren't there.
        """
        with restoring(cls.title):
            needed = state["packages"]
            extensions.stop_without(needed, packages, cls.title)
            model = cls(cls.recipe_type.model_validate(state["recipe"]))
            model.packages_ = needed
            model._restore(state)
            model.shocks_ = Shocks.from_state(state["shocks"])
            model.fitted_at_, model.data_version_ = state["fitted_at"], state["data_version"]
        return model
