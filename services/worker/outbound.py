"""The only place that calls strangers: one guarded POST.

Connections go to checked addresses only (``dialling``); Host header, server name and certificate stay those of the
name. One deadline over everything, a limit on what is read, no redirects, no proxies from the environment, no cookies,
no decompression.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from types import TracebackType
from typing import Self, cast

import httpcore
import httpx

from crm.webhooks.addresses import refusal
from crm.webhooks.rules import parse_retry_after
from services.worker.dialling import CONNECT_SECONDS, Address, GuardedBackend, GuardedTransport, Resolve

DEADLINE_SECONDS = 15.0
LONGEST_BODY = 65_536
KEPT_OF_BODY = 4_096
_RESOLVER_THREADS = 16

_FAULTS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    OSError,
)


class DeadlineExceeded(httpcore.TimeoutException):
    """The whole exchange took too long, however busy the other side kept the line."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one call. ``status`` is ``None`` when no answer came.

    ``error`` names the fault. It can stand beside a status: the answer came, and then its body did not end in time.
    ``body_start`` is for people to read: at most 4 kB, undecodable bytes replaced, no NUL.
    """

    status: int | None
    duration_ms: int
    body_start: str = ""
    retry_after: timedelta | None = None
    error: str | None = None
    timed_out: bool = False


class Outbound:
    """Calls strangers, safely and for a bounded time. An async context manager; one for the whole worker."""

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        deadline_seconds: float = DEADLINE_SECONDS,
        resolve: Resolve | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """``allow_loopback`` opens 127.0.0.0/8 and ::1 and is for development. The rest is for tests."""
        self._allow_loopback = allow_loopback
        self._deadline_seconds = deadline_seconds
        # Names that hang must not use up the event loop's own threads.
        self._resolvers = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="resolve")
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(
                GuardedBackend(resolve or self._resolve, allow_loopback=allow_loopback),
                ssl_context or httpx.create_ssl_context(trust_env=False),
            ),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(deadline_seconds, connect=min(CONNECT_SECONDS, deadline_seconds)),
            # The bytes are wanted as sent: nothing small that unpacks into something large.
            headers={"user-agent": "Rapport", "accept-encoding": "identity"},
            # What one workspace's endpoint sets must not travel with another's delivery.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def __aenter__(self) -> Self:
        """Ready as it is."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what is open."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close what is open; a name still being resolved is not waited for."""
        await self._client.aclose()
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Send the body and read the answer, all within the deadline. Faults of the network are in the reply."""
        began = time.monotonic()
        if refusal(url, self._allow_loopback) is not None:
            return Reply(status=None, duration_ms=0, error="UrlRefused")
        answer: httpx.Response | None = None
        kept = bytearray()
        fault: BaseException | None = None
        try:
            async with (
                asyncio.timeout(self._deadline_seconds),
                self._client.stream("POST", url, headers=dict(headers), content=body) as answer,
            ):
                await _read(answer, kept)
        except TimeoutError:
            fault = DeadlineExceeded()
        except _FAULTS as error:
            fault = error
        return Reply(
            status=answer.status_code if answer is not None else None,
            duration_ms=round((time.monotonic() - began) * 1000),
            body_start=kept.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}"),
            retry_after=parse_retry_after(answer.headers.get("retry-after"), datetime.now(UTC)) if answer else None,
            error=_name_of(fault),
            timed_out=isinstance(fault, httpcore.TimeoutException | httpx.TimeoutException),
        )

    async def _resolve(self, host: str, port: int) -> Sequence[Address]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._resolvers, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [ip_address(place[0]) for *_, place in found]


async def _read(answer: httpx.Response, kept: bytearray) -> None:
    """Read what we are willing to read and keep its start; leaving early closes the connection."""
    seen = 0
    async with aclosing(cast(AsyncGenerator[bytes, None], answer.aiter_raw())) as parts:
        async for part in parts:
            kept += part[: KEPT_OF_BODY - len(kept)]
            seen += len(part)
            if seen >= LONGEST_BODY:
                return


def _name_of(fault: BaseException | None) -> str | None:
    """The fault's class, or that of the TLS error behind it, which says more to the endpoint's owner."""
    if fault is None:
        return None
    below = fault.__context__
    while below is not None and not isinstance(below, ssl.SSLError):
        below = below.__context__
    return type(below or fault).__name__
