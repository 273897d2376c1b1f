"""What crosses the boundary: a fact as it is shown, and how the journal is asked for."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from crm.actor import ActorKind
from crm.fields import Sent, Shown
from crm.paging import MAX_PAGE

EventType = Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+)+$", max_length=100)]


class ActorShown(Shown):
    """Who did it: a person, a program with a key, or the product itself by one of its rules."""

    kind: ActorKind
    id: UUID


class SubjectShown(Shown):
    """What it happened to."""

    type: str
    id: UUID


class EventRead(Shown):
    """A fact: something that happened, as it was then. Facts never change."""

    id: UUID
    type: str = Field(examples=["customer.created"])
    occurred_at: datetime
    workspace_id: UUID
    actor: ActorShown
    subject: SubjectShown
    sequence: int = Field(description="The subject's version after this: facts of one subject are in this order.")
    customer_id: UUID | None = Field(description="The customer it concerns, where it concerns one.")
    data: dict[str, Any] = Field(description="The subject as it was just after.")
    changes: dict[str, tuple[Any, Any]] | None = Field(
        description="For changes of something that was there: each field with its value before and after."
    )


class JournalFilter(Sent):
    """Which facts, and after which place in the journal."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="How many facts at most.")] = 50
    cursor: Annotated[
        str | None,
        Field(
            max_length=200, description="Where you are in the journal (`next_cursor`); without it, at its beginning."
        ),
    ] = None
    type: list[EventType] | None = Field(default=None, description="Any of these types.")
    subject_id: list[UUID] | None = Field(default=None, description="What happened to any of these.")
    customer_id: list[UUID] | None = Field(default=None, description="What concerns any of these customers.")


class Journal(Shown):
    """A piece of the journal, oldest first. Keep `next_cursor`: it is where you go on, now or tomorrow."""

    data: list[EventRead]
    next_cursor: str = Field(description="Always there, at the end of the journal too.")
    has_more: bool = Field(description="Whether there is more to read right now.")
