"""How a worker makes a view: it asks, draws, and lays out what came of it.

A view is a function from what is asked to a `PageContent`: the name of a template and the plain
values that it lays out. `VIEWS` has them by name: one more is one more line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from time import monotonic
from typing import Protocol, cast

from forewatch.errors import DrawingUnavailable
from planning.issues import Issue
from serving.api.processes import Compute
from serving.api.shelf import Body, Shelf
from serving.api.worker import Answerer, answerer
from serving.charts.chart import Chart
from serving.charts.look import Look
from serving.drawing import Drawings
from serving.duty_records import DutyRecords
from serving.map_records import MapRecords
from serving.model_records import ModelRecords
from serving.page.page_frame import PageFrame
from serving.page.page_job import PageJob, is_page_job
from serving.page.rendering import render
from serving.special_records import SpecialRecords

_DRAWING_SECONDS = 0.6  # that a page waits for all its drawings; the rest comes when it is reloaded
# Drawn once for light and dark, whose colours the style sheet changes.
PHONE, LAPTOP = Look("light", 360), Look("light", 820)


@dataclass(frozen=True)
class Picture:
    """A chart as a view shows it.

    Args:
        chart: its name, summary and notes.
        phone: the drawing for narrow screens as SVG; "" where it isn't there.
        laptop: the one for wider screens; "" where the narrow one does for all.
    """

    chart: Chart
    phone: str
    laptop: str = ""


@dataclass(frozen=True)
class ViewSources:
    """What views are made from beside the issue.

    Args:
        shelf: of issues.
        duty: the plan of duty.
        maps: outlines of areas.
        special: events, special days and breaks.
        models: what trainings left behind.
        drawings: of charts; None: none are drawn.
    """

    shelf: Shelf
    duty: DutyRecords
    maps: MapRecords
    special: SpecialRecords
    models: ModelRecords
    drawings: Drawings | None


class Pictures:
    """Draws the charts of one page, within the time that it waits for them in all."""

    def __init__(
        self, drawings: Drawings | None, *, is_ahead: bool, seconds: float = _DRAWING_SECONDS
    ) -> None:
        """Begin to count.

        Args:
            drawings: of charts; None: none are drawn.
            is_ahead: whether they are only ordered.
            seconds: that they are waited for in all.
        """
        self._drawings = drawings
        self._is_ahead = is_ahead
        self._until = monotonic() + seconds
        self.is_any_missing = False  # and may come soon

    def order(self, *charts: Chart | None, looks: tuple[Look, ...] = (PHONE, LAPTOP)) -> None:
        """Have charts drawn while the page goes on; None is none."""
        if self._drawings is not None:
            self._drawings.draw_ahead([each for each in charts if each is not None], looks)

    def picture(self, chart: Chart, *, is_wide: bool = True) -> Picture:
        """Return a chart with its drawings, as far as they are there in time.

        Args:
            chart: the chart.
            is_wide: whether a wider screen has a drawing of its own.
        """
        looks = (PHONE, LAPTOP) if is_wide else (PHONE,)
        return Picture(chart, *(self._svg(chart, look) for look in looks))

    def _svg(self, chart: Chart, look: Look) -> str:
        if self._drawings is None or self._is_ahead:
            return ""
        try:
            return self._drawings.drawing(chart, look, max(self._until - monotonic(), 0.01)).svg
        except DrawingUnavailable:
            self.is_any_missing = True
            return ""


class ViewContent(Protocol):
    """What a view comes to before it is sent: a page, or a file."""

    @property
    def is_passing(self) -> bool:
        """Whether something couldn't be read, so that it mustn't be kept."""

    @property
    def status(self) -> int:
        """Of the answer."""

    @property
    def rows(self) -> int:
        """How many it has; of a page none are counted."""

    def content(self) -> bytes:
        """Return it as it is sent."""


@dataclass(frozen=True)
class PageContent:
    """A view before it is laid out.

    Args:
        template: name of the file in `serving/page/templates`.
        frame: what stands around it.
        values: plain values and texts that the template shows.
        is_passing: whether something couldn't be read, so that the page mustn't be kept.
    """

    template: str
    frame: PageFrame
    values: Mapping[str, object]
    is_passing: bool = False
    rows: int = 0

    @property
    def status(self) -> int:
        """Of the answer."""
        return self.frame.status

    def content(self) -> bytes:
        """Return it laid out, as it is sent."""
        return render(self.template, frame=self.frame, **self.values).encode()


MakeView = Callable[[PageJob, Issue, ViewSources, Pictures], ViewContent]
# By the name of a view its function; the modules import this one, so they are named, not imported.
VIEWS = {
    name: f"serving.page.{name}_view:{name}_view"
    for name in (
        *("week", "shift", "worries", "accuracy", "missing", "events"),
        *("board", "boards", "screen", "brief", "paper", "table"),
    )
}


def view_answerer(
    maps: MapRecords, special: SpecialRecords, models: ModelRecords, drawings: Drawings | None
) -> Answerer:
    """Return what gives what workers do: the page's jobs, and the API's."""
    makers = {name: _maker(where) for name, where in VIEWS.items()}  # in memory before any fork

    def answered_by(shelf: Shelf, records: DutyRecords) -> Compute:
        others = answerer(shelf, records)
        sources = ViewSources(shelf, records, maps, special, models, drawings)

        def answer(content: bytes, stop_if_told: Callable[[], None]) -> bytes | Iterator[bytes]:
            if not is_page_job(content):
                return others(content, stop_if_told)
            job = PageJob.read(content)
            return rendered_view(job, makers[job.view], sources).written()

        return answer

    return answered_by


def _maker(where: str) -> MakeView:
    module, _, name = where.partition(":")
    return cast("MakeView", getattr(import_module(module), name))


def rendered_view(job: PageJob, make: MakeView, sources: ViewSources) -> Body:
    """Return a view as it is sent.

    Raises:
        ForewatchError: if nothing of it can be shown.
    """
    pictures = Pictures(sources.drawings, is_ahead=job.is_ahead)
    view = make(job, sources.shelf.issue(job.issue).issue, sources, pictures)
    is_passing = view.is_passing or pictures.is_any_missing
    return Body(view.content(), None, view.rows, is_passing, view.status)
