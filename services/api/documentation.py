"""How the description of the API (OpenAPI 3.1) is made from its routes, and the standard it is held to."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from crm.errors import (
    Conflict,
    Forbidden,
    Malformed,
    NotFound,
    Problem,
    Stale,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)
from crm.webhooks.schemas import WebhookBody
from services.api import conventions
from services.api.frame import Api
from services.api.problems import InternalError, ProblemRead, TimedOut, UnsupportedMediaType, described

Events = Mapping[str, tuple[str, type[BaseModel]]]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SCHEMAS = "#/components/schemas/{model}"

DESCRIPTION = """
Rapport keeps customer relationships warm: customers and the people there, visits and calls, opportunities, complaints,
and who must do what by when.

**Sign in** at `POST /v1/auth/token` (the *Authorize* button above does it) or use an API key; send either as
`Authorization: Bearer …`.

**Lists** answer `{"data": […], "next_cursor": …}`; hand `next_cursor` back as `cursor` for the next page. Unknown
fields and unknown query parameters are refused, never ignored.

**Changing** an item: its `version` is also its `ETag`, with a mark after it of all that is shown where it was read.
Send the `ETag` as `If-Match` and a change made in between is answered 412 instead of being overwritten. Every POST,
PUT and PATCH takes an `Idempotency-Key`: the same key and body give the same answer, so a request may be repeated
safely.

**Failures** are all of one shape, `application/problem+json`: programs read `code`, people `title` (English or Chinese
by `Accept-Language`), support asks for `request_id`, which is also in the header `X-Request-Id`.

**Being told**: register a webhook endpoint; every event listed under *Webhooks* is signed (Standard Webhooks) and
retried until it arrives.
""".strip()

SECURITY_SCHEMES: dict[str, Any] = {
    "sign_in": {
        "type": "oauth2",
        "description": "Sign in as a person with e-mail and password.",
        "flows": {"password": {"tokenUrl": "/v1/auth/token", "refreshUrl": "/v1/auth/token", "scopes": {}}},
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token from `/v1/auth/token`, or an API key.",
    },
}

FOR_EVERYBODY: tuple[type[Problem], ...] = (TooManyRequests, InternalError, Unavailable, TimedOut)
FOR_SIGNED_IN: tuple[type[Problem], ...] = (Unauthenticated, Forbidden)
FOR_BODIES: tuple[type[Problem], ...] = (Malformed, TooLarge, UnsupportedMediaType, Unprocessable)
COMMON: tuple[type[Problem], ...] = (*FOR_EVERYBODY, *FOR_SIGNED_IN, *FOR_BODIES, NotFound, Conflict, Stale)


class Undocumented(Exception):
    """An operation that a customer could not understand, or two that have one name."""


def build(
    api: Api, *, title: str, version: str, tags: Mapping[str, str] | None = None, events: Events | None = None
) -> dict[str, Any]:
    """The whole document; raises ``Undocumented`` rather than publish a gap.

    ``tags`` are sections with their descriptions in the order to show; ``events`` are what webhooks carry: event type →
    (summary, model of the ``data`` in the delivered body).
    """
    document = get_openapi(
        title=title,
        version=version,
        openapi_version="3.1.0",
        description=DESCRIPTION,
        routes=api.routes,
        tags=[{"name": name, "description": text} for name, text in (tags or {}).items()],
        servers=[{"url": "/", "description": "This installation"}],
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for leftover in ("HTTPValidationError", "ValidationError"):
        schemas.pop(leftover, None)
    _merge(schemas, [ProblemRead], renamed={"ProblemRead": "Problem"})
    _with_security(components)
    components["responses"] = {problem.__name__: described(problem) for problem in COMMON}
    for path, method, operation in operations(document):
        _with_common_problems(path, method, operation)
    if events:
        document["webhooks"] = _webhooks(schemas, events)
    if gaps := list(undocumented(document)):
        raise Undocumented("; ".join(gaps))
    components["schemas"] = dict(sorted(schemas.items()))
    return document


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each operation with its path and method."""
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def undocumented(document: Mapping[str, Any]) -> Iterator[str]:
    """What is missing, in words: ids, summaries, descriptions, tags; and ids that two operations share."""
    seen: dict[str, str] = {}
    for path, method, operation in operations(document):
        name = f"{method.upper()} {path}"
        for member in ("operationId", "summary", "description", "tags"):
            if not operation.get(member):
                yield f"{name} has no {member}"
        if (taken := seen.setdefault(operation.get("operationId", name), name)) != name:
            yield f"{name} and {taken} have the same operationId"


