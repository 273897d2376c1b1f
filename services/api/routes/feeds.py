"""Calendar feeds, over HTTP."""

import hashlib
from typing import Annotated, Any

from fastapi import Request, Response, Security

from crm.database import Access, Transaction
from crm.errors import NotFound
from crm.feeds import actions, queries
from crm.feeds.schemas import FeedRead, FeedWithAddress
from crm.nouns import Answer
from crm.recording import AlreadyExists
from crm.workspaces.errors import OnlyForPeople
from services.api.answers import ShownOnce
from services.api.deps import CHANGING, READING, WRITING
from services.api.problems import problems
from services.api.routing import router as new_router
from services.api.turnstile import Turnstile

router = new_router(tags=["me"])

SelfReads = Annotated[Access, Security(READING)]
SelfWrites = Annotated[Access, Security(WRITING)]
SelfChanges = Annotated[Transaction, Security(CHANGING)]

PER_FEED = 30
PER_ADDRESS = 300
"""Requests a minute. A company may share one address."""

MEDIA_TYPE = "text/calendar; charset=utf-8"
CALENDAR: dict[int | str, dict[str, Any]] = {
    200: {"description": "The calendar.", "content": {"text/calendar": {"schema": {"type": "string"}}}},
    304: {"description": "You have this calendar already."},
}


@router.get("/me/feed", response_model=FeedRead, responses=problems(OnlyForPeople, NotFound))
async def get_my_feed(access: SelfReads) -> Answer:
    """Your private calendar, if you have made one; without its address, which is shown once only."""
    return await actions.get(access)


@router.post(
    "/me/feed", status_code=201, response_model=FeedWithAddress, responses=problems(OnlyForPeople, AlreadyExists)
)
async def create_my_feed(request: Request, tx: SelfChanges) -> Response:
    """Make a private calendar of your visits and tasks, for your own calendar program to subscribe to.

    Whoever has its address can read it, so keep it to yourself. Make another one when it may be known: the address
    before ends at once.
    """
    made = await actions.create(tx)
    return ShownOnce(made.answer, f"{request.base_url}v1/feeds/{made.secret}.ics", member="url", status=201)


@router.post("/me/feed/revoke", response_model=FeedRead, responses=problems(OnlyForPeople, NotFound))
async def revoke_my_feed(access: SelfWrites) -> Answer:
    """End your private calendar, at once."""
    return await actions.revoke(access)


@router.get("/feeds/{secret}.ics", response_class=Response, responses=CALENDAR)
async def read_feed(request: Request, secret: str) -> Response:
    """A private calendar (RFC 5545): visits from 90 days back, and tasks, of whoever made it. Needs no sign-in.

    Planned visits are tentative, confirmed ones confirmed; what was cancelled or missed stays, as cancelled. A task is
    an entry without duration at the moment it is due. 404 once it was revoked.
    """
    turnstile: Turnstile = request.app.state.turnstile
    if request.client is not None:
        turnstile.enter(f"address {request.client.host}", most=PER_ADDRESS)
    turnstile.enter(f"feed {secret}", most=PER_FEED)
    calendar = await queries.read(request.app.state.database, secret)
    headers = {
        "ETag": f'"{hashlib.sha256(calendar).hexdigest()}"',
        "Content-Disposition": 'inline; filename="rapport.ics"',
    }
    return Response(calendar, headers=headers, media_type=MEDIA_TYPE)
