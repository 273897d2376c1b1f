"""From a request to its route, by an index over the first segments rather than by trying every route in turn.

A request that finds its route is held to what that route allows: its deadline, its size and type of body.
"""

from collections.abc import Iterable
from typing import Any

from fastapi import params
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from crm.errors import Unprocessable
from services.api.layers.bodies import MIB, guarded, nul, refuse_nul
from services.api.layers.deadlines import SECONDS, Deadlines
from services.api.problems import MethodNotAllowed, UnknownRoute


class _Way:
    """A route with what a request to it may do."""

    __slots__ = ("convertors", "limit", "match", "media", "methods", "route", "seconds", "template")

    def __init__(self, route: Route, body_limit: int, seconds: float) -> None:
        self.route = route
        self.template = route.path_format
        self.match = route.path_regex.match
        self.convertors = route.param_convertors
        self.methods = frozenset(route.methods or {"GET"})
        self.limit = getattr(route, "max_body_size", None) or body_limit
        self.media = _media(route)
        self.seconds = getattr(route.endpoint, "deadline_seconds", seconds)


Key = tuple[int, str, str | None]


class Index:
    """The routes by number of segments and the first two of them."""

    def __init__(self, routes: Iterable[BaseRoute], *, body_limit: int = MIB, seconds: float = SECONDS) -> None:
        """Literal paths win over patterns. What is not a plain HTTP route is a mistake, and raises ``TypeError``."""
        self._ways: dict[Key, list[_Way]] = {}
        for route in routes:
            if not isinstance(route, Route) or ("{" in route.path and ":path}" in route.path):
                message = f"{route!r} cannot be indexed: hand over plain routes, without routers inside routers"
                raise TypeError(message)
            self._ways.setdefault(_key(route.path_format), []).append(_Way(route, body_limit, seconds))
        for ways in self._ways.values():
            ways.sort(key=lambda way: len(way.convertors))

    def find(self, method: str, path: str) -> tuple[_Way, dict[str, Any]]:
        """The route and its path parameters; raises ``UnknownRoute`` or ``MethodNotAllowed``."""
        exact = _key(path)
        allowed: set[str] = set()
        for key in (exact, (exact[0], exact[1], None)):
            for way in self._ways.get(key, ()):
                found = way.match(path)
                if found is None:
                    continue
                if method in way.methods:
                    return way, {name: way.convertors[name].convert(text) for name, text in found.groupdict().items()}
                allowed |= way.methods
        if allowed:
            raise MethodNotAllowed(headers={"Allow": ", ".join(sorted(allowed))})
        raise UnknownRoute


def switchboard(app: ASGIApp, index: Index, deadlines: Deadlines) -> ASGIApp:
    """Find the route and run it inside ``app``'s surroundings, which get it as ``scope["route"]``."""

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        path = scope["path"]
        if root := scope.get("root_path"):
            path = path.removeprefix(root)
        way, parameters = index.find(scope["method"], path)
        scope["route_template"] = way.template
        scope["route"] = way.route
        scope["endpoint"] = way.route.endpoint
        scope["path_params"] = parameters
        if "\x00" in path:
            raise Unprocessable(
                errors=tuple(nul(f"path:{name}") for name, text in parameters.items() if "\x00" in text)
            )
        if scope["query_string"]:
            refuse_nul(scope["query_string"], "query:")
        if scope["method"] != "GET":
            receive = guarded(scope, receive, limit=way.limit, media=way.media)
        await deadlines.hold(lambda sending: app(scope, receive, sending), send, way.seconds)

    return routed


async def run_found(scope: Scope, receive: Receive, send: Send) -> None:
    """The innermost layer: the route that was found."""
    await scope["route"].handle(scope, receive, send)


def _key(path: str) -> Key:
    parts = path.split("/")
    second = parts[2] if len(parts) > 2 else ""
    return len(parts), parts[1] if len(parts) > 1 else "", None if second.startswith("{") else second


def _media(route: Route) -> str | None:
    field = route.body_field if isinstance(route, APIRoute) else None
    if field is None:
        return None
    if isinstance(field.field_info, params.Form):
        return "form"
    return "json" if getattr(field.field_info, "media_type", "application/json") == "application/json" else None
