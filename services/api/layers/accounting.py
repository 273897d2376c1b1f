"""The outermost layer: every request has an id, every answer the same headers, and every exchange leaves a trace.

The trace names method, route template, status, time, request, actor and workspace. It holds no path, no query string,
no body and no address, since those carry personal data.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from secrets import token_hex
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.logs import AccessLog
from services.api.metrics import Metrics
from services.logs import REQUEST_ID

SANE_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"})

_PROCESS = token_hex(5)
_NUMBER = count(1)


def new_id() -> str:
    """Unique over processes by its first half and within one by its second; a tenth of the price of a uuid."""
    return f"{_PROCESS}{next(_NUMBER):08x}"


def accounting(app: ASGIApp, metrics: Metrics, access_log: AccessLog | None) -> ASGIApp:
    """Give each request its id and account for its answer."""

    async def accounted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, _flushing(send, access_log) if access_log else send)
            return
        began = perf_counter()
        asked = _asked_id(scope)
        request_id = asked or new_id()
        scope["request_id"] = request_id
        REQUEST_ID.set(request_id)
        status = 500

        async def send_dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = dressed(message.get("headers", ()), request_id)
            await send(message)

        metrics.in_flight += 1
        try:
            await app(scope, receive, send_dressed)
        finally:
            metrics.in_flight -= 1
            seconds = perf_counter() - began
            method = scope["method"] if scope["method"] in METHODS else "other"
            route = scope.get("route_template", "unknown")
            metrics.observe(method, route, status, seconds)
            if access_log is not None:
                actor = scope.get("actor")
                access_log.write(
                    {
                        "at": datetime.now(UTC),
                        "level": "info",
                        "logger": "rapport.access",
                        "method": method,
                        "route": route,
                        "status": status,
                        "ms": round(seconds * 1000, 2),
                        "request_id": request_id,
                        "actor_id": actor and actor.id,
                        "workspace_id": actor and actor.workspace_id,
                    }
                )

    return accounted


def dressed(headers: Iterable[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with those that every answer has. What a route says about caching stands."""
    whole = list(headers)
    names = {name for name, _ in whole}
    whole.append((b"x-request-id", request_id.encode("ascii")))
    whole.append((b"x-content-type-options", b"nosniff"))
    if b"cache-control" not in names:
        whole.append((b"cache-control", b"private, no-cache" if b"etag" in names else b"no-store"))
    return whole


def _asked_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            return value.decode("ascii") if SANE_ID.fullmatch(value) else None
    return None


def _flushing(send: Send, access_log: AccessLog) -> Send:
    async def send_flushed(message: Message) -> None:
        if message["type"].startswith("lifespan.shutdown"):
            access_log.flush()  # The process may be gone right after this message.
        await send(message)

    return send_flushed
