"""Use case: what the next forecast can't use of a table that was imported."""

from __future__ import annotations

import pandas as pd

from features.unused_rows import REMARKS, unused_rows
from forewatch.clock import Clock
from forewatch.errors import ForewatchError
from serving.workspace import Workspace


def unused_remarks(workspace: Workspace, table: str) -> tuple[str, ...]:
    """Return sentences on rows that a forecast from the data cut-off can't use, and why not.

    None of tables of which nothing can be said, and none where there is no history to forecast
    from: what is wrong with that is the check's to say.

    Args:
        workspace: the force's.
        table: the name of the table that was imported.
    """
    if table not in REMARKS:
        return ()
    try:
        history = workspace.history()
    except ForewatchError:
        return ()
    clock, origin = Clock.of(workspace.profile), history.observed_until
    days = pd.Timedelta(days=workspace.profile.publication.horizon_days)
    until = clock.day_start(clock.first_day_from(origin) + days)
    return unused_rows(history, origin, until, (table,))
