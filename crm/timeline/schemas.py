"""What crosses the boundary: a line of a customer's timeline, and how it is asked for."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from crm.actor import ActorKind
from crm.events.schemas import SubjectShown
from crm.fields import Moment, Sent, Shown
from crm.paging import MAX_PAGE

Pattern = Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.([a-z_]+|\*)$", max_length=100)]
SubjectType = Annotated[str, StringConstraints(pattern=r"^[a-z_]+$", max_length=50)]


class WhoShown(Shown):
    """Who did it: a person, a program with a key, or the product itself by one of its rules."""

    kind: ActorKind
    id: UUID
    name: str | None = Field(description="Null for the product itself.")


class TimelineEntry(Shown):
    """A fact of a customer's history, with a sentence that tells it."""

    id: UUID
    type: str = Field(examples=["visit.completed"])
    occurred_at: datetime
    actor: WhoShown
    subject: SubjectShown
    sentence: str = Field(description="The fact in words, in the language of `Accept-Language` (en, zh-CN).")
    changes: dict[str, tuple[Any, Any]] | None = Field(
        description="For changes of something that was there: each field with its value before and after."
    )


class TimelineFilter(Sent):
    """Which facts of the customer."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="How many facts at most.")] = 50
    cursor: Annotated[
        str | None, Field(max_length=1000, description="Where the page before ended (`next_cursor`).")
    ] = None
    type: list[Pattern] | None = Field(
        default=None, description="Any of these types; `visit.*` means whatever happens to visits."
    )
    subject_type: list[SubjectType] | None = Field(
        default=None, description="What it happened to: `visit`, `contact` …"
    )
    actor_id: list[UUID] | None = Field(default=None, description="Done by any of these people or keys.")
    occurred_at_gte: Moment | None = None
    occurred_at_lte: Moment | None = None
