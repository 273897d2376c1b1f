"""Who listens for their inbox, and what they hear: the count of unread notifications, whenever it changes.

Nobody who listens holds a connection of the pool. One connection a process, the door's, hears what Postgres announces
(``inbox_changed``); whoever it concerns has the count taken anew and is told where it differs.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from crm.actor import Actor
from crm.database import Access
from crm.errors import Forbidden, TooManyRequests, Unauthenticated, Unavailable
from crm.notifications import queries

CHANNEL = "inbox_changed"
MOST_OF_ONE = 5
"""Streams of one person in one process: a few devices, each with a tab or two."""
MOST = 5_000
HEARTBEAT_SECONDS = 15.0
"""So often something is sent, so that neither side takes a dead line for a quiet one; and the token is looked at."""
GATHER_SECONDS = 0.3
"""What changes within this time is told once."""
LOOK_EVERY = 0.25
AGAIN_SECONDS = 3

Key = tuple[UUID, UUID]
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, Unavailable)


class Inboxes:
    """The listeners of one process."""

    def __init__(self, *, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> None:
        """Nobody listens yet."""
        self._listening: defaultdict[Key, set[asyncio.Event]] = defaultdict(set)
        self._count = 0
        self._closing = False
        self._heartbeat_seconds = heartbeat_seconds

    def refuse(self, actor: Actor) -> None:
        """Raise ``TooManyRequests`` where this person, or everybody together, listens too often; 503 when stopping."""
        if self._closing:
            raise Unavailable(headers={"Retry-After": str(AGAIN_SECONDS)})
        if self._count >= MOST or len(self._listening.get(_key(actor), ())) >= MOST_OF_ONE:
            raise TooManyRequests(
                f"At most {MOST_OF_ONE} streams for one person.", headers={"Retry-After": str(AGAIN_SECONDS * 10)}
            )

    def heard(self, told: str | None) -> None:
        """Somebody's inbox has changed; anybody's may have, where announcements may have been missed (None)."""
        if told is None:
            concerned = [event for events in self._listening.values() for event in events]
        else:
            home, _, user_id = told.partition(" ")
            concerned = list(self._listening.get((UUID(home), UUID(user_id)), ()))
        for event in concerned:
            event.set()

    async def close_when(self, is_draining: Callable[[], bool]) -> None:
        """End every stream when the server drains: it would wait for them. Run as a task."""
        while not is_draining():  # noqa: ASYNC110  a signal handler sets a flag, and may set no event
            await asyncio.sleep(LOOK_EVERY)
        self._closing = True
        self.heard(None)

    async def stream(
        self, access: Access, still_admitted: Callable[[], Awaitable[Any]], misses: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        """Server-sent events for one listener, until the token ends, the server drains, or the listener goes.

        ``still_admitted`` raises when the token is over; ``misses`` says whether announcements do not reach us now.
        """
        changed = asyncio.Event()
        key = _key(access.actor)
        self._listening[key].add(changed)
        self._count += 1
        try:
            yield b"retry: %d\n\n" % (AGAIN_SECONDS * 1000)
            known: int | None = None
            stale = True
            while not self._closing:
                if stale:
                    changed.clear()
                    unread, moment = await queries.unread_now(access)
                    if unread != known:
                        known = unread
                        yield _event("unread", {"unread": unread}, moment)
                stale = await _is_set(changed, self._heartbeat_seconds)
                if stale:
                    await asyncio.sleep(GATHER_SECONDS)
                    continue
                await still_admitted()
                yield b": still here\n\n"
                stale = misses()
            yield _event("end", {"reason": "draining"})
        except (Unauthenticated, Forbidden):
            yield _event("end", {"reason": "signed_out"})
        except AWAY:
            yield _event("end", {"reason": "unavailable"})
        finally:
            self._listening[key].discard(changed)
            if not self._listening[key]:
                del self._listening[key]
            self._count -= 1


def _key(actor: Actor) -> Key:
    return actor.workspace_id, actor.id


async def _is_set(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def _event(name: str, data: Any, moment: datetime | None = None) -> bytes:
    # The id is the moment of the count by the database's clock: later ones are newer, and none has to be kept.
    id_ = b"" if moment is None else b"id: %d\n" % int(moment.timestamp() * 1_000_000)
    return b"event: %b\n%bdata: %b\n\n" % (name.encode(), id_, orjson.dumps(data))
