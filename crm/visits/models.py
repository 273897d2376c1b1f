"""Tables of visits."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.tables import link, moment, newest_first, noun, one_of
from crm.visits.vocabulary import Purpose, State

visits = noun(
    "visits",
    Column("customer_id", Uuid, nullable=False),
    # Arrays, not a table of links: rows that the same statement writes beside the visit would not be in its fact.
    Column("contact_ids", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
    Column("owner_id", Uuid, nullable=False),
    Column("team_id", Uuid),
    Column("purpose", Text, nullable=False),
    Column("subject", Text),
    Column("state", Text, nullable=False, server_default="planned"),
    moment("planned_start", nullable=False),
    moment("planned_end", nullable=False),
    Column("reschedule_count", Integer, nullable=False, server_default=text("0")),
    Column("reschedule_reason", Text),
    moment("started_at"),
    moment("start_device_time"),
    Column("start_location", JSONB),
    Column("start_distance_m", Integer),
    Column("start_out_of_range", Boolean),
    moment("completed_at"),
    moment("completion_device_time"),
    Column("completion_location", JSONB),
    Column("completion_distance_m", Integer),
    Column("completion_out_of_range", Boolean),
    Column("met_contact_ids", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
    Column("result", Text),
    Column("customer_feedback", Text),
    Column("next_step", JSONB),
    Column("own_needs_shared", Boolean),
    Column("cancel_reason", Text),
    one_of("state", State),
    one_of("purpose", Purpose),
    CheckConstraint("planned_end > planned_start", name="ends_after_it_starts"),
    CheckConstraint("completed_at >= started_at", name="completed_after_it_started"),
    CheckConstraint(
        "(state = 'completed') = (completed_at IS NOT NULL AND started_at IS NOT NULL AND result IS NOT NULL"
        " AND cardinality(met_contact_ids) > 0)",
        name="completed_with_a_report",
    ),
    link("customer_id", "customers"),
    link("owner_id", "users"),
    link("team_id", "teams"),
)
newest_first(visits)
Index(None, visits.c.workspace_id, visits.c.customer_id, visits.c.planned_start, visits.c.id)
Index(None, visits.c.workspace_id, visits.c.owner_id, visits.c.planned_start, visits.c.id)
Index(None, visits.c.workspace_id, visits.c.planned_start, visits.c.id)
