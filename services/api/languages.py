"""In which language an answer speaks to whoever asked."""

from collections.abc import Iterable
from typing import Annotated, Any

import orjson
from fastapi import Header
from starlette.responses import Response

from crm.actor import Actor
from services.api.answers import JSON
from services.api.problems import said, wants_chinese

Language = Annotated[str, Header(max_length=500, description="`en` or `zh-CN`; your own language without it.")]
"""The header ``Accept-Language`` of a route that takes it."""


def speaks_chinese(actor: Actor, accept_language: str) -> bool:
    """What the header asks for, or else the language of the person."""
    return wants_chinese(accept_language) if accept_language else actor.language == "zh-CN"


def in_that_language(body: bytes, *, chinese: bool) -> Response:
    """An answer that speaks this language."""
    headers = {"Content-Language": "zh-CN" if chinese else "en", "Vary": "Accept-Language"}
    return Response(body, headers=headers, media_type=JSON)


def with_messages(body: bytes, member: str, *, chinese: bool) -> bytes:
    """The body, where the list ``member`` holds things with ``errors``: their messages in this language."""
    if not chinese:
        return body
    found = orjson.loads(body)
    translate(found[member])
    return orjson.dumps(found)


def translate(items: Iterable[dict[str, Any]]) -> None:
    """Put the messages of the ``errors`` of these into Chinese."""
    for item in items:
        for error in item["errors"]:
            error["message"] = said(error["message"], chinese=True)
