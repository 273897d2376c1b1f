"""The worker process: rounds against Postgres, and an arq worker beside them. ``python -m services.worker.main``.

Any number of these may run beside each other. Killing one at any moment loses nothing and does nothing twice.
"""

import asyncio
import logging
import signal
import sys

import uvloop

from crm.database import Database
from services import logs
from services.memory import settle_memory
from services.settings import Settings, load
from services.worker import digesting, escalating, housekeeping, ranking, removing
from services.worker.birthdays import SECONDS as BIRTHDAY_SECONDS
from services.worker.birthdays import turn_birthdays
from services.worker.calendars import keep_calendars
from services.worker.delivering import hint_round
from services.worker.dispatching import owe_messages, send_messages
from services.worker.exporting import export_round, sweep_exports
from services.worker.firing import fire
from services.worker.importing import import_round
from services.worker.messages import open_queue
from services.worker.missing import miss_visits
from services.worker.privacy import keep_private
from services.worker.promising import RECOUNT_SECONDS, watch_promises, work_out_anew
from services.worker.promising import SECONDS as PROMISE_SECONDS
from services.worker.publishing import publish_facts
from services.worker.queueing import WorkerSettings, keep_queue_worked
from services.worker.ranking import rank
from services.worker.reacting import react
from services.worker.repeating import SECONDS as REPEATING_SECONDS
from services.worker.repeating import repeat
from services.worker.rezoning import recheck_zones
from services.worker.rounds import Round, Worker, keep_running
from services.worker.ruling import SECONDS as RULING_SECONDS
from services.worker.ruling import rule
from services.worker.selling import SECONDS as SELLING_SECONDS
from services.worker.selling import look_after_sales
from services.worker.snapshots import SECONDS as SNAPSHOT_SECONDS
from services.worker.snapshots import keep_snapshots
from services.worker.surveying import SECONDS as SURVEYING_SECONDS
from services.worker.surveying import send_surveys
from services.worker.warming import SECONDS, warm

__all__ = ["ROUNDS", "WorkerSettings", "main"]

AT_LEISURE = (0.8, 1.6)
"""For what nobody counts to the tenth of a second: a digest gathers for ten, an export takes longer than that."""
DAILY = (80_000.0, 90_000.0)
HOURLY = (3_000.0, 4_200.0)
FEWEST_CONNECTIONS = 16
"""Each round may hold one, reactions several; with fewer they would wait for each other."""
GIVES_WAY_AFTER = 0.001
"""Seconds after which a thread that reads a file or writes one lets the loop go on: with Python's own 5 ms, each
statement of an import waits for as long."""
NOISY = ("arq.worker", "arq.connections", "httpx", "httpcore")
"""Whose logs say too much: httpx tells each address it calls, and that of a robot is its secret."""
STOPS_WITHIN = 22.0
"""Seconds that what is under way gets to finish."""

ROUNDS: tuple[Round, ...] = (
    Round("publish", publish_facts),
    Round("react", react),
    Round("fire", fire),
    Round("escalate", escalating.escalate, escalating.SECONDS),
    Round("watch promises", watch_promises, PROMISE_SECONDS),
    Round("work out anew", work_out_anew, RECOUNT_SECONDS),
    Round("deliver", hint_round),
    Round("owe messages", owe_messages, AT_LEISURE),
    Round("send messages", send_messages, AT_LEISURE),
    Round("send surveys", send_surveys, SURVEYING_SECONDS),
    Round("import", import_round),
    Round("export", export_round, AT_LEISURE),
    Round("sweep exports", sweep_exports, HOURLY),
    Round("remove files", removing.remove_files, removing.SECONDS),
    Round("sweep attachments", removing.sweep_attachments, HOURLY),
    Round("warm", warm, SECONDS),
    Round("day end", digesting.tell_day_ends, digesting.SECONDS),
    Round("miss visits", miss_visits, HOURLY),
    Round("rules", rule, RULING_SECONDS),
    Round("repeat", repeat, REPEATING_SECONDS),
    Round("keep private", keep_private, HOURLY),
    Round("birthdays", turn_birthdays, BIRTHDAY_SECONDS),
    Round("sales", look_after_sales, SELLING_SECONDS),
    Round("keep snapshots", keep_snapshots, SNAPSHOT_SECONDS),
    Round("calendars", keep_calendars, HOURLY),
    Round("recheck zones", recheck_zones, DAILY),
    Round("rank", rank, ranking.SECONDS),
    Round("beat", housekeeping.beat, (9.0, 10.0)),
    Round("make room", housekeeping.make_room, DAILY),
    Round("forget", housekeeping.forget, HOURLY),
)

logger = logging.getLogger("rapport.worker")


def main() -> int:
    """Run until SIGTERM or SIGINT; what is under way is finished first."""
    settings = load(Settings)
    logs.configure(settings.log_level)
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)
    sys.setswitchinterval(GIVES_WAY_AFTER)
    uvloop.run(run(settings))
    return 0


async def run(settings: Settings, rounds: tuple[Round, ...] = ROUNDS) -> None:
    """The life of the process."""
    database = Database(settings.database_url, name="rapport-worker", size=max(settings.pool_size, FEWEST_CONNECTIONS))
    worker = Worker(settings, database, open_queue(settings.redis_url))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stopping.set)
    tasks = [asyncio.create_task(keep_running(worker, each), name=each.name) for each in rounds]
    tasks.append(asyncio.create_task(keep_queue_worked(worker), name="queue"))
    settle_memory()
    logger.info("worker started", extra={"facts": {"name": worker.name}})
    try:
        await worker.stopping.wait()
        _, late = await asyncio.wait(tasks, timeout=STOPS_WITHIN)
        for task in late:
            # What is cut off here is rolled back, and taken up by whoever comes next.
            task.cancel()
        under_way = [*worker.deliveries, *worker.messages]
        for sending in under_way:
            sending.cancel()
        await asyncio.gather(*tasks, *under_way, return_exceptions=True)
    finally:
        await worker.outbound.aclose()
        await worker.queue.aclose(close_connection_pool=True)
        await database.close()
    logger.info("worker stopped", extra={"facts": {"name": worker.name, "cut_off": [task.get_name() for task in late]}})


if __name__ == "__main__":
    raise SystemExit(main())
