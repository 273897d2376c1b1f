"""Whatever fits the description, and much that does not, is answered as described, and never by a 5xx.

Schemathesis makes the requests, in a thread; the loop of the tests sends them to the application in this process.
"""

import asyncio
import copy
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.api.documentation import operations
from services.api.openapi import published
from tests.conftest import Clients, Running, problem
from tests.factories import Workspace, an_address
from tests.guards.cases import CASES, PUBLIC
from tests.guards.scene import Scene

Operation = APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]
Send = Callable[[Case], httpx.Response]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

EXAMPLES = {GenerationMode.POSITIVE: 4, GenerationMode.NEGATIVE: 4}

schemathesis.serializer.alias("message/rfc822", "application/octet-stream")

DOCUMENT = published()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
FOUND = [found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)]
ALL: dict[str, Operation] = {operation.definition.raw["operationId"]: operation for operation in FOUND}
KNOWN = [pytest.param(name, id=name) for name in ALL if name in CASES]
REQUEST = ("method", "url", "headers", "files", "data", "params", "json", "cookies")
JSON = "application/json"
METHODS = ("get", "put", "post", "delete", "patch")


def _undescribed() -> list[Any]:
    """Each path with each method that neither it nor a pattern it fits describes, and those that are described."""
    paths = {path for path, _, _ in operations(DOCUMENT)}
    found = []
    for asked in paths:
        name = asked.replace("{", "").replace("}", "")
        fitting = {path for path in paths if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", path), name)}
        described = {method for path, method, _ in operations(DOCUMENT) if path in fitting}
        found += [
            pytest.param(name, method, described, id=f"{method} {name}")
            for method in METHODS
            if method not in described
        ]
    return sorted(found, key=lambda each: str(each.id))


def test_schemathesis_reads_every_operation() -> None:
    assert ALL.keys() == {one["operationId"] for _, _, one in operations(DOCUMENT)}


@pytest.mark.parametrize(("path", "method", "described"), _undescribed())
async def test_a_method_that_is_not_described_is_refused(
    clients: Clients, workspace: Workspace, path: str, method: str, described: set[str]
) -> None:
    answered = await clients(workspace.admin.token).request(method.upper(), path)
    problem(answered, 405, "method_not_allowed")
    assert {allowed.strip().lower() for allowed in answered.headers["allow"].split(",")} - {"head"} == described


def sender(api: Running, token: str | None, client: httpx.AsyncClient) -> Send:
    """Sends from any thread what Schemathesis made, as whoever has this token."""
    loop = asyncio.get_running_loop()
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(generated: Case) -> httpx.Response:
        wanted = generated.as_transport_kwargs(base_url="http://test", headers=headers)
        prepared = requests.Request(**{key: wanted[key] for key in REQUEST if key in wanted}).prepare()
        request = client.build_request(
            str(prepared.method),
            str(prepared.url),
            headers=[(key, str(value)) for key, value in prepared.headers.items() if key.lower() != "content-length"],
            content=prepared.body,  # type: ignore[arg-type]  # requests says what it was given
        )
        return asyncio.run_coroutine_threadsafe(client.send(request), loop).result(30)

    return send


@pytest_asyncio.fixture
async def bare(api: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A client that checks nothing by itself."""
    transport = httpx.ASGITransport(api.app, raise_app_exceptions=False, client=(an_address(), 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.mark.parametrize("mode", list(EXAMPLES), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", KNOWN)
async def test_an_operation_answers_as_it_is_described(
    name: str, mode: GenerationMode, api: Running, bare: httpx.AsyncClient, clients: Clients, workspace: Workspace
) -> None:
    asked = await CASES[name].make(Scene(workspace, clients))
    send = sender(api, None if name in PUBLIC else workspace.admin.token, bare)
    if mode is GenerationMode.POSITIVE or _can_be_wrong(ALL[name]):
        await asyncio.to_thread(_run, ALL[name], mode, dict(asked.path), send)


def _other_status(answer: dict[str, Any]) -> None:
    answer["201"] = answer.pop("200")


def _other_type(answer: dict[str, Any]) -> None:
    answer["200"]["content"] = {"text/html": answer["200"]["content"][JSON]}


def _other_schema(answer: dict[str, Any]) -> None:
    answer["200"]["content"][JSON]["schema"] = {"required": ["absent"]}


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        (_other_status, "Undocumented status code"),
        (_other_type, "Undocumented Content-Type"),
        (_other_schema, "Response violates schema"),
    ],
)
async def test_a_description_that_is_not_true_is_noticed(
    change: Any, failure: str, api: Running, bare: httpx.AsyncClient, workspace: Workspace
) -> None:
    document = copy.deepcopy(DOCUMENT)
    change(document["paths"]["/v1/me"]["get"]["responses"])
    untrue = schemathesis.openapi.from_dict(document)["/v1/me"]["GET"]
    with pytest.raises((Failure, FailureGroup)) as noticed:
        await asyncio.to_thread(_run, untrue, GenerationMode.POSITIVE, {}, sender(api, workspace.admin.token, bare))
    assert failure in _titles(noticed.value)


async def test_wrong_data_that_is_taken_is_noticed(api: Running, bare: httpx.AsyncClient, workspace: Workspace) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["components"]["schemas"]["CustomerCreate"]["properties"]["name"] = {"const": "Only this"}
    untrue = schemathesis.openapi.from_dict(document)["/v1/customers"]["POST"]
    transport = sender(api, workspace.admin.token, bare)

    def send(generated: Case) -> httpx.Response:
        generated.body = {"name": "Another"}
        return transport(generated)

    with pytest.raises((Failure, FailureGroup)) as noticed:
        await asyncio.to_thread(_run, untrue, GenerationMode.NEGATIVE, {}, send)
    assert "Schema-violating request accepted" in _titles(noticed.value)


def _titles(noticed: BaseException) -> set[str]:
    found = noticed.exceptions if isinstance(noticed, FailureGroup) else [noticed]
    return {each.title for each in found if isinstance(each, Failure)}


def _run(operation: Operation, mode: GenerationMode, path: dict[str, str], send: Send) -> None:
    known: dict[str, Any] = {"path_parameters": path} if path and mode is GenerationMode.POSITIVE else {}

    @seed(20261122)
    @settings(
        max_examples=EXAMPLES[mode],
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(generated=operation.as_strategy(generation_mode=mode, **known))
    def holds(generated: Case) -> None:
        generated.validate_response(send(generated), checks=CHECKS)

    holds()


def _can_be_wrong(operation: Operation) -> bool:
    # Nothing is wrong about a text in a path, as long as it is one: whatever it says, it is at most not there.
    bound = [one for one in operation.path_parameters if "format" in one.definition.get("schema", {})]
    return bool(operation.body or list(operation.query) or bound)
