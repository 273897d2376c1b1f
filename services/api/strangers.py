"""Requests without a session: where they come from, how often they may, and in which language they are answered."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from crm.database import Database
from crm.errors import NotFound
from crm.strangers import limits
from crm.strangers.limits import PEOPLE, PROGRAMS, Source
from crm.strangers.links import LinkOver, Links
from services.api.problems import wants_chinese
from services.api.turnstile import Turnstile

T = TypeVar("T")

PER_PROCESS = 600
"""Requests a minute from one address that Postgres hears of at all."""

UNSEEN = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
"""What is behind a link is for whoever has it: not for caches, other sites, or those who search the web."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody of whom we know no more than the address they come from."""

    database: Database
    links: Links
    address: str
    chinese: bool
    source: Source

    async def finding(self, wanted: Awaitable[T]) -> T:
        """What they asked for. Where it is not there, they may be guessing: that is counted, and slows them down.

        Raises ``NotFound`` for a link that is over as well; whoever has such a link guesses nothing.
        """
        try:
            return await wanted
        except LinkOver:
            raise NotFound from None
        except NotFound:
            await limits.missed_from(self.database, self.address, self.source)
            raise


async def _person(request: Request) -> Stranger:
    return await _counted(request, PEOPLE)


async def _program(request: Request) -> Stranger:
    return await _counted(request, PROGRAMS)


async def _counted(request: Request, source: Source) -> Stranger:
    address = request.client.host if request.client else ""
    turnstile: Turnstile = request.app.state.turnstile
    database: Database = request.app.state.database
    if address:
        turnstile.enter(f"stranger {address}", most=PER_PROCESS)
    await limits.enter_from(database, address, source)
    chinese = wants_chinese(request.headers.get("accept-language", ""))
    return Stranger(database, request.app.state.links, address, chinese, source)


Visiting = Annotated[Stranger, Depends(_person)]
"""Counted, and refused (429) where too many requests come from one address."""
Gateway = Annotated[Stranger, Depends(_program)]
"""A program of somebody else's, which comes more often than people do."""


def shown(item: BaseModel, status: int = 200) -> Response:
    """An answer for a stranger."""
    return Response(item.model_dump_json(), status, UNSEEN, media_type="application/json")
