"""The straight way to a route that asks for somebody with a scope and for ids in its path, and for nothing else.

Most reads and many actions are such. FastAPI finds out anew for each request what such a route needs, and keeps exit
stacks for what it does not: 60 µs of 150 (docs/decisions/0014-the-straight-way.md). Declaration, documentation and
the answer to a malformed id stay FastAPI's.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NamedTuple, get_type_hints
from uuid import UUID

from fastapi import Request, params
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.api.deps import Asks

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Needs(NamedTuple):
    """What a route of this kind asks for: somebody, under the name ``who``, and ids, by name."""

    who: str
    asks: Asks
    scopes: list[str]
    ids: tuple[str, ...]


def needs_of(endpoint: Callable[..., Any], in_path: set[str]) -> Needs | None:
    """What the function needs, where that is all there is to it; else None."""
    who: tuple[str, Asks, list[str]] | None = None
    ids = []
    hints = get_type_hints(endpoint, include_extras=True)
    hints.pop("return", None)
    for name, hint in hints.items():
        declared = [one for one in getattr(hint, "__metadata__", ()) if isinstance(one, params.Security)]
        if len(declared) == 1 and isinstance(declared[0].dependency, Asks) and who is None:
            who = name, declared[0].dependency, list(declared[0].scopes or ())
        elif hint is UUID and name in in_path:
            ids.append(name)
        else:
            return None
    return None if who is None else Needs(*who, tuple(ids))


def handler(endpoint: Callable[..., Awaitable[Response]], needs: Needs) -> Handler:
    """The function called with just what it needs."""

    async def handle(request: Request) -> Response:
        found: dict[str, Any] = {needs.who: await needs.asks.admit(request, needs.scopes)}
        found |= request.scope["rapport.ids"]
        return await endpoint(**found)

    return handle


def straight(handle: Handler, needs: Needs, otherwise: ASGIApp) -> ASGIApp:
    """The route as an application; an id that is none goes FastAPI's way, which says what is wrong with it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        sent = scope["path_params"]
        try:
            scope["rapport.ids"] = {name: UUID(sent[name]) for name in needs.ids}
        except ValueError:
            await otherwise(scope, receive, send)
            return
        response = await handle(Request(scope, receive, send))
        await response(scope, receive, send)

    return app
