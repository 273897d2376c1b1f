"""How a route of ours runs: it returns what its action gave; a change is committed here, before the answer leaves.

FastAPI ends a dependency after ``yield`` when the response is gone, or needs ``scope="function"`` and an exit stack.
A transaction that ends where the response is made needs neither (docs/decisions/0003-commit-in-the-route.md).
"""

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from services.api.answers import respond, unless_known
from services.api.deps import Replay, change_of

Endpoint = Callable[..., Awaitable[Any]]


class Route(APIRoute):
    """A route whose function returns an ``Answer``, the bytes of a page, or a ``Response`` of its own."""

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        """Wrap the function once, when the route is declared."""
        super().__init__(path, answering(endpoint, options.get("status_code") or 200, path), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, with the change settled around it."""
        handler = super().get_route_handler()
        if self.methods == {"GET"}:

            async def read(request: Request) -> Response:
                response = await handler(request)
                return unless_known(response, request.headers.get("if-none-match"))

            return read

        async def write(request: Request) -> Response:
            try:
                response = await handler(request)
            except Replay as earlier:
                return earlier.response
            except BaseException as error:
                if change := change_of(request):
                    await change.undo(error)
                raise
            if change := change_of(request):
                await change.settle(response)
            return response

        return write


def answering(endpoint: Endpoint, status: int, path: str) -> Endpoint:
    """The same function, whose result is a response."""
    if not inspect.iscoroutinefunction(endpoint):
        message = f"{endpoint!r} must be async: a plain function costs a thread"
        raise TypeError(message)

    @wraps(endpoint)
    async def answer(*arguments: Any, **named: Any) -> Response:
        result = await endpoint(*arguments, **named)
        return result if isinstance(result, Response) else respond(result, status, path)

    return answer


def router(*, tags: list[str]) -> APIRouter:
    """A router of our routes under ``/v1``."""
    return APIRouter(prefix="/v1", tags=list(tags), route_class=Route)
