"""What a monitor reads: how long requests take, how old the issue and its data are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import pandas as pd
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forewatch.errors import ForewatchError
from planning.issues import Issue
from serving.api.shelf import Shelf
from serving.api.workers import Workers

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_LIMITS = {"too-costly": "cost", "limit-reached": "key", "overloaded": "service"}
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


class Metrics:
    """The measurements of one app, in a registry of its own."""

    def __init__(self, shelf: Shelf, clock: Callable[[], pd.Timestamp], workers: Workers) -> None:
        """Measure ages against the clock at the moment of reading."""
        self._registry = CollectorRegistry()
        self.seconds = Histogram(
            "forewatch_request_seconds",
            "Time from request to the last byte of the answer, by route template.",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.in_flight = Gauge(
            "forewatch_requests_in_flight", "Requests being answered.", registry=self._registry
        )
        self.rejected_keys = Counter(
            "forewatch_rejected_keys", "Refused requests.", ("reason",), registry=self._registry
        )
        self.sign_ins = Counter(
            "forewatch_sign_ins", "Tries to sign in.", ("outcome",), registry=self._registry
        )
        self._limited = Counter(
            "forewatch_limited_requests",
            "Requests that met a limit, of a key or of the service.",
            ("limit",),
            registry=self._registry,
        )
        Gauge(
            "forewatch_questions_waiting", "Questions in line.", registry=self._registry
        ).set_function(lambda: workers.waiting)
        Gauge(
            "forewatch_workers_lost", "Worker processes replaced.", registry=self._registry
        ).set_function(lambda: workers.lost)

        def of_issue(reading: Callable[[Issue], float]) -> Callable[[], float]:
            """Return a gauge's reading, which is NaN while there is no issue."""

            def read() -> float:
                try:
                    return reading(shelf.latest().issue)
                except ForewatchError:
                    return float("nan")

            return read

        readings: tuple[tuple[str, str, Callable[[Issue], float]], ...] = (
            ("issue_number", "Number of the issue that is served.", lambda issue: issue.number),
            (
                "issue_age_seconds",
                "Time since the issue was published.",
                lambda issue: (clock() - issue.published_at).total_seconds(),
            ),
            (
                "data_age_seconds",
                "Time since the end of what was observed of the whole force.",
                lambda issue: (clock() - issue.forecast.data_until).total_seconds(),
            ),
            (
                "areas_and_types_behind",
                "Areas and call types whose counts end before the data of the issue do.",
                lambda issue: len(issue.freshness.observed.behind),
            ),
            (
                "issue_is_stale",
                "1 while the issue as a whole is stale.",
                lambda issue: issue.is_stale(clock()),
            ),
        )
        for name, said, reading in readings:
            gauge = Gauge(f"forewatch_{name}", said, registry=self._registry)
            gauge.set_function(of_issue(reading))

    def note_refusal(self, said: Mapping[str, Any]) -> None:
        """Count a problem, if it is one of limits."""
        if (limit := _LIMITS.get(said["type"].rpartition(":")[2])) is not None:
            self._limited.labels(limit).inc()

    def note_turned_away(self) -> None:
        """Count a request that was not taken up, for its asker had too many under way."""
        self._limited.labels("connections").inc()

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)


class MetricsMiddleware:
    """The app with each request counted and timed under its route's template."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wrap the app."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a path that is no route is counted as one, not each by its name."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = perf_counter()
        with self._metrics.in_flight.track_inprogress():
            try:
                await self._app(scope, receive, noted)
            finally:
                route = getattr(scope.get("route"), "path", "none")
                method = scope["method"] if scope["method"] in _METHODS else "other"
                labels = self._metrics.seconds.labels(method, route, str(status))
                labels.observe(perf_counter() - began)
