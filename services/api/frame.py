"""The frame: a FastAPI application whose surroundings are ours, the same for every route."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Lifespan

from services.api.layers.accounting import accounting
from services.api.layers.bodies import MIB
from services.api.layers.compression import compression
from services.api.layers.deadlines import SECONDS, Deadlines
from services.api.layers.failures import failures
from services.api.layers.switchboard import Index, run_found, switchboard
from services.api.logs import AccessLog
from services.api.metrics import Metrics

NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}


@dataclass(frozen=True, slots=True)
class Manners:
    """What an installation may choose about the frame."""

    access_log: AccessLog | None = field(default_factory=AccessLog)
    cors_origins: Sequence[str] = ()
    body_limit: int = MIB
    deadline_seconds: float = SECONDS


class Api(FastAPI):
    """FastAPI for declaring and documenting routes; around them only our layers.

    FastAPI's own middleware and exception handlers are not used: a failure is a ``Problem``, and ``failures`` is the
    one place that answers it.
    """

    def __init__(self, manners: Manners | None = None, *, lifespan: Lifespan[Any] | None = None) -> None:
        """An application without routes. Its documentation is built by ``openapi`` and served by ``pages``."""
        super().__init__(
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            lifespan=lifespan,
            telemetry=NO_TELEMETRY,  # 9 µs a request; the metrics are our own.
        )
        self.manners = manners or Manners()
        self.metrics = Metrics()
        self.state.draining = False

    def add_routers(self, *routers: APIRouter) -> None:
        """Add the routes of these routers as they are: FastAPI's ``include_router`` costs each request 11 µs."""
        for router in routers:
            for route in router.routes:
                if isinstance(route, APIRoute):
                    route.operation_id = route.unique_id = route.operation_id or route.name
                    route.summary = route.summary or route.name.replace("_", " ").capitalize()
                self.router.routes.append(route)

    def build_middleware_stack(self) -> ASGIApp:
        """All routes are known by now; put the layers around them, from the inside out."""
        if self.user_middleware:
            raise TypeError("add_middleware would be ignored: a layer takes its place in build_middleware_stack")
        app: ASGIApp = AsyncExitStackMiddleware(self._innermost)
        index = Index(self.router.routes, body_limit=self.manners.body_limit, seconds=self.manners.deadline_seconds)
        app = switchboard(app, index, Deadlines())
        app = failures(app)
        app = compression(app)
        if self.manners.cors_origins:
            app = CORSMiddleware(
                app,
                allow_origins=self.manners.cors_origins,
                allow_methods=["GET", "POST", "PATCH", "PUT", "DELETE"],
                allow_headers=["Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key"],
                expose_headers=["ETag", "X-Request-Id", "Retry-After", "Idempotency-Replayed", "RateLimit"],
                max_age=600,
            )
        return accounting(app, self.metrics, self.manners.access_log)

    async def _innermost(self, scope: Any, receive: Any, send: Any) -> None:
        await (run_found if scope["type"] == "http" else self.router)(scope, receive, send)
