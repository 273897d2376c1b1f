"""How a route of ours runs: it returns what its action gave; a change is committed here, before the answer leaves.

FastAPI ends a dependency after ``yield`` when the response is gone, or needs ``scope="function"`` and an exit stack.
A transaction that ends where the response is made needs neither (docs/decisions/0003-commit-in-the-route.md).
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from fastapi import APIRouter, Request
from fastapi._compat import ModelField
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from crm.errors import FieldError, Unprocessable
from crm.paging import CUSTOM, CustomFilter
from services.api.answers import respond, unless_known
from services.api.deps import Replay, change_of
from services.api.straight import Handler, handler, needs_of, straight

Endpoint = Callable[..., Awaitable[Any]]


class Route(APIRoute):
    """A route whose function returns an ``Answer``, the bytes of a page, or a ``Response`` of its own."""

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        """Wrap the function once, when the route is declared, and take the straight way where there is one."""
        answers = answering(endpoint, options.get("status_code") or 200, path)
        super().__init__(path, answers, **options)
        in_path = {field.name for field in self.dependant.path_params}
        if needs := needs_of(endpoint, in_path):
            self.app = straight(self._settling(handler(answers, needs)), needs, otherwise=self.app)

    def get_route_handler(self) -> Handler:
        """FastAPI's handler, with what is ours around it."""
        return self._settling(super().get_route_handler())

    def _settling(self, handle: Handler) -> Handler:
        """The handler with versions compared, changes settled, and unknown parameters of the query refused."""
        known = frozenset(_names(self.dependant.query_params))
        if self.methods == {"GET"}:

            async def read(request: Request) -> Response:
                refuse_unknown(request, known)
                response = await handle(request)
                return unless_known(response, request.headers.get("if-none-match"))

            return read

        takes_body = self.body_field is not None

        async def write(request: Request) -> Response:
            refuse_unknown(request, known)
            if not takes_body:
                await refuse_body(request)
            try:
                response = await handle(request)
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


def refuse_unknown(request: Request, known: frozenset[str]) -> None:
    """Raise 422 for parameters of the query that the route does not have: a typo must not be ignored."""
    if not request.scope["query_string"]:
        return
    own = CUSTOM if CUSTOM in known else "\0"
    sent = dict.fromkeys(request.query_params.keys())
    if unknown := [name for name in sent if name not in known and not name.startswith(own)]:
        wrong = "There is no such parameter here."
        raise Unprocessable(errors=tuple(FieldError(f"query:{name}", wrong, "unknown") for name in unknown))


async def refuse_body(request: Request) -> None:
    """Raise 422 for JSON where none is taken: what it asks for must not be ignored. An empty object asks nothing.

    Forms pass: a mail program that unsubscribes sends one (RFC 8058).
    """
    if not request.headers.get("content-type", "").startswith("application/json"):
        return
    if (await request.body()).strip() not in {b"", b"{}", b"null"}:
        raise Unprocessable(errors=(FieldError("#", "This takes no body.", "unknown"),))


def _names(fields: Iterable[ModelField]) -> Iterator[str]:
    """The names of query parameters, those inside a model too."""
    for field in fields:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from (inner.alias or name for name, inner in annotation.model_fields.items())
            if issubclass(annotation, CustomFilter):
                yield CUSTOM
        else:
            yield field.alias


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
