"""The receiver of the demo: checks each webhook's signature, plays a group robot, and prints a line about each call.

``python -m services.local.receiver``. What a partner's receiver must do, in its smallest form: read the raw body,
verify, answer at once.
"""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import orjson
import uvicorn

from crm.webhooks.signing import ID_HEADER, SignatureInvalid, verify

LARGEST = 1_048_576
ROBOT = "/robot"
"""Where it takes what a WeCom robot takes, and answers as one."""

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


def receiver(secret: str, say: Callable[[str], None]) -> App:
    """An ASGI application: 204 for what was signed with the secret, 401 for everything else, and a line for each."""
    seen: dict[str, None] = {}

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["method"] != "POST":
            await _answer(send, 405)
            return
        body = await _whole(receive)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if body is None:
            await _answer(send, 413)
            return
        if scope["path"] == ROBOT:
            for text in read_out(body):
                say(text)
            await _answer(send, 200, b'{"errcode":0,"errmsg":"ok"}')
            return
        try:
            verify(secret, headers, body)
        except SignatureInvalid:
            say(line("?", "", "signature WRONG, refused"))
            await _answer(send, 401)
            return
        delivery_id = headers[ID_HEADER]
        again = ", again" if delivery_id in seen else ""
        seen[delivery_id] = None
        if len(seen) > 10_000:
            del seen[next(iter(seen))]
        say(line(*described(body), f"signature ok{again}"))
        await _answer(send, 204)

    return app


def described(body: bytes) -> tuple[str, str]:
    """The type of a delivered event, and whom or what it is about, as far as it says."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "?", ""
    if not isinstance(told, Mapping) or not isinstance(told.get("data"), Mapping):
        return "?", ""
    data = told["data"]
    customer = data.get("customer")
    candidates = [data.get(name) for name in ("name", "title", "subject", "purpose")]
    if isinstance(customer, Mapping):
        candidates = [customer.get("name"), *candidates]
    named = [text for text in candidates if isinstance(text, str) and text]
    return str(told.get("type", "?")), " · ".join(named[:2])


def read_out(body: bytes) -> list[str]:
    """What a group would read, as lines for people."""
    try:
        told = orjson.loads(body)
        text = told["text"]["content"]
    except (orjson.JSONDecodeError, TypeError, KeyError):
        text = "?"
    return [_printable(f"{datetime.now().astimezone():%H:%M:%S}  robot    {one}") for one in str(text).splitlines()]


def line(event_type: str, about: str, verdict: str) -> str:
    """One line for people. Control characters are not printed: they would be obeyed by the terminal."""
    return _printable(f"{datetime.now().astimezone():%H:%M:%S}  webhook  {event_type:<24}  {about[:60]:<32}  {verdict}")


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


async def _whole(receive: Receive) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _answer(send: Send, status: int, body: bytes = b"") -> None:
    length = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": length})
    await send({"type": "http.response.body", "body": body})


def main() -> int:
    """Serve on 127.0.0.1 until stopped; the port and the secret are in the environment."""
    try:
        port, secret = int(os.environ["RAPPORT_RECEIVER_PORT"]), os.environ["RAPPORT_RECEIVER_SECRET"]
    except (KeyError, ValueError):
        sys.stderr.write("RAPPORT_RECEIVER_PORT and RAPPORT_RECEIVER_SECRET are required\n")
        return 2
    app = receiver(secret, lambda text: print(text, flush=True))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False, lifespan="off")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
