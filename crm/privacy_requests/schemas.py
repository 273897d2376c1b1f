"""What crosses the boundary: a request as it is sent, as it is shown, as it is asked for."""

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from crm.fields import Line, Moment, Sent, Shown, like
from crm.paging import Filter
from crm.privacy_requests.vocabulary import Kind, State


class PrivacyRequestCreate(Sent):
    """What somebody asks about their data: a contact, a customer who is a person, or somebody you do not know yet."""

    model_config = like(person="A caller from Suzhou, number known to reception", kind="access")

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    contact_id: UUID | None = None
    customer_id: UUID | None = Field(default=None, description="Where the customer is a person.")
    person: Line | None = Field(
        default=None, description="Who it is, where no record is known: as little as is needed to find them."
    )
    kind: Kind
    received_at: Moment | None = Field(default=None, description="When it reached you; now, unless you say earlier.")

    @model_validator(mode="after")
    def _about_one(self) -> Self:
        """Refuse a request about nobody, or about two."""
        if sum(each is not None for each in (self.contact_id, self.customer_id, self.person)) != 1:
            raise ValueError("Say one of contact_id, customer_id and person.")
        return self


class Refusal(Sent):
    """Why a request is not granted (PIPL 50: a refusal has a reason)."""

    model_config = like(reason="The caller could not show that they are the person.")

    reason: Line


class WhatToDo(Shown):
    """The operation that does what was asked."""

    method: Literal["GET", "POST", "PATCH"]
    path: str


class PrivacyRequestRead(Shown):
    """A request about personal data."""

    id: UUID
    contact_id: UUID | None
    customer_id: UUID | None
    person: str | None
    kind: Kind
    state: State
    received_at: datetime
    due_on: date = Field(description="The last day on which the answer is in time, by the workspace's working days.")
    overdue: bool = Field(description="Open after that day.")
    verified_at: datetime | None
    verified_by: UUID | None
    closed_at: datetime | None
    refusal_reason: str | None
    action: WhatToDo | None = Field(description="What does it; null where no record is known.")
    created_at: datetime
    updated_at: datetime
    version: int


class PrivacyRequestFilter(Filter):
    """Which requests, and in what order: what is due first, unless asked otherwise."""

    sort: Literal["due_on", "-due_on", "received_at", "-received_at", "created_at", "-created_at"] = "due_on"
    state: list[State] | None = None
    kind: list[Kind] | None = None
    contact_id: list[UUID] | None = None
    customer_id: list[UUID] | None = None
    due_on_gte: date | None = None
    due_on_lte: date | None = None
    overdue: bool | None = None
