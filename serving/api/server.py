"""The processes that serve an app: one holds the address, others compute, until it is stopped.

The process of the connections checks keys and limits, sends answers that are at hand, and says how
it is: health, readiness and figures come from a process that never computes an answer; others do
(`serving.api.workers`).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import cast

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.api.connections import AskerMiddleware, Connection, Connections
from serving.drawing import Drawings
from serving.settings import ServingSettings

_MAX_CONNECTIONS = 2000
_FEW_FILES = 1024  # a process may open, where the system doesn't say
_OTHER_FILES = 200  # of what a process may open: files, workers, some to spare
_SHUTDOWN_SECONDS = 10
_NOTIFY_SECONDS = 5
_STARTUP_FAILURE = 3  # exit code. Source: uvicorn.main


def run_server(
    app: FastAPI,
    host: str,
    port: int,
    workers: int = ServingSettings().workers,
    drawings: Drawings | None = None,
    between: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve until interrupted; requests under way are finished.

    To be called before the process has threads of its own: it forks.

    Args:
        app: from `create_app`.
        host: address to listen on.
        port: port to listen on.
        workers: processes that compute answers.
        drawings: of charts, for which workers ask; None: nobody draws.
        between: called every few seconds, between requests; it mustn't take long.
    """
    if drawings is not None:
        drawings.share()
    app.state.service.workers.start(workers)
    if drawings is not None:
        drawings.listen()
    try:
        _run(app, host, port, between)
    finally:
        if drawings is not None:
            drawings.close()


def _run(app: FastAPI, host: str, port: int, between: Callable[[], Awaitable[None]] | None) -> None:
    connections = Connections(
        min(_MAX_CONNECTIONS, _files() - _OTHER_FILES), app.state.service.metrics.note_turned_away
    )
    config = uvicorn.Config(
        AskerMiddleware(app),
        host=host,
        port=port,
        http=cast("type[asyncio.Protocol]", partial(Connection, connections, HttpToolsProtocol)),
        ws="none",
        log_level="warning",
        lifespan="off",  # the app starts and ends with the process; a second Ctrl-C stays quiet
        access_log=False,  # /metrics counts requests; lines of addresses would only pile up
        server_header=False,
        proxy_headers=False,  # `serving.api.proxies` believes those that the settings name
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        timeout_notify=_NOTIFY_SECONDS,
        callback_notify=between,
    )
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):  # as `uvicorn.run` does
        server.run()
    if not server.started:
        sys.exit(_STARTUP_FAILURE)


def _files() -> int:
    """Return how many files, connections among them, this process may have open from now on."""
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return _FEW_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_CONNECTIONS + _OTHER_FILES
    if soft < wanted and (hard == resource.RLIM_INFINITY or soft < hard):
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft
