"""A bound on how long a request may take until its answer begins.

One look every quarter second over what is running costs a request 2 µs; ``asyncio.timeout`` costs each 7 µs. An
answer that streams (an export, server-sent events) is bound only until it begins.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar

from starlette.types import Message, Send

from services.api.problems import TimedOut

SECONDS = 10.0
LOOK_EVERY = 0.25

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def patient(seconds: float) -> Callable[[Endpoint], Endpoint]:
    """Mark a route that may take longer than others, such as an upload: ``@patient(120)`` below ``@router.post``."""

    def marked(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["deadline_seconds"] = seconds
        return endpoint

    return marked


class _Running:
    __slots__ = ("expired", "task", "until")

    def __init__(self, task: asyncio.Task[Any], until: float) -> None:
        self.task = task
        self.until = until
        self.expired = False


class Deadlines:
    """What runs in this process, and until when it may."""

    def __init__(self) -> None:
        """Nothing runs, so nothing looks."""
        self._running: set[_Running] = set()
        self._looking: asyncio.AbstractEventLoop | None = None

    async def hold(self, handle: Callable[[Send], Awaitable[None]], send: Send, seconds: float) -> None:
        """Run ``handle``; when its answer has not begun in time, cancel it and raise ``TimedOut``."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # ASGI servers run each request as a task
        running = _Running(task, monotonic() + seconds)
        self._running.add(running)
        if self._looking is None:
            self._looking = task.get_loop()
            self._looking.call_later(LOOK_EVERY, self._look)

        async def send_begun(message: Message) -> None:
            self._running.discard(running)
            await send(message)

        try:
            await handle(send_begun)
            if running.expired:
                task.uncancel()  # It came too late, or the handler kept it to itself.
        except asyncio.CancelledError:
            # Somebody else may have cancelled too (the server shutting down): theirs goes on.
            if running.expired and task.uncancel() == 0:
                raise TimedOut from None
            raise
        finally:
            self._running.discard(running)

    def _look(self) -> None:
        now = monotonic()
        for running in [each for each in self._running if each.until <= now]:
            self._running.discard(running)
            running.expired = True
            running.task.cancel()
        if not self._running:
            self._looking = None
        elif self._looking is not None:
            self._looking.call_later(LOOK_EVERY, self._look)
