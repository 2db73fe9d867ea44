"""Use case: the brief of a week as a PDF, made from the workspace without a running service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from forewatch.durable import OWNER_ONLY, whole_file
from forewatch.errors import SettingsError
from serving.api.shelf import Shelf
from serving.charts.chart import Chart
from serving.charts.look import Look
from serving.drawing import Drawing, Drawings
from serving.drawing_process import START_SECONDS
from serving.model_records import ModelRecords
from serving.page.page_job import PageJob
from serving.page.paper_view import paper_view
from serving.page.view_renderer import ViewSources, rendered_view
from serving.reach import Reach

if TYPE_CHECKING:
    from serving.site import ShownWorkspace


@dataclass(frozen=True)
class BriefOrder:
    """What brief to make.

    Args:
        out: the file.
        week: ISO week, or "this" or "next"; "": what the page shows unless told otherwise.
        area: id or name; "": the whole force.
        replaces: whether a file of that name may be replaced.
    """

    out: Path
    week: str = ""
    area: str = ""
    replaces: bool = False


class FirstDrawings(Drawings):
    """Drawings of a command, which waits until the process that draws is up."""

    def drawing(self, chart: Chart, look: Look, wait_seconds: float = 0.0) -> Drawing:
        """Return the drawing of a chart; raises as `Drawings.drawing` does."""
        return super().drawing(chart, look, START_SECONDS + wait_seconds)


def write_brief(
    workspace: ShownWorkspace, order: BriefOrder, now: pd.Timestamp | None = None
) -> str:
    """Write the brief of a week, and say what was written.

    Args:
        workspace: whose latest issue is told.
        order: what is wanted.
        now: the instant at which the issue's age is judged, UTC; None: the present.

    Raises:
        SettingsError: if the file is there already or can't be written.
        ForwardedProblem: if there is no such area or week.
        NoIssue: if nothing is published.
    """
    if order.out.exists() and not order.replaces:
        raise SettingsError(
            f"{order.out} is there already; give another name, or --force to replace it"
        )
    content = brief_pdf(workspace, order, pd.Timestamp.now("UTC") if now is None else now)
    try:
        with whole_file(order.out, OWNER_ONLY) as beside:
            beside.write_bytes(content)
    except OSError as error:
        raise SettingsError(
            f"{order.out} can't be written: {error.strerror}; give another place"
        ) from error
    return f"wrote {order.out}"


def brief_pdf(workspace: ShownWorkspace, order: BriefOrder, now: pd.Timestamp) -> bytes:
    """Return the brief that `write_brief` writes: the bytes of /brief.pdf at that moment."""
    shelf = Shelf(workspace.issues())
    number = shelf.latest().issue.number
    asked = {name: getattr(order, name) for name in ("week", "area") if getattr(order, name)}
    standing, damage = shelf.standing(number), shelf.damage
    job = PageJob("paper", asked, Reach(), number, now, standing, damage=damage)
    drawings = FirstDrawings()
    try:
        sources = ViewSources(
            shelf,
            workspace.duty_records(),
            workspace.map_records(),
            workspace.special_records(),
            ModelRecords(workspace.root),
            drawings,
        )
        return rendered_view(job, paper_view, sources).content
    finally:
        drawings.close()
