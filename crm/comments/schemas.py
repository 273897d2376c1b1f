"""What crosses the boundary: a comment as it is sent, as it is shown, as it is asked for."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from crm.customers.schemas import PersonShown
from crm.fields import Sent, Shown, kept, like
from crm.paging import Filter

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
Mentions = Annotated[list[UUID], Field(max_length=20)]


class CommentCreate(Sent):
    """Something to say about a sale you see."""

    model_config = like(
        opportunity_id="01a1fcb0-3a00-7000-8000-000000000007",
        text="@Ben they ask for a longer warranty: may we?",
        mentions=["01a1fcb0-3a00-7000-8000-000000000003"],
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    opportunity_id: UUID
    text: Words
    mentions: Mentions = Field(
        default_factory=list, description="Colleagues who are told of it, once each; they must see the sale."
    )


class CommentUpdate(Sent):
    """What to change (JSON merge patch)."""

    model_config = like(text="@Ben they ask for a third year of warranty: may we?")

    text: Words = kept()
    mentions: Mentions = kept()


class CommentRead(Shown):
    """A comment. Whoever sees the sale sees it."""

    id: UUID
    opportunity_id: UUID
    text: str = Field(description="Empty once it was removed.")
    mentions: list[PersonShown]
    author_id: UUID | None = Field(description="Who wrote it; null where a program did.")
    author: PersonShown | None
    edited_at: datetime | None
    removed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class CommentFilter(Filter):
    """Which comments, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    opportunity_id: list[UUID] | None = None
    author_id: list[UUID] | None = None
    mentioning: UUID | None = Field(default=None, description="Those that mention this colleague.")
