"""The process that serves an app: one worker on one address, until it is stopped."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI

from serving.api.guards import MAX_QUERY_BYTES

# Beyond these a request gets 503 at once, which a client can repeat; a queue would only grow.
_MAX_CONCURRENT = 200
_SHUTDOWN_SECONDS = 10


def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve until interrupted; requests under way are finished.

    Args:
        app: from `create_app`.
        host: address to listen on.
        port: port to listen on.
    """
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        lifespan="off",  # the app starts and ends with the process; a second Ctrl-C stays quiet
        access_log=False,  # /metrics counts requests; lines of addresses would only pile up
        server_header=False,
        proxy_headers=False,  # `serving.api.proxies` believes those that the settings name
        limit_concurrency=_MAX_CONCURRENT,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        # request line and headers: our own limit on the query, and room for the rest
        h11_max_incomplete_event_size=MAX_QUERY_BYTES * 4,
    )
