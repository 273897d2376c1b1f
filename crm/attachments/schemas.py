"""What crosses the boundary: an attachment as it is shown and as it is asked for."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from crm.customers.schemas import PersonShown
from crm.fields import Moment, Shown
from crm.notes.subjects import SubjectRead
from crm.notes.vocabulary import SubjectType
from crm.paging import Filter


class AttachmentRead(Shown):
    """A file that hangs on a customer, a contact, a visit, a sale or a complaint. Whoever sees its subject sees it."""

    id: UUID
    subject: SubjectRead
    customer_id: UUID | None = Field(description="Null where what it hangs on has no customer yet.")
    name: str = Field(description="What its sender called it, without folders.")
    media_type: str = Field(description="What it is, by its content.")
    size: int = Field(description="In bytes.")
    sha256: str = Field(description="The hash of its content, in hexadecimal.")
    author_id: UUID | None = Field(description="Who sent it; null where a program did.")
    author: PersonShown | None
    archived_at: datetime | None
    erased_at: datetime | None = Field(
        description="Since when its name and content are gone, because a person whom it was about was erased."
    )
    created_at: datetime
    updated_at: datetime
    version: int


class AttachmentFilter(Filter):
    """Which attachments, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    subject_type: list[SubjectType] | None = None
    subject_id: list[UUID] | None = None
    customer_id: list[UUID] | None = Field(
        default=None, description="Of these customers, their people, visits, sales and complaints."
    )
    author_id: list[UUID] | None = None
    media_type: list[str] | None = None
    created_at_gte: Moment | None = None
    created_at_lte: Moment | None = None
    archived: bool = Field(default=False, description="The archived ones instead of the others.")
