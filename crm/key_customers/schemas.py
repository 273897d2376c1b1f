"""What crosses the boundary: a proposal as it is shown, asked for and rejected."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from crm.customers.schemas import CustomerReference, MoneyShown, PersonShown
from crm.customers.vocabulary import Class, KeyKind
from crm.fields import Line, Sent, Shown, like
from crm.key_customers.vocabulary import ProposalKind, ProposalState
from crm.paging import Filter

Sort = Literal["created_at", "-created_at"]


class RejectProposal(Sent):
    """Why a customer stays what it is."""

    model_config = like(reason="One large order, and they said it stays the only one.")

    reason: Line


class KeyProposalRead(Shown):
    """A proposal to make a customer a key customer, another kind of one, or one no longer; and what it is judged by."""

    id: UUID
    customer_id: UUID
    customer: CustomerReference
    kind: ProposalKind
    key_kind: KeyKind | None = Field(description="What the customer would be; null where it would be none.")
    former_class: Class
    former_key_kind: KeyKind | None
    place: int = Field(description="By yearly value, the highest first; equal values by id.")
    customers: int = Field(description="How many were compared.")
    value: MoneyShown = Field(description="The yearly value that counted, in the workspace's currency.")
    influence: int | None
    state: ProposalState
    decided_by: PersonShown | None
    decided_at: datetime | None
    reject_reason: str | None
    created_at: datetime
    updated_at: datetime
    version: int


class ProposalsMade(Shown):
    """What came of looking at all customers."""

    made: int
    withdrawn: int = Field(description="Open ones that the numbers do not support any more.")
    more: bool = Field(description="Whether there was more than one request should do: ask again.")


class KeyProposalFilter(Filter):
    """Which proposals, and in what order."""

    sort: Sort = "-created_at"
    state: list[ProposalState] | None = None
    kind: list[ProposalKind] | None = None
    key_kind: list[KeyKind] | None = None
    customer_id: list[UUID] | None = None
