"""What an issue says of a subject: by the champion of its model, or by what stands in for it."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from features.asof import AsOf
from forewatch.clock import ONE_DAY
from forewatch.errors import ForewatchError, NoChampion, NotEnoughHistory
from forewatch.history import History
from models.artefacts import read_version
from models.register import Register, Version
from models.subject import Subject
from models.subject_model import SubjectModel
from planning.issues import NOT_FORECAST, Part
from planning.landing import KnownReports
from serving import modelling
from serving.earlier_issues import earlier_forecasts
from serving.workspace import Workspace

Notes = tuple[str, ...]
# Work of calls other than casework is over within a day or two; more is expected from the rates.
_CALLS_LAST_DAYS = 3


def subject_part(
    workspace: Workspace, subject: Subject, history: History, view: AsOf, days: int
) -> tuple[Part | None, Notes]:
    """Return what an issue says of a subject, with notes for its readers.

    Where no version of its model may be used, its baseline stands in, and a note says why. Where
    that can't be made either there is no part: then the note says so, with the reason, and
    questions about it are refused.

    Args:
        workspace: the force's.
        subject: what is forecast.
        history: everything.
        view: what is known of it at the issue's origin.
        days: force-days ahead.

    Raises:
        ForewatchError: if no version may be used and nothing stands in for the subject.
    """
    try:
        return _by_champion(workspace, subject, view, days)
    except ForewatchError as error:
        if subject.stand_in is None:
            raise
        why = f"{subject.title} is by its baseline, the {subject.rule.baseline}: {error}"
        recipe = workspace.settings().recipe(subject).model_copy(update=subject.stand_in)
    try:
        model = subject.fit(history, view.origin, recipe)
        part = model_part(subject, model, view, days, recipe.baseline)
        return replace(part, is_baseline=True), (why, *part.forecast.notes)
    except ForewatchError as error:
        return None, (f"{subject.title}{NOT_FORECAST}{error}",)


def champion_of(register: Register) -> Version:
    """Return the champion; NoChampion, with what can be done, if there is none."""
    champion = register.champion()
    if champion is None:
        raise NoChampion(f"{register.model} has no champion: {modelling.why_no_champion(register)}")
    return champion


def _by_champion(
    workspace: Workspace, subject: Subject, view: AsOf, days: int
) -> tuple[Part, Notes]:
    register = workspace.register(subject)
    champion = champion_of(register)
    model = subject.restore(read_version(register, champion), workspace.profile.extensions.packages)
    if model.remembers:
        trained = pd.Timestamp(model.fitted_at_)
        for told in earlier_forecasts(
            workspace.issues(), subject.name, champion.version, trained, view.origin
        ):
            model.remember(view.at(told.origin), told)
    part = model_part(subject, model, view, days, champion.version)
    outside = register.outside_note()
    notes = (
        *_age_notes(workspace, champion, view.origin, model.title),
        *([outside] if outside else []),
        *model.replacements(),
        *part.forecast.notes,
    )
    return part, notes


def model_part(
    subject: Subject,
    model: SubjectModel,
    view: AsOf,
    days: int,
    version: str,
    *,
    explained: bool = True,
) -> Part:
    """Return what a model says of a subject.

    Args:
        subject: what is forecast.
        model: of it.
        view: what is known at the origin.
        days: force-days ahead.
        version: of the model, as the issue names it.
        explained: whether the factors that explain it are kept.
    """
    return Part(
        forecast=model.forecast(view, days, explained=explained),
        model_version=version,
        has_casework=subject.has_casework,
        known=_open_reports(view, subject.counted(view.profile), has_casework=subject.has_casework),
        uncalibrated=model.uncalibrated(),
    )


def _age_notes(
    workspace: Workspace, champion: Version, origin: pd.Timestamp, model: str
) -> tuple[str, ...]:
    """Return a remark on a champion that is older than the settings allow, or nothing."""
    trained = pd.Timestamp(champion.tags.get("until", champion.created_at.isoformat()))
    age = (origin - trained) // ONE_DAY
    if age <= workspace.settings().registry.max_age_days:
        return ()
    return (f"{model} was trained on data until {trained:%Y-%m-%d}, {age} days before the origin",)


def _open_reports(view: AsOf, types: tuple[str, ...], *, has_casework: bool) -> KnownReports | None:
    """Return the reports whose work still lands, None where too little of the past is known."""
    # One day more than hours are released over: a day of 23 hours may be among them.
    days = len(view.profile.missing.release) + 1 if has_casework else _CALLS_LAST_DAYS
    try:
        return KnownReports.of(view, types, days)
    except NotEnoughHistory:
        return None
