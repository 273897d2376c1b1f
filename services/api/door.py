"""The door: who is asking, found once per credential and remembered until it ends or something about them changes.

Verifying an access token costs 250 µs and a statement; remembering costs one look-up. A change of a user, a team, a
session, a key or a workspace is announced by Postgres (``access_changed``), and whoever it may concern is asked anew.
When we cannot hear announcements, we remember nothing.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from fastapi import Request
from fastapi.openapi.models import OAuthFlowPassword, OAuthFlows
from fastapi.security import OAuth2

from crm.actor import Actor, ActorKind
from crm.database import Database
from crm.errors import Forbidden, TooManyRequests, Unauthenticated, Unavailable
from crm.pool import connect
from crm.workspaces import access, keys
from crm.workspaces.tokens import Tokens

CHANNEL = "access_changed"
REMEMBERED = 20_000
FOR_SECONDS = 60.0
WINDOW = 60.0

OAUTH = OAuth2(
    flows=OAuthFlows(password=OAuthFlowPassword(tokenUrl="/v1/auth/token", refreshUrl="/v1/auth/token", scopes={})),
    scheme_name="sign_in",
    auto_error=False,
)

log = logging.getLogger(__name__)


class ScopeMissing(Forbidden):
    """The caller is known, and this needs a scope that the caller does not have."""

    title = "A scope is missing"
    title_zh = "缺少所需的权限范围"


@dataclass(slots=True)
class _Guest:
    """Whom a credential stands for, until when, and how often they came in the present minute."""

    actor: Actor
    until: float
    window: float = 0.0
    count: int = 0


class Door:
    """Lets requests in. One per process."""

    def __init__(self, database: Database, tokens: Tokens, *, rate_limit: int) -> None:
        """``rate_limit`` is in requests per minute and credential, in this process; 0 for none."""
        self.database = database
        self.tokens = tokens
        self._limit = rate_limit
        self._guests: OrderedDict[str, _Guest] = OrderedDict()
        self._listening = False
        self._forgotten = 0
        self._noted: dict[UUID, float] = {}
        self._notes: set[asyncio.Task[None]] = set()
        self._others: dict[str, Callable[[str | None], None]] = {}

    async def close(self) -> None:
        """Give up what is not written down yet."""
        for note in self._notes:
            note.cancel()
        await asyncio.gather(*self._notes, return_exceptions=True)

    async def admit(self, request: Request, scopes: list[str]) -> Actor:
        """The actor behind a request. Raises ``Unauthenticated``, ``ScopeMissing`` or ``TooManyRequests``."""
        credential = _bearer(request)
        now = time.monotonic()
        guest = self._guests.get(credential)
        if guest is None or guest.until < now:
            guest = await self._recognize(credential, now)
        actor = guest.actor
        request.scope["actor"] = actor
        if self._limit:
            self._count(guest, now)
        for scope in scopes:
            if scope not in actor.scopes:
                raise ScopeMissing(f"This needs the scope {scope}.", required_scope=scope)
        return actor

    @property
    def listening(self) -> bool:
        """Whether we hear of changes, and so remember anybody."""
        return self._listening

    def knows(self, credential: str) -> bool:
        """Whether we remember who this is."""
        return credential in self._guests

    def forget(self, workspace_id: UUID | None = None) -> None:
        """Ask anew who is who, in one workspace or in all."""
        self._forgotten += 1
        if workspace_id is None:
            self._guests.clear()
            return
        gone = [credential for credential, guest in self._guests.items() if guest.actor.workspace_id == workspace_id]
        for credential in gone:
            del self._guests[credential]

    def also_hear(self, channel: str, heard: Callable[[str | None], None]) -> None:
        """Have somebody told what is announced on another channel, and None when something may have been missed."""
        self._others[channel] = heard

    async def listen(self) -> None:
        """Hear of changes for as long as the process lives; run as a task."""
        while True:
            connection: asyncpg.Connection | None = None
            try:
                connection = await connect(self.database.url, name="rapport-door")
                await connection.add_listener(CHANNEL, self._heard)
                for channel, heard in self._others.items():
                    await connection.add_listener(channel, lambda *told, heard=heard: heard(str(told[-1])))
                self._listening = True
                for heard in self._others.values():
                    heard(None)
                await _end_of(connection)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                log.warning("cannot hear of changed access; remembering nobody until we can")
            finally:
                self._listening = False
                self.forget()
                if connection is not None:
                    connection.terminate()
            await asyncio.sleep(1)

    def _heard(self, _connection: object, _pid: int, _channel: str, workspace_id: object) -> None:
        self.forget(UUID(str(workspace_id)))

    async def _recognize(self, credential: str, now: float) -> _Guest:
        known, forgotten = self._guests.get(credential), self._forgotten
        actor, ends_at = await access.identify(self.database, self.tokens, credential)
        if actor.kind is ActorKind.KEY:
            self._note_use(actor, now)
        lasts = FOR_SECONDS if ends_at is None else min(FOR_SECONDS, ends_at - time.time())
        guest = _Guest(actor, now + lasts)
        if known is not None:
            guest.window, guest.count = known.window, known.count
        if self._listening and forgotten == self._forgotten:
            self._guests[credential] = guest
            if len(self._guests) > REMEMBERED:
                self._guests.popitem(last=False)
        return guest

    def _note_use(self, actor: Actor, now: float) -> None:
        """Have it written down, once a minute, that a key is in use; nobody waits for it."""
        if now - self._noted.get(actor.id, -FOR_SECONDS) < FOR_SECONDS:
            return
        if len(self._noted) >= REMEMBERED:
            self._noted.clear()
        self._noted[actor.id] = now
        note = asyncio.create_task(self._write_use(actor))
        self._notes.add(note)
        note.add_done_callback(self._notes.discard)

    async def _write_use(self, actor: Actor) -> None:
        try:
            await keys.note_use(self.database.writing(actor), actor.id)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, Unavailable):
            log.warning("the use of an API key was not written down")

    def _count(self, guest: _Guest, now: float) -> None:
        if now - guest.window >= WINDOW:
            guest.window, guest.count = now, 0
        guest.count += 1
        if guest.count > self._limit:
            wait = max(1, round(guest.window + WINDOW - now))
            policy = f'"default";q={self._limit};w={WINDOW:.0f}'
            limits = {"Retry-After": str(wait), "RateLimit": f'"default";r=0;t={wait}', "RateLimit-Policy": policy}
            raise TooManyRequests(f"At most {self._limit} requests per minute.", headers=limits)


async def _end_of(connection: asyncpg.Connection) -> None:
    ended = asyncio.Event()
    connection.add_termination_listener(lambda _: ended.set())
    await ended.wait()


def _bearer(request: Request) -> str:
    for name, value in request.scope["headers"]:
        if name == b"authorization":
            scheme, _, credential = value.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer" and credential:
                return str(credential)
            break
    raise Unauthenticated(headers={"WWW-Authenticate": "Bearer"})
