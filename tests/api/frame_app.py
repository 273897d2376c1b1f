"""A small application inside the real frame, with a route for each way to fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import httpx
from fastapi import APIRouter, Form, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from crm.errors import Conflict, Unauthenticated
from services.api.frame import Api, Manners
from services.api.layers.deadlines import patient
from services.api.problems import problems

router = APIRouter(prefix="/v1/things", tags=["things"])


class ThingTaken(Conflict):
    """A thing with this name exists."""

    title = "A thing with this name exists"
    title_zh = "同名事物已存在"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int


class NewThing(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=2000)
    parts: list[Part] = []
    either: int | Part | None = None
    ratio: Decimal | None = None
    custom: dict[str, Any] = {}


ERRORS: dict[str, Exception] = {
    "statement_timeout": asyncpg.QueryCanceledError("canceling statement SELECT secret_column"),
    "lock_timeout": asyncpg.LockNotAvailableError("lock"),
    "serialization": asyncpg.SerializationError("x"),
    "deadlock": asyncpg.DeadlockDetectedError("x"),
    "too_many": asyncpg.TooManyConnectionsError("x"),
    "starting": asyncpg.CannotConnectNowError("x"),
    "refused": ConnectionRefusedError(111, "connect call failed ('10.0.0.7', 5432)"),
    "pool_closed": asyncpg.InterfaceError("pool is closing"),
    "cut_off": asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"),
    "pool_timeout": TimeoutError(),
    "unique": asyncpg.UniqueViolationError("duplicate key secret_table"),
    "foreign": asyncpg.ForeignKeyViolationError("secret_table"),
    "check": asyncpg.CheckViolationError("secret_table"),
    "numeric": asyncpg.NumericValueOutOfRangeError("x"),
    "bad_text": asyncpg.CharacterNotInRepertoireError("x"),
    "bad_json_text": asyncpg.UntranslatableCharacterError("x"),
    "syntax": asyncpg.PostgresSyntaxError("syntax error near secret_column"),
    "bug": RuntimeError("password=hunter2 at secret_column"),
    "taken": ThingTaken("Another one was first.", held_by="somebody"),
    "unauthenticated": Unauthenticated(),
}


@router.get("/fail/{how}", responses=problems(ThingTaken))
async def fail_thing(how: str) -> None:
    """Fail in the way that was asked for."""
    raise ERRORS[how]


@router.get("/slow")
async def read_slow_thing(request: Request) -> dict[str, str]:
    """Take longer than allowed."""
    try:
        await asyncio.sleep(30)
    finally:
        request.app.state.cleaned = True
    return {}


@router.get("/patient")
@patient(5)
async def read_patient_thing() -> dict[str, str]:
    """Take longer than others may."""
    await asyncio.sleep(0.8)
    return {"done": "yes"}


@router.get("/stream")
async def stream_things() -> StreamingResponse:
    """Begin at once, and go on longer than the deadline."""

    async def events() -> AsyncIterator[str]:
        for number in range(4):
            yield f"data: {number}{'x' * 1000}\n\n"
            await asyncio.sleep(0.25)

    return StreamingResponse(events(), media_type="text/event-stream")


@router.get("/large")
async def read_large_thing() -> Response:
    """Answer more than a kilobyte."""
    return Response(b'{"name":"' + b"x" * 5000 + b'"}', media_type="application/json", headers={"ETag": '"7"'})


@router.get("/{thing_id}")
async def read_thing(
    thing_id: UUID, limit: Annotated[int, Query(le=200)] = 50, version: Annotated[int, Header(alias="If-Match")] = 1
) -> dict[str, str]:
    """One thing."""
    return {"id": str(thing_id)}


@router.patch("/{thing_id}")
async def update_thing(thing_id: str, change: NewThing) -> dict[str, str]:
    """Change a thing."""
    return {"id": thing_id, "name": change.name}


@router.post("", status_code=201)
async def create_thing(new: NewThing) -> NewThing:
    """A new thing."""
    return new


@router.post("/upload", max_body_size=3_000_000)
async def upload_thing(request: Request) -> dict[str, int]:
    """Take a large body as it is."""
    return {"bytes": len(await request.body())}


@router.post("/form")
async def post_thing_form(username: Annotated[str, Form()], password: Annotated[str, Form()]) -> dict[str, str]:
    """Take a form."""
    return {"username": username}


def make_app(**manners: Any) -> Api:
    app = Api(Manners(**{"access_log": None, **manners}))
    app.add_routers(router)
    return app


@asynccontextmanager
async def client_of(app: Api) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client
