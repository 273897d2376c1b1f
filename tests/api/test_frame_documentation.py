"""The published description: complete, with every problem and event, and readable without the internet."""

import json
import re
from typing import Any

import pytest
from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.api import openapi, pages
from services.api.documentation import Undocumented, build, operations, text
from services.api.frame import Api
from tests.api.frame_app import client_of, make_app


class ThingData(BaseModel):
    """What a thing is."""

    name: str = Field(description="Its name.")


class ThingCreated(BaseModel):
    """A thing came to be."""

    type: str = Field(description="thing.created")
    data: ThingData


EVENTS: dict[str, tuple[str, type[BaseModel]]] = {"thing.created": ("A thing was created", ThingCreated)}


def document(api: Api | None = None) -> dict[str, Any]:
    return build(api or make_app(), title="Things", version="1", tags={"things": "All."}, events=EVENTS)


def test_every_operation_lists_the_common_problems_and_its_own() -> None:
    made = document()
    found = {f"{method} {path}": operation for path, method, operation in operations(made)}
    create = found["post /v1/things"]
    assert create["operationId"] == "create_thing"
    assert create["summary"] == "Create thing"
    assert create["description"] == "A new thing."
    assert set(create["responses"]) == {"201", "400", "413", "415", "422", "429", "500", "503", "504"}
    assert create["responses"]["422"] == {"$ref": "#/components/responses/Unprocessable"}
    own = found["get /v1/things/fail/{how}"]["responses"]
    assert {"404", "409"} <= set(own)
    assert own["409"]["content"]["application/problem+json"]["examples"]["thing_taken"]["value"]["status"] == 409
    assert "HTTPValidationError" not in json.dumps(made)


def test_every_reference_leads_somewhere() -> None:
    made = document()
    for reference in set(re.findall(r'"\$ref": "(.*?)"', json.dumps(made))):
        node = made
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_events_stand_as_webhooks_with_their_bodies() -> None:
    made = document()
    hook = made["webhooks"]["thing.created"]["post"]
    assert (hook["operationId"], hook["summary"]) == ("on_thing_created", "A thing was created")
    envelope, told = hook["requestBody"]["content"]["application/json"]["schema"]["allOf"]
    assert envelope == {"$ref": "#/components/schemas/WebhookBody"}
    assert told["properties"]["type"] == {"const": "thing.created"}
    assert told["properties"]["data"] == {"$ref": "#/components/schemas/ThingCreated"}
    assert {"ThingCreated", "ThingData", "Problem", "FieldProblem"} <= set(made["components"]["schemas"])


def test_sign_in_stands_as_a_password_flow() -> None:
    flow = document()["components"]["securitySchemes"]["sign_in"]["flows"]["password"]
    assert flow["tokenUrl"] == "/v1/auth/token"


def test_an_operation_without_words_is_refused() -> None:
    api, router = make_app(), APIRouter()
    router.get("/v1/mute")(lambda: None)
    api.add_routers(router)
    with pytest.raises(Undocumented, match="GET /v1/mute has no description; GET /v1/mute has no tags"):
        document(api)


def test_two_operations_of_one_name_are_refused() -> None:
    api, router = make_app(), APIRouter(tags=["things"])

    @router.get("/v1/other")
    async def create_thing() -> None:
        """Another."""

    api.add_routers(router)
    with pytest.warns(UserWarning, match="Duplicate"), pytest.raises(Undocumented, match="same operationId"):
        document(api)


def test_the_roster_is_published_and_stable() -> None:
    published = openapi.published()
    assert published["openapi"].startswith("3.1")
    assert text(published) == text(openapi.published())


async def test_the_api_page_loads_nothing_from_elsewhere() -> None:
    api = make_app()
    api.add_routers(pages.router)
    api.openapi_schema = document()
    async with client_of(api) as client:
        page = await client.get("/docs")
        assert page.headers["content-type"].startswith("text/html")
        assert "script-src 'self'" in page.headers["content-security-policy"]
        sources = re.findall(r'(?:src|href)="(.*?)"', page.text)
        assert len(sources) == 4
        for source in sources:
            assert "//" not in source
            loaded = await client.get(f"/{source}")
            assert loaded.status_code == 200
            assert len(loaded.content) > 100
        served = await client.get("/openapi.json")
        assert served.json() == json.loads(json.dumps(document()))
        again = await client.get("/openapi.json", headers={"If-None-Match": served.headers["etag"]})
        assert again.status_code == 304
        plain = await client.get("/docs/assets/swagger-ui.css", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert (await client.get("/docs/assets/..%2fmain.py")).status_code == 404


async def test_the_type_of_a_problem_leads_to_its_explanation() -> None:
    api = make_app()
    api.add_routers(pages.router)
    async with client_of(api) as client:
        problem = (await client.get("/v1/things/fail/taken")).json()
        page = await client.get(problem["type"])
        assert "同名事物已存在" in page.text
        assert (await client.get("/problems/nonsense")).json()["code"] == "not_found"
