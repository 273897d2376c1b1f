"""What the drain test runs in a process of its own: the frame with a slow route, draining for a while on SIGTERM."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Response

from services import logs
from services.api.draining import drain_on_sigterm
from services.api.frame import Api, Manners

router = APIRouter()


@router.get("/slow")
async def read_slowly() -> dict[str, str]:
    """Take longer than the drain."""
    await asyncio.sleep(1.5)
    return {"done": "yes"}


@asynccontextmanager
async def lifespan(api: Api) -> AsyncIterator[None]:
    drain_on_sigterm(api.state, 0.8)
    yield


def create_app() -> Api:
    logs.configure("info")
    api = Api(Manners(), lifespan=lifespan)
    api.add_routers(router)

    @api.get("/health/ready")
    async def check_readiness() -> Response:
        return Response(status_code=503 if api.state.draining else 200)

    return api
