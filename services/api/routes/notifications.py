"""Notifications, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.database import Access
from crm.notifications import actions, queries
from crm.notifications.schemas import NotificationFilter, NotificationRead, UnreadCount
from crm.nouns import Answer
from crm.paging import Page
from services.api.deps import reads, writes
from services.api.routing import router as new_router

NotificationReads = Annotated[Access, reads("notifications")]
NotificationWrites = Annotated[Access, writes("notifications")]

router = new_router(tags=["notifications"])


@router.get("/notifications", response_model=Page[NotificationRead])
async def list_notifications(access: NotificationReads, wanted: Annotated[NotificationFilter, Query()]) -> bytes:
    """Your inbox, newest first. Nobody sees anybody else's; an API key has none."""
    return await queries.page(access, wanted)


@router.get("/notifications/unread-count", response_model=UnreadCount)
async def count_unread_notifications(access: NotificationReads) -> bytes:
    """How many of your notifications are unread."""
    return await queries.unread(access)


@router.post("/notifications/read-all", response_model=UnreadCount)
async def read_all_notifications(access: NotificationWrites) -> bytes:
    """Mark all of your notifications as read; answers how many are unread now."""
    return await actions.read_all(access)


@router.post("/notifications/{notification_id}/read", response_model=NotificationRead)
async def read_notification(access: NotificationWrites, notification_id: UUID) -> Answer:
    """Mark one of your notifications as read. Doing it twice changes nothing."""
    return await actions.read(access, notification_id)
