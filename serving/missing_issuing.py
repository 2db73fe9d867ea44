"""Use case: missing-person demand for an issue, by the champion of its own model."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from features.asof import AsOf
from forewatch.errors import ForewatchError, NotEnoughHistory
from models.missing.model import MissingPersons
from models.register import Version
from planning.issues import NO_MISSING, MissingForecast
from planning.landing import KnownReports
from planning.missing import MODEL
from planning.suppression import decided
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

    The weekly forecast of calls is published even where this one can't be made: then a note says
    so, with the reason, and questions about it are refused.

    Args:
        workspace: the force's.
        view: what is known at the issue's origin.
        days: force-days ahead.
    """
    types = workspace.profile.missing_call_types
    if not types:
        return Made()
    try:
        return _made(workspace, view, types, days)
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


def _made(workspace: Workspace, view: AsOf, types: tuple[str, ...], days: int) -> Made:
    register = workspace.register("missing")
    champion = register.champion()
    if champion is None:
        why = "no version of its model is promoted; run 'forewatch train --model missing --promote'"
        return Made(notes=(f"{NO_MISSING}{why}",))
    model = MissingPersons.from_state(register.state(champion))
    found = model.forecast(view, days)
    years = found.rates.force_days.isocalendar()["year"].unique().tolist()
    judged = model.calibration_.verdicts if model.calibration_ is not None else pd.DataFrame()
    made = MissingForecast(
        forecast=found,
        known=_known(view, types),
        patterns=decided(view, types, sorted(years), workspace.issues().patterns()),
        uncalibrated={
            (str(row["level"]), str(row["window"])): str(row["reason"])
            for row in judged.to_dict("records")
        },
        model_version=champion.version,
    )
    return Made(
        made,
        {MODEL: champion.version},
        age_note(workspace, champion, view.origin, "the missing-person model"),
    )


def _known(view: AsOf, types: tuple[str, ...]) -> KnownReports | None:
    """Return the reports whose hours still land, None where too little of the past is known."""
    # One day more than hours are released over: a day of 23 hours may be among them.
    days = len(view.profile.missing.release) + 1
    try:
        return KnownReports.of(view, types, days)
    except NotEnoughHistory:
        return None
