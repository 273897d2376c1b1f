"""What every exchange gets from the frame: an id, headers, a trace without personal data, compression, a deadline."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import AsyncIterator
from types import SimpleNamespace
from uuid import UUID

import pytest
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from services.api.layers.deadlines import Deadlines
from services.api.logs import AccessLog
from services.logs import REQUEST_ID, HideSecrets, JsonLines
from tests.api.frame_app import client_of, make_app

THING = "/v1/things/0190e6a0-0000-7000-8000-000000000001"


async def test_a_sane_request_id_is_kept_and_another_is_replaced() -> None:
    async with client_of(make_app()) as client:
        kept = await client.get(THING, headers={"X-Request-Id": "trace-1.a"})
        assert kept.headers["x-request-id"] == "trace-1.a"
        for bad in (b"x" * 65, b"a b", b"<script>", "é".encode(), b"a\tb"):
            replaced = await client.get(THING, headers={b"X-Request-Id": bad})
            assert len(replaced.headers["x-request-id"]) == 18
        ids = {(await client.get(THING)).headers["x-request-id"] for _ in range(20)}
        assert len(ids) == 20


async def test_every_answer_has_its_headers_and_an_etag_its_own_caching() -> None:
    async with client_of(make_app()) as client:
        plain = await client.get(THING)
        assert plain.headers["cache-control"] == "no-store"
        assert plain.headers["x-content-type-options"] == "nosniff"
        tagged = await client.get("/v1/things/large")
        assert tagged.headers["cache-control"] == "private, no-cache"


async def test_the_access_line_names_the_route_and_nothing_personal() -> None:
    written = io.BytesIO()
    log = AccessLog(written)
    app = make_app(access_log=log)
    actor = SimpleNamespace(id=UUID(int=1), workspace_id=UUID(int=2))
    router = APIRouter()

    @router.get("/v1/people/{name}")
    async def read_person(request: Request, name: str) -> dict[str, str]:
        request.scope["actor"] = actor
        return {}

    app.add_routers(router)
    async with client_of(app) as client:
        answer = await client.get("/v1/people/wang?phone=13800138000", headers={"Authorization": "Bearer secret"})
        await client.get("/unknown/wang")
    log.flush()
    first, second = (json.loads(line) for line in written.getvalue().splitlines())
    assert first["route"] == "/v1/people/{name}"
    assert (first["method"], first["status"]) == ("GET", 200)
    assert first["request_id"] == answer.headers["x-request-id"]
    assert (first["actor_id"], first["workspace_id"]) == (str(actor.id), str(actor.workspace_id))
    assert first["ms"] >= 0
    assert (second["route"], second["status"]) == ("unknown", 404)
    assert not any(word in written.getvalue() for word in (b"wang", b"138001", b"secret"))


async def test_access_lines_are_written_by_themselves() -> None:
    written = io.BytesIO()
    async with client_of(make_app(access_log=AccessLog(written))) as client:
        await client.get(THING)
        assert written.getvalue() == b""
        await asyncio.sleep(0.4)
    assert b'"status":200' in written.getvalue()


async def test_metrics_count_by_template_and_status_class() -> None:
    app = make_app()
    async with client_of(app) as client:
        await client.get(THING)
        await client.get(THING[:-1] + "2")
        await client.get("/v1/things/fail/bug")
        await client.get("/somewhere/else")
        await client.request("BREW", "/v1/things")
    text = app.metrics.text().decode()
    count = "rapport_http_request_seconds_count"
    assert f'{count}{{method="GET",route="/v1/things/{{thing_id}}",status="2xx"}} 2.0' in text
    assert f'{count}{{method="GET",route="/v1/things/fail/{{how}}",status="5xx"}} 1.0' in text
    assert f'{count}{{method="GET",route="unknown",status="4xx"}} 1.0' in text
    assert f'{count}{{method="other",route="unknown",status="4xx"}} 1.0' in text
    assert "rapport_http_requests_in_flight 0.0" in text


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip", "gzip"), ("br, gzip;q=0.5", "gzip"), ("identity", None), ("gzip;q=0", None), ("gzip; q=0.0", None)],
)
async def test_large_answers_are_compressed_for_who_accepts_it(accepted: str, encoding: str | None) -> None:
    async with client_of(make_app()) as client:
        answer = await client.get("/v1/things/large", headers={"Accept-Encoding": accepted})
        assert answer.headers.get("content-encoding") == encoding
        assert len(answer.json()["name"]) == 5000
        if encoding:
            assert int(answer.headers["content-length"]) < 1000
            assert answer.headers["vary"] == "accept-encoding"
        small = await client.get(THING, headers={"Accept-Encoding": accepted})
        assert "content-encoding" not in small.headers


async def test_a_stream_is_neither_compressed_nor_cut_by_the_deadline() -> None:
    async with client_of(make_app(deadline_seconds=0.3)) as client:
        answer = await client.get("/v1/things/stream", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.text.count("data:") == 4


async def test_what_takes_too_long_is_cancelled_and_answered_504() -> None:
    app = make_app(deadline_seconds=0.3)
    async with client_of(app) as client:
        slow, patient = await asyncio.gather(client.get("/v1/things/slow"), client.get("/v1/things/patient"))
    assert slow.status_code == 504
    assert slow.json()["code"] == "timed_out"
    assert app.state.cleaned
    assert patient.json() == {"done": "yes"}


async def test_a_cancellation_that_is_not_the_deadlines_goes_on() -> None:
    async def forever(send: object) -> None:
        await asyncio.sleep(30)

    async def send(message: object) -> None: ...

    held = asyncio.create_task(Deadlines().hold(forever, send, 20))
    await asyncio.sleep(0.01)
    held.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held


async def test_cors_headers_stand_on_problems_too_and_only_for_known_origins() -> None:
    app = make_app(cors_origins=("https://app.example.com",))
    async with client_of(app) as client:
        known = await client.get("/nowhere", headers={"Origin": "https://app.example.com"})
        assert known.status_code == 404
        assert known.headers["access-control-allow-origin"] == "https://app.example.com"
        assert "X-Request-Id" in known.headers["access-control-expose-headers"]
        unknown = await client.get("/nowhere", headers={"Origin": "https://evil.example.com"})
        assert "access-control-allow-origin" not in unknown.headers
        asked = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "PATCH"}
        assert (await client.options(THING, headers=asked)).status_code == 200


def test_routers_inside_routers_are_refused_at_start() -> None:
    app = make_app()
    inner, outer = APIRouter(), APIRouter()
    inner.get("/x")(lambda: None)
    outer.include_router(inner, prefix="/y")
    app.add_routers(outer)
    with pytest.raises(TypeError, match="cannot be indexed"):
        app.build_middleware_stack()


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter2.abc-def",
        '{"password": "hunter2"}',
        "refresh_token=hunter2&x=1",
        "X-Api-Key: hunter2",
        "postgresql://rapport:hunter2@db/rapport",
        "duplicate key\nDETAIL:  Key (email)=(hunter2) already exists.",
        "[type=int_parsing, input_value='hunter2', input_type=str]",
        "1 validation error:\n  {'type': 'missing', 'loc': ('response',), 'input': {'name': 'hunter2'}}",
    ],
)
def test_logs_hide_secrets_and_quoted_input(text: str) -> None:
    try:
        raise RuntimeError(text)
    except RuntimeError:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "failed: %s", (text,), sys.exc_info())
    HideSecrets().filter(record)
    REQUEST_ID.set("the-request")
    line = json.loads(JsonLines().format(record))
    assert "hunter2" not in json.dumps(line)
    assert line["request_id"] == "the-request"
    assert line["level"] == "error"
    assert "RuntimeError" in line["exception"]


async def test_a_failure_after_the_answer_began_cuts_it_off() -> None:
    app = make_app()
    router = APIRouter()

    @router.get("/v1/broken")
    async def read_broken() -> object:
        async def parts() -> AsyncIterator[bytes]:
            yield b"a"
            raise RuntimeError("in the middle")

        return StreamingResponse(parts())

    app.add_routers(router)
    async with client_of(app) as client:
        with pytest.raises(RuntimeError, match="in the middle"):
            await client.get("/v1/broken")
