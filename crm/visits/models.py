"""Tables of visits."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.tables import link, moment, newest_first, noun, one_of

STATES = ("planned", "in_progress", "completed", "cancelled")
PURPOSES = ("care", "sales", "service", "complaint", "collection")

visits = noun(
    "visits",
    Column("customer_id", Uuid, nullable=False),
    Column("contact_ids", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
    Column("owner_id", Uuid, nullable=False),
    Column("team_id", Uuid),
    Column("purpose", Text, nullable=False),
    Column("subject", Text),
    Column("state", Text, nullable=False, server_default="planned"),
    moment("planned_start", nullable=False),
    moment("planned_end", nullable=False),
    moment("started_at"),
    moment("completed_at"),
    Column("start_location", JSONB),
    Column("completion_location", JSONB),
    Column("start_distance_m", Integer),
    Column("completion_distance_m", Integer),
    Column("met_contact_ids", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
    Column("result", Text),
    Column("customer_feedback", Text),
    Column("next_step", JSONB),
    Column("own_needs_shared", Boolean),
    Column("cancel_reason", Text),
    one_of("state", STATES),
    one_of("purpose", PURPOSES),
    CheckConstraint("planned_end > planned_start", name="ends_after_it_starts"),
    link("customer_id", "customers"),
    link("owner_id", "users"),
    link("team_id", "teams"),
)
newest_first(visits)
Index(None, visits.c.workspace_id, visits.c.customer_id, visits.c.planned_start)
Index(None, visits.c.workspace_id, visits.c.owner_id, visits.c.planned_start)
Index(None, visits.c.workspace_id, visits.c.planned_start, visits.c.id)