def text(document: Mapping[str, Any]) -> str:
    """The document as it is committed: stable order, readable differences."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _with_security(components: dict[str, Any]) -> None:
    # Scopes that routes declare are collected by FastAPI; ours add the description and the address to sign in at.
    schemes = components.setdefault("securitySchemes", {})
    for name, scheme in SECURITY_SCHEMES.items():
        declared = schemes.get(name, {}).get("flows", {}).get("password", {}).get("scopes", {})
        schemes[name] = json.loads(json.dumps(scheme))
        if declared:
            schemes[name]["flows"]["password"]["scopes"] = declared


def _with_common_problems(path: str, method: str, operation: dict[str, Any]) -> None:
    expected: list[type[Problem]] = [*FOR_EVERYBODY]
    if operation.get("security"):
        expected += FOR_SIGNED_IN
    if "requestBody" in operation:
        expected += FOR_BODIES
    elif operation.get("parameters"):
        expected.append(Unprocessable)
    if "{" in path:
        expected.append(NotFound)
    responses: dict[str, Any] = operation.setdefault("responses", {})
    brought = conventions.describe(path, method, operation)
    expected += [problem for problem in COMMON if problem.__name__ in brought]
    if _is_fastapis_own(responses.get("422")):
        del responses["422"]
    for problem in expected:
        responses.setdefault(str(problem.status), {"$ref": f"#/components/responses/{problem.__name__}"})
    operation["responses"] = dict(sorted(responses.items()))


def _is_fastapis_own(response: Mapping[str, Any] | None) -> bool:
    return "HTTPValidationError" in json.dumps(response or {})


def _webhooks(schemas: dict[str, Any], events: Events) -> dict[str, Any]:
    _merge(schemas, sorted({WebhookBody, *(model for _, model in events.values())}, key=lambda model: model.__name__))
    return {
        kind: {
            "post": {
                "operationId": "on_" + kind.replace(".", "_"),
                "summary": summary,
                "description": (model.__doc__ or summary).strip(),
                "tags": ["webhooks"],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": _body(kind, model)}},
                },
                "responses": {"2XX": {"description": "Received. Anything else, or silence, is tried again."}},
            }
        }
        for kind, (summary, model) in sorted(events.items())
    }


def _body(kind: str, model: type[BaseModel]) -> dict[str, Any]:
    data = {"$ref": SCHEMAS.format(model=model.__name__)}
    told = {"type": "object", "properties": {"type": {"const": kind}, "data": data}}
    return {"allOf": [{"$ref": SCHEMAS.format(model=WebhookBody.__name__)}, told]}


def _merge(schemas: dict[str, Any], models: list[type[BaseModel]], renamed: Mapping[str, str] | None = None) -> None:
    _, found = models_json_schema([(model, "serialization") for model in models], ref_template=SCHEMAS)
    for name, schema in found.get("$defs", {}).items():
        published = (renamed or {}).get(name, name)
        if _without_null_defaults(schemas.setdefault(published, schema)) != _without_null_defaults(schema):
            raise Undocumented(f"two different schemas are named {published}")


def _without_null_defaults(schema: Any) -> Any:
    """FastAPI leaves ``"default": null`` out of what is both sent and shown; pydantic by itself writes it."""
    if isinstance(schema, list):
        return [_without_null_defaults(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _without_null_defaults(value)
        for name, value in schema.items()
        if not (name == "default" and value is None)
    }
