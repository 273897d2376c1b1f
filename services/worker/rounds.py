"""Rounds: what the worker does again and again, each in a loop of its own, whatever becomes of the others."""

import asyncio
import logging
import os
import random
import socket
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

from arq.connections import ArqRedis

from crm.actor import NOBODY, Actor
from crm.channels.letters import Draft
from crm.channels.proofs import Proofs
from crm.channels.vocabulary import ChannelKind
from crm.database import Database
from crm.sealing import Sealer
from crm.webhooks import due
from crm.workspaces.acting import acting_in
from services.settings import Settings
from services.worker.outbound import Outbound

IDLE = (0.25, 0.5)
"""Seconds between two looks when there was nothing to do; workers that started together drift apart."""
LONGEST_BACKOFF = 30.0
PROMPT_BACKOFF = 3.0
"""The longest for rounds that look all the time: what they are late after an outage must not grow with the outage."""
LONGEST_ROUND = 120.0
REMEMBERED = 5.0
"""Seconds that the worker goes by what it knows of a workspace."""

logger = logging.getLogger("rapport.worker")


@dataclass
class Turn:
    """Where a scan over the workspaces goes on, so that each gets its turn and a limit favours nobody."""

    after: UUID = field(default_factory=uuid4)

    def next(self, taken: list[UUID], *, share: int, most: int) -> bool:
        """Move on, given the workspace of each row taken; whether there may be more to take at once."""
        began_later, full = self.after != NOBODY, len(taken) >= most
        self.after = max(taken) if full else NOBODY
        return full or began_later or any(count >= share for count in Counter(taken).values())


@dataclass(eq=False)
class Worker:
    """What the rounds share."""

    settings: Settings
    database: Database
    queue: ArqRedis
    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    turns: defaultdict[str, Turn] = field(default_factory=lambda: defaultdict(Turn))
    endpoints_turn: due.Turn = due.FIRST
    importing: bool = False
    deliveries: set[asyncio.Task[None]] = field(default_factory=set)
    messages: dict[asyncio.Task[Any], ChannelKind] = field(default_factory=dict)
    sealer: Sealer = field(init=False)
    proofs: Proofs = field(init=False)
    outbound: Outbound = field(init=False)
    _actors: dict[UUID, tuple[float, Actor]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make what deliveries need; it connects with its first use."""
        secret_key = self.settings.secret_key.get_secret_value()
        self.sealer, self.proofs = Sealer(secret_key), Proofs(secret_key)
        self.outbound = Outbound(allow_loopback=self.settings.webhooks_allow_loopback)

    async def actor(self, workspace_id: UUID) -> Actor:
        """The product acting by its rules in this workspace, with its zone, language and settings."""
        known = self._actors.get(workspace_id)
        if known is None or known[0] < monotonic():
            if len(self._actors) > 10_000:
                self._actors.clear()
            known = (monotonic() + REMEMBERED, await acting_in(self.database, workspace_id))
            self._actors[workspace_id] = known
        return known[1]

    def unsubscribe_url(self, sent: Draft) -> str | None:
        """Where the reader of a message turns its channel off; None where nobody outside reaches us."""
        if self.settings.public_url is None or sent.shared:
            return None
        token = self.proofs.unsubscribing(sent.lease.workspace_id, sent.lease.channel_id)
        return f"{self.settings.public_url}/v1/unsubscribe/{token}"

    async def pause(self, seconds: float) -> None:
        """Sleep, but wake when it is time to stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)


@dataclass(frozen=True)
class Round:
    """Something to do again and again: ``run`` says whether there may be more to do at once."""

    name: str
    run: Callable[[Worker], Awaitable[bool]]
    idle: tuple[float, float] = IDLE

    @property
    def longest_backoff(self) -> float:
        """Seconds that it waits at most before it tries again what went wrong."""
        return PROMPT_BACKOFF if self.idle == IDLE else LONGEST_BACKOFF


async def keep_running(worker: Worker, each: Round) -> None:
    """Run a round until it is time to stop. Errors are told, and put off the next try; they end nothing."""
    failures = 0
    while not worker.stopping.is_set():
        try:
            async with asyncio.timeout(LONGEST_ROUND):
                more = await each.run(worker)
        except Exception as error:  # Whatever it is, the next round may fare better, and the others go on.
            failures += 1
            wait = min(0.25 * 2 ** min(failures, 10), each.longest_backoff) * random.uniform(0.8, 1.2)
            facts = {"round": each.name, "error": type(error).__name__, "again_in_s": round(wait, 2)}
            # An outage is told in full once; then a line for each try is enough.
            logger.error("round failed", exc_info=error if failures == 1 else None, extra={"facts": facts})
            await worker.pause(wait)
            continue
        if failures:
            logger.info("round is well again", extra={"facts": {"round": each.name, "failures": failures}})
            failures = 0
        if not more:
            await worker.pause(random.uniform(*each.idle))
