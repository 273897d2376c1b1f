"""Exports: the one that has waited longest is written, start to end; old files are deleted."""

import asyncio
import logging

from crm.attachments.store import StoreFailed
from crm.database import EVERYWHERE
from crm.exports import writing
from crm.exports.writing import LeaseLost
from services.storage import shelf_of
from services.worker.rounds import Worker

log = logging.getLogger("rapport.worker")

KEPT = 25 * 3600.0
"""Seconds that a file lies there: an hour longer than anyone is let at it."""
LONGEST = 110.0


async def export_round(worker: Worker) -> bool:
    """Write an export; whether there was one. Killed in the middle, it is begun anew by whoever comes next."""
    held = await writing.claim(worker.database.writing(EVERYWHERE))
    if held is None:
        return False
    try:
        async with asyncio.timeout(LONGEST):
            await writing.write(worker.database, held, shelf_of(worker.settings))
    except LeaseLost:
        log.info("the export %s is written by somebody else", held.id)
    except TimeoutError:
        await writing.fail(worker.database, held, "There are too many rows for one file. Narrow the list by filters.")
    except (OSError, StoreFailed):
        log.exception("the export %s could not be written", held.id)
        await writing.fail(worker.database, held, "The file could not be written.")
    return True


async def sweep_exports(worker: Worker) -> bool:
    """Delete the files whose time is over."""
    await shelf_of(worker.settings).sweep(KEPT)
    return False
