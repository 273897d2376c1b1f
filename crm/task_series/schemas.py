"""What crosses the boundary: a series as it is sent, as it is shown, as it is asked for."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from crm.fields import Line, Sent, Shown, Text, kept, like
from crm.paging import Filter
from crm.tasks.schemas import Reminders, TaskAssignee, TaskReminderSent, TaskSubject, TaskSubjectSent
from crm.tasks.vocabulary import Kind, SeriesState

EndedBecause = Literal["no_more", "by_hand", "assignee_gone"]

RRule = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_upper=True, min_length=1, max_length=300),
    Field(
        description="RFC 5545: FREQ from DAILY on, INTERVAL, COUNT or UNTIL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS.",
        examples=["FREQ=WEEKLY;BYDAY=MO"],
    ),
]
WallTime = Annotated[
    str,
    StringConstraints(
        pattern=r"^(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]$"
    ),
    Field(description="What the clock on the wall shows, in the series' time zone.", examples=["2027-01-04T09:00"]),
]
Zone = Annotated[str, StringConstraints(max_length=64), Field(description="IANA name.", examples=["Asia/Shanghai"])]


class TaskSeriesCreate(Sent):
    """A task that comes again and again. It is yours unless you name another assignee."""

    model_config = like(
        title="Look through the open quotations",
        subject={"type": "customer", "id": "01a1fcb0-3a00-7000-8000-000000000001"},
        rrule="FREQ=WEEKLY;BYDAY=MO",
        first_at="2027-01-04T09:00",
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    title: Line
    note: Text | None = None
    kind: Kind = "follow_up"
    subject: TaskSubjectSent
    assignee_id: UUID | None = None
    rrule: RRule
    first_at: WallTime
    timezone: Zone | None = Field(default=None, description="The assignee's when it is not sent, or the workspace's.")
    reminders: Reminders = Field(default_factory=lambda: [TaskReminderSent()])


class TaskSeriesUpdate(Sent):
    """What to change for all following (JSON merge patch). The one that is open changes with them."""

    model_config = like(title="Look through all quotations", rrule="FREQ=WEEKLY;BYDAY=MO,TH")

    title: Line = kept()
    note: Text | None = None
    assignee_id: UUID = kept()
    rrule: RRule = kept()
    first_at: WallTime = kept()
    timezone: Zone = kept()
    reminders: Reminders = kept()


class TaskSeriesRead(Shown):
    """A task that comes again and again. Its tasks: `/v1/tasks?series_id=…`."""

    id: UUID
    title: str
    note: str | None
    kind: Kind
    subject: TaskSubject
    customer_id: UUID | None
    assignee_id: UUID
    assignee: TaskAssignee | None
    team_id: UUID | None
    rrule: str
    first_at: str
    timezone: str
    minutes_before: list[int]
    state: SeriesState
    last_at: str | None = Field(description="What the clock shows when the task made last is due.")
    made: int
    ended_at: datetime | None
    ended_because: EndedBecause | None
    created_at: datetime
    updated_at: datetime
    version: int


class TaskSeriesFilter(Filter):
    """Which series, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    assignee_id: list[UUID] | None = None
    customer_id: list[UUID] | None = None
    subject_id: list[UUID] | None = None
    state: list[SeriesState] | None = None
