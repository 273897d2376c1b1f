"""Requests without a session: where they come from, how often they may, and in which language they are answered."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from crm.database import Database
from crm.errors import NotFound
from crm.strangers import limits
from crm.strangers.links import Links
from services.api.problems import in_chinese
from services.api.turnstile import Turnstile

T = TypeVar("T")

PER_PROCESS = 600
"""Requests a minute from one address that Postgres hears of at all."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody of whom we know no more than the address they come from."""

    database: Database
    links: Links
    address: str
    chinese: bool

    async def finding(self, wanted: Awaitable[T]) -> T:
        """What they asked for. Where it is not there, they may be guessing: that is counted, and slows them down."""
        try:
            return await wanted
        except NotFound:
            await limits.missed_from(self.database, self.address)
            raise


async def _stranger(request: Request) -> Stranger:
    address = request.client.host if request.client else ""
    turnstile: Turnstile = request.app.state.turnstile
    database: Database = request.app.state.database
    if address:
        turnstile.enter(f"stranger {address}", most=PER_PROCESS)
    await limits.enter_from(database, address)
    return Stranger(database, request.app.state.links, address, in_chinese(request.headers.get("accept-language", "")))


Visiting = Annotated[Stranger, Depends(_stranger)]
"""Counted, and refused (429) where too many requests come from one address."""
