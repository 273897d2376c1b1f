"""What a list of complaints is asked for."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from crm.complaints.vocabulary import Category, CauseKind, Channel, Sender, State, Validity
from crm.fields import Moment
from crm.paging import Filter
from crm.sla.vocabulary import Severity

Sort = Literal["created_at", "-created_at", "received_at", "-received_at", "due_at", "-due_at"]


class ComplaintFilter(Filter):
    """Which complaints, and in what order."""

    sort: Sort = "-created_at"
    state: list[State] | None = None
    open: bool | None = Field(default=None, description="Neither closed nor withdrawn, or the others.")
    severity: list[Severity] | None = None
    category: list[Category] | None = None
    sender: list[Sender] | None = None
    channel: list[Channel] | None = None
    validity: list[Validity] | None = None
    cause_kind: list[CauseKind] | None = None
    customer_id: list[UUID] | None = None
    contact_id: list[UUID] | None = None
    assignee_id: list[UUID] | None = None
    responsible_id: list[UUID] | None = None
    team_id: list[UUID] | None = None
    product_id: list[UUID] | None = None
    repeated: bool | None = Field(default=None, description="Those that repeat another one, or the others.")
    reopened: bool | None = None
    without_customer: bool | None = Field(default=None, description="Those of whom it is not known who complains.")
    tag: list[str] | None = None
    q: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="A part of the subject, or the number."
    )
    received_at_gte: Moment | None = None
    received_at_lte: Moment | None = None
    due_at_gte: Moment | None = None
    due_at_lte: Moment | None = None
    closed_at_gte: Moment | None = None
    closed_at_lte: Moment | None = None
    created_at_gte: Moment | None = None
    created_at_lte: Moment | None = None
