"""Imports, a few seconds at a time: the one that has waited longest goes on, so that a long one holds up nobody."""

import logging
import time
from typing import Protocol

import asyncpg

from crm.database import Database
from crm.errors import Unavailable
from crm.imports import carrying
from crm.imports.carrying import LeaseLost

log = logging.getLogger("rapport.worker")

SECONDS = 2.0
"""How long an import goes on before another one has its turn."""

PASSING = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, Unavailable)
PASSING_STATES = ("08", "40", "53", "55", "57", "25")
"""SQLSTATE classes of what may go well the next time: connection, deadlock, resources, locks, time-outs."""


class HasDatabase(Protocol):
    """What this round needs of the worker."""

    @property
    def database(self) -> Database:
        """The worker's pool."""


async def import_round(worker: HasDatabase) -> bool:
    """Carry an import on; whether there was one. Whatever stops it, it goes on from its last batch."""
    database = worker.database
    async with database.scanning() as tx:
        held = await carrying.claim(tx)
    if held is None:
        return False
    try:
        work = await carrying.take_up(database, held)
        if work is None:
            return True
        until = time.monotonic() + SECONDS
        while await carrying.step(database, work):
            if time.monotonic() > until:
                await carrying.release(database, work)
                break
    except LeaseLost:
        log.info("the import %s is carried out by somebody else", held.id)
    except Exception as error:
        if _passes(error):
            raise
        # What fails here would fail the next time too, and keep the other imports waiting.
        log.exception("the import %s has failed", held.id)
        await carrying.fail(database, held, "A line could not be stored. What came before it is there.")
    return True


def _passes(error: Exception) -> bool:
    return isinstance(error, PASSING) or (getattr(error, "sqlstate", None) or "").startswith(PASSING_STATES)
