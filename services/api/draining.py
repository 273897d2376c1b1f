"""Leaving without dropping anybody: first say so, keep serving while the balancer notices, only then stop."""

import asyncio
import logging
import signal
import threading
from contextvars import Context
from types import FrameType
from typing import Any

log = logging.getLogger("rapport.api")


def drain_on_sigterm(state: Any, seconds: float) -> None:
    """On SIGTERM set ``state.draining`` and let the server stop ``seconds`` later; a second SIGTERM stops at once.

    To be called inside the running server (its lifespan), after it has set its own handler, which is kept for later.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    stop = signal.getsignal(signal.SIGTERM)
    if not callable(stop):
        return

    def drain(number: int, frame: FrameType | None) -> None:
        if state.draining or seconds <= 0:
            state.draining = True
            stop(number, frame)
            return
        state.draining = True
        # A signal may come in the middle of anything: only the loop's own thread-safe door is used here,
        # with no request's id around it.
        loop.call_soon_threadsafe(announce, context=Context())

    def announce() -> None:
        log.info("draining: not ready any more, stopping in %s s", seconds)
        loop.call_later(seconds, stop, signal.SIGTERM, None)

    signal.signal(signal.SIGTERM, drain)
