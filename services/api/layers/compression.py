"""gzip for whole answers over a kilobyte, for clients that accept it. Streams (server-sent events) pass untouched.

The ETag stays as it is: it names the version of the item, which ``If-Match`` compares, not the bytes.
"""

import asyncio
import gzip
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST = 1024
# Measured on a made-up page of 50 customers (30 kB): level 1 takes half the time of level 6 and leaves 12 % more bytes.
LEVEL = 1
BLOCKS_THE_LOOP = 256 * 1024
ACCEPTED = re.compile(rb"\bgzip(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")
COMPRESSIBLE = (b"application/json", b"application/problem+json", b"text/")


def compression(app: ASGIApp) -> ASGIApp:
    """Compress what is worth it."""

    async def compressed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not accepts_gzip(scope):
            await app(scope, receive, send)
            return
        start: Message | None = None

        async def send_compressed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start is not None:
                begun, start = start, None
                body = message.get("body", b"")
                if len(body) >= SMALLEST and not message.get("more_body", False) and worth_it(begun):
                    packed = await pack(body)
                    begun["headers"] = [each for each in begun["headers"] if each[0] != b"content-length"] + [
                        (b"content-encoding", b"gzip"),
                        (b"content-length", b"%d" % len(packed)),
                        (b"vary", b"accept-encoding"),
                    ]
                    message = {**message, "body": packed}
                await send(begun)
            await send(message)

        await app(scope, receive, send_compressed)

    return compressed


async def pack(body: bytes) -> bytes:
    """The body as gzip; a large one away from the event loop."""
    if len(body) > BLOCKS_THE_LOOP:
        return await asyncio.to_thread(gzip.compress, body, LEVEL, mtime=0)
    return gzip.compress(body, LEVEL, mtime=0)


def accepts_gzip(scope: Scope) -> bool:
    """Whether the client says so, and not with ``q=0``."""
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            return ACCEPTED.search(value) is not None
    return False


def worth_it(start: Message) -> bool:
    """Text that nobody has encoded yet."""
    text = False
    for name, value in start["headers"]:
        if name == b"content-encoding":
            return False
        if name == b"content-type":
            text = value.startswith(COMPRESSIBLE) and not value.startswith(b"text/event-stream")
    return text
