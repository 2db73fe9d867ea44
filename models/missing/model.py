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

from collections.abc import Mapping
from typing import Any

import numpy as np

from features.asof import AsOf
from forewatch.arrays import Array
from forewatch.errors import DataError
from forewatch.rates import Forecast
from models.missing.calibration import Calibration
from models.missing.members import Members, blend_reports
from models.missing.reports import Reports, reports
from models.missing.settings import CLIMATOLOGY, MissingRecipe
from models.missing.spreading import rates_of, shares_of
from models.subject_model import SubjectModel


class MissingPersons(SubjectModel):
    """Forecasts missing-person reports; see the module for the steps.

    Weights have shape (blocks of leads, members).
    """

    title = "the missing-person model"
    recipe_type = MissingRecipe
    recipe: MissingRecipe
    members_: Members
    weights_: Array | None

    def __init__(self, recipe: MissingRecipe) -> None:
        super().__init__(recipe)
        self.members_ = Members(recipe)
        self.calibration_: Calibration | None = None

    @staticmethod
    def known(view: AsOf, days: int) -> Reports:
        """Return the reports as known at the view's origin."""
        return reports(view, days)

    @staticmethod
    def fit_members(recipe: MissingRecipe, known: Reports, jobs: int = 1) -> Members:
        """Return the recipe's members, fitted to reports; they are quick and use one process."""
        del jobs
        return Members(recipe).fit(known)

    def forecast(self, view: AsOf, days: int, *, explained: bool = False) -> Forecast:
        """Return the forecast from the view's origin; it has no factors."""
        del explained
        weights, shocks = self.estimates()
        seen = reports(view, days)
        learned = self.members_.places_
        if seen.places != learned:
            odd = sorted(set(seen.places) ^ set(learned))
            raise DataError(
                f"{self.title} learned {len(learned)} areas, there are {len(seen.places)} now; the "
                f"first that differs: {(odd or ['the order'])[0]}; train again"
            )
        predicted = self.members_.predict(seen)
        mean = blend_reports(predicted, weights, self.recipe.lead_blocks)
        plain = predicted[list(self.recipe.members).index(CLIMATOLOGY)]
        rates = rates_of(view, seen.horizon, mean, plain, shares_of(view, self.recipe))
        return Forecast(view.origin, view.known_until, rates, shocks)

    def uncalibrated(self) -> Mapping[tuple[str, str], str]:
        """Return why likelihoods of a level of areas and a kind of window can't be trusted."""
        return {} if self.calibration_ is None else self.calibration_.reasons

    def _own_state(self) -> dict[str, Any]:
        return {
            "members": self.members_.state(),
            "weights": self.weights_,
            "calibration": None if self.calibration_ is None else self.calibration_.state(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.members_ = Members(self.recipe).restored(state["members"])
        self.weights_ = np.asarray(state["weights"])
        if state["calibration"] is not None:
            self.calibration_ = Calibration.from_state(state["calibration"])


MODEL = MissingPersons
