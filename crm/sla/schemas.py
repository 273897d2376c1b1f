"""What crosses the boundary about promises."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from crm.customers.vocabulary import Class
from crm.fields import Moment, Name, Sent, Shown, kept, like
from crm.paging import Filter
from crm.sla.vocabulary import Category, Cause, ClockKind, Severity, Told, Why
from crm.workspaces.fields import OwnId

LONGEST = 100_000
"""Minutes that can be promised: 222 days of seven and a half hours."""

Minutes = Annotated[int, Field(ge=1, le=LONGEST, description="Of working time; null: not promised.")]
Percent = Annotated[int, Field(ge=1, le=500, description="Of the time; 100 is the breach.")]
Role = Literal["admin", "manager", "service"]

_EXAMPLE: dict[str, Any] = {
    "name": "Severe, key customers",
    "severity": "high",
    "customer_class": "key",
    "acknowledge_minutes": 30,
    "response_minutes": 120,
    "update_minutes": 450,
    "resolution_minutes": 960,
    "thresholds": [75, 100],
    "escalation": [{"percent": 75, "to": "assignee"}, {"percent": 100, "to": "manager"}],
}


class Escalation(BaseModel):
    """Who is told at which share of the time."""

    model_config = like(percent=100, to="manager") | {"extra": "forbid"}

    percent: Percent
    to: Told = Field(
        description="`assignee`, or whoever the customer belongs to where there is none; `owner` of the customer; "
        "their `manager`, or the administrators where there is none; a `user` by name; everybody of a `role`. "
        "Whom the complaint is about is never told."
    )
    user_id: UUID | None = None
    role: Role | None = None

    @model_validator(mode="after")
    def _says_whom(self) -> Self:
        if (self.to == "user") != (self.user_id is not None) or (self.to == "role") != (self.role is not None):
            raise ValueError("A user goes with user_id, a role with role, and anybody else with neither.")
        return self


def _rising(percents: list[int]) -> list[int]:
    return sorted(set(percents))


Thresholds = Annotated[
    list[Percent],
    Field(max_length=10, description="At which shares of the time it becomes news; the breach always does."),
    AfterValidator(_rising),
]
Escalations = Annotated[list[Escalation], Field(max_length=20)]


class SlaPolicyCreate(Sent):
    """What is promised to whoever complains, for one severity and, if you like, a class of customers or a category."""

    model_config = like(**_EXAMPLE)

    id: OwnId = None
    name: Name
    severity: Severity
    customer_class: Class | None = Field(default=None, description="Null: of any class.")
    category: Category | None = Field(default=None, description="Null: of any category.")
    acknowledge_minutes: Minutes | None = None
    acknowledge_same_day: bool = Field(default=False, description="Before the day's work is over, instead of minutes.")
    response_minutes: Minutes | None = None
    update_minutes: Minutes | None = Field(default=None, description="From one update to the next.")
    resolution_minutes: Minutes | None = None
    around_the_clock: bool = Field(default=False, description="Every minute counts, by night and on holidays too.")
    calendar_id: UUID | None = Field(
        default=None, description="Null: the calendar of the assignee, their team, or the workspace."
    )
    thresholds: Thresholds = Field(default_factory=lambda: [100])
    escalation: Escalations = Field(default_factory=list)

    @model_validator(mode="after")
    def _is_acknowledged_once(self) -> Self:
        _one_way(self)
        return self


class SlaPolicyUpdate(Sent):
    """What to change (JSON merge patch). Open clocks are worked out anew, in the background."""

    model_config = like(resolution_minutes=900)

    name: Name = kept()
    acknowledge_minutes: Minutes | None = None
    acknowledge_same_day: bool = kept()
    response_minutes: Minutes | None = None
    update_minutes: Minutes | None = None
    resolution_minutes: Minutes | None = None
    around_the_clock: bool = kept()
    calendar_id: UUID | None = None
    thresholds: Thresholds = kept()
    escalation: Escalations = kept()

    @model_validator(mode="after")
    def _is_acknowledged_once(self) -> Self:
        _one_way(self)
        return self


def _one_way(sent: Any) -> None:
    if sent.acknowledge_same_day and sent.acknowledge_minutes is not None:
        raise ValueError("Acknowledged on the same day, or within minutes: not both.")


class Reference(Shown):
    """A calendar."""

    id: UUID
    name: str


class SlaPolicyRead(Shown):
    """What is promised to whoever complains. Of the policies that fit a complaint, the most particular one holds."""

    id: UUID
    name: str
    severity: Severity
    customer_class: Class | None
    category: Category | None
    acknowledge_minutes: int | None
    acknowledge_same_day: bool
    response_minutes: int | None
    update_minutes: int | None
    resolution_minutes: int | None
    around_the_clock: bool
    calendar_id: UUID | None
    calendar: Reference | None
    thresholds: list[int]
    escalation: list[Escalation]
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class SlaPolicyFilter(Filter):
    """Which policies, and in what order."""

    sort: Literal["created_at", "-created_at", "name", "-name"] = "-created_at"
    severity: list[Severity] | None = None
    archived: bool = Field(default=False, description="Only the archived ones.")


class PreviewQuery(BaseModel):
    """A complaint that might come in, and a time in which it would be the customer's turn."""

    model_config = {"extra": "forbid"}

    received_at: Moment
    paused_at: Moment | None = None
    resumed_at: Moment | None = None
    explain: Annotated[bool, Field(description="Give the ledgers too, for what is due within 200 days.")] = False


class LedgerEntry(Shown):
    """A stretch of the way of a clock, whether it counts, and why."""

    begins: datetime
    ends: datetime
    counted: bool
    reason: Why = Field(
        description="As in a calendar; `paused`: working time in which the clock stood still; `before_start`: it did "
        "not run yet."
    )
    name: str | None = Field(description="Of the holiday or the special day.")
    to_come: bool
    minutes: float = Field(description="Of the clock on the wall. What counts adds up to what the clock says.")


class PromiseRead(Shown):
    """What one clock of a policy would be due at."""

    kind: ClockKind
    minutes: int
    due_at: datetime
    thresholds: dict[str, datetime] = Field(description="When each share of the time, in percent, would be over.")
    ledger: list[LedgerEntry] | None = Field(description="What counted and what did not, where it was asked for.")


class PreviewRead(Shown):
    """When a complaint would have to be dealt with, if it came in then and this policy held for it."""

    received_at: datetime
    promises: list[PromiseRead]


class SlaRecountRead(Shown):
    """Open clocks being worked out anew, because a policy, a calendar, or the class of a customer has changed."""

    id: UUID
    cause: Cause = Field(description="`customer`: of one whose class has changed, or who is one with another now.")
    severity: Severity | None = Field(description="Of complaints this severe; null: of any.")
    calendar_id: UUID | None = Field(description="That go by this calendar; null: by any.")
    asked_at: datetime
    looked_at: int = Field(description="Complaints looked at until now.")
    changed: int = Field(description="Clocks that became others.")
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class SlaRecountFilter(Filter):
    """Which of them, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
