"""What crosses the boundary: a complaint as it comes in, is changed and is shown."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from crm.complaints.vocabulary import (
    Category,
    CauseKind,
    Channel,
    ClosedBecause,
    Remedy,
    Sender,
    State,
    Validity,
)
from crm.contacts.schemas import ContactReference
from crm.customers.schemas import CustomerReference, Money, MoneyShown, PersonShown
from crm.fields import Email, Line, Moment, Name, Phone, Sent, Shown, Tags, Text, kept, like
from crm.sla.vocabulary import ClockKind, ClockState, Severity

Day = Annotated[date, Field(ge=date(1990, 1, 1), lt=date(2100, 1, 1))]
Mark = Annotated[int, Field(strict=True, ge=1, le=5)]
Discipline = Literal["d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8"]


def _visible(text: str) -> str:
    if not text:
        raise PydanticCustomError("string_blank", "There must be something to see in this text.")
    return text


Said = Annotated[Text, AfterValidator(_visible)]
"""Words that must be there."""


class Complainer(Sent):
    """Whoever complains, as they said; for the case alone. Shown to those who handle it."""

    name: Name | None = None
    phone: Phone | None = None
    email: Email | None = None


class _About(Sent):
    remedy_sought: Remedy | None = Field(default=None, description="What they want: ask before you offer.")
    remedy_note: Text | None = Field(default=None, description="What they want, in their words.")
    visit_id: UUID | None = Field(default=None, description="The visit to this customer that it is about.")
    opportunity_id: UUID | None = Field(default=None, description="The sale to this customer that it is about.")
    product_id: UUID | None = None
    lot: Name | None = Field(default=None, description="Batch or serial number.")


class ComplaintCreate(_About):
    """A complaint as it came in. Its clocks run from `received_at`."""

    model_config = like(
        customer_id="01a1fcb0-3a00-7000-8000-000000000001",
        channel="phone",
        received_at="2026-11-21T02:00:00Z",
        category="quality",
        severity="high",
        subject="The second line stands still",
        description="Third failure of the same pump; production stops.",
        remedy_sought="replace",
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    customer_id: UUID | None = Field(default=None, description="Null as long as it is not known who complains.")
    contact_id: UUID | None = Field(default=None, description="Who of this customer complains.")
    complainer: Complainer | None = None
    channel: Channel
    received_at: Moment | None = Field(
        default=None, description="Now, when not given; `complaints.late_days` ago at most, never in the future."
    )
    subject: Line | None = Field(default=None, description="The beginning of the description when not given.")
    description: Text | None = None
    category: Category = "other"
    severity: Severity = "medium"
    responsible_id: UUID | None = Field(default=None, description="Whom it is about, where it is one of you.")
    assignee_id: UUID | None = None
    team_id: UUID | None = Field(default=None, description="The assignee's or else the customer's team when not given.")
    tags: Tags = Field(default_factory=list)

    @model_validator(mode="after")
    def _says_something(self) -> "ComplaintCreate":
        if not self.subject and not self.description:
            raise PydanticCustomError("missing", "Say what it is about: a subject, a description or both.")
        if self.contact_id is not None and self.customer_id is None:
            raise PydanticCustomError("contact_without_customer", "A contact belongs to a customer: name both.")
        return self


class DisciplineKept(Sent):
    """One of the eight disciplines, or of the plan before them."""

    by_id: UUID | None = Field(default=None, description="Who of you did it.")
    done_on: Day | None = None
    note: Text | None = None


class ComplaintUpdate(_About):
    """What to change (JSON merge patch). Its state changes by the steps of its path."""

    model_config = like(remedy_sought="replace", root_cause="The seal was fitted dry.", cause_kind="process")

    customer_id: UUID = kept()
    contact_id: UUID | None = None
    complainer: Complainer | None = None
    channel: Channel = kept()
    subject: Line = kept()
    description: Text | None = None
    category: Category = kept()
    responsible_id: UUID | None = None
    team_id: UUID | None = None
    validity: Validity = kept()
    cause_kind: CauseKind | None = None
    root_cause: Text | None = None
    corrective_action: Text | None = None
    eight_d: dict[Discipline, DisciplineKept] | None = Field(
        default=None, description="The 8D checklist; severe complaints about quality only. Always whole."
    )
    cost: Money | None = None
    check_effect_on: Day | None = None
    effective: bool | None = Field(default=None, description="Whether what was done against the cause works.")
    tags: Tags = kept()


class ClockShown(Shown):
    """A promise of time: until when something is to be done."""

    kind: ClockKind
    cycle: int = Field(description="The round of clocks: one reopened late begins another.")
    turn: int = Field(description="Of the updates that are promised one after the other, which one.")
    state: ClockState
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    paused_minutes: int


class ComplaintReference(Shown):
    """Another complaint, as far as a mention needs."""

    id: UUID
    number: str
    state: State
    received_at: datetime


class ProductReference(Shown):
    """A product, as far as a mention needs."""

    id: UUID
    name: str


class ReturnVisit(Shown):
    """An attempt to hear from the customer whether it is put right."""

    at: datetime
    by_id: UUID | None
    note: str | None


class DisciplineShown(Shown):
    """One of the eight disciplines."""

    by_id: UUID | None
    done_on: date | None
    note: str | None


class ComplaintRead(Shown):
    """A complaint. Who complained, where it is no contact, is shown by `GET /v1/complaints/{id}` to who handles it."""

    id: UUID
    number: str = Field(description="Year of its arrival in the workspace's zone, and a number that rises within it.")
    customer_id: UUID | None
    customer: CustomerReference | None
    contact_id: UUID | None
    contact: ContactReference | None
    sender: Sender | None = Field(
        description="Of what came in by mail or a public form: `claimed` where nobody vouches for who sent it, "
        "`verified` where your mail server does for the address. Null for what one of you took down."
    )
    channel: Channel
    received_at: datetime
    received_by: PersonShown | None
    subject: str
    description: str | None
    category: Category
    severity: Severity
    remedy_sought: Remedy | None
    remedy_note: str | None
    state: State
    resume_to: State | None = Field(description="Where it goes on after waiting for the customer.")
    team_id: UUID | None
    assignee_id: UUID | None
    assignee: PersonShown | None
    responsible_id: UUID | None
    responsible: PersonShown | None
    validity: Validity
    cause_kind: CauseKind | None
    root_cause: str | None
    corrective_action: str | None
    eight_d: dict[Discipline, DisciplineShown] | None
    solution: str | None
    solution_answers_remedy: bool | None
    remedy_answer: str | None
    proposed_by: PersonShown | None
    proposed_at: datetime | None
    approved_by: PersonShown | None
    approved_at: datetime | None
    cost: MoneyShown | None
    acknowledged_at: datetime | None
    acknowledged_by: PersonShown | None
    assessed_at: datetime | None
    informed_at: datetime | None = Field(description="When they were last told how far it is.")
    replied_at: datetime | None = Field(description="When they last wrote something more.")
    communicated_at: datetime | None
    implemented_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    closed_because: ClosedBecause | None
    return_visits: list[ReturnVisit]
    rejection_reason: str | None
    alternatives_told: str | None
    withdrawn_reason: str | None
    reopened_count: int
    cycle: int
    satisfaction: int | None
    check_effect_on: date | None
    effective: bool | None
    repeat_of_id: UUID | None
    visit_id: UUID | None
    opportunity_id: UUID | None
    product_id: UUID | None
    product: ProductReference | None
    lot: str | None
    due_at: datetime | None = Field(description="The earliest moment at which a running clock of it is due.")
    clocks: list[ClockShown]
    tags: list[str]
    created_at: datetime
    updated_at: datetime
    version: int
