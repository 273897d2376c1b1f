"""The queue: arq on Valkey or Redis carries out what leaves the database, kept alive by the process around it.

A message is a hint to look at a row. It may be lost, doubled or late; nothing depends on it (``reliability.md`` 2.3).
An arq worker ends with the first error of its queue, so it is started again until the queue is back.
"""

import asyncio
import logging
import random
from contextlib import suppress
from time import monotonic

import orjson
from arq.worker import Worker as ArqWorker
from arq.worker import func

from services.worker.delivering import deliver
from services.worker.messages import QUEUE, open_queue, to_json
from services.worker.rounds import Worker

LONGEST_BACKOFF = 3.0
"""While the queue is back and nobody works on it, what is hinted to it waits."""
WELL_AFTER = 30.0
DRAIN_SECONDS = 18.0

logger = logging.getLogger("rapport.worker.queue")


class WorkerSettings:
    """What the arq worker is like; the process around it adds its name, its queue and what its jobs work with."""

    functions = (func(deliver, max_tries=1, keep_result=0),)
    queue_name = QUEUE
    max_jobs = 20
    job_timeout = 60
    max_tries = 1
    keep_result = 0
    poll_delay = 0.3
    queue_read_limit = 1000
    health_check_interval = 15
    retry_jobs = False
    allow_abort_jobs = False
    handle_signals = False
    log_results = False
    job_serializer = staticmethod(to_json)
    job_deserializer = staticmethod(orjson.loads)


async def keep_queue_worked(worker: Worker) -> None:
    """Run an arq worker until it is time to stop, another one whenever it ends."""
    failures = 0
    while not worker.stopping.is_set():
        began = monotonic()
        try:
            await _work(worker)
        except Exception as error:  # An arq worker ends with whatever its queue, or a bug of its own, throws at it.
            failures = 0 if monotonic() - began > WELL_AFTER else failures + 1
            wait = min(0.25 * 2 ** min(failures, 10), LONGEST_BACKOFF) * random.uniform(0.8, 1.2)
            facts = {"error": type(error).__name__, "again_in_s": round(wait, 2)}
            logger.warning("the queue's worker ended", extra={"facts": facts})
            await worker.pause(wait)


async def _work(worker: Worker) -> None:
    settings = {name: value for name, value in vars(WorkerSettings).items() if not name.startswith("_")}
    settings |= {name: getattr(WorkerSettings, name) for name in ("job_serializer", "job_deserializer")}
    arq = ArqWorker(
        **settings,
        redis_pool=open_queue(worker.settings.redis_url),
        health_check_key=f"rapport:worker:{worker.name}",
        ctx={"worker": worker},
    )
    running = asyncio.create_task(arq.async_run())
    stopping = asyncio.create_task(worker.stopping.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            await _drain(arq)
            return
        await running
    finally:
        stopping.cancel()
        await _close(arq, running)


async def _drain(arq: ArqWorker) -> None:
    """Take no more, and let finish what is under way."""
    arq.allow_pick_jobs = False
    if arq.tasks:
        await asyncio.wait(arq.tasks.values(), timeout=DRAIN_SECONDS)


async def _close(arq: ArqWorker, running: asyncio.Task[None]) -> None:
    # arq's own close awaits its tasks one error at a time and asks a queue that may be gone.
    left = [running, *(task for task in (arq.main_task, *arq.tasks.values(), *arq.job_tasks.values()) if task)]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    with suppress(Exception):
        async with asyncio.timeout(2):
            await arq.pool.delete(arq.health_check_key)
    with suppress(Exception):
        async with asyncio.timeout(2):
            await arq.pool.aclose(close_connection_pool=True)
