"""What crosses the boundary: a reminder as it is sent, shown, explained and asked for."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, NaiveDatetime, model_validator
from pydantic_core import PydanticCustomError

from crm import clock
from crm.fields import Line, Moment, Sent, Shown, kept, like
from crm.paging import Filter
from crm.reminders.vocabulary import (
    Because,
    CancelledBecause,
    Caution,
    Escalation,
    Kind,
    MovedBecause,
    PersonalSubject,
    State,
    SubjectType,
)

A_MONTH = 31 * 24 * 60


def _zone(name: str) -> str:
    if not clock.is_zone(name):
        raise ValueError("This is not the name of an IANA time zone, such as Asia/Shanghai.")
    return name


def _whole_seconds(local: datetime) -> datetime:
    if local.microsecond:
        raise ValueError("A clock on the wall shows whole seconds.")
    return local


Zone = Annotated[str, Field(max_length=60), AfterValidator(_zone), Field(description="An IANA name: `Asia/Shanghai`.")]
LocalTime = Annotated[
    NaiveDatetime,
    Field(ge=datetime(1900, 1, 2), lt=datetime(2999, 12, 31)),  # noqa: DTZ001  a wall clock has no offset
    AfterValidator(_whole_seconds),
    Field(description="What the clock on the wall shows, without an offset: `2027-01-05T09:00:00`."),
]


class ReminderSubjectSent(Sent):
    """What to be reminded of: something you can see."""

    type: PersonalSubject
    id: UUID


class _When(Sent):
    """A moment, or what the clock on the wall shows then."""

    fire_at: Moment = kept()
    local_time: LocalTime = kept()
    timezone: Zone | None = Field(
        default=None,
        description="Of `local_time`. Left out, it is the zone of whom it is for, and follows them when it changes.",
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        sent = self.model_fields_set
        if {"fire_at", "local_time"} <= sent or ("timezone" in sent and "local_time" not in sent):
            raise PydanticCustomError("one_way", "Say fire_at, or local_time with a timezone or without.")
        return self


class ReminderCreate(_When):
    """A reminder of your own. It is for you unless you name somebody else."""

    model_config = like(
        title="Ask how the trial went",
        subject={"type": "customer", "id": "01a1fcb0-3a00-7000-8000-000000000001"},
        local_time="2027-01-05T09:00:00",
        timezone="Asia/Shanghai",
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    title: Line
    subject: ReminderSubjectSent
    user_id: UUID | None = None
    asks_for_contact: bool = Field(
        default=False,
        description="It asks to get in touch: not said where the customer is not to be contacted by then.",
    )
    escalates: bool = Field(default=False, description="It is told to the manager when nobody acknowledges it.")

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if not {"fire_at", "local_time"} & self.model_fields_set:
            raise PydanticCustomError("one_way", "Say when: fire_at, or local_time.")
        return self


class ReminderUpdate(_When):
    """What to change (JSON merge patch) of a reminder that is still to come."""

    model_config = like(title="Ask how the second trial went", fire_at="2027-01-06T01:00:00Z")

    title: Line = kept()
    asks_for_contact: bool = kept()
    escalates: bool = kept()


class ReminderSnooze(Sent):
    """For how long, or until when: later than now, and later than it was to be said."""

    model_config = like(minutes=15)

    minutes: Annotated[int, Field(ge=1, le=A_MONTH)] | None = None
    until: Moment | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.minutes is None) == (self.until is None):
            raise PydanticCustomError("one_way", "Say minutes or until.")
        return self

    def moment(self) -> datetime:
        """Until when."""
        return self.until or datetime.now(UTC) + timedelta(minutes=self.minutes or 0)


class ReminderSubject(Shown):
    """What one is reminded of."""

    type: SubjectType
    id: UUID


class ReminderRead(Shown):
    """A reminder: what is said to whom at what moment."""

    id: UUID
    kind: Kind = Field(description="Planned with a task, or by itself.")
    user_id: UUID
    subject: ReminderSubject
    customer_id: UUID | None
    title: str
    fire_at: datetime
    local_time: str | None = Field(description="Where it was given so: what the clock on the wall shows at `fire_at`.")
    timezone: str | None
    follows_timezone: bool = Field(description="It moves when whom it is for gets another time zone.")
    asks_for_contact: bool
    state: State
    fired_at: datetime | None
    caution: Caution | None = Field(description="What was to be minded when it was said.")
    snooze_count: int
    acknowledged_at: datetime | None
    escalates: bool
    escalated_at: datetime | None
    escalated_to_id: UUID | None
    cancelled_because: CancelledBecause | None
    created_at: datetime
    updated_at: datetime
    version: int


class ReminderEscalation(Shown):
    """Whether somebody's manager is told, and when."""

    state: Escalation = Field(
        description="`switched_off`: the workspace tells no manager. `nobody_above`: no team above has another manager."
    )
    at: datetime | None = Field(
        description="When it was, or is at the earliest; in working minutes it may turn out later."
    )
    to_user_id: UUID | None


class ReminderExplanation(Shown):
    """Why a reminder did or did not fire."""

    id: UUID
    state: State
    because: Because
    explanation: str = Field(description="The same in words.")
    planned_at: datetime
    fire_at: datetime
    local_time: str | None
    timezone: str | None
    moved_because: MovedBecause | None = Field(description="Why it is not said at the moment it was planned for first.")
    snooze_count: int
    fired_at: datetime | None
    late_by_seconds: int | None = Field(description="How long after its moment it fired.")
    caution: Caution | None
    acknowledged_at: datetime | None
    escalation: ReminderEscalation
    version: int


class ReminderFilter(Filter):
    """Which reminders, and in what order."""

    sort: Literal["fire_at", "-fire_at", "created_at", "-created_at"] = "fire_at"
    kind: list[Kind] | None = None
    user_id: list[UUID] | None = None
    customer_id: list[UUID] | None = None
    subject_type: list[SubjectType] | None = None
    subject_id: list[UUID] | None = None
    state: list[State] | None = None
    fire_at_gte: Moment | None = None
    fire_at_lte: Moment | None = None
