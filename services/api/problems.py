"""What a failure looks like on the wire: one ``application/problem+json`` (RFC 9457) for everything.

What each failure *is* stands in the ``errors.py`` of the features; how foreign errors become one of ours stands in
``translation.py``.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

import orjson
from pydantic import BaseModel, ConfigDict, Field

from crm.chinese import in_chinese
from crm.errors import NotFound, Problem, Unprocessable
from services.logs import REQUEST_ID

MEDIA_TYPE = "application/problem+json"


class UnknownRoute(NotFound):
    """No such path in this API."""

    title = "There is nothing at this address"
    title_zh = "此地址不存在"


class MethodNotAllowed(Problem):
    """The path exists and does not know this method; ``Allow`` lists those it knows."""

    status = 405
    title = "This address does not take that method"
    title_zh = "此地址不支持该方法"


class UnsupportedMediaType(Problem):
    """The body is of a type that this operation does not read."""

    status = 415
    title = "Send this as another content type"
    title_zh = "不支持的内容类型"


class InternalError(Problem):
    """A fault of ours. The request id finds it in the logs."""


class TimedOut(Problem):
    """It took longer than we allow. Whether a change was made is unknown: repeat it with its ``Idempotency-Key``."""

    status = 504
    title = "This took too long and was given up"
    title_zh = "处理超时，已放弃"


class FieldProblem(BaseModel):
    """One thing that is wrong in what was sent."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    pointer: str = Field(
        description="Where: a JSON pointer into the body (`#/phones/0`), or `query:limit`, `path:id`, `header:etag`."
    )
    message: str = Field(
        description="What is wrong, for people, in the language of `Accept-Language` (en, zh-CN). "
        "Never repeats what was sent."
    )
    code: str = Field(description="What is wrong, for programs.")


class ProblemRead(BaseModel):
    """Every failure of this API has this shape (RFC 9457). Programs read `code`."""

    model_config = ConfigDict(title="Problem", extra="allow")

    type: str = Field(description="A stable relative address of this kind of problem; the page there explains it.")
    title: str = Field(description="The kind of problem in words, in the language of `Accept-Language` (en, zh-CN).")
    status: int = Field(description="The HTTP status.")
    code: str = Field(description="The kind of problem, for programs.")
    request_id: str = Field(description="Quote this when you ask for help.")
    detail: str | None = Field(default=None, description="What is special about this case.")
    instance: str | None = Field(default=None, description="The path that was asked.")
    errors: list[FieldProblem] | None = Field(default=None, description="With 422: each field that was refused.")


def kind(problem: type[Problem]) -> str:
    """The problem's stable relative address."""
    return f"/problems/{problem.code()}"


def wants_chinese(accept_language: str) -> bool:
    """Whether ``Accept-Language`` prefers Chinese to English."""
    best: dict[str, float] = {"zh": 0.0, "en": 0.0}
    for part in accept_language.lower().split(",")[:20]:
        tag, _, weight = part.partition(";")
        language = tag.strip().split("-")[0]
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            quality = 0.0
        if language in best:
            best[language] = max(best[language], quality)
    return best["zh"] > best["en"]


def said(message: str, *, chinese: bool) -> str:
    """The message in the language asked for, as far as there are words for it."""
    return (in_chinese(message) or message) if chinese else message


def content(
    problem: Problem, *, path: str = "", request_id: str | None = None, chinese: bool = False
) -> dict[str, Any]:
    """The members of the problem answer; also what one item of a batch carries."""
    of_kind = type(problem)
    members: dict[str, Any] = {
        "type": kind(of_kind),
        "title": of_kind.title_zh if chinese else of_kind.title,
        "status": of_kind.status,
        "code": of_kind.code(),
        "request_id": request_id or REQUEST_ID.get() or "",
    }
    if problem.detail:
        members["detail"] = said(problem.detail, chinese=chinese)
    if path:
        members["instance"] = quote(path, safe="/:@!$&'()*+,;=~-._")
    if problem.errors:
        members["errors"] = [
            {**asdict(error), "message": said(error.message, chinese=chinese)} for error in problem.errors
        ]
    return {**problem.more, **members}


def answer(problem: Problem, scope: Mapping[str, Any]) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of the problem answer to the request of this scope."""
    asked = dict(scope["headers"])
    chinese = wants_chinese(asked.get(b"accept-language", b"").decode("latin-1"))
    members = content(problem, path=scope["path"], request_id=scope.get("request_id"), chinese=chinese)
    body = orjson.dumps(members, default=str)
    headers = {"content-language": "zh-CN" if chinese else "en"}
    if problem.status == 401:
        headers["www-authenticate"] = "Bearer"
    if problem.status in {429, 503}:
        headers["retry-after"] = "1"
    headers |= {name.lower(): value for name, value in problem.headers.items()}
    headers |= {"content-type": MEDIA_TYPE, "content-length": str(len(body))}
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()], body


def example(problem: type[Problem]) -> dict[str, Any]:
    """One such answer, for the documentation."""
    shown = {
        "type": kind(problem),
        "title": problem.title,
        "status": problem.status,
        "code": problem.code(),
        "request_id": "5f0c2a9e00000001",
    }
    if issubclass(problem, Unprocessable):
        shown["errors"] = [{"pointer": "#/name", "message": "Field required", "code": "missing"}]
    return shown


def described(*classes: type[Problem]) -> dict[str, Any]:
    """One OpenAPI response for problems of the same status: what it means and an example of each."""
    return {
        "description": " · ".join(dict.fromkeys(problem.title for problem in classes)),
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {
                    problem.code(): {"summary": problem.__doc__ or problem.title, "value": example(problem)}
                    for problem in classes
                },
            }
        },
    }


def problems(*classes: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """What a route adds to the common problems: ``responses=problems(EmailTaken, …)``, grouped by status."""
    by_status: dict[int | str, list[type[Problem]]] = {}
    for problem in classes:
        by_status.setdefault(problem.status, []).append(problem)
    return {status: described(*of_status) for status, of_status in sorted(by_status.items(), key=lambda item: item[0])}
