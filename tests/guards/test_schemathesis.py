"""Whatever fits the description, and much that does not, is answered as described, and never by a 5xx.

Schemathesis makes the requests, in a thread; the loop of the tests sends them to the application in this process.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
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
from tests.factories import Workspace
from tests.guards.cases import CASES, PUBLIC, Scene

Operation = APIOperation[Any, Any, Any, Any]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

LENIENT: dict[str, str] = {}
"""Operations that accept more than their description says, and why."""

BUSY = 503
EXAMPLES = {GenerationMode.POSITIVE: 6, GenerationMode.NEGATIVE: 5}

DOCUMENT = published()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
ALL: dict[str, Operation] = {
    each.ok().definition.raw["operationId"]: each.ok() for each in SCHEMA.get_all_operations()
}  # fmt: skip
KNOWN = [pytest.param(name, id=name) for name in ALL if name in CASES]
METHODS = ("get", "put", "post", "delete", "patch")


def _undescribed() -> Iterator[Any]:
    described: dict[str, set[str]] = {}
    for path, method, _ in operations(DOCUMENT):
        described.setdefault(path, set()).add(method)
    for path, methods in described.items():
        for method in METHODS:
            if method not in methods:
                yield pytest.param(path, method, methods, id=f"{method.upper()} {path}")


def test_schemathesis_reads_every_operation() -> None:
    assert ALL.keys() == {one["operationId"] for _, _, one in operations(DOCUMENT)}


@pytest.mark.parametrize(("path", "method", "described"), list(_undescribed()))
async def test_a_method_that_is_not_described_is_refused(
    clients: Clients, workspace: Workspace, path: str, method: str, described: set[str]
) -> None:
    name = path.replace("{", "").replace("}", "")
    answered = await clients(workspace.admin.token).request(method.upper(), name)
    problem(answered, 405, "method_not_allowed")
    assert {allowed.strip().lower() for allowed in answered.headers["allow"].split(",")} - {"head"} == described


@pytest.mark.parametrize("mode", list(EXAMPLES), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", KNOWN)
async def test_an_operation_answers_as_it_is_described(
    name: str, mode: GenerationMode, api: Running, clients: Clients, workspace: Workspace
) -> None:
    operation, case = ALL[name], CASES[name]
    asked = await case.make(Scene(workspace, clients))
    if mode is GenerationMode.NEGATIVE and not _can_be_wrong(operation):
        return
    transport = httpx.ASGITransport(api.app, raise_app_exceptions=False)
    headers = {} if name in PUBLIC else {"Authorization": f"Bearer {workspace.admin.token}"}
    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:

        def send(generated: schemathesis.Case) -> httpx.Response:
            wanted = generated.as_transport_kwargs(base_url="http://test", headers=headers)
            prepared = requests.Request(
                **{key: wanted[key] for key in REQUEST if key in wanted},
            ).prepare()
            request = client.build_request(
                str(prepared.method),
                str(prepared.url),
                headers=[(key, value) for key, value in prepared.headers.items() if key.lower() != "content-length"],
                content=prepared.body,  # type: ignore[arg-type]  # requests says what it was given
            )
            return asyncio.run_coroutine_threadsafe(client.send(request), loop).result(30)

        await asyncio.to_thread(_run, name, operation, mode, dict(asked.path), send)


REQUEST = ("method", "url", "headers", "files", "data", "params", "json", "cookies")


def _run(name: str, operation: Operation, mode: GenerationMode, path: dict[str, str], send: Any) -> None:
    known = {"path_parameters": path} if path and mode is GenerationMode.POSITIVE else {}

    @seed(20261122)
    @settings(
        max_examples=EXAMPLES[mode],
        deadline=None,
        database=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(generated=operation.as_strategy(generation_mode=mode, **known))
    def holds(generated: schemathesis.Case) -> None:
        response = send(generated)
        excluded = [negative_data_rejection] if name in LENIENT else []
        generated.validate_response(response, checks=CHECKS, excluded_checks=excluded)

    holds()


def _can_be_wrong(operation: Operation) -> bool:
    return bool(operation.body or list(operation.query) or list(operation.path_parameters))
