"""Foreign errors into problems of ours: validation, HTTP, Postgres, the network. Anything unknown is a 500."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import asyncpg
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from crm.errors import (
    Conflict,
    FieldError,
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
from services.api.problems import InternalError, MethodNotAllowed, TimedOut, UnsupportedMediaType

log = logging.getLogger("rapport.api")

BY_STATUS: dict[int, type[Problem]] = {
    kind.status: kind
    for kind in (
        Malformed, Unauthenticated, Forbidden, NotFound, MethodNotAllowed, Conflict, Stale, TooLarge,
        UnsupportedMediaType, Unprocessable, TooManyRequests, Unavailable, TimedOut,
    )
}  # fmt: skip

AGAIN = {"Retry-After": "1"}

BY_SQLSTATE: dict[str, type[Problem]] = {
    "57014": TimedOut,  # statement_timeout
    "25P04": TimedOut,  # transaction_timeout
    "55P03": Unavailable,  # lock_timeout
    "40001": Unavailable,
    "40P01": Unavailable,
    "25006": Unavailable,  # read only: a replica being promoted
    "25P03": Unavailable,
}
BY_SQLSTATE_CLASS: dict[str, type[Problem]] = {
    "08": Unavailable,
    "53": Unavailable,
    "57": Unavailable,
    "22": Unprocessable,
    "54": Unprocessable,  # program limits: an index row or a document too large
    "23": Conflict,
}

# pydantic's own words for these repeat a part of what was sent, or name a class of ours.
MESSAGES = {
    "model_type": "Input should be an object",
    "model_attributes_type": "Input should be an object",
    "string_pattern_mismatch": "This is not written the way this field is; its description says how.",
    "uuid_parsing": "Input should be a valid UUID",
    "union_tag_invalid": "The discriminator is not one of the expected values",
    "url_parsing": "Input should be a valid URL",
    "date_parsing": "Input should be a valid date such as 2026-11-22",
    "date_from_datetime_parsing": "Input should be a valid date such as 2026-11-22",
    "datetime_parsing": "Input should be a valid moment such as 2026-11-22T01:02:03Z",
    "datetime_from_date_parsing": "Input should be a valid moment such as 2026-11-22T01:02:03Z",
}
MOST_ERRORS = 100


def problem_of(error: Exception) -> Problem:
    """The problem that stands for any error; never carries internals. Logs what somebody here should look at."""
    for kinds, translate in TRANSLATIONS:
        if isinstance(error, kinds):
            return translate(error)
    return _unexpected(error)


def _unexpected(error: Exception) -> Problem:
    log.error("unexpected %s", type(error).__name__, exc_info=error)
    return InternalError()


def _silence(error: Exception) -> Problem:
    log.warning("something we depend on did not answer: %s", type(error).__name__)
    return Unavailable(headers=AGAIN)


def _interface(error: asyncpg.InterfaceError) -> Problem:
    # asyncpg's error for a value that does not fit its type has no public name that is its own.
    if isinstance(error, ValueError) and not isinstance(error, asyncpg.exceptions.ClientConfigurationError):
        log.warning("a value reached the database that does not fit its type")
        return Unprocessable("A value is outside what its field can hold.")
    return _silence(error)


def _postgres(error: asyncpg.PostgresError) -> Problem:
    state = error.sqlstate or ""
    kind = BY_SQLSTATE.get(state) or BY_SQLSTATE_CLASS.get(state[:2])
    if kind is None:
        return _unexpected(error)
    constraint = getattr(error, "constraint_name", None)
    log.warning("answered %s for SQLSTATE %s, constraint %s", kind.status, state, constraint)
    if state in {"22021", "22P05"}:
        return Unprocessable("Text must not contain NUL characters.")
    return kind(headers=AGAIN if kind is Unavailable else None)


def _http(error: HTTPException) -> Problem:
    cause = error.__cause__
    # FastAPI wraps whatever goes wrong while it reads a body into a 400 of its own.
    if isinstance(cause, Problem):
        return cause
    if isinstance(cause, RecursionError):
        return Malformed("The JSON is nested too deeply.")
    if isinstance(cause, UnicodeDecodeError):
        return Malformed("The body is not UTF-8.")
    if isinstance(cause, ClientDisconnect):
        return Malformed("The connection ended before the body did.")
    if isinstance(cause, ValueError):
        return Malformed("The JSON holds a number that is too long.")
    kind = BY_STATUS.get(error.status_code) or (InternalError if error.status_code >= 500 else Malformed)
    detail = error.detail if kind is not InternalError and error.detail != kind.title else None
    return kind(detail if isinstance(detail, str) else None, headers=error.headers)


def _refused(error: RequestValidationError) -> Problem:
    found = error.errors()
    if broken := next((each for each in found if _is_whole_body(each)), None):
        reason, position = broken.get("ctx", {}).get("error", "unreadable"), broken["loc"][-1]
        return Malformed(f"The body is not valid JSON: {reason} at position {position}.")
    return Unprocessable(errors=tuple(field_error(each, error.body) for each in found[:MOST_ERRORS]))


def _is_whole_body(found: Mapping[str, Any]) -> bool:
    # FastAPI gives the position in the body; a field of a form that should hold JSON has its name there.
    return found["type"] == "json_invalid" and isinstance(found["loc"][-1], int)


def field_error(found: Mapping[str, Any], body: Any) -> FieldError:
    """One of pydantic's errors in our form, without the value that was sent."""
    where, *path = found["loc"]
    if where == "body":
        pointer = body_pointer(path, body, names_absent=found["type"] in {"missing", "extra_forbidden"})
    else:
        pointer = f"{where}:{path[0]}" if path else where
    message = MESSAGES.get(found["type"]) or str(found["msg"]).removeprefix("Value error, ")
    return FieldError(pointer, message, found["type"])


def body_pointer(path: Sequence[str | int], body: Any, *, names_absent: bool = False) -> str:
    """A JSON pointer to what was sent. Branches of unions, which pydantic names in its path, are no part of it.

    A branch may be called like a field beside those that it has: then the step after it is found where this one is.
    """
    pointer, node = "#", body
    for position, step in enumerate(path):
        if _is_branch(node, step, path[position + 1 : position + 2]):
            continue
        if isinstance(node, Mapping) and (step in node or (names_absent and position == len(path) - 1)):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            continue
        pointer += "/" + escaped(step)
    return pointer


def _is_branch(node: Any, step: str | int, following: Sequence[str | int]) -> bool:
    if not isinstance(node, Mapping) or isinstance(node.get(step), Mapping | list):
        return False
    return any(later in node for later in following)


def escaped(step: str | int) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return str(step).replace("~", "~0").replace("/", "~1")


TRANSLATIONS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Any], Problem]], ...] = (
    (Problem, lambda problem: problem),
    (RequestValidationError, _refused),
    (HTTPException, _http),
    (asyncpg.PostgresError, _postgres),
    (asyncpg.InterfaceError, _interface),
    # What asyncpg says of a connection that the server is just ending while nobody used it.
    ((TimeoutError, ConnectionError, asyncpg.InternalClientError), _silence),
)
