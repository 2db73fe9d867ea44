"""How a view is answered: kept by its question and reach, told 304 on reload, made by a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial

import pandas as pd
from fastapi import Request, Response

from forewatch.clock import Clock
from serving.accounts.roles import Role
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
from serving.page.rendering import HEADERS, templates_digest
from serving.reach import Reach
from serving.special_records import SpecialRecords
from serving.views import View

_RENDERING = 1  # raise it when the bytes of a view change though no template did
_LONGEST_VALUE = 200  # letters of a parameter's value that are looked at
# A browser keeps the page and asks each time whether it still holds, which costs a 304.
_CACHE = {"Cache-Control": "private, no-cache", "Vary": "Cookie, Authorization, X-API-Key"}
_CLIENT_GONE = 499


@dataclass(frozen=True)
class ViewRecords:
    """What the bytes of views depend on beside issues and the plan of duty.

    Args:
        maps: outlines of areas.
        special: events, special days and breaks.
        models: what trainings left behind.
    """

    maps: MapRecords
    special: SpecialRecords
    models: ModelRecords


@dataclass(frozen=True)
class ViewAddress:
    """What the route of a view takes from its address.

    Args:
        view: its name in `serving.page.view_renderer.VIEWS`.
        names: of the parameters that it takes; others are passed over.
        path: what is asked by the path, by name.
        boards: the views of the force's own that it is about.
        file: name of the PDF that it is; "": it is a page.
    """

    view: str
    names: tuple[str, ...] = STATE
    path: Mapping[str, str] = field(default_factory=dict)
    boards: tuple[View, ...] = ()
    file: str = ""

    @property
    def media_type(self) -> str:
        """Of the answer."""
        return media.PDF if self.file else "text/html"


def view_job(
    view: str,
    question: Mapping[str, str],
    opened: OpenIssue,
    serving: Service,
    who: tuple[Reach, Role] = (Reach(), "viewer"),
    *,
    is_ahead: bool = False,
) -> PageJob:
    """Return the job of a view, as it stands now.

    Args:
        view: its name in `serving.page.view_renderer.VIEWS`.
        question: parameters of its address.
        opened: the issue shown.
        serving: has shelf and clock.
        who: the areas and the role of the viewer.
        is_ahead: whether nobody waits for it.
    """
    reach, role = who
    number = opened.issue.number
    standing, damage = serving.shelf.standing(number), serving.shelf.damage
    return PageJob(view, question, reach, number, serving.clock(), standing, role, damage, is_ahead)


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
    job = view_job(address.view, question, opened, serving, (viewer.reach, viewer.role))
    job = replace(job, boards=tuple(each.model_dump(mode="json") for each in address.boards))
    tag = view_tag(job, opened, serving, request.app.state.view_records)
    headers = HEADERS | age_headers(opened.issue, job.now) | _CACHE
    if media.is_known(request, tag):
        return media.not_modified(tag, headers)
    body = serving.shelf.bodies.get(tag)
    if body is None:
        cost = costs.VIEW
        try:
            body = await work_out(job, (cost, partial(min, 1)), request, serving)
        except AskerGone:
            return Response(status_code=_CLIENT_GONE)
        if body.is_passing:  # a drawing that comes soon, or something that couldn't be read
            tag = media.entity_tag(tag, "passing", job.now)
        else:
            serving.shelf.bodies.keep(tag, body)
    if address.file:
        headers["Content-Disposition"] = f'inline; filename="{address.file}"'
    return Response(body.content, body.status, {"ETag": tag, **headers}, address.media_type)


def view_tag(job: PageJob, opened: OpenIssue, serving: Service, records: ViewRecords) -> str:
    """Return the tag of everything that the bytes of a view depend on.

    That is what was published, what of it has grown stale since, how it stands, the question,
    whose areas it is about, what was imported of plan, outlines and special times, what trainings
    left behind, and the day; of a view that tells the moment, that.
    """
    issue = opened.issue
    today = Clock.of(issue.profile).force_day(pd.DatetimeIndex([job.now]))[0]
    plain = replace(job, now=job.moment or today, is_ahead=False)
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


@cache
def _digest() -> str:
    return templates_digest()
