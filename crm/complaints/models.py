"""Tables of complaints."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.complaints.vocabulary import (
    Category,
    CauseKind,
    Channel,
    ClosedBecause,
    Remedy,
    Sender,
    State,
    Step,
    Validity,
)
from crm.sla.vocabulary import ClockKind, ClockState, Severity
from crm.tables import Moment, link, metadata, moment, newest_first, noun, one_of, secret

ONE_COMPLAINT_PER_NUMBER = "one_complaint_per_number"
ASSIGNEE_IS_NOT_RESPONSIBLE = "assignee_is_not_responsible"
PROPOSER_DOES_NOT_APPROVE = "proposer_does_not_approve"
ONE_CLOCK_PER_KIND_AND_CYCLE = "one_clock_per_kind_and_cycle"

complaints = noun(
    "complaints",
    # Readable, 2026-000123: the year of its arrival in the workspace's zone, and a number that rises within it.
    Column("number", Text(collation="C"), nullable=False),
    # Null where whoever complained is not known yet, as through the public form.
    Column("customer_id", Uuid),
    Column("contact_id", Uuid),
    # What whoever complained said of themselves: {"name", "phone", "email"}. For those who handle the case alone.
    secret("complainer", JSONB),
    # Where it came in by itself: whether anybody vouches for who sent it. Null for what one of us took down.
    Column("sender", Text),
    Column("channel", Text, nullable=False),
    moment("received_at", nullable=False),
    # Who took it, where it was one of us.
    Column("received_by", Uuid),
    Column("subject", Text, nullable=False),
    Column("description", Text),
    Column("category", Text, nullable=False, server_default="other"),
    Column("severity", Text, nullable=False, server_default="medium"),
    Column("remedy_sought", Text),
    Column("remedy_note", Text),
    Column("state", Text, nullable=False, server_default="received"),
    # Where it goes on after waiting for the customer.
    Column("resume_to", Text),
    Column("team_id", Uuid),
    Column("assignee_id", Uuid),
    # Whom it is about; they never look into it themselves.
    Column("responsible_id", Uuid),
    Column("validity", Text, nullable=False, server_default="pending"),
    Column("cause_kind", Text),
    Column("root_cause", Text),
    Column("corrective_action", Text),
    Column("eight_d", JSONB),
    Column("solution", Text),
    Column("solution_answers_remedy", Boolean),
    # Where it does not, or not wholly: what is said to whoever asked for more.
    Column("remedy_answer", Text),
    Column("proposed_by", Uuid),
    moment("proposed_at"),
    Column("approved_by", Uuid),
    moment("approved_at"),
    Column("cost", Numeric(18, 2)),
    Column("cost_currency", Text),
    moment("acknowledged_at"),
    Column("acknowledged_by", Uuid),
    moment("assessed_at"),
    # When they were last told how far it is.
    moment("informed_at"),
    # When they last wrote something more.
    moment("replied_at"),
    moment("communicated_at"),
    moment("implemented_at"),
    moment("resolved_at"),
    moment("closed_at"),
    Column("closed_because", Text),
    Column("close_attempts", JSONB, nullable=False, server_default=text("'[]'")),
    Column("rejection_reason", Text),
    Column("alternatives_told", Text),
    Column("withdrawn_reason", Text),
    Column("reopened_count", Integer, nullable=False, server_default=text("0")),
    # Which round of clocks holds: reopened late begins a new one (domain.md B8).
    Column("cycle", Integer, nullable=False, server_default=text("1")),
    Column("satisfaction", Integer),
    Column("check_effect_on", Date),
    Column("effective", Boolean),
    Column("repeat_of_id", Uuid),
    Column("visit_id", Uuid),
    Column("opportunity_id", Uuid),
    Column("product_id", Uuid),
    Column("lot", Text),
    # The earliest moment at which a running clock of it is due; what lists are sorted by.
    moment("due_at"),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    one_of("sender", Sender),
    one_of("channel", Channel),
    one_of("category", Category),
    one_of("severity", Severity),
    one_of("remedy_sought", Remedy),
    one_of("state", State),
    one_of("validity", Validity),
    one_of("cause_kind", CauseKind),
    one_of("closed_because", ClosedBecause),
    CheckConstraint("assignee_id <> responsible_id", name=ASSIGNEE_IS_NOT_RESPONSIBLE),
    CheckConstraint("proposed_by <> approved_by", name=PROPOSER_DOES_NOT_APPROVE),
    CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_at"),
    CheckConstraint("(cost IS NULL) = (cost_currency IS NULL)", name="cost"),
    CheckConstraint("cost >= 0", name="cost_is_not_negative"),
    CheckConstraint("satisfaction BETWEEN 1 AND 5", name="satisfaction"),
    CheckConstraint("(state = 'waiting_customer') = (resume_to IS NOT NULL)", name="resume_to"),
    UniqueConstraint("workspace_id", "number", name=ONE_COMPLAINT_PER_NUMBER),
    link("customer_id", "customers"),
    link(("customer_id", "contact_id"), "contacts"),
    link("team_id", "teams"),
    link("received_by", "users"),
    link("assignee_id", "users"),
    link("responsible_id", "users"),
    link("proposed_by", "users"),
    link("approved_by", "users"),
    link("repeat_of_id", "complaints"),
    link("visit_id", "visits"),
    link("opportunity_id", "opportunities"),
    link("product_id", "products"),
)
newest_first(complaints)

due_key = func.least(complaints.c.due_at, text("'9999-12-31 00:00:00+00'\\:\\:timestamptz"), type_=Moment)
"""Nothing due sorts after every moment. LEAST because row-level security takes COALESCE for leaky."""

Index("ix_complaints_due", complaints.c.workspace_id, due_key, complaints.c.id)
Index(None, complaints.c.workspace_id, complaints.c.customer_id, complaints.c.received_at)
Index(None, complaints.c.workspace_id, complaints.c.assignee_id, complaints.c.state)
Index(None, complaints.c.workspace_id, complaints.c.received_at, complaints.c.id)

complaint_numbers = Table(
    "complaint_numbers",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("year", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    PrimaryKeyConstraint("workspace_id", "year"),
)

complaint_steps = noun(
    "complaint_steps",
    Column("complaint_id", Uuid, nullable=False),
    Column("step", Text, nullable=False),
    Column("from_state", Text),
    Column("to_state", Text, nullable=False),
    moment("at", nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Uuid),
    Column("note", Text),
    one_of("step", Step),
    link("complaint_id", "complaints"),
)
"""The way each complaint has gone: only ever added to, and enough to tell where it is."""
Index(None, complaint_steps.c.workspace_id, complaint_steps.c.complaint_id, complaint_steps.c.at)

sla_clocks = noun(
    "sla_clocks",
    Column("complaint_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("cycle", Integer, nullable=False, server_default=text("1")),
    # Of the updates that are promised one after the other, which one.
    Column("turn", Integer, nullable=False, server_default=text("1")),
    Column("state", Text, nullable=False, server_default="running"),
    Column("policy_id", Uuid),
    # Null for a clock that runs around the clock, and in a workspace that has no calendar.
    Column("calendar_id", Uuid),
    Column("around_the_clock", Boolean, nullable=False, server_default=text("false")),
    Column("minutes", Integer, nullable=False),
    # By the sundown rule: ``minutes`` is then how many there were.
    Column("same_day", Boolean, nullable=False, server_default=text("false")),
    moment("started_at", nullable=False),
    moment("due_at", nullable=False),
    moment("paused_at"),
    moment("stopped_at"),
    # Working minutes of all pauses that are over.
    Column("paused_minutes", Integer, nullable=False, server_default=text("0")),
    # [{"percent": 80, "at": …, "crossed_at": null}, …], rising; of those to come, the first one's moment.
    Column("thresholds", JSONB, nullable=False, server_default=text("'[]'")),
    moment("next_threshold_at"),
    one_of("kind", ClockKind),
    one_of("state", ClockState),
    CheckConstraint("due_at >= started_at", name="due_after_it_started"),
    CheckConstraint("(state IN ('met', 'met_late', 'cancelled')) = (stopped_at IS NOT NULL)", name="stopped_at"),
    CheckConstraint("(state = 'paused') = (paused_at IS NOT NULL)", name="paused_at"),
    UniqueConstraint("workspace_id", "complaint_id", "kind", "cycle", "turn", name=ONE_CLOCK_PER_KIND_AND_CYCLE),
    # Clocks are set before the complaint is written, so that its fact shows them.
    link("complaint_id", "complaints", deferrable=True, initially="DEFERRED"),
    link("policy_id", "sla_policies"),
    link("calendar_id", "calendars"),
)
# What the worker looks for, in all workspaces and in one.
Index(
    "ix_sla_clocks_next_threshold",
    sla_clocks.c.next_threshold_at,
    postgresql_where=sla_clocks.c.next_threshold_at.is_not(None),
)
Index(
    "ix_sla_clocks_next_threshold_at_home",
    sla_clocks.c.workspace_id,
    sla_clocks.c.next_threshold_at,
    postgresql_where=sla_clocks.c.next_threshold_at.is_not(None),
)
Index(
    "ix_sla_clocks_open",
    sla_clocks.c.workspace_id,
    sla_clocks.c.complaint_id,
    postgresql_where=sla_clocks.c.stopped_at.is_(None),
)

clock_pauses = noun(
    "clock_pauses",
    Column("clock_id", Uuid, nullable=False),
    moment("paused_at", nullable=False),
    moment("resumed_at"),
    Column("minutes", Integer),
    link("clock_id", "sla_clocks"),
)
"""When each clock stood still; what ``explain`` counts with."""
Index(None, clock_pauses.c.workspace_id, clock_pauses.c.clock_id, clock_pauses.c.paused_at)
