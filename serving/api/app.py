"""The application: routes, guards, and errors turned into problems."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, get_origin

import pandas as pd
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from forewatch.errors import ForewatchError, UnknownName
from forewatch.frozen import Frozen
from serving import problems
from serving.answers import OFFERS
from serving.api import answers, catalogue, documents, exports, health, plans, rota, views
from serving.api.audited import AuditMiddleware
from serving.api.compression import CompressionMiddleware
from serving.api.guards import GuardMiddleware, Questions
from serving.api.hosts import Hosts
from serving.api.limits import Limits
from serving.api.metrics import Metrics, MetricsMiddleware
from serving.api.proxies import BehindProxies
from serving.api.schemas import ExportRequest, ModelsRequest, PageRequest
from serving.api.service import ServedWorkspace, Service
from serving.api.shelf import Shelf
from serving.api.worker import Answerer, answerer
from serving.api.workers import Workers
from serving.audit import AuditFile
from serving.queries import FormQuery, StaffingQuery, ViewQuery
from serving.settings import ServingSettings

_DEFAULTS = ServingSettings()
_MAX_COMPLAINTS = 10
_PARAMETERS: dict[str, type[Frozen]] = {
    **{offer.path: offer.query for offer in OFFERS.values()},
    views.ONE: ViewQuery,
    rota.REQUIREMENTS: StaffingQuery,
    "/v1/issues": PageRequest,
    "/v1/areas": FormQuery,
    "/v1/call-types": FormQuery,
    "/v1/models": ModelsRequest,
    exports.EXPORT: ExportRequest,
}


def present() -> pd.Timestamp:
    """Return the present instant, UTC."""
    return pd.Timestamp.now(tz="UTC")


def create_app(
    workspace: ServedWorkspace,
    *,
    clock: Callable[[], pd.Timestamp] = present,
    settings: ServingSettings = _DEFAULTS,
    audit: AuditFile | None = None,
    answered_by: Answerer = answerer,
) -> FastAPI:
    """Return the application that serves the issues of a workspace.

    New issues, keys and model registers are noticed while it runs.

    Args:
        workspace: where issues and keys are.
        clock: gives the present instant, UTC, by which ages are judged.
        settings: which hosts it answers to, which proxies it believes, the limits on what is asked.
        audit: where it is written who asked what; None: nowhere.
        answered_by: gives what workers do with a job.
    """
    app = FastAPI(
        title="Forewatch",
        version=documents.VERSION,
        summary="Police demand by place and time, with honest uncertainty",
        description=documents.ABOUT,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        # Their pages load scripts from elsewhere; the document itself is enough for any viewer.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a path is right or wrong; a redirect would lose the key
    )
    shelf = Shelf(workspace.issues())
    records = workspace.duty_records()
    workers = Workers(answered_by(shelf, records))
    metrics = Metrics(shelf, clock, workers)
    app.state.service = Service(
        shelf,
        workspace.keys(),
        workspace.snapshot,
        metrics,
        clock,
        Limits(settings),
        workers,
        workspace.profile_now,
        workspace.views_now,
        records,
        workspace.root,
    )
    for part in (answers, views, rota, plans, catalogue, exports, health):
        app.include_router(part.router)
    app.add_exception_handler(ForewatchError, _refusal)
    app.add_exception_handler(RequestValidationError, _malformed_request)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failure)
    _wrap(app, settings, clock, audit)
    app.add_middleware(MetricsMiddleware, metrics=metrics)
    # What is refused before any route was looked for; the page has pages for it.
    app.state.refuse = _refuse
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign] # FastAPI's documented way
    return app


def _wrap(
    app: FastAPI,
    settings: ServingSettings,
    clock: Callable[[], pd.Timestamp],
    audit: AuditFile | None,
) -> None:
    """Put around the app what every request passes, from the inside to the outside."""
    fields = [
        (field.alias or name, field.annotation)
        for model in _PARAMETERS.values()
        for name, field in model.model_fields.items()
    ]
    lists = {name for name, annotation in fields if get_origin(annotation) is list}
    app.add_middleware(CompressionMiddleware)
    app.add_middleware(
        GuardMiddleware,
        hosts=Hosts(settings.hosts, settings.host),
        questions=Questions({name for name, _ in fields}, lists),
    )
    if audit is not None:
        app.add_middleware(
            AuditMiddleware, file=audit, clock=clock, questions=settings.audit.questions
        )
    app.add_middleware(BehindProxies, trusted=settings.trusted_proxies, by=settings.forwarded_by)


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            license_info=app.license_info,
            routes=app.routes,
        )
        made["components"]["schemas"].update(documents.SCHEMAS)
        app.openapi_schema = made
    return app.openapi_schema


def _refuse(_: Request, said: dict[str, Any]) -> Response:
    return problems.response(said)


def _refusal(request: Request, error: Exception) -> Response:
    if not isinstance(error, ForewatchError):
        raise error
    said = problems.problem_of(error)
    request.app.state.service.metrics.note_refusal(said)
    return problems.response(said, problems.headers(error))


def _malformed_request(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    found = error.errors()[:_MAX_COMPLAINTS]
    near: list[str] = []
    complaints = []
    for each in found:
        name = ".".join(str(part) for part in each["loc"][1:])
        if each["type"] == "extra_forbidden":
            unknown = UnknownName("parameter", name[:63], _known_error(request))
            near.extend(unknown.near)
            complaints.append(f"{unknown}{views.REFUSAL if _path(request) == views.ONE else ''}")
        else:
            complaints.append(f"{name}: {each['msg'].removeprefix('Value error, ')}")
    said = problems.problem_document(status, "bad-request", "Bad parameters", "; ".join(complaints))
    return problems.response(said | ({"near": near} if near else {}))


def _known_error(request: Request) -> tuple[str, ...]:
    model = _PARAMETERS.get(_path(request), PageRequest)
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _path(request: Request) -> str:
    """Return the path of the route that took a request, with its parts in braces."""
    return str(request.scope["route"].path)


def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = {"Allow": ", ".join(_methods(request))}
        if request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=allowed)
        error.headers = allowed
    title = HTTPStatus(error.status_code).phrase
    slug = title.lower().replace(" ", "-")
    said = problems.problem_document(error.status_code, slug, title, str(error.detail))
    return problems.response(said, error.headers)


def _methods(request: Request) -> list[str]:
    """Return the methods that a path takes, OPTIONS among them, whatever route has them."""
    methods = {"OPTIONS"}
    for route in iter_route_contexts(request.app.routes):
        path, _, _ = compile_path(route.path or "")
        if path.match(request.url.path):
            methods |= set(route.methods or ())
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def _failure(_: Request, __: Exception) -> Response:
    # The server's log has the traceback; a stranger gets nothing of it.
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    detail = "the server failed to answer; its log says why"
    return problems.response(problems.problem_document(status, "failed", status.phrase, detail))
