"""The headers that every route of a kind understands, written into the description once: versions and idempotency."""

from typing import Any

VERSION = {"type": "string", "pattern": '^(W/)?"[1-9][0-9]{0,17}(-[0-9a-f]{16})?"$', "examples": ['"7"']}

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Repeat the request with the same key and you get the same answer. Kept for 72 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}
IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "Only if the item still has this version; else 412.",
    "schema": VERSION,
}
IF_NONE_MATCH: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "Only if the item is another than the one with this ETag; else 304 without a body.",
    "schema": {"type": "string"},
}
SINGLE = frozenset({"/v1/workspace", "/v1/contacts/{contact_id}/taboos"})
"""Items whose path does not end with an id, since there is just one."""

ETAG: dict[str, Any] = {
    "ETag": {"description": "The item's version, and a mark of what it does not tell.", "schema": VERSION}
}
REPLAYED: dict[str, Any] = {
    "Idempotency-Replayed": {"description": "`true` where this was answered before.", "schema": {"type": "string"}}
}


def describe(path: str, method: str, operation: dict[str, Any]) -> set[str]:
    """Add what the frame does to an operation; gives the names of the problems that come with it."""
    if not operation.get("security"):
        return set()
    names: set[str] = set()
    parameters: list[dict[str, Any]] = operation.setdefault("parameters", [])
    responses: dict[str, Any] = operation["responses"]
    versioned = "{" in path or method == "patch"
    if method in {"post", "put", "patch"}:
        parameters.append(IDEMPOTENCY_KEY)
        names |= {"Conflict", "Unprocessable"}
        _with_headers(responses, REPLAYED | ETAG)
        if versioned:
            parameters.append(IF_MATCH)
            names.add("Stale")
    elif method == "get" and (path.endswith("}") or path in SINGLE):
        parameters.append(IF_NONE_MATCH)
        responses["304"] = {"description": "You have this already."}
        _with_headers(responses, ETAG)
    return names


def _with_headers(responses: dict[str, Any], headers: dict[str, Any]) -> None:
    for status in ("200", "201"):
        if status in responses:
            responses[status].setdefault("headers", {}).update(headers)
