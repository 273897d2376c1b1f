"""What is sent with each step of a complaint."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from crm.complaints.schemas import Mark, Said
from crm.complaints.vocabulary import Category, CauseKind, Remedy, Validity
from crm.customers.schemas import Money
from crm.fields import Line, Moment, Sent, Text, kept, like
from crm.interactions.vocabulary import LoggedChannel
from crm.sla.vocabulary import Severity


class ComplaintNoted(Sent):
    """A step with nothing but, if you like, a note."""

    model_config = like(note="Called back at once; they want the pump replaced.")

    note: Text | None = None


class ComplaintIdentify(Sent):
    """Whose the complaint is, and how you know."""

    model_config = like(
        customer_id="01a1fcb0-3a00-7000-8000-000000000001", reason="Mr Wang wrote no such mail; it is Globex's pump."
    )

    customer_id: UUID | None = Field(description="Null where nobody knows.")
    contact_id: UUID | None = Field(default=None, description="Somebody at this customer.")
    reason: Said


class ComplaintAssess(Sent):
    """How bad it is, and what it is about. Another severity sets the clocks anew."""

    model_config = like(severity="high", category="quality", note="Production stands still.")

    severity: Severity
    category: Category
    validity: Validity = kept()
    note: Text | None = None


class ComplaintAssign(Sent):
    """Who looks into it: never whom it is about."""

    model_config = like(assignee_id="01a1fcb0-3a00-7000-8000-000000000005")

    assignee_id: UUID
    responsible_id: UUID | None = Field(default=None, description="Whom it is about, where it is one of you.")
    team_id: UUID = kept()
    note: Text | None = None


class ComplaintWait(Sent):
    """What you wait for; the clock of the resolution stands still meanwhile."""

    model_config = like(reason="They send photographs of the seal.")

    reason: Said


class ComplaintPropose(Sent):
    """A solution. What is not sent must stand on the complaint already."""

    model_config = like(
        solution="A new pump, fitted by our own people on Monday.",
        solution_answers_remedy=True,
        validity="upheld",
        cost={"amount": "8000.00", "currency": "CNY"},
    )

    solution: Said = kept()
    remedy_sought: Remedy = kept()
    solution_answers_remedy: Annotated[bool, Field(description="Whether it gives the customer what they want.")] = (
        kept()
    )
    remedy_answer: Annotated[Said, Field(description="What you answer where it does not, or not wholly.")] = kept()
    validity: Literal["upheld", "partly"] = kept()
    cause_kind: CauseKind = kept()
    root_cause: Said = kept()
    cost: Annotated[Money, Field(description="What the solution costs you.")] = kept()
    note: Text | None = None


class ComplaintSendBack(Sent):
    """Why the proposal is not approved."""

    model_config = like(reason="Ask the supplier to bear the cost first.")

    reason: Said


class ComplaintCommunicate(Sent):
    """That the customer was told the decision, and whether they were reached at all."""

    model_config = like(reached=True, channel="call", note="Told Mr Wang, who will ask his workshop.")

    reached: bool = Field(description="A decision is communicated when the customer was reached.")
    channel: LoggedChannel | None = Field(
        default=None, description="By which way; as the complaint came in, when not given."
    )
    note: Text | None = None


class ComplaintRefuse(Sent):
    """What the customer wants instead."""

    model_config = like(reason="They want the whole line checked.")

    reason: Said


class ComplaintAttempt(Sent):
    """An attempt to hear from the customer whether it is put right."""

    model_config = like(note="No answer.")

    at: Moment | None = Field(default=None, description="Now, when not given; since it was resolved.")
    note: Line | None = None


class ComplaintClose(Sent):
    """The end: the customer confirmed, or was tried often enough. A severe one needs its cause and what was done."""

    model_config = like(
        confirmed=True,
        satisfaction=4,
        root_cause="The seal was fitted dry.",
        corrective_action="Fitting instruction changed, fitters trained.",
    )

    confirmed: bool = Field(default=False, description="The customer says that it is put right.")
    satisfaction: Mark | None = Field(default=None, description="From 1 to 5, as the customer said.")
    cause_kind: CauseKind = kept()
    root_cause: Said = kept()
    corrective_action: Said = kept()
    cost: Money = kept()
    note: Text | None = None


class ComplaintReject(Sent):
    """That the complaint is not justified: why, and what else the customer can do. Somebody else must approve it."""

    model_config = like(
        reason="The pump was run without water, as its log shows.",
        alternatives_told="Repair at cost; the consumer association; 12315.",
    )

    reason: Said
    alternatives_told: Said = Field(description="Which other ways the customer was told of, inside and outside.")


class ComplaintWithdraw(Sent):
    """Why the customer takes it back."""

    model_config = like(reason="It was the electrician's fault, they say.")

    reason: Said


class ComplaintReopen(Sent):
    """Why it is not over."""

    model_config = like(reason="It leaks again.")

    reason: Said


class ComplaintInform(Sent):
    """What the customer was told of how far it is."""

    model_config = like(note="The part arrives on Thursday.")

    note: Said


class CorrectiveAction(Sent):
    """What is to be done against the cause, by whom, until when. It becomes a task."""

    model_config = like(
        title="Change the fitting instruction",
        assignee_id="01a1fcb0-3a00-7000-8000-000000000005",
        due_at="2026-12-01T09:00:00Z",
    )

    title: Line
    note: Text | None = None
    assignee_id: UUID | None = Field(default=None, description="You, when not given.")
    due_at: Moment
