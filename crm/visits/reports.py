"""What is reported of a visit: where one is, what came of it, what comes next; and visits that nobody planned."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator, model_validator

from crm.fields import Latitude, Line, Longitude, Moment, Name, Sent, Text, like
from crm.visits.schemas import LONGEST, ContactIds, Planned
from crm.visits.vocabulary import Kind, Purpose

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
    out_of_range_reason: Line | None = Field(
        default=None,
        description="Why you are not at the customer's address. Whether it must be given is the workspace's setting "
        "`visits.out_of_range_reason`.",
    )


class NextVisitSent(Planned):
    """The next visit to this customer, planned in the same breath. What is not said is as it was this time."""

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    purpose: Purpose | None = None
    kind: Kind | None = None
    subject: Line | None = None
    contact_ids: ContactIds | None = None
    opportunity_id: UUID | None = Field(
        default=None, description="The sale of this customer that it is for; it is not taken over from this visit."
    )
    allow_overlap: bool = False


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


class Reported(Checked):
    """What came of a visit."""

    result: Annotated[Text, Field(min_length=1)]
    met_contact_ids: Annotated[ContactIds, Field(min_length=1, description="Whom of this customer you met.")]
    none_needed: Literal[True] | None = Field(default=None, description="No next step is needed.")
    next_visit: NextVisitSent | None = Field(default=None, description="Planned together with the report, or neither.")
    next_step: NextStepSent | None = Field(
        default=None, validate_default=True, description="This or `next_visit` or both, or else `none_needed`."
    )
    customer_feedback: Text | None = None
    own_needs_shared: bool | None = Field(
        default=None, description="Whether the customer spoke about needs of their own accord."
    )
    own_needs: Text | None = Field(default=None, description="What the customer said they need.")

    @field_validator("next_step")
    @classmethod
    def _said(cls, step: NextStepSent | None, info: ValidationInfo) -> NextStepSent | None:
        if info.data.keys() >= {"none_needed", "next_visit"}:
            follows = step is not None or info.data["next_visit"] is not None
            if follows == (info.data["none_needed"] is not None):
                raise ValueError("Say what comes next: next_step, next_visit or none_needed.")
        return step


class VisitReport(Reported):
    """What came of a visit: its result, whom you met and what comes next."""

    model_config = like(
        result="Wants a quotation for two lines.",
        met_contact_ids=["01a1fcb0-3a00-7000-8000-000000000002"],
        own_needs="A second line from June.",
        next_step={"title": "Send the quotation", "due_on": "2027-01-05"},
        location={"latitude": 31.2304, "longitude": 121.4737, "accuracy_m": 12},
    )

    started_at: Moment | None = Field(
        default=None,
        description="When it began, if you did not press start: the planned start when not given, or the moment of "
        "completion where that is still to come.",
    )
    ended_at: Moment | None = Field(default=None, description="When it ended, if that was before this report: offline.")


class _New(Sent):
    """What every visit that nobody planned says of itself."""

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    customer_id: UUID
    owner_id: UUID | None = None
    team_id: UUID | None = Field(default=None, description="The owner's team when not given.")
    kind: Kind = "on_site"
    purpose: Purpose
    subject: Line | None = None
    opportunity_id: UUID | None = Field(default=None, description="The sale of this customer that it is for.")


class VisitStart(_New, Checked):
    """A visit that nobody planned and that begins now."""

    model_config = like(
        customer_id="01a1fcb0-3a00-7000-8000-000000000001",
        purpose="care",
        subject="Happened to be nearby",
        location={"latitude": 31.2304, "longitude": 121.4737, "accuracy_m": 12},
    )

    contact_ids: ContactIds = Field(default_factory=list, description="Whom of this customer you want to meet.")


class VisitLog(_New, Reported):
    """A visit that nobody planned and that is over."""

    model_config = like(
        customer_id="01a1fcb0-3a00-7000-8000-000000000001",
        purpose="care",
        started_at="2026-11-21T14:00:00+08:00",
        ended_at="2026-11-21T14:40:00+08:00",
        result="Shown the new model.",
        met_contact_ids=["01a1fcb0-3a00-7000-8000-000000000002"],
        none_needed=True,
    )

    started_at: Moment
    ended_at: Moment = Field(description="After the start, by 24 hours at most, and not to come.")

    @field_validator("ended_at")
    @classmethod
    def _within_a_day(cls, end: datetime, info: ValidationInfo) -> datetime:
        start = info.data.get("started_at")
        if start is not None and not timedelta() < end - start <= LONGEST:
            raise ValueError("A visit ends after it starts, within 24 hours.")
        return end


class VisitReview(Sent):
    """What the supervisor has to say of a joint visit."""

    model_config = like(review="Well prepared. Next time ask for the decision before leaving.")

    review: Annotated[Text, Field(min_length=1)]
