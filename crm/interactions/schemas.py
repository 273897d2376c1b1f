"""What crosses the boundary: an interaction as it is sent, as it is shown, as it is asked for."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from crm.contacts.schemas import ContactReference
from crm.customers.schemas import CustomerReference, PersonShown
from crm.fields import Moment, Sent, Shown, Text, like
from crm.interactions.vocabulary import Channel, Direction, LoggedChannel, Outcome
from crm.paging import Filter

Sort = Literal["occurred_at", "-occurred_at"]


class InteractionCreate(Sent):
    """A call, a message or a meeting that took place. Visits log their own."""

    model_config = like(
        customer_id="01a1fcb0-3a00-7000-8000-000000000001",
        channel="call",
        outcome="reached",
        note="Asked for the new price list.",
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    customer_id: UUID
    contact_id: UUID | None = Field(default=None, description="Somebody at this customer.")
    user_id: UUID | None = Field(default=None, description="Who of us; you, when not given.")
    channel: LoggedChannel
    direction: Direction = "outbound"
    outcome: Outcome = Field(description="`reached`: both sides took part, by voice, in person or in writing.")
    occurred_at: Moment | None = Field(default=None, description="Now, when not given; never in the future.")
    counts_as_contact: bool | None = Field(
        default=None,
        description="Whether it keeps the relationship warm. Derived when not given: `reached` and not automated. "
        "`true` is refused where nobody took part: `no_answer`, `left_message`, or automated.",
    )
    automated: bool = Field(default=False, description="Sent by a machine or in bulk: never counts as a contact.")
    note: Text | None = None


class InteractionUpdate(Sent):
    """What happened cannot be changed afterwards; only the note about it."""

    model_config = like(note="Asked for a quotation by Friday.")

    note: Text | None = None


class InteractionRead(Shown):
    """An interaction: a call, a message, a meeting or a visit. Whoever sees the customer sees it."""

    id: UUID
    customer_id: UUID
    customer: CustomerReference
    contact_id: UUID | None
    contact: ContactReference | None
    user_id: UUID | None
    user: PersonShown | None
    channel: Channel
    direction: Direction
    outcome: Outcome
    occurred_at: datetime
    counts_as_contact: bool
    automated: bool
    note: str | None
    created_at: datetime
    updated_at: datetime
    version: int


class InteractionFilter(Filter):
    """Which interactions, and in what order."""

    sort: Sort = "-occurred_at"
    customer_id: list[UUID] | None = None
    contact_id: list[UUID] | None = None
    channel: list[Channel] | None = None
    complaint_id: list[UUID] | None = Field(
        default=None, description="Those in which the customer was told the decision on one of these complaints."
    )
    user_id: list[UUID] | None = None
    counts_as_contact: bool | None = None
    occurred_at_gte: Moment | None = None
    occurred_at_lte: Moment | None = None
