"""Tables of visits."""

from sqlalchemy import Boolean, CheckConstraint, Column, Float, Index, Integer, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint

from crm.tables import link, moment, newest_first, noun, one_of, secret
from crm.visits.vocabulary import Kind, Party, Position, Purpose, State

NO_DOUBLE_BOOKING = "no_double_booking"
ONE_VISIT_IN_PROGRESS = "one_visit_in_progress"

visits = noun(
    "visits",
    Column("customer_id", Uuid, nullable=False),
    # The sale of the same customer that it is for.
    Column("opportunity_id", Uuid),
    # Arrays, not a table of links: rows that the same statement writes beside the visit would not be in its fact.
    Column("contact_ids", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
    Column("owner_id", Uuid, nullable=False),
    Column("team_id", Uuid),
    Column("participant_ids", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
    Column("supervisor_id", Uuid),
    Column("kind", Text, nullable=False, server_default="on_site"),
    Column("purpose", Text, nullable=False),
    Column("subject", Text),
    Column("preparation", Text),
    Column("state", Text, nullable=False, server_default="planned"),
    Column("unplanned", Boolean, nullable=False, server_default=text("false")),
    moment("planned_start", nullable=False),
    moment("planned_end", nullable=False),
    Column("overlap_allowed", Boolean, nullable=False, server_default=text("false")),
    Column("reschedule_count", Integer, nullable=False, server_default=text("0")),
    Column("reschedule_reason", Text),
    moment("started_at"),
    moment("start_device_time"),
    Column("start_clock_off", Boolean),
    secret("start_position", LargeBinary),
    Column("start_position_state", Text),
    Column("start_by_id", Uuid),
    Column("start_accuracy_m", Float),
    Column("start_distance_m", Integer),
    Column("start_out_of_range", Boolean),
    Column("start_out_of_range_reason", Text),
    moment("completed_at"),
    moment("reported_at"),
    moment("completion_device_time"),
    Column("completion_clock_off", Boolean),
    secret("completion_position", LargeBinary),
    Column("completion_position_state", Text),
    Column("completion_by_id", Uuid),
    Column("completion_accuracy_m", Float),
    Column("completion_distance_m", Integer),
    Column("completion_out_of_range", Boolean),
    Column("completion_out_of_range_reason", Text),
    Column("met_contact_ids", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
    Column("result", Text),
    Column("customer_feedback", Text),
    Column("own_needs_shared", Boolean),
    Column("own_needs", Text),
    Column("next_step", JSONB),
    Column("next_visit_id", Uuid),
    Column("cancel_reason", Text),
    Column("cancelled_by", Text),
    Column("review", Text),
    Column("reviewed_by_id", Uuid),
    moment("reviewed_at"),
    one_of("state", State),
    one_of("purpose", Purpose),
    one_of("kind", Kind),
    one_of("cancelled_by", Party),
    one_of("start_position_state", Position),
    one_of("completion_position_state", Position),
    CheckConstraint("planned_end > planned_start", name="ends_after_it_starts"),
    CheckConstraint("completed_at >= started_at", name="completed_after_it_started"),
    CheckConstraint(
        "(state IN ('completed', 'reviewed')) = (completed_at IS NOT NULL AND started_at IS NOT NULL"
        " AND result IS NOT NULL AND cardinality(met_contact_ids) > 0)",
        name="completed_with_a_report",
    ),
    CheckConstraint("state <> 'reviewed' OR review IS NOT NULL", name="reviewed_with_a_review"),
    CheckConstraint("supervisor_id <> owner_id", name="nobody_supervises_themselves"),
    # One person, one place (domain.md C3 7). Ranges of one uuid stand for equality, which GiST has none of for uuid.
    ExcludeConstraint(
        (text("uuidrange(workspace_id, workspace_id, '[]')"), "&&"),
        (text("uuidrange(owner_id, owner_id, '[]')"), "&&"),
        (text("tstzrange(planned_start, planned_end)"), "&&"),
        where=text("state IN ('planned', 'confirmed', 'in_progress') AND NOT overlap_allowed AND NOT unplanned"),
        using="gist",
        name=NO_DOUBLE_BOOKING,
    ),
    link("customer_id", "customers"),
    link(("customer_id", "opportunity_id"), "opportunities"),
    link("owner_id", "users"),
    link("team_id", "teams"),
    link("supervisor_id", "users"),
    link("reviewed_by_id", "users"),
    link("next_visit_id", "visits"),
)
newest_first(visits)
Index(None, visits.c.workspace_id, visits.c.customer_id, visits.c.planned_start, visits.c.id)
Index(None, visits.c.workspace_id, visits.c.owner_id, visits.c.planned_start, visits.c.id)
Index(None, visits.c.workspace_id, visits.c.planned_start, visits.c.id)
Index(
    "ix_visits_of_sales",
    visits.c.workspace_id,
    visits.c.opportunity_id,
    visits.c.planned_start,
    postgresql_where=visits.c.opportunity_id.is_not(None),
)
Index(
    ONE_VISIT_IN_PROGRESS,
    visits.c.workspace_id,
    visits.c.owner_id,
    unique=True,
    postgresql_where=visits.c.state == "in_progress",
)
Index(
    "ix_visits_to_come",
    visits.c.workspace_id,
    visits.c.planned_end,
    postgresql_where=visits.c.state.in_(("planned", "confirmed")),
)

location_consents = noun(
    "location_consents",
    Column("status", Text, nullable=False),
    Column("notice_version", Text, nullable=False),
    one_of("status", ("given", "withdrawn")),
    link("id", "users"),
)
