"""Use case: missing-person demand for an issue, by the champion of its model or its baseline."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from features.asof import AsOf
from forewatch.errors import ForewatchError, NoChampion, NotEnoughHistory
from models.missing.model import MissingPersons
from models.missing.settings import CLIMATOLOGY
from models.register import Version
from planning.issues import BASELINE_MISSING, BASELINE_MODEL, NO_MISSING, MissingForecast
from planning.landing import KnownReports
from planning.missing import MODEL
from serving import modelling
from serving.workspace import Workspace

_ONE_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Made:
    """What an issue gets: the forecast, or a note that says why there is none.

    Args:
        forecast: None where the force has no missing-person call types, or no forecast of them.
        models: what made it, for the issue's models.
        notes: for the issue's readers.
    """

    forecast: MissingForecast | None = None
    models: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def forecast(workspace: Workspace, view: AsOf, days: int) -> Made:
    """Return the missing-person demand of an issue.

    Where no version of its model may be used, its baseline stands in, and a note says why. The
    forecast of calls is published even where that can't be made either: then a note says so, with
    the reason, and questions about it are refused.

    Args:
        workspace: the force's.
        view: what is known at the issue's origin.
        days: force-days ahead.
    """
    if not workspace.profile.missing_call_types:
        return Made()
    try:
        try:
            return _by_champion(workspace, view, days)
        except ForewatchError as error:
            return _by_baseline(workspace, view, days, str(error))
    except ForewatchError as error:
        return Made(notes=(f"{NO_MISSING}{error}",))


def age_note(
    workspace: Workspace, champion: Version, origin: pd.Timestamp, model: str
) -> tuple[str, ...]:
    """Return a remark on a champion that is older than the settings allow, or nothing."""
    trained = pd.Timestamp(champion.tags.get("until", champion.created_at.isoformat()))
    age = (origin - trained) // _ONE_DAY
    if age <= workspace.settings().registry.max_age_days:
        return ()
    return (f"{model} was trained on data until {trained:%Y-%m-%d}, {age} days before the origin",)


def _by_champion(workspace: Workspace, view: AsOf, days: int) -> Made:
    """Return the champion's forecast.

    Raises:
        ForewatchError: if there is none that can be used; the message says why.
    """
    register = workspace.register("missing")
    champion = register.champion()
    if champion is None:
        raise NoChampion(modelling.unpromoted(register))
    model = MissingPersons.from_state(register.state(champion))
    made = _made(view, model, days, champion.version)
    notes = age_note(workspace, champion, view.origin, "the missing-person model")
    return Made(made, {MODEL: champion.version}, notes)


def _by_baseline(workspace: Workspace, view: AsOf, days: int, why: str) -> Made:
    """Return the forecast of the shrunken climatology, with spreads and verdicts of its own.

    What no gate let through is worse than this, or nobody knows; nothing would be worse still.

    Args:
        workspace: the force's.
        view: what is known at the issue's origin.
        days: force-days ahead.
        why: why there is no better one.

    Raises:
        ForewatchError: if not even that can be made.
    """
    recipe = workspace.settings().missing_training
    alone = recipe.model_copy(update={"members": (CLIMATOLOGY,)})
    model = MissingPersons(alone).fit(view)
    made = _made(view, model, days, BASELINE_MODEL)
    return Made(made, {MODEL: BASELINE_MODEL}, (f"{BASELINE_MISSING}{why}",))


def _made(view: AsOf, model: MissingPersons, days: int, version: str) -> MissingForecast:
    found, types = model.forecast(view, days), view.profile.missing_call_types
    judged = model.calibration_.verdicts if model.calibration_ is not None else pd.DataFrame()
    return MissingForecast(
        forecast=found,
        known=_known(view, types),
        uncalibrated={
            (str(row["level"]), str(row["window"])): str(row["reason"])
            for row in judged.to_dict("records")
        },
        model_version=version,
    )


def _known(view: AsOf, types: tuple[str, ...]) -> KnownReports | None:
    """Return the reports whose hours still land, None where too little of the past is known."""
    # One day more than hours are released over: a day of 23 hours may be among them.
    days = len(view.profile.missing.release) + 1
    try:
        return KnownReports.of(view, types, days)
    except NotEnoughHistory:
        return None
