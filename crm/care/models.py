"""Tables of care: how far the nightly look at warmth has come, what callers keep of customers, and visit plans."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from crm.care.vocabulary import Intention, PlanState
from crm.tables import link, metadata, moment, newest_first, noun, one_of

warmth_rounds = Table(
    "warmth_rounds",
    metadata,
    Column("workspace_id", Uuid, primary_key=True),
    Column("done_for", Date),
    moment("done_at"),
    Column("plan_after", Uuid),
    Column("digest_for", Date),
)
"""``done_for``: the last local day on which all customers of a workspace were looked at; null asks for a new look.

``plan_after``: up to which customer the next contacts are planned anew, while they are; null when there is no need.

``digest_for``: the last local day at whose end people were told what is left.
"""

customer_calls = noun(
    "customer_calls",
    Column("next_call_on", Date),
    Column("progress_code", Integer),
    Column("intention", Text),
    Column("contract_ends_on", Date),
    CheckConstraint("progress_code BETWEEN 0 AND 7", name="progress_code"),
    one_of("intention", Intention),
    link("id", "customers"),
)
"""What a caller keeps of a customer from call to call; its ``id`` is the customer's."""

ONE_PLAN_PER_MONTH = "one_visit_plan_per_month"

visit_plans = noun(
    "visit_plans",
    Column("owner_id", Uuid, nullable=False),
    Column("team_id", Uuid),
    # The first day of the month.
    Column("month", Date, nullable=False),
    Column("state", Text, nullable=False, server_default="proposed"),
    Column("working_days", Integer, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("customers", Integer, nullable=False, server_default=text("0")),
    Column("required", Integer, nullable=False, server_default=text("0")),
    Column("planned", Integer, nullable=False, server_default=text("0")),
    Column("approved_by_id", Uuid),
    moment("approved_at"),
    one_of("state", PlanState),
    CheckConstraint("month = date_trunc('month', month::timestamp)::date", name="month"),
    CheckConstraint("(state = 'approved') = (approved_at IS NOT NULL)", name="approved"),
    link("owner_id", "users"),
    link("team_id", "teams"),
    link("approved_by_id", "users"),
    UniqueConstraint("workspace_id", "owner_id", "month", name=ONE_PLAN_PER_MONTH),
)
newest_first(visit_plans)
Index(None, visit_plans.c.workspace_id, visit_plans.c.month)

visit_plan_lines = noun(
    "visit_plan_lines",
    Column("plan_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    # What the rhythm asks for, and what is planned: the same, less, or what somebody said.
    Column("required", Integer, nullable=False),
    Column("planned", Integer, nullable=False),
    Column("by_hand", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("required >= 0", name="required"),
    CheckConstraint("planned BETWEEN 0 AND 31", name="planned"),
    link("plan_id", "visit_plans"),
    link("customer_id", "customers"),
    UniqueConstraint("workspace_id", "plan_id", "customer_id", name="one_line_per_customer"),
)
"""How often each customer is to be visited in the month: a customer stands there as long as there is reason to."""
Index(None, visit_plan_lines.c.workspace_id, visit_plan_lines.c.customer_id)
