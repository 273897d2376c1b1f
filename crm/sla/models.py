"""Tables of promises."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.customers.vocabulary import Class
from crm.sla.vocabulary import Category, Cause, Severity
from crm.tables import link, moment, newest_first, noun, one_of

ONE_POLICY_PER_CASE = "one_policy_per_case"
ONE_OPEN_RECOUNT = "one_open_recount"

sla_policies = noun(
    "sla_policies",
    Column("name", Text, nullable=False),
    Column("severity", Text, nullable=False),
    # Null: for any. The most particular of the policies that fit a case holds for it.
    Column("customer_class", Text),
    Column("category", Text),
    # In working time, or in minutes of the clock on the wall where ``around_the_clock``; null: not promised.
    Column("acknowledge_minutes", Integer),
    # The sundown rule: before the day's work is over.
    Column("acknowledge_same_day", Boolean, nullable=False, server_default=text("false")),
    Column("response_minutes", Integer),
    Column("update_minutes", Integer),
    Column("resolution_minutes", Integer),
    Column("around_the_clock", Boolean, nullable=False, server_default=text("false")),
    # Null: the calendar of the assignee, their team, or the workspace.
    Column("calendar_id", Uuid),
    # The shares of the time, in percent, at which somebody is told; 100 is the breach.
    Column("thresholds", ARRAY(Integer), nullable=False, server_default=text("'{100}'")),
    # Who is told at which threshold: [{"percent": 80, "to": "manager"}, {"percent": 100, "to": "user", "user_id": …}].
    Column("escalation", JSONB, nullable=False, server_default=text("'[]'")),
    moment("archived_at"),
    one_of("severity", Severity),
    one_of("customer_class", Class),
    one_of("category", Category),
    CheckConstraint("acknowledge_minutes > 0", name="acknowledge_minutes"),
    CheckConstraint("response_minutes > 0", name="response_minutes"),
    CheckConstraint("update_minutes > 0", name="update_minutes"),
    CheckConstraint("resolution_minutes > 0", name="resolution_minutes"),
    CheckConstraint("acknowledge_minutes IS NULL OR NOT acknowledge_same_day", name="acknowledge_same_day"),
    link("calendar_id", "calendars"),
)
newest_first(sla_policies)
Index(
    ONE_POLICY_PER_CASE,
    sla_policies.c.workspace_id,
    sla_policies.c.severity,
    sla_policies.c.customer_class,
    sla_policies.c.category,
    unique=True,
    postgresql_nulls_not_distinct=True,
    postgresql_where=sla_policies.c.archived_at.is_(None),
)

sla_recounts = noun(
    "sla_recounts",
    Column("cause", Text, nullable=False),
    # Which clocks: of complaints this severe, of this calendar, of this customer's complaints; null: whichever.
    Column("severity", Text),
    Column("calendar_id", Uuid),
    Column("customer_id", Uuid),
    moment("asked_at", nullable=False),
    # The last complaint that was looked at, how many were, and how many clocks became others.
    Column("after_id", Uuid),
    Column("looked_at", Integer, nullable=False, server_default=text("0")),
    Column("changed", Integer, nullable=False, server_default=text("0")),
    moment("finished_at"),
    one_of("cause", Cause),
    one_of("severity", Severity),
    link("calendar_id", "calendars"),
    link("customer_id", "customers"),
)
"""Open clocks to be worked out anew, batch by batch, because what was promised, who works when or what a customer is
has changed.
"""

newest_first(sla_recounts)
Index(
    ONE_OPEN_RECOUNT,
    sla_recounts.c.workspace_id,
    sla_recounts.c.severity,
    sla_recounts.c.calendar_id,
    sla_recounts.c.customer_id,
    unique=True,
    postgresql_nulls_not_distinct=True,
    postgresql_where=sla_recounts.c.finished_at.is_(None),
)
