"""Use case: the champion's forecast becomes a published issue."""

from __future__ import annotations

import pandas as pd

from features.asof import AsOf
from features.breaks import EXCLUDE
from features.unused_rows import unused_rows
from forewatch.clock import Clock
from forewatch.history import History
from forewatch.progress import Progress
from models.engine import Engine
from models.line_up import replacements
from models.register import CHAMPION, Version
from planning.issues import Issue
from serving import missing_issuing
from serving.spans import instant
from serving.workspace import Workspace

_ONE_DAY = pd.Timedelta(days=1)


def issue(
    workspace: Workspace, *, origin: str | None, days: int | None, progress: Progress
) -> Issue:
    """Publish the champion's forecast.

    Args:
        workspace: the force's.
        origin: as a person writes it; None: the data cut-off.
        days: force-days ahead; None: the profile's horizon.
        progress: is told what is being done.

    Raises:
        NoChampion: if no version is promoted.
    """
    profile = workspace.profile
    progress("opening the registry", 0, 0)
    register = workspace.register()
    champion = register.version(CHAMPION)
    engine = Engine.from_state(register.state(champion))
    progress("reading the history", 0, 0)
    history = workspace.history()
    at = instant(Clock.of(profile), origin) if origin else history.observed_until
    progress("forecasting", 0, 0)
    view = AsOf(history, at)
    horizon_days = days or profile.publication.horizon_days
    forecast = engine.forecast(view, horizon_days, explained=True)
    missing = missing_issuing.forecast(workspace, view, horizon_days)
    now = pd.Timestamp.now("UTC")
    made = Issue(
        number=0,
        published_at=now.as_unit("us"),
        forecast=forecast,
        profile=profile,
        tree=history.tree,
        model_version=champion.version,
        models={"engine": engine.recipe.fingerprint()} | missing.models,
        data_version=history.version,
        notes=(
            *notes(workspace, champion, history, at),
            *([outside] if (outside := register.outside_note()) else []),
            *missing.notes,
            *replacements(engine.recipe, engine.members_),
            *announced(view, forecast.rates.edges[-1]),
            *unused_rows(history, at, forecast.rates.edges[-1]),
        ),
        missing=missing.forecast,
    )
    return workspace.issues().publish(made)


def notes(
    workspace: Workspace, champion: Version, history: History, origin: pd.Timestamp
) -> tuple[str, ...]:
    """Return what the readers of an issue should know about its model and its data."""
    said = list(missing_issuing.age_note(workspace, champion, origin, "the model"))
    behind = (origin - history.observed_until) // _ONE_DAY
    if behind >= 1:
        said.append(
            f"nothing is known of the {behind} days before the origin: the data end at "
            f"{history.observed_until:%Y-%m-%d %H:%M} UTC"
        )
    return tuple(said)


def announced(view: AsOf, until: pd.Timestamp) -> tuple[str, ...]:
    """Return the breaks of the register that change the days forecast from one of them on.

    Those that say too little for that are told by `features.unused_rows`.
    """
    table = view.breaks()
    ahead = table[(table["start"] >= view.origin) & (table["start"] < until)]
    types = ["", *view.profile.call_type_ids]
    used = ahead["call_type"].isin(types) & (ahead["kind"] != EXCLUDE)
    stated = ahead[used & (ahead["expected_ratio"] > 0)]
    return tuple(
        f"from {row['start'].tz_convert(view.clock.zone):%Y-%m-%d %H:%M} a {row['kind']} of "
        f"{row['call_type'] or 'all call types'}, {row['area'] or 'everywhere'}: {row['reason']}; "
        f"calls × {row['expected_ratio']:.2f} as stated"
        for row in stated.to_dict("records")
    )


def text(published: Issue) -> str:
    """Return an issue in a few lines for a person."""
    days = published.forecast.rates.force_days
    zone = published.profile.force.zone
    lines = [
        f"published issue {published.number} of {published.profile.force.name}",
        f"  origin      {published.forecast.origin.tz_convert(zone):%Y-%m-%d %H:%M %Z}",
        f"  data until  {published.forecast.data_until.tz_convert(zone):%Y-%m-%d %H:%M %Z}",
        f"  force-days  {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d} ({len(days)})",
        f"  model       version {published.model_version}",
        *(f"  note        {note}" for note in published.notes),
    ]
    return "\n".join(lines)
