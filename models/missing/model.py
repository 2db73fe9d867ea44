"""The model of missing-person reports: members, their weights, shares of hours and areas, shocks.

1. Members forecast the reports of each modelled area and force-day (`models.missing.members`).
2. Weights that past origins gave blend them, by block of leads (`models.missing.origins`).
3. Shares split an area's day into hours, leaf areas and grades (`models.profiles`).
4. Shocks, sized on past origins, make it a joint distribution: days of one area go up and down
   together for a week, because the same people go missing again.

The forecast has one call type, "missing_person", whatever call types are summed, and its baseline
is the shrunken climatology of the area. About areas and times only: nothing here knows a person.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.asof import AsOf
from forewatch.errors import DataError, NotFitted
from forewatch.progress import Progress
from forewatch.rates import Forecast
from forewatch.shocks import Shocks
from models.artefacts import restoring
from models.missing import calibration, origins
from models.missing.calibration import Calibration
from models.missing.members import Members, blended
from models.missing.reports import reports
from models.missing.settings import CLIMATOLOGY, MissingRecipe
from models.missing.spreading import shares_of, spread

Array = NDArray[np.float64]


class MissingPersons:
    """Forecasts missing-person reports; see the module for the steps.

    Args:
        recipe: everything chosen before the data are seen.
    """

    def __init__(self, recipe: MissingRecipe | None = None) -> None:
        self.recipe = recipe or MissingRecipe()
        self.members_: Members | None = None
        self.places_: tuple[str, ...] = ()
        self.weights_: Array | None = None
        self.shocks_: Shocks | None = None
        self.calibration_: Calibration | None = None
        self.fitted_at_: str = ""
        self.data_version_: str = ""

    def fit(self, view: AsOf, jobs: int = 1, progress: Progress | None = None) -> Self:
        """Learn everything from what was known at the view's origin, past origins included.

        Args:
            view: what was known.
            jobs: processes to use; the result does not depend on it.
            progress: is told what is being done.

        Raises:
            SettingsError: if no call type of the force is a missing-person report.
            NotEnoughHistory: below 16 weeks of counts.
        """
        self.judged_fit(view, jobs, progress)
        return self

    def judged_fit(
        self, view: AsOf, jobs: int = 1, progress: Progress | None = None
    ) -> Calibration:
        """Learn as `fit` does, and return what past origins say of the likelihoods."""
        found = origins.folds(view, self.recipe, jobs, progress)
        weights, shocks = origins.learned(found, self.recipe)
        self.with_origins(view, weights, shocks)
        self.calibration_ = calibration.of(view, found, self.recipe)
        return self.calibration_

    def with_origins(self, view: AsOf, weights: Array, shocks: Shocks) -> Self:
        """Learn the members from the view, with weights and shocks that are known already.

        Args:
            view: what was known.
            weights: of the members, shape (blocks of leads, members).
            shocks: sizes of the shared shocks.
        """
        seen = reports(view, self.recipe.origins.horizon_days)
        self.members_ = Members(self.recipe).fit(seen)
        self.places_ = seen.places
        self.weights_, self.shocks_ = weights, shocks
        self.fitted_at_, self.data_version_ = view.origin.isoformat(), view.version
        return self

    def forecast(self, view: AsOf, days: int) -> Forecast:
        """Return the forecast from the view's origin.

        Args:
            view: what is known; its origin may be later than the one fitted on.
            days: force-days ahead, from the first that begins at or after the origin.

        Raises:
            NotFitted: if nothing was learned yet.
            DataError: if the force's areas changed since.
        """
        if self.members_ is None or self.weights_ is None or self.shocks_ is None:
            raise NotFitted("the missing-person model is not fitted; train first")
        seen = reports(view, days)
        if seen.places != self.places_:
            odd = sorted(set(seen.places) ^ set(self.places_))
            raise DataError(
                f"the missing-person model learned {len(self.places_)} areas, there are "
                f"{len(seen.places)} now; the first that differs: {(odd or ['the order'])[0]}; "
                "train again"
            )
        predicted = self.members_.predict(seen)
        mean = blended(predicted, self.weights_, self.recipe.lead_blocks)
        plain = predicted[list(self.recipe.members).index(CLIMATOLOGY)]
        rates = spread(view, seen.horizon, mean, plain, shares_of(view, self.recipe))
        return Forecast(view.origin, view.known_until, rates, self.shocks_)

    def state(self) -> dict[str, Any]:
        """Return all that was learned: JSON values and numeric arrays."""
        if self.members_ is None or self.weights_ is None or self.shocks_ is None:
            raise NotFitted("the missing-person model is not fitted; there is no state to keep")
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "places": list(self.places_),
            "members": self.members_.state(),
            "weights": self.weights_,
            "shocks": self.shocks_.state(),
            "calibration": None if self.calibration_ is None else self.calibration_.state(),
            "fitted_at": self.fitted_at_,
            "data_version": self.data_version_,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the model whose state this was.

        Raises:
            StaleModel: if other code wrote it, with other settings or other parts.
        """
        with restoring("the missing-person model"):
            model = cls(MissingRecipe.model_validate(state["recipe"]))
            model.members_ = Members(model.recipe).restored(state["members"])
            model.places_ = tuple(state["places"])
            model.weights_ = np.asarray(state["weights"])
            model.shocks_ = Shocks.from_state(state["shocks"])
            if state["calibration"] is not None:
                model.calibration_ = Calibration.from_state(state["calibration"])
            model.fitted_at_, model.data_version_ = state["fitted_at"], state["data_version"]
        return model
