"""What crosses the boundary: a visit as it is sent, as it is shown, as it is asked for."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from crm.contacts.schemas import ContactReference
from crm.customers.schemas import CustomerReference, PersonShown
from crm.fields import Latitude, Line, Longitude, Moment, Name, Sent, Shown, Text, kept, like
from crm.paging import Filter
from crm.visits.vocabulary import Purpose, State

LONGEST = timedelta(hours=24)

Sort = Literal["created_at", "-created_at", "planned_start", "-planned_start"]


def _once(ids: list[UUID]) -> list[UUID]:
    """Each id once, in the order given."""
    return list(dict.fromkeys(ids))


ContactIds = Annotated[list[UUID], Field(max_length=50), AfterValidator(_once)]
DueOn = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]


class Location(Sent):
    """Where a device says that it is."""

    latitude: Latitude
    longitude: Longitude
    accuracy_m: Annotated[float, Field(ge=0, le=100_000)] | None = None


class Checked(Sent):
    """Where and when the visitor's device says that it is."""

    model_config = like(
        location={"latitude": 31.2304, "longitude": 121.4737, "accuracy_m": 12}, device_time="2027-01-05T01:58:00Z"
    )

    location: Location | None = None
    device_time: Moment | None = Field(
        default=None, description="The device's own clock; kept beside the server's, which decides."
    )


class _Planned(Sent):
    planned_start: Moment
    planned_end: Moment = Field(description="After the start, by 24 hours at most.")

    @field_validator("planned_end")
    @classmethod
    def _within_a_day(cls, end: datetime, info: ValidationInfo) -> datetime:
        start = info.data.get("planned_start")
        if start is not None and not timedelta() < end - start <= LONGEST:
            raise ValueError("A visit ends after it starts, within 24 hours.")
        return end


class VisitPlan(_Planned):
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
    purpose: Purpose
    subject: Line | None = None


class VisitUpdate(Sent):
    """What to change while the visit is planned (JSON merge patch); its time moves by `reschedule`."""

    model_config = like(
        purpose="sales", subject="The second line", contact_ids=["01a1fcb0-3a00-7000-8000-000000000002"]
    )

    purpose: Purpose = kept()
    subject: Line | None = None
    contact_ids: ContactIds = kept()


class VisitReschedule(_Planned):
    """When the visit takes place instead."""

    model_config = like(
        planned_start="2027-01-06T02:00:00Z", planned_end="2027-01-06T03:00:00Z", reason="The customer is travelling."
    )

    reason: Line | None = None


class NextStepSent(Sent):
    """What follows from the visit: becomes a task, with a reminder when it is due."""

    title: Name
    due_at: Moment | None = None
    due_on: DueOn | None = Field(
        default=None, description="A day instead of a moment: that day at the workspace's reminder time."
    )
    assignee_id: UUID | None = Field(default=None, description="The visit's owner when not given.")

    @model_validator(mode="after")
    def _one_due(self) -> "NextStepSent":
        if (self.due_at is None) == (self.due_on is None):
            raise ValueError("Say when it is due: either due_at or due_on.")
        return self


class VisitReport(Checked):
    """What came of a visit: its result, whom you met and what comes next."""

    model_config = like(
        result="Wants a quotation for two lines.",
        met_contact_ids=["01a1fcb0-3a00-7000-8000-000000000002"],
        next_step={"title": "Send the quotation", "due_on": "2027-01-05"},
        location={"latitude": 31.2304, "longitude": 121.4737, "accuracy_m": 12},
    )

    result: Annotated[Text, Field(min_length=1)]
    met_contact_ids: Annotated[ContactIds, Field(min_length=1, description="Whom of this customer you met.")]
    none_needed: Literal[True] | None = Field(default=None, description="No next step is needed.")
    next_step: NextStepSent | None = Field(
        default=None, validate_default=True, description="Either this or `none_needed`."
    )
    customer_feedback: Text | None = None
    own_needs_shared: bool | None = Field(
        default=None, description="Whether the customer spoke about needs of their own accord."
    )
    started_at: Moment | None = Field(
        default=None,
        description="When it began, if you did not press start: the planned start when not given, or the moment of "
        "completion where that is still to come.",
    )

    @field_validator("next_step")
    @classmethod
    def _said(cls, step: NextStepSent | None, info: ValidationInfo) -> NextStepSent | None:
        if "none_needed" in info.data and (step is None) == (info.data["none_needed"] is None):
            raise ValueError("Say what comes next: either next_step or none_needed.")
        return step


class VisitCancel(Sent):
    """Why a visit does not take place."""

    model_config = like(reason="The customer has no time this month.")

    reason: Line


class LocationShown(Shown):
    """Where a device said that it was."""

    latitude: float
    longitude: float
    accuracy_m: float | None


class CheckedShown(Shown):
    """Where a visit was started or completed, and how far that is from the customer's address."""

    location: LocationShown | None
    device_time: datetime | None
    distance_m: int | None = Field(description="Null where the device or the customer has no position.")
    out_of_range: bool | None = Field(description="Further away than the workspace allows, beyond the accuracy.")


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
    contact_ids: list[UUID]
    contacts: list[ContactReference]
    owner_id: UUID
    owner: PersonShown
    team_id: UUID | None
    purpose: Purpose
    subject: str | None
    state: State
    planned_start: datetime
    planned_end: datetime
    reschedule_count: int
    reschedule_reason: str | None
    started_at: datetime | None
    check_in: CheckedShown | None
    completed_at: datetime | None
    check_out: CheckedShown | None
    met_contact_ids: list[UUID]
    met_contacts: list[ContactReference]
    result: str | None
    customer_feedback: str | None
    own_needs_shared: bool | None
    next_step: NextStepShown | None = Field(description="Null on a completed visit: none was needed.")
    cancel_reason: str | None
    created_at: datetime
    updated_at: datetime
    version: int


class VisitFilter(Filter):
    """Which visits, and in what order."""

    sort: Sort = "-created_at"
    customer_id: list[UUID] | None = None
    owner_id: list[UUID] | None = None
    team_id: list[UUID] | None = None
    state: list[State] | None = None
    purpose: list[Purpose] | None = None
    planned_start_gte: Moment | None = None
    planned_start_lte: Moment | None = None
    created_at_gte: Moment | None = None
    created_at_lte: Moment | None = None
