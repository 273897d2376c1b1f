"""The description of the API is whole, committed, and tells the truth about what it shows."""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

import crm
from crm.webhooks.rules import OWN_AFFAIRS
from services.api import openapi
from services.api.documentation import operations, text
from services.api.published import EVENTS
from services.api.published.complaints import COMPLAINTS
from services.api.published.customers import CUSTOMERS
from services.api.published.house import HOUSE
from services.api.published.sales import SALES
from services.api.published.tasks import TASKS
from services.api.published.visits import VISITS
from services.api.roster import ROUTERS, TAGS
from tests.guards.cases import PUBLIC

ROOT = Path(__file__).parents[2]
DOCUMENT = openapi.published()
OPERATIONS = [pytest.param(one, id=one["operationId"]) for _, _, one in operations(DOCUMENT)]
ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
BODIES = [pytest.param(route, id=route.name) for route in ROUTES if route.body_field is not None]

NO_BODY = {"204", "304"}
UNPUBLISHED = frozenset({"webhook.test"})
"""Recorded for one endpoint only."""


def resolved(schema: Any) -> Any:
    """What a reference refers to."""
    while isinstance(schema, dict) and "$ref" in schema:
        found: Any = DOCUMENT
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def whole(schema: Any) -> dict[str, Any]:
    """A schema that can be resolved."""
    return {**schema, "components": DOCUMENT["components"]}


PROBLEM = jsonschema_rs.Draft202012Validator(whole({"$ref": "#/components/schemas/Problem"}))


def test_the_committed_description_is_the_one_that_is_served() -> None:
    committed = ROOT / "openapi.json"
    assert committed.exists(), "run: make openapi"
    assert committed.read_text(encoding="utf-8") == text(DOCUMENT), "the API has changed; run: make openapi"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_says_what_it_is(operation: dict[str, Any]) -> None:
    for member in ("operationId", "summary", "description", "tags"):
        assert operation.get(member), member
    assert set(operation["tags"]) <= TAGS.keys()
    assert operation.get("security") or operation["operationId"] in PUBLIC


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_says_what_it_answers(operation: dict[str, Any]) -> None:
    good = {status: resolved(one) for status, one in operation["responses"].items() if status.startswith("2")}
    assert good
    for status, response in good.items():
        if status in NO_BODY or operation["operationId"] in {"revoke_token"}:
            continue
        for kind, content in response["content"].items():
            assert content["schema"] != {} or "json" not in kind, f"{status} {kind} is not described"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_refusal_is_a_problem(operation: dict[str, Any]) -> None:
    refusals = {status: one for status, one in operation["responses"].items() if status[0] in "45"}
    assert refusals.keys() >= {"429", "500", "503", "504"}
    assert "default" not in operation["responses"]
    for status, one in refusals.items():
        content = resolved(one)["content"]
        if (operation["operationId"], status) == ("check_readiness", "503"):
            assert list(content) == ["application/json"], "the report, whatever it says"
            continue
        assert list(content) == ["application/problem+json"], status
        assert content["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}, status
        for example in content["application/problem+json"]["examples"].values():
            assert str(example["value"]["status"]) == status
            PROBLEM.validate(example["value"])


@pytest.mark.parametrize("route", BODIES)
def test_a_body_has_an_example_that_is_accepted(route: APIRoute) -> None:
    (operation,) = (one for _, _, one in operations(DOCUMENT) if one["operationId"] == route.name)
    for kind, content in operation["requestBody"]["content"].items():
        schema = resolved(content["schema"])
        if "anyOf" in schema:
            schema = resolved(next(each for each in schema["anyOf"] if each.get("type") != "null"))
        shown = schema.get("examples") or [content.get("example")]
        if kind == "multipart/form-data":
            continue
        assert shown != [None], f"{schema.get('title')} has no example"
        for example in shown:
            assert isinstance(example, dict)
            jsonschema_rs.validate(whole(schema), example)
            _model_of(route).model_validate(example)


def _model_of(route: APIRoute) -> type[BaseModel]:
    assert route.body_field is not None
    annotation = route.body_field.field_info.annotation
    models = [annotation, *getattr(annotation, "__args__", ())]
    return next(each for each in models if isinstance(each, type) and issubclass(each, BaseModel))


def recorded_types() -> dict[str, str]:
    """Every event type the product can record, by the constant that names it."""
    found: dict[str, str] = {}
    for module in pkgutil.walk_packages(crm.__path__, "crm."):
        if module.name.rsplit(".", 1)[1] == "events" and not module.ispkg:
            loaded = importlib.import_module(module.name)
            found |= {
                f"{module.name}.{name}": value
                for name, value in vars(loaded).items()
                if name.isupper() and isinstance(value, str)
            }
    return found


def test_every_event_that_can_be_recorded_is_told_of() -> None:
    recorded = recorded_types()
    assert recorded["crm.customers.events.CREATED"] == "customer.created"
    outgoing = {name: type_ for name, type_ in recorded.items() if type_.split(".")[0] not in OWN_AFFAIRS}
    assert {name: type_ for name, type_ in outgoing.items() if type_ not in DOCUMENT["webhooks"]} == {}


def test_no_event_is_told_of_that_nothing_records() -> None:
    assert set(EVENTS) - set(recorded_types().values()) - UNPUBLISHED == set()


def test_the_events_of_a_noun_stand_in_one_place() -> None:
    parts = (CUSTOMERS, VISITS, SALES, COMPLAINTS, TASKS, HOUSE)
    assert sum(map(len, parts)) == len(EVENTS)
    nouns = [{event.partition(".")[0] for event in part} for part in parts]
    assert sum(map(len, nouns)) == len(set().union(*nouns))


def test_an_event_is_described() -> None:
    for name, item in DOCUMENT["webhooks"].items():
        assert item["post"]["summary"], name
        (content,) = item["post"]["requestBody"]["content"].values()
        body, specific = (resolved(each) for each in content["schema"]["allOf"])
        assert {"id", "timestamp", "data", "workspace_id"} <= body["properties"].keys(), name
        assert specific["properties"]["type"] == {"const": name}
        assert resolved(specific["properties"]["data"])["properties"], name
