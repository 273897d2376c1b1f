"""The published description, ready to hold each answer against: by operation and status, compiled when first needed."""

import re
from collections import defaultdict
from typing import Any
from urllib.parse import quote

import httpx
import jsonschema_rs

from crm.chinese import in_chinese
from services.api.problems import MEDIA_TYPE

Templates = list[tuple[re.Pattern[str], str]]


class Promises:
    """What the API says of itself."""

    def __init__(self, document: dict[str, Any]) -> None:
        """Of this description."""
        self._paths = document["paths"]
        self._registry = jsonschema_rs.Registry([("urn:published", document)])
        self._validators: dict[tuple[str, ...], jsonschema_rs.Draft202012Validator] = {}
        self._templates: dict[int, Templates] = defaultdict(list)
        for path in sorted(self._paths, key=lambda one: one.count("{")):
            self._templates[path.count("/")].append((re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), path))

    def check(self, request: httpx.Request, response: httpx.Response) -> None:
        """The answer is one that the description promises; what a problem says can be said in Chinese too."""
        asked, method = request.url.path, request.method.lower()
        path = next((path for known, path in self._templates[asked.count("/")] if known.fullmatch(asked)), None)
        operation = self._paths[path].get(method) if path else None
        if path is None or operation is None:
            assert response.status_code in {404, 405}, f"{request.method} {asked} is not documented"
            return
        status = str(response.status_code)
        promised = operation["responses"].get(status)
        assert promised is not None, f"{request.method} {asked}: {status} is not documented: {response.text}"
        kind = response.headers.get("content-type", "").partition(";")[0]
        if "schema" in promised.get("content", {}).get(kind, {}) and "json" in kind:
            place = ("paths", path, method, "responses", status, "content", kind, "schema")
            self._validator(place).validate(response.json())
        if kind == MEDIA_TYPE and response.headers["content-language"] == "en":
            _is_said_in_chinese_too(response.json())

    def _validator(self, place: tuple[str, ...]) -> jsonschema_rs.Draft202012Validator:
        if place not in self._validators:
            pointer = "/".join(step.replace("~", "~0").replace("/", "~1") for step in place)
            schema = {"$ref": f"urn:published#/{quote(pointer)}"}
            self._validators[place] = jsonschema_rs.Draft202012Validator(schema, registry=self._registry)
        return self._validators[place]


def _is_said_in_chinese_too(problem: dict[str, Any]) -> None:
    said = [error["message"] for error in problem.get("errors", [])]
    if "detail" in problem:
        said.append(problem["detail"])
    unknown = [message for message in said if in_chinese(message) is None]
    assert not unknown, f"say these in Chinese in crm/chinese.toml: {unknown}"
