"""Notifications, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import StreamingResponse

from crm.database import Access
from crm.errors import TooManyRequests
from crm.notifications import actions, queries
from crm.notifications.schemas import NotificationFilter, NotificationRead, UnreadCount
from crm.nouns import Answer
from crm.paging import Page
from crm.workspaces.errors import OnlyForPeople
from crm.workspaces.me import only_people
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

NotificationReads = Annotated[Access, reads("notifications")]
NotificationWrites = Annotated[Access, writes("notifications")]

EXAMPLE = 'event: unread\nid: 1795318669588123\ndata: {"unread":3}\n\n'
NOT_KEPT = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

router = new_router(tags=["notifications"])


@router.get("/notifications", response_model=Page[NotificationRead])
async def list_notifications(access: NotificationReads, wanted: Annotated[NotificationFilter, Query()]) -> bytes:
    """Your inbox, newest first. Nobody sees anybody else's; an API key has none."""
    return await queries.page(access, wanted)


@router.get("/notifications/unread-count", response_model=UnreadCount)
async def count_unread_notifications(access: NotificationReads) -> bytes:
    """How many of your notifications are unread."""
    return await queries.unread(access)


STREAM = {
    200: {
        "description": "Server-sent events, until the token ends or the server stops; then connect again.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": EXAMPLE}},
    },
    **problems(OnlyForPeople, TooManyRequests),
}


@router.get("/notifications/stream", response_class=StreamingResponse, responses=STREAM)
async def stream_unread_count(request: Request, access: NotificationReads) -> StreamingResponse:
    """How many of your notifications are unread, told as soon as it changes (server-sent events).

    The first event is the count as it is: whatever happened while you were away, nothing has to be sent again, and a
    `Last-Event-ID` is not needed. `unread` carries `{"unread": 3}`, and an id that grows; a comment comes every 15
    seconds; `end` says why the stream is over. At most five streams for one person at a time. Browsers' `EventSource`
    sends no `Authorization`: use `fetch` and read the body.
    """
    only_people(access)
    state = request.app.state
    state.inboxes.refuse(access.actor)
    # Not from a replica: what was announced a moment ago may not have reached it.
    current = state.database.writing(access.actor)
    told = state.inboxes.stream(
        current, lambda: state.door.admit(request, ["notifications:read"]), lambda: not state.door.listening
    )
    return StreamingResponse(told, media_type="text/event-stream", headers=NOT_KEPT)


@router.post("/notifications/read-all", response_model=UnreadCount)
async def read_all_notifications(access: NotificationWrites) -> bytes:
    """Mark all of your notifications as read; answers how many are unread now."""
    return await actions.read_all(access)


@router.post("/notifications/{notification_id}/read", response_model=NotificationRead)
async def read_notification(access: NotificationWrites, notification_id: UUID) -> Answer:
    """Mark one of your notifications as read. Doing it twice changes nothing."""
    return await actions.read(access, notification_id)
