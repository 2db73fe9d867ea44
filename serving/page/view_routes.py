"""How a view is answered: kept by its question and reach, told 304 on reload, made by a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial

import pandas as pd
from cachetools import LRUCache
from fastapi import Request, Response

from forewatch.clock import Clock
from forewatch.errors import OutOfReach
from serving.accounts.viewers import Viewer
from serving.api import costs, media
from serving.api.answers import age_headers, open_question, work_out
from serving.api.processes import AskerGone
from serving.api.service import Service
from serving.api.shelf import OpenIssue
from serving.map_records import MapRecords
from serving.model_records import ModelRecords
from serving.page.addresses import STATE
from serving.page.page_job import PageJob
from serving.page.page_question import usual_week
from serving.page.rendering import HEADERS, templates_digest
from serving.page.views_under_way import ViewsUnderWay
from serving.reach import Reach
from serving.special_records import SpecialRecords
from serving.views import View

_RENDERING = 1  # raise it when the bytes of a view change though no template did
_LONGEST_VALUE = 200  # letters of a parameter's value that are looked at
# A browser keeps the page and asks each time whether it still holds, which costs a 304.
_CACHE = {"Cache-Control": "private, no-cache", "Vary": "Cookie, Authorization, X-API-Key"}
_CLIENT_GONE = 499
_WHOLE = Reach()
# Views that show the usual week of the usual area where nothing else is asked.
_WITH_USUAL_STATE = {"week", "worries", "accuracy", "missing", "events", "table"}
_STATES: LRUCache[tuple[str, pd.Timestamp, str], dict[str, str]] = LRUCache(256)


@dataclass(frozen=True)
class ViewRecords:
    """What the bytes of views depend on beside issues and the plan of duty.

    Args:
        maps: outlines of areas.
        special: events, special days and breaks.
        models: what trainings left behind.
        under_way: views that are being made.
    """

    maps: MapRecords
    special: SpecialRecords
    models: ModelRecords
    under_way: ViewsUnderWay = field(default_factory=ViewsUnderWay)


@dataclass(frozen=True)
class PageFile:
    """A file that a view is.

    Args:
        name: of it, with its ending.
        media_type: of it.
        is_attachment: whether a browser keeps it, and doesn't show it.
    """

    name: str
    media_type: str
    is_attachment: bool = True

    @property
    def disposition(self) -> str:
        """What the header says of it."""
        how = "attachment" if self.is_attachment else "inline"
        return f'{how}; filename="{self.name}"'


@dataclass(frozen=True)
class ViewAddress:
    """What the route of a view takes from its address.

    Args:
        view: its name in `serving.page.view_renderer.VIEWS`.
        names: of the parameters that it takes; others are passed over.
        path: what is asked by the path, by name.
        boards: the views of the force's own that it is about.
        file: that it is; None: it is a page.
    """

    view: str
    names: tuple[str, ...] = STATE
    path: Mapping[str, str] = field(default_factory=dict)
    boards: tuple[View, ...] = ()
    file: PageFile | None = None


def view_job(
    view: str,
    question: Mapping[str, str],
    opened: OpenIssue,
    serving: Service,
    reach: Reach = _WHOLE,
    *,
    is_ahead: bool = False,
) -> PageJob:
    """Return the job of a view, as it stands now.

    Args:
        view: its name in `serving.page.view_renderer.VIEWS`.
        question: parameters of its address.
        opened: the issue shown.
        serving: has shelf and clock.
        reach: of the viewer.
        is_ahead: whether nobody waits for it.
    """
    number = opened.issue.number
    standing, damage = serving.shelf.standing(number), serving.shelf.damage
    return PageJob(view, question, reach, number, serving.clock(), standing, damage, is_ahead)


async def respond_view(
    request: Request,
    serving: Service,
    viewer: Viewer,
    address: ViewAddress,
) -> Response:
    """Return a view within the viewer's reach, or 304 where the browser has it.

    Args:
        request: that asks.
        serving: the service.
        viewer: who looks.
        address: what of the address tells what is shown.

    Raises:
        ForewatchError: if nothing of it can be shown.
    """
    given = {name: request.query_params.getlist(name) for name in address.names}
    question = {n: values[-1][:_LONGEST_VALUE] for n, values in given.items() if values}
    question |= {name: value[:_LONGEST_VALUE] for name, value in address.path.items()}
    opened = await open_question(None, request, serving)
    job = view_job(address.view, question, opened, serving, viewer.reach)
    job = replace(job, boards=tuple(each.model_dump(mode="json") for each in address.boards))
    records: ViewRecords = request.app.state.view_records
    tag = view_tag(job, opened, serving, records)
    headers = HEADERS | age_headers(opened.issue, job.now) | _CACHE
    if media.is_known(request, tag):
        return media.not_modified(tag, headers)
    body = serving.shelf.bodies.get(tag)
    if body is None:
        cost = costs.VIEW, partial(min, 1)
        try:
            body = await records.under_way.body(tag, partial(work_out, job, cost, request, serving))
        except AskerGone:
            return Response(status_code=_CLIENT_GONE)
        if body.is_passing:  # a drawing that comes soon, or something that couldn't be read
            tag = media.entity_tag(tag, "passing", job.now)
        else:
            serving.shelf.bodies.keep(tag, body)
    request.state.rows = body.rows
    kind = "text/html"
    if address.file is not None:
        kind, headers["Content-Disposition"] = address.file.media_type, address.file.disposition
    return Response(body.content, body.status, {"ETag": tag, **headers}, kind)


def view_tag(job: PageJob, opened: OpenIssue, serving: Service, records: ViewRecords) -> str:
    """Return the tag of everything that the bytes of a view depend on.

    That is what was published, what of it has grown stale since, how it stands, the question,
    whose areas it is about, what was imported of plan, outlines and special times, what trainings
    left behind, and the day; of a view that tells the moment, that.
    """
    issue = opened.issue
    today = Clock.of(issue.profile).force_day(pd.DatetimeIndex([job.now]))[0]
    question = _full_question(job, opened, today)
    plain = replace(job, now=job.moment or today, is_ahead=False, question=question)
    return media.entity_tag(
        opened.sha256,
        plain.written(),
        issue.freshness.phase(job.now),
        serving.records.changed_at(),
        records.maps.version(),
        records.special.version(),
        records.models.version(),
        serving.shelf.changed_at(),  # earlier issues, which views look back to, may be withdrawn
        _digest(),
        _RENDERING,
    )


def _full_question(job: PageJob, opened: OpenIssue, today: pd.Timestamp) -> Mapping[str, str]:
    """Return a question with what is usual, so that a view has one tag however it is asked for."""
    if job.view not in _WITH_USUAL_STATE:
        return job.question
    key = opened.sha256, today, job.reach.text
    if key not in _STATES:
        issue = opened.issue
        try:
            area = job.reach.area_ids(issue.tree, ())[0]
        except OutOfReach:  # whoever makes the view says so
            return job.question
        _STATES[key] = {"week": usual_week(issue, job.now), "area": area}
    asked = {name: value for name, value in job.question.items() if value}
    return dict(sorted((_STATES[key] | asked).items()))


@cache
def _digest() -> str:
    return templates_digest()
