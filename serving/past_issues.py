"""Issues of the past, made as of then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import pandas as pd

from features.asof import AsOf
from forewatch.errors import ForewatchError
from forewatch.history import History
from models.subject import Subject
from models.subject_model import SubjectModel
from planning.issues import Issue, Part
from serving.issue_subjects import model_part
from serving.subjects import FIRST, subjects_of
from serving.workspace import Workspace

MADE_AS_OF = "fitted as of its origin"
_TRAINED_AGAIN_DAYS = 84  # as an operator would; between two trainings, members are fitted anew


def issues_as_of(
    workspace: Workspace,
    history: History,
    origins: Sequence[pd.Timestamp],
    days: int,
    *,
    jobs: int,
) -> Iterator[Issue]:
    """Yield an issue for each origin, by models that were fitted on what was known then.

    A whole training, with weights and shocks, runs every twelve weeks; between, members are fitted
    anew. What can't be forecast beside all calls is left out, as it would have been.

    Args:
        workspace: whose recipes are trained.
        history: everything that is known by now.
        origins: instants, ascending.
        days: force-days ahead.
        jobs: processes to use.

    Raises:
        NotEnoughHistory: if too little was known at the first of them.
    """
    if not origins:
        return
    last = AsOf(history, origins[-1])
    span = pd.Timedelta(days=_TRAINED_AGAIN_DAYS)
    for _, each in groupby(origins, key=lambda origin: (origin - origins[0]) // span):
        views = [last.at(origin) for origin in each]
        models = {
            subject.name: _models(workspace, subject, history, views, jobs)
            for subject in subjects_of(workspace.profile)
        }
        for view in views:
            yield _issue(history, view, _parts(workspace, models, view, days))


def _models(
    workspace: Workspace, subject: Subject, history: History, views: Sequence[AsOf], jobs: int
) -> Iterator[SubjectModel | None]:
    """Yield the model of a subject at each view, None where there is none."""
    recipe = workspace.settings().recipe(subject)
    try:
        trained = subject.fit(history, views[0].origin, recipe, jobs=jobs)
    except ForewatchError:
        if subject is FIRST:
            raise
        yield from (None for _ in views)
        return
    yield trained
    yield from trained.refits(views[1:], jobs)


def _parts(
    workspace: Workspace, models: dict[str, Iterator[SubjectModel | None]], view: AsOf, days: int
) -> dict[str, Part]:
    parts = {}
    for subject in subjects_of(workspace.profile):
        model = next(models[subject.name])
        if model is not None:
            part = model_part(subject, model, view, days, MADE_AS_OF, explained=False)
            model.remember(view, part.forecast)
            parts[subject.name] = part
    return parts


def _issue(history: History, view: AsOf, parts: dict[str, Part]) -> Issue:
    pools = {kind: tuple(pool.leaves for pool in own) for kind, own in view.pools.items() if own}
    return Issue(
        number=0,
        published_at=view.origin,
        parts=parts,
        profile=history.profile,
        tree=history.tree,
        models=dict.fromkeys(parts, MADE_AS_OF),
        data_version=history.version,
        notes=("made as of its origin; nothing of it was published then",),
        pools=pools,
        is_draft=True,
    )
