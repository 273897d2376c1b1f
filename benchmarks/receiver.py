"""Somebody's endpoint for webhooks, who counts what arrives."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from types import TracebackType
from typing import Self


class Receiver:
    """Takes every delivery and counts by ``webhook-id``."""

    def __init__(self) -> None:
        """Nothing was received yet."""
        self.seen: Counter[str] = Counter()
        self.came: dict[str, float] = {}
        self.url = ""

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                await reader.readexactly(int(fields["content-length"]))
                self.seen[fields["webhook-id"]] += 1
                self.came.setdefault(fields["webhook-id"], time.time())
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
        writer.close()
