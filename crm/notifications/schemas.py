"""What crosses the boundary: a notification as it is shown and asked for."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from crm.fields import Shown
from crm.notifications.vocabulary import Caution, Kind, SubjectType
from crm.paging import Filter


class NotificationSubject(Shown):
    """What it is about."""

    type: SubjectType
    id: UUID


class Ignorer(Shown):
    """Who did not mind a reminder, as far as their manager needs to know."""

    id: UUID
    name: str


class NotificationRead(Shown):
    """Something that was said to you. An `escalation` is a reminder of somebody else's who did not mind it."""

    id: UUID
    kind: Kind
    title: str
    subject: NotificationSubject
    customer_id: UUID | None
    reminder_id: UUID | None
    caution: Caution | None = Field(description="What to mind: they do not want to be contacted.")
    ignored_by: Ignorer | None = Field(description="Why you are told: they did not acknowledge it in time.")
    read_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class UnreadCount(Shown):
    """How many of your notifications are unread."""

    unread: Annotated[int, Field(ge=0)]


class NotificationFilter(Filter):
    """Which of your notifications, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    unread: bool | None = Field(default=None, description="The unread ones, or the read ones.")
    kind: list[Kind] | None = None
