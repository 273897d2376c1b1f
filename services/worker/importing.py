"""Imports, a few seconds at a time: the one that has waited longest goes on, so that a long one holds up nobody."""

import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

import asyncpg

from crm.database import EVERYWHERE, Database
from crm.errors import Unavailable
from crm.imports import carrying, claims, undoing
from crm.imports.claims import Claim, LeaseLost
from services.worker.publishing import owe_here

log = logging.getLogger("rapport.worker")

SECONDS = 2.0
"""How long an import goes on before another one has its turn."""
LONGEST = 15.0
"""How long it goes on where no other waits. Each time its file is opened anew."""

PASSING = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, Unavailable)
PASSING_STATES = ("08", "40", "53", "55", "57", "25")
"""SQLSTATE classes of what may go well the next time: connection, deadlock, resources, locks, time-outs."""


class Importing(Protocol):
    """What this round needs of the worker; it says when an import is at hand."""

    importing: bool

    @property
    def database(self) -> Database:
        """The worker's pool."""


async def import_round(worker: Importing) -> bool:
    """Carry an import on; whether there was one. Whatever stops it, it goes on from its last batch."""
    database = worker.database
    held = await claims.claim(database.writing(EVERYWHERE))
    if held is None:
        return False
    worker.importing = True
    try:
        await _go_on(database, held)
    except LeaseLost:
        log.info("the import %s is carried out by somebody else", held.id)
    except Exception as error:
        if _passes(error):
            raise
        # What fails here would fail the next time too, and keep the other imports waiting.
        log.exception("the import %s has failed", held.id)
        if held.state == "undoing":
            await claims.give_up(database, held, "done", "A customer could not be taken back. Ask for the undo again.")
        else:
            why = "A line could not be stored. What came before it is there."
            await claims.give_up(database, held, "failed", why)
    finally:
        worker.importing = False
    return True


async def _go_on(database: Database, held: Claim) -> None:
    """Work on an import until it is over or others have waited long enough."""
    step = await _begun(database, held)
    if step is None:
        return
    began = time.monotonic()
    turn = began + SECONDS
    while await step():
        if time.monotonic() < turn:
            continue
        async with database.scanning() as tx:
            others = await claims.others_wait(tx)
        if others or time.monotonic() > began + LONGEST:
            await claims.release(database, held)
            return
        turn = time.monotonic() + SECONDS


async def _begun(database: Database, held: Claim) -> Callable[[], Awaitable[bool]] | None:
    if held.state == "undoing":
        undo = await undoing.take_up(database, held)
        return None if undo is None else partial(undoing.step, database, undo)
    work = await carrying.take_up(database, held, owe_here)
    return None if work is None else partial(carrying.step, database, work)


def _passes(error: Exception) -> bool:
    return isinstance(error, PASSING) or (getattr(error, "sqlstate", None) or "").startswith(PASSING_STATES)
