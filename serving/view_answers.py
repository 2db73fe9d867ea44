"""Use case: the views of a workspace, asked by their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from forewatch.areas import AreaTree
from forewatch.errors import DamagedIssue, ForewatchError, NoIssue, SettingsError
from planning.issues import Issue
from planning.tables import Table
from serving import answers
from serving.answers import OFFERS
from serving.printing import Columns, columns_of
from serving.queries import ViewQuery
from serving.reach import Reach
from serving.views import View, find_view
from serving.workspace import Workspace


def view_answer(workspace: Workspace, name: str, asked: Mapping[str, Any]) -> Table:
    """Return what an issue of a workspace answers to a view.

    Args:
        workspace: where the issue is, and the settings with the view.
        name: of the view.
        asked: what is said of time and issue, by the names of the fields of `ViewQuery`.

    Raises:
        UnknownView: if there is no such view.
        SettingsError: if it names a column that its answer doesn't have.
        ForewatchError: as `serving.answers.answer` does.
    """
    view = find_view(workspace.settings().views, name)
    query = view.query(answers.read_query(ViewQuery, asked))
    (found,) = answers.answer_query(workspace, OFFERS[view.answer], query)
    return view.shown(found)


def view_list(workspace: Workspace) -> Columns:
    """Return one row a view, in the order of the settings."""
    rows = [(view.id, view.title, _question_text(view)) for view in workspace.settings().views]
    return columns_of(["view", "title", "question"], rows)


def views_within(views: Sequence[View], tree: AreaTree, reach: Reach) -> tuple[View, ...]:
    """Return the views that ask for nothing out of somebody's reach."""
    return tuple(view for view in views if _is_within(view, tree, reach))


def view_faults(workspace: Workspace) -> tuple[str, ...]:
    """Return why views can't be answered from the issue in service; nothing without an issue."""
    views, store = workspace.settings().views, workspace.issues()
    if not views or not store.numbers():
        return ()
    try:
        return tuple(_faults(views, store.latest()))
    except (NoIssue, DamagedIssue):  # whoever asks is told, and so is who checks
        return ()


def _faults(views: Sequence[View], issue: Issue) -> Iterator[str]:
    now = pd.Timestamp.now("UTC")
    for view in views:
        offer, query = OFFERS[view.answer], view.query(ViewQuery()).dated(issue, now)
        try:
            asked = answers.question(offer, issue, query, Reach())
            view.shown(Table(offer.kind.columns_for(issue, asked), {}, {}))
        except SettingsError as error:
            yield str(error)
        except ForewatchError as error:
            yield f"view {view.id}: {error}"


def _is_within(view: View, tree: AreaTree, reach: Reach) -> bool:
    query = view.query(ViewQuery())
    try:
        reach.area_ids(tree, query.area)
        query.details(tree, reach)
    except ForewatchError:
        return False
    return True


def _question_text(view: View) -> str:
    """Return a view's question as the command line would have it."""
    words = [view.answer]
    for key, value in view.question.items():
        option = f"--{key.replace('_', '-')}"
        words += [f"{option} {each}" for each in (value if isinstance(value, list) else [value])]
    return " ".join(words)
