"""What every request passes and every answer carries, whatever its route."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import problems
from serving.api.hosts import Hosts
from sources.personal import about_persons

MAX_QUERY_BYTES = 8192  # 100 area ids of 63 letters fit; nothing that a rota system asks is longer
# Looking at a name takes 0.5 to 1.5 ms (python -m timeit on names of 8 to 63 letters), and nobody
# needs a key for it. No question has more than a few names that no route knows.
MAX_STRANGE_NAMES = 10

# The answers are data, not pages: a browser may show them, and neither run nor frame them.
# Source: OWASP, REST Security Cheat Sheet, "Security headers".
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Of an answer that came by https: a browser never again asks this name without. Source: RFC 6797.
_HTTPS_ONLY = "max-age=31536000"
_NAME_LETTERS = 63  # of a parameter's name, as much as is said back

Refusal = tuple[HTTPStatus, str, str, str]  # status, type, title and detail of a problem


class Questions:
    """What a query may look like, whatever the route."""

    def __init__(self, known: Collection[str], repeatable: Collection[str]) -> None:
        """Remember the names of parameters.

        Args:
            known: those that some route takes.
            repeatable: those of them that may stand several times.
        """
        self._known = frozenset(known)
        self._repeatable = frozenset(repeatable)

    def refusal(self, query: bytes) -> Refusal | None:
        """Return the problem of a query that no route answers."""
        if (length := len(query)) > MAX_QUERY_BYTES:
            status = HTTPStatus.REQUEST_URI_TOO_LONG
            detail = f"the query has {length} bytes, at most {MAX_QUERY_BYTES} are read; ask less"
            return status, "uri-too-long", status.phrase, detail
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        count = Counter(name for name, _ in pairs)
        strange = [name for name in count if name not in self._known]
        if len(strange) > MAX_STRANGE_NAMES:
            detail = (
                f"the query has {len(strange)} parameters that no route knows; see /openapi.json "
                "for those that there are"
            )
            return _unprocessable("unknown-parameters", "Unknown parameters", detail)
        # Never the value: what was sent of a person is not repeated.
        if personal := [name for name in strange if about_persons(name[:_NAME_LETTERS])]:
            names = ", ".join(dict.fromkeys(name[:_NAME_LETTERS] for name in personal))
            detail = (
                f"{names}: nothing about a person can be asked for here, and nothing is known; "
                "forecasts are of areas and times only: ask by area, week and period"
            )
            return _unprocessable("about-persons", "Nothing about persons is taken", detail)
        several = [name for name in count if count[name] > 1 and name not in self._repeatable]
        if several:
            names = ", ".join(name[:_NAME_LETTERS] for name in several)
            detail = f"{names}: given more than once, and only one can be meant; give one"
            return _unprocessable("repeated-parameter", "A parameter was repeated", detail)
        return None


def _unprocessable(slug: str, title: str, detail: str) -> Refusal:
    return HTTPStatus.UNPROCESSABLE_ENTITY, slug, title, detail


class GuardMiddleware:
    """The app behind limits on what is asked, with the security headers on each answer.

    Refused is what was sent to another host, and a query that is too long, repeats what stands
    once, or has a parameter whose name is about persons: by the same list of words that refuses
    such columns at import. HEAD is answered as GET is, without the body.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts, questions: Questions) -> None:
        """Wrap the app."""
        self._app = app
        self._hosts = hosts
        self._questions = questions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is asked in such a way, pass on the rest."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = _HTTPS_ONLY
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        found = self._misdirected(scope) or self._questions.refusal(scope["query_string"])
        if found:
            said = problems.problem_document(*found)
            refuse = scope["app"].state.refuse
            await refuse(Request(scope), said)(scope, receive, guarded)
            return
        scope.setdefault("state", {})["is_head"] = is_head
        # A copy: the server has to know that it was HEAD.
        inner = {**scope, "method": "GET"} if is_head else scope
        await self._app(inner, receive, guarded)
        if "route" in inner:
            scope["route"] = inner["route"]

    def _misdirected(self, scope: Scope) -> Refusal | None:
        given = Headers(scope=scope).getlist("host")
        takes = self._hosts.takes(given[0]) if len(given) == 1 else None
        if takes:
            return None
        if takes is None:
            status, what = HTTPStatus.BAD_REQUEST, "no host" if not given else "no single host"
            detail = f"the request names {what}; send one Host header with a name or an address"
            return status, "bad-host", status.phrase, detail
        status = HTTPStatus.MISDIRECTED_REQUEST
        detail = (
            "this service doesn't go by the name in the Host header; ask it by its own name, or "
            "add the name to [serving] hosts"
        )
        return status, "misdirected", status.phrase, detail
