"""What crosses the boundary: a visit as it is sent, as it is shown, as it is asked for."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from crm.contacts.schemas import ContactReference
from crm.customers.schemas import CustomerReference, PersonShown
from crm.fields import Line, Moment, Sent, Shown, Text, kept, like
from crm.paging import Filter
from crm.visits.vocabulary import Kind, Move, Party, Position, Purpose, State

LONGEST = timedelta(hours=24)

Sort = Literal["created_at", "-created_at", "planned_start", "-planned_start"]


def _once(ids: list[UUID]) -> list[UUID]:
    """Each id once, in the order given."""
    return list(dict.fromkeys(ids))


ContactIds = Annotated[list[UUID], Field(max_length=50), AfterValidator(_once)]
UserIds = Annotated[list[UUID], Field(max_length=20), AfterValidator(_once)]


class Planned(Sent):
    """From when to when."""

    planned_start: Moment
    planned_end: Moment = Field(description="After the start, by 24 hours at most.")

    @field_validator("planned_end")
    @classmethod
    def _within_a_day(cls, end: datetime, info: ValidationInfo) -> datetime:
        start = info.data.get("planned_start")
        if start is not None and not timedelta() < end - start <= LONGEST:
            raise ValueError("A visit ends after it starts, within 24 hours.")
        return end


class VisitPlan(Planned):
    """A visit to come. It is yours unless you name another owner."""

    model_config = like(
        customer_id="01a1fcb0-3a00-7000-8000-000000000001",
        contact_ids=["01a1fcb0-3a00-7000-8000-000000000002"],
        purpose="care",
        subject="New year",
        planned_start="2026-12-30T14:00:00+08:00",
        planned_end="2026-12-30T15:00:00+08:00",
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    customer_id: UUID
    contact_ids: ContactIds = Field(default_factory=list, description="Whom of this customer you want to meet.")
    owner_id: UUID | None = None
    team_id: UUID | None = Field(default=None, description="The owner's team when not given.")
    opportunity_id: UUID | None = Field(default=None, description="The sale of this customer that it is for.")
    participant_ids: UserIds = Field(default_factory=list, description="Colleagues who go along.")
    supervisor_id: UUID | None = Field(
        default=None, description="A manager who goes along and reviews the visit afterwards; not its owner."
    )
    kind: Kind = "on_site"
    purpose: Purpose
    subject: Line | None = None
    preparation: Text | None = Field(default=None, description="What is known and wanted before the visit.")
    allow_overlap: bool = Field(
        default=False,
        description="Plan it beside another visit of the owner at the same time. Only one of them can be confirmed.",
    )


class VisitUpdate(Sent):
    """What to change while the visit is planned (JSON merge patch); its time moves by `reschedule`."""

    model_config = like(
        purpose="sales", subject="The second line", contact_ids=["01a1fcb0-3a00-7000-8000-000000000002"]
    )

    kind: Kind = kept()
    purpose: Purpose = kept()
    subject: Line | None = None
    preparation: Text | None = None
    contact_ids: ContactIds = kept()
    participant_ids: UserIds = kept()
    supervisor_id: UUID | None = None
    opportunity_id: UUID | None = None


class VisitReschedule(Planned):
    """When the visit takes place instead."""

    model_config = like(
        planned_start="2027-01-06T02:00:00Z", planned_end="2027-01-06T03:00:00Z", reason="The customer is travelling."
    )

    reason: Line | None = None
    allow_overlap: bool = Field(
        default=False, description="Beside another visit of the owner at that time. Only one of them can be confirmed."
    )


class VisitCancel(Sent):
    """Why a visit does not take place."""

    model_config = like(reason="The customer has no time this month.", by="customer")

    reason: Line
    by: Party = Field(default="us", description="Who called it off.")


class CheckedShown(Shown):
    """That a visit was started or completed with a device in hand, and how far from the customer's address.

    The position itself is told by `GET /v1/visits/{id}/locations` alone.
    """

    device_time: datetime | None
    server_time: datetime = Field(description="The moment at which we heard of it.")
    clock_off: bool | None = Field(
        description="The device's clock and ours differ by more than `visits.clock_tolerance_minutes`: it is wrong, or "
        "the call was made offline and sent later."
    )
    position: Position | None = Field(
        description="What became of the position: `kept`, `not_consented` (used for the distance, not kept), "
        "`forgotten` (its time is over, or the consent was withdrawn); null where none was sent."
    )
    accuracy_m: float | None
    distance_m: int | None = Field(description="Null where the device or the customer has no position.")
    out_of_range: bool | None = Field(description="Further away than the workspace allows, beyond the accuracy.")
    out_of_range_reason: str | None


class ReviewShown(Shown):
    """What the supervisor had to say."""

    review: str
    by: PersonShown
    at: datetime


class NextStepShown(Shown):
    """What follows from the visit, as it was reported. The task made of it has the visit as its subject."""

    title: str
    due_at: datetime
    due_on: date | None
    assignee_id: UUID | None


class VisitRead(Shown):
    """A visit."""

    id: UUID
    customer_id: UUID
    customer: CustomerReference
    opportunity_id: UUID | None = Field(description="The sale of this customer that it is for.")
    contact_ids: list[UUID]
    contacts: list[ContactReference]
    owner_id: UUID
    owner: PersonShown
    team_id: UUID | None
    is_joint: bool
    participant_ids: list[UUID]
    participants: list[PersonShown]
    supervisor_id: UUID | None
    supervisor: PersonShown | None
    kind: Kind
    purpose: Purpose
    subject: str | None
    preparation: str | None
    state: State
    moves: list[Move] = Field(description="What can be done with it next, as far as its state decides.")
    unplanned: bool
    planned_start: datetime
    planned_end: datetime
    overlap_allowed: bool = Field(description="It stands beside another visit of the owner at the same time.")
    reschedule_count: int
    reschedule_reason: str | None
    started_at: datetime | None
    check_in: CheckedShown | None
    completed_at: datetime | None
    reported_at: datetime | None = Field(description="When the result was reported; later than the end if offline.")
    check_out: CheckedShown | None
    met_contact_ids: list[UUID]
    met_contacts: list[ContactReference]
    result: str | None
    customer_feedback: str | None
    own_needs_shared: bool | None
    own_needs: str | None
    next_step: NextStepShown | None = Field(description="Null on a completed visit: none was needed.")
    next_visit_id: UUID | None
    cancel_reason: str | None
    cancelled_by: Party | None
    review: ReviewShown | None
    created_at: datetime
    updated_at: datetime
    version: int


class VisitFilter(Filter):
    """Which visits, and in what order."""

    sort: Sort = "-created_at"
    customer_id: list[UUID] | None = None
    opportunity_id: list[UUID] | None = None
    owner_id: list[UUID] | None = None
    team_id: list[UUID] | None = None
    supervisor_id: list[UUID] | None = None
    state: list[State] | None = None
    purpose: list[Purpose] | None = None
    kind: list[Kind] | None = None
    unplanned: bool | None = None
    planned_start_gte: Moment | None = None
    planned_start_lte: Moment | None = None
    created_at_gte: Moment | None = None
    created_at_lte: Moment | None = None
