"""From what an action gives to what goes out: bodies pass through as Postgres wrote them."""

import hashlib
from collections.abc import Mapping

import orjson
from starlette.responses import Response

from crm.nouns import Answer, Tailored

JSON = "application/json"


class ShownOnce(Response):
    """An item with a new secret in it. What is kept for a repeated request has null in its place."""

    def __init__(
        self,
        answer: Answer,
        secret: str | None,
        path: str | None = None,
        *,
        member: str = "secret",
        status: int | None = None,
        **more: str,
    ) -> None:
        """``secret`` becomes a member of the item, ``more`` others beside it; ``path`` is that of its kind, where the
        item is new as well.
        """
        told: dict[str, str | None] = {member: secret, **more}
        shown, self.kept = _with(answer.body, **told), _with(answer.body, **dict.fromkeys(told))
        headers = {"ETag": f'"{answer.version}"', "Cache-Control": "no-store"}
        if path is not None:
            headers["Location"] = f"{path}/{answer.id}"
        super().__init__(shown, status or (200 if path is None else 201), headers, media_type=JSON)


def kept_body(response: Response) -> bytes:
    """What an ``Idempotency-Key`` keeps of a response."""
    return response.kept if isinstance(response, ShownOnce) else bytes(response.body)


def _with(item: str, **more: str | None) -> bytes:
    return orjson.dumps({**orjson.loads(item), **more})


def respond(result: Answer | bytes | None, status: int, path: str) -> Response:
    """An item with its ``ETag`` (and ``Location`` when it is new and has its own address), a page, or nothing (204)."""
    if result is None:
        return Response(status_code=204)
    if isinstance(result, bytes):
        return Response(result, status, media_type=JSON)
    headers = {"ETag": etag_of(result)}
    if status == 201 and "{" not in path:
        headers["Location"] = f"{path}/{result.id}"
    return Response(result.body.encode(), status, headers, media_type=JSON)


def etag_of(item: Answer) -> str:
    """The item's version; after it, where that does not tell all that is shown, a mark of what is.

    ``If-Match`` goes by the version alone, ``If-None-Match`` by the whole.
    """
    if isinstance(item, Tailored):
        return f'"{item.version}-{hashlib.blake2b(item.body.encode(), digest_size=8).hexdigest()}"'
    return f'"{item.version}"'


def unless_known(response: Response, if_none_match: str | None) -> Response:
    """304 without a body where the caller has just this already (``If-None-Match``)."""
    etag = response.headers.get("etag")
    if if_none_match is None or etag is None or response.status_code != 200:
        return response
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return Response(status_code=304, headers={"ETag": etag}) if etag in known or "*" in known else response


def replayed(status: int, headers: Mapping[str, str], body: bytes) -> Response:
    """The answer given before to the same ``Idempotency-Key``."""
    return Response(body, status, {**headers, "Idempotency-Replayed": "true"})
