"""What crosses the boundary: a note as it is sent, as it is shown, as it is asked for."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from crm.customers.schemas import PersonShown
from crm.fields import Moment, Sent, Shown, kept, like
from crm.notes.subjects import SubjectRead, SubjectSent
from crm.notes.vocabulary import SubjectType
from crm.paging import Filter

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]


class NoteCreate(Sent):
    """A new note about something you see."""

    model_config = like(
        subject={"type": "customer", "id": "01a1fcb0-3a00-7000-8000-000000000001"},
        text="Their fiscal year ends in March.",
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    subject: SubjectSent
    text: Words
    pinned: bool = False


class NoteUpdate(Sent):
    """What to change (JSON merge patch)."""

    model_config = like(pinned=True)

    text: Words = kept()
    pinned: bool = kept()


class NoteRead(Shown):
    """A note. Whoever sees its subject sees it."""

    id: UUID
    subject: SubjectRead
    customer_id: UUID | None = Field(description="Null where what it hangs on has no customer yet.")
    text: str
    pinned: bool
    author_id: UUID | None = Field(description="Who wrote it; null where a program did.")
    author: PersonShown | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class NoteFilter(Filter):
    """Which notes, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    subject_type: list[SubjectType] | None = None
    subject_id: list[UUID] | None = None
    customer_id: list[UUID] | None = Field(
        default=None, description="About these customers, their people, visits, sales and complaints."
    )
    author_id: list[UUID] | None = None
    pinned: bool | None = None
    created_at_gte: Moment | None = None
    created_at_lte: Moment | None = None
    archived: bool = Field(default=False, description="The archived ones instead of the others.")
